"""Every constraint that a model names, broken on purpose around the services.

The database itself must refuse, with the constraint's name. A constraint without an entry here
fails: what must never happen is worth one line.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from django.apps import apps
from django.db import IntegrityError, models

from access.choices import CredentialKind
from access.models import (
    Credential,
    Department,
    Grant,
    Group,
    Hold,
    ImportMapping,
    Incident,
    IncidentNote,
    Pass,
    Procedure,
    Role,
    RoleAssignment,
    Run,
    RunStep,
)
from audit.models import Answer
from lockers.models import (
    Bank,
    BankOpening,
    Bridge,
    Command,
    Compartment,
    LockEvent,
    OpeningHours,
    SpecialDay,
)
from occupancy.models import Claim
from tests import factories
from tests.architecture import (
    allotment_breaks,
    alone_breaks,
    asset_breaks,
    booking_breaks,
    collection_breaks,
    commissioning_breaks,
    custody_breaks,
    ending_breaks,
    key_breaks,
    part_breaks,
    phone_breaks,
    policy_breaks,
    rollover_breaks,
    round_breaks,
    school_breaks,
    school_year_breaks,
    ticket_breaks,
    visit_breaks,
    waiting_breaks,
)
from tests.architecture.test_imports import APPS
from tests.factories.cast import Estate

NINE = dt.datetime(2026, 11, 17, 9, tzinfo=dt.UTC)
TEN = NINE + dt.timedelta(hours=1)
NOON = NINE + dt.timedelta(hours=3)


def twice(make: Callable[[], object]) -> None:
    make()
    make()


def door(estate: Estate, **values: Any) -> None:
    Compartment.objects.filter(pk=estate.doors[0].pk).update(**values)


def again(estate: Estate, **same: Any) -> None:
    """Make a fourth door that is like the first in what is given."""
    factories.CompartmentFactory(
        **{"bank": estate.bank, "size": estate.small, "number": "99", "column": 99, **same}
    )


def overlap(estate: Estate) -> None:
    policy_breaks.assignment(estate)
    Claim.objects.create(
        compartment=estate.doors[0],
        kind="reservation",
        holder=estate.ben,
        starts_at=TEN,
        ends_at=NOON + dt.timedelta(hours=1),
    )


def second_start(estate: Estate) -> None:
    # The plan of the first is over, but nobody emptied the door: overdue does not free it.
    policy_breaks.assignment(estate, ends_at=TEN, at_end="hold")
    policy_breaks.assignment(
        estate, holder=estate.ben, starts_at=NOON, started_at=NOON, ends_at=None
    )


def opening(estate: Estate, **values: Any) -> None:
    BankOpening.objects.create(
        bank=estate.bank, reason="fire", requested_by=1, requested_at=NINE, **values
    )


def pin(estate: Estate, **values: Any) -> None:
    Credential.objects.create(
        **{
            "organisation": estate.organisation,
            "person": estate.amira,
            "kind": CredentialKind.PIN,
            "verifier": "argon2",
            "issued_at": NINE,
            **values,
        }
    )


def profile(estate: Estate, **values: Any) -> None:
    factories.ReaderProfileFactory(organisation=estate.organisation, **values)


def hours(estate: Estate, closes: int = 18) -> None:
    OpeningHours.objects.create(
        site=estate.site, weekday=0, opens_at=dt.time(8), closes_at=dt.time(closes)
    )


def line(estate: Estate) -> None:
    LockEvent.objects.create(
        bridge=estate.bridge, journal=uuid.UUID(int=1), seq=1, kind="test", occurred_at=NINE
    )


def checklist(estate: Estate, **values: Any) -> Run:
    return Run.objects.create(
        person=estate.amira, kind="onboarding", name="Onboarding", started_at=NINE, **values
    )


BREAKS: dict[str, Callable[[Estate], object]] = {
    "audit_one_answer_per_key": lambda e: twice(
        lambda: Answer.objects.create(scope="s", key="k", fingerprint="f", status=200, body={})
    ),
    "lockers_one_site_per_name": lambda e: factories.SiteFactory(
        organisation=e.organisation, name=e.site.name
    ),
    # Both at the top: two rows without a parent count as the same place.
    "lockers_one_area_per_name": lambda e: twice(
        lambda: factories.AreaFactory(site=e.site, name="Ground floor")
    ),
    "lockers_one_size_per_name": lambda e: factories.SizeFactory(
        organisation=e.organisation, name="Small", rank=99
    ),
    "lockers_one_size_per_rank": lambda e: factories.SizeFactory(
        organisation=e.organisation, name="Tiny", rank=1
    ),
    "lockers_one_bank_per_name": lambda e: factories.BankFactory(site=e.site, name="A"),
    "lockers_one_compartment_per_number": lambda e: again(e, number="1"),
    "lockers_one_compartment_per_place": lambda e: again(e, column=1),
    "lockers_one_compartment_per_channel": lambda e: again(e, controller=e.controller, channel=0),
    "lockers_wired_compartment_has_channel": lambda e: door(e, channel=None),
    "lockers_only_electronic_locks_are_wired": lambda e: door(e, lock_kind="keyed"),
    "lockers_one_opening_per_time": lambda e: twice(lambda: hours(e)),
    "lockers_opening_ends_after_it_starts": lambda e: hours(e, closes=8),
    "lockers_one_special_day": lambda e: twice(
        lambda: SpecialDay.objects.create(site=e.site, date=NINE.date(), name="Holiday")
    ),
    "lockers_special_day_ends_after_it_starts": lambda e: SpecialDay.objects.create(
        site=e.site,
        date=NINE.date(),
        name="Short",
        opens_at=dt.time(9),
        closes_at=dt.time(8),
    ),
    "lockers_one_bridge_per_name": lambda e: factories.BridgeFactory(site=e.site, name="Bridge A"),
    "lockers_one_bridge_per_key": lambda e: Bridge.objects.create(
        site=e.other_site, name="Thief", public_key=e.bridge.public_key
    ),
    "lockers_bridge_key_is_32_bytes_in_hex": lambda e: Bridge.objects.create(
        site=e.other_site, name="Short", public_key="ab" * 31
    ),
    "lockers_one_reader_per_name": lambda e: factories.ReaderFactory(
        bank=e.bank, name=e.reader.name
    ),
    "lockers_one_reader_profile_per_name": lambda e: twice(lambda: profile(e)),
    "lockers_one_reader_profile_per_key": lambda e: [
        profile(e, name=name, key="same") for name in ("One", "Two")
    ],
    "lockers_reader_profile_has_its_own_key": lambda e: profile(e, key="main"),
    "lockers_reader_profile_says_how_to_read": lambda e: profile(e, kind="uid", uid_bytes=5),
    "lockers_uid_profile_is_plain": lambda e: profile(
        e, kind="uid", uid_bytes=4, assurance="secure"
    ),
    "lockers_reader_has_a_length": lambda e: factories.ReaderFactory(bank=e.bank, length=0),
    "lockers_osdp_reader_has_address_key_and_profile": lambda e: factories.ReaderFactory(
        bank=e.bank, transport="osdp", address="/dev/ttyUSB0"
    ),
    "lockers_only_osdp_readers_are_given_keys": lambda e: factories.ReaderFactory(
        bank=e.bank, installs_key=True
    ),
    "lockers_one_osdp_reader_per_number": lambda e: twice(
        lambda: factories.OsdpReaderFactory(bank=e.bank, unit=3)
    ),
    "lockers_one_controller_per_name": lambda e: factories.ControllerFactory(
        bridge=e.bridge, name="Board 1", unit=99
    ),
    "lockers_one_controller_per_unit": lambda e: factories.ControllerFactory(
        bridge=e.bridge, name="Board 99", unit=1, address=e.controller.address
    ),
    "lockers_bank_opening_takes_two_people": lambda e: opening(
        e, status="confirmed", confirmed_by=1
    ),
    "lockers_bank_opening_is_confirmed_by_somebody": lambda e: opening(e, status="confirmed"),
    "lockers_one_requested_opening_per_bank": lambda e: twice(lambda: opening(e)),
    "lockers_command_deadline_is_later": lambda e: Command.objects.create(
        compartment=e.doors[0],
        bridge=e.bridge,
        purpose="claim",
        actor_kind="job",
        requested_at=NINE,
        deadline=NINE,
    ),
    "lockers_one_event_per_number": lambda e: twice(lambda: line(e)),
    "access_one_person_per_external_id": lambda e: twice(
        lambda: factories.PersonFactory(organisation=e.organisation, external_id="E1")
    ),
    "access_one_procedure_per_kind_of_person": lambda e: twice(
        lambda: Procedure.objects.create(organisation=e.organisation, kind="onboarding", name="P")
    ),
    "access_one_import_mapping_per_name": lambda e: twice(
        lambda: ImportMapping.objects.create(organisation=e.organisation, name="List")
    ),
    "access_one_open_run_per_person_and_kind": lambda e: twice(lambda: checklist(e)),
    "access_run_finishes_after_it_starts": lambda e: checklist(
        e, finished_at=NINE - dt.timedelta(hours=1)
    ),
    "access_step_is_left_out_with_a_reason": lambda e: RunStep.objects.create(
        run=checklist(e),
        position=1,
        verb="card",
        words="Card",
        is_required=True,
        is_skipped=True,
        done_at=NINE,
    ),
    "access_incident_says_what_happened": lambda e: Incident.objects.create(
        site=e.site, kind="damage", summary="", happened_at=NINE
    ),
    "access_incident_note_says_something": lambda e: IncidentNote.objects.create(
        incident=Incident.objects.create(
            site=e.site, kind="damage", summary="Hinge", happened_at=NINE
        ),
        text="",
        written_at=NINE,
    ),
    "access_one_department_per_name": lambda e: twice(
        lambda: Department.objects.create(organisation=e.organisation, name="Sales")
    ),
    "access_one_group_per_name": lambda e: twice(
        lambda: Group.objects.create(organisation=e.organisation, name="Night shift")
    ),
    "access_one_role_per_name": lambda e: twice(
        lambda: Role.objects.create(organisation=e.organisation, name="Nurse")
    ),
    "access_one_person_per_personal_number": lambda e: factories.PersonFactory(
        organisation=e.organisation, personal_number=e.amira.personal_number
    ),
    "access_one_person_per_badge": lambda e: pin(
        e,
        person=e.ben,
        kind=CredentialKind.BADGE,
        verifier="",
        digest=e.amira.credentials.get(kind=CredentialKind.BADGE).digest,
    ),
    "access_one_active_pin_per_person_and_purpose": lambda e: pin(e),
    "access_credential_ends_after_it_starts": lambda e: pin(
        e, person=e.ben, valid_from=NINE, valid_until=NINE
    ),
    "access_pin_that_is_lent_has_an_end": lambda e: pin(e, person=e.ben, purpose="recovery"),
    "access_pass_ends_after_it_starts": lambda e: Pass.objects.create(
        person=e.amira, starts_at=NINE, ends_at=NINE, issued_at=NINE
    ),
    "access_hold_has_a_reason": lambda e: Hold.objects.create(
        person=e.amira, reason="", starts_at=NINE
    ),
    "access_hold_ends_after_it_starts": lambda e: Hold.objects.create(
        person=e.amira, reason="asked for", starts_at=NINE, ends_at=NINE
    ),
    "lockers_shortest_pin_is_sensible": lambda e: (
        type(e.organisation).objects.filter(pk=e.organisation.pk).update(pin_length=5)
    ),
    "lockers_bank_is_alone_for_an_hour_to_thirty_days": lambda e: Bank.objects.filter(
        pk=e.bank.pk
    ).update(max_offline_h=721),
    "lockers_curfew_has_two_different_ends": lambda e: Bank.objects.filter(pk=e.bank.pk).update(
        curfew_from=NINE.time()
    ),
    "access_badge_has_digest_and_pin_has_verifier": lambda e: pin(
        e, person=e.ben, digest="also a badge"
    ),
    "access_role_is_given_on_one_place": lambda e: RoleAssignment.objects.create(
        user=e.olga, role="auditor", site=e.site, organisation=e.organisation, given_at=NINE
    ),
    "access_one_role_per_place": lambda e: twice(
        lambda: RoleAssignment.objects.create(
            user=e.olga, role="auditor", site=e.site, given_at=NINE
        )
    ),
    "access_grant_ends_after_it_starts": lambda e: Grant.objects.create(
        person=e.amira, compartment=e.doors[0], starts_at=NINE, ends_at=NINE
    ),
    **key_breaks.BREAKS,
    **visit_breaks.BREAKS,
    **asset_breaks.BREAKS,
    "occupancy_one_claim_per_compartment_and_time": overlap,
    "occupancy_one_started_claim_per_compartment": second_start,
    **phone_breaks.BREAKS,
    **part_breaks.BREAKS,
    **policy_breaks.BREAKS,
    **alone_breaks.BREAKS,
    **waiting_breaks.BREAKS,
    **booking_breaks.BREAKS,
    **commissioning_breaks.BREAKS,
    **custody_breaks.BREAKS,
    **ending_breaks.BREAKS,
    **ticket_breaks.BREAKS,
    **collection_breaks.BREAKS,
    **rollover_breaks.BREAKS,
    **round_breaks.BREAKS,
    **allotment_breaks.BREAKS,
    **school_year_breaks.BREAKS,
    **school_breaks.BREAKS,
    "kiosk_one_terminal_per_name": lambda e: factories.TerminalFactory(
        bank=e.bank, name=e.terminal.name
    ),
    "kiosk_one_terminal_per_token": lambda e: factories.TerminalFactory(
        bank=e.bank, token_digest=e.terminal.token_digest
    ),
}


def named_constraints() -> Iterator[tuple[str, models.BaseConstraint]]:
    for app in APPS:
        for model in apps.get_app_config(app).get_models():
            for constraint in model._meta.constraints:
                yield model._meta.label, constraint


def test_every_constraint_is_broken_here() -> None:
    known = {constraint.name for _model, constraint in named_constraints()}
    assert known - BREAKS.keys() == set(), "constraints without an entry in BREAKS"
    assert BREAKS.keys() - known == set(), "entries whose constraint is gone"


def test_constraint_names_begin_with_their_app() -> None:
    wrong = [
        constraint.name
        for model, constraint in named_constraints()
        if not constraint.name.startswith(model.split(".")[0] + "_")
    ]
    assert not wrong


@pytest.mark.parametrize("name", BREAKS)
def test_the_database_refuses_by_name(estate: Estate, name: str) -> None:
    with pytest.raises(IntegrityError) as refused:
        BREAKS[name](estate)
    cause = refused.value.__cause__
    assert isinstance(cause, psycopg.IntegrityError)
    assert cause.diag.constraint_name == name


@pytest.mark.parametrize("name", school_breaks.BY_MIGRATION)
def test_the_database_refuses_what_only_a_migration_names(estate: Estate, name: str) -> None:
    with pytest.raises(IntegrityError) as refused:
        school_breaks.BY_MIGRATION[name](estate)
    cause = refused.value.__cause__
    assert isinstance(cause, psycopg.IntegrityError)
    assert cause.diag.constraint_name == name


@pytest.mark.parametrize("how", school_breaks.OUTSIDE)
def test_no_part_of_a_year_lies_outside_of_it(estate: Estate, how: str) -> None:
    with pytest.raises(IntegrityError, match="a session lies within the one it is part of"):
        school_breaks.at_once(lambda: school_breaks.OUTSIDE[how](estate))
