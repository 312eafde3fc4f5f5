"""What the demonstration consists of, and that its past and present hold together."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import pytest
from django.db import connection
from django.db.models import Count, F, Max, Min, Q

from access.choices import PersonStatus
from access.errors.badges import UnknownBadge
from access.errors.decisions import NotAllowed
from access.models import Credential, Grant, Person, User
from access.services import identification
from audit.actions import Action
from audit.models import Event
from audit.services.events import Actor
from config.demo import estate, people, staff
from kiosk.models import Terminal
from lockers.choices import BoardState, LockKind
from lockers.models import (
    Area,
    Bank,
    BridgePresence,
    Command,
    Compartment,
    Controller,
    Door,
    LockEvent,
    Reader,
    Site,
)
from occupancy.choices import AtEnd, ClaimKind
from occupancy.models import Assignment, Claim, Policy, Share
from occupancy.services.claims import assignments
from tests.conftest import MORNING

pytestmark = pytest.mark.usefixtures("demo")


def _office() -> Site:
    return Site.objects.get(name=estate.OFFICE.name)


def test_the_estate_is_an_office_a_school_and_a_pool_with_their_people() -> None:
    assert list(Site.objects.order_by("pk").values_list("kind", flat=True)) == [
        "office",
        "school",
        "leisure",
    ]
    by_site = Person.objects.values_list("home_site__kind").annotate(many=Count("pk"))
    assert dict(by_site.order_by()) == {"office": 179, "school": 153, "leisure": 47}


def test_the_office_has_three_floors_six_banks_and_two_hundred_doors_in_four_sizes() -> None:
    office = _office()
    doors = Compartment.objects.filter(bank__site=office)

    assert Area.objects.filter(site=office, kind="floor", parent__kind="building").count() == 3
    assert list(office.banks.values_list("name", flat=True)) == list("ABCDEF")
    assert doors.count() == 200
    assert set(doors.values_list("size__name", flat=True)) == {"Small", "Medium", "Large", "Tall"}
    assert doors.exclude(lock_kind=LockKind.ELECTRONIC).count() == 14
    for feature in ("is_accessible", "is_wide", "has_charging", "is_ventilated", "is_ppe"):
        assert doors.filter(**{feature: True}).exists(), feature


def test_every_row_would_pass_the_forms() -> None:
    for model in (Area, Bank, Reader, Controller, Policy, Terminal):
        for row in model._default_manager.all():
            row.full_clean()
    for door in Compartment.objects.select_related("size", "bank__site", "controller"):
        door.clean_fields()
        door.clean()


def test_doors_fill_their_bank_without_gap_or_overlap() -> None:
    for bank in Bank.objects.all():
        doors = list(bank.compartments.all())
        width = max(door.x_mm + door.width_mm for door in doors)
        height = max(door.y_mm + door.height_mm for door in doors)
        assert sum(door.width_mm * door.height_mm for door in doors) == width * height
        for door in doors:
            assert door.floor_mm == bank.plinth_mm + height - door.y_mm - door.height_mm


def test_exactly_the_electronic_doors_are_wired_and_read() -> None:
    wired = Compartment.objects.filter(controller__isnull=False)

    assert not wired.exclude(lock_kind=LockKind.ELECTRONIC).exists()
    assert not Compartment.objects.filter(
        lock_kind=LockKind.ELECTRONIC, controller__isnull=True
    ).exists()
    assert not wired.filter(channel__gte=F("controller__channels")).exists()
    assert Door.objects.count() == wired.count()


def test_nearly_half_of_the_office_is_in_use_until_midnight() -> None:
    held = Assignment.objects.filter(
        assignments.in_force(MORNING), compartment__bank__site=_office()
    )

    # And the tall door that others wait for.
    assert 90 <= held.count() <= 91
    assert set(held.values_list("ends_at", flat=True)) == {dt.datetime(2026, 11, 18, tzinfo=dt.UTC)}
    for bank in _office().banks.all():
        assert held.filter(compartment__bank=bank).count() < bank.compartments.count()


def test_the_map_has_something_to_show_besides_free_and_in_use() -> None:
    overdue = Assignment.objects.filter(
        closed_at__isnull=True, at_end=AtEnd.HOLD, ends_at__lte=MORNING
    )
    assert overdue.exists()
    assert Claim.objects.filter(kind=ClaimKind.RESERVATION, starts_at__gt=MORNING).count() == 1
    closed = Claim.objects.filter(
        kind=ClaimKind.CLOSURE, starts_at__lte=MORNING, ends_at__gt=MORNING, closed_at=None
    )
    assert set(closed.values_list("compartment__bank__name", flat=True)) == {"D"}, "its round"
    assert set(Compartment.objects.values_list("service_status", flat=True)) == {
        "in_service",
        "needs_cleaning",
        "fault",
        "out_of_service",
    }
    assert not Compartment.objects.exclude(service_status="in_service").filter(service_note="")


def test_no_two_uses_of_one_door_or_by_one_person_ever_overlapped() -> None:
    for column in ("compartment_id", "holder_id"):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM occupancy_claim a JOIN occupancy_claim b ON a.id < b.id"
                f" AND a.{column} = b.{column}"
                " AND tstzrange(a.started_at, coalesce(a.closed_at, 'infinity'))"
                " && tstzrange(b.started_at, coalesce(b.closed_at, 'infinity'))"
                " WHERE a.kind = 'assignment' AND b.kind = 'assignment'"
            )
            assert cursor.fetchone() == (0,)


def test_nothing_of_the_past_happens_later_than_now() -> None:
    assert not Event.objects.filter(occurred_at__gt=MORNING).exists()
    assert not LockEvent.objects.filter(occurred_at__gt=MORNING).exists()
    assert not Assignment.objects.filter(closed_at__gt=MORNING).exists()
    for_the_day = Assignment.objects.filter(allotted=None)
    first = for_the_day.aggregate(at=Min("starts_at"))["at"]
    assert dt.timedelta(days=13) < MORNING - first < dt.timedelta(days=15)


def test_every_use_has_its_grant_its_commands_and_its_events() -> None:
    given = Event.objects.filter(action__in=[Action.GIVEN, Action.ALLOTTED]).count()
    uses = Assignment.objects.count() - given

    assert Grant.objects.count() == uses + given + Share.objects.count()
    assert not Grant.objects.filter(
        Q(revoked_at__isnull=True), claim_id__in=Claim.objects.exclude(closed_at=None).values("pk")
    ).exists()
    assert Command.objects.filter(purpose="claim").count() == uses
    assert set(Command.objects.values_list("status", flat=True)) <= {"closed", "failed"}
    told = dict(Event.objects.values_list("action").annotate(many=Count("pk")).order_by())
    assert told[Action.CLAIMED] == uses
    assert told[Action.OPEN_REQUESTED] == Command.objects.count()
    ended = Assignment.objects.filter(closed_at__isnull=False).count()
    # And the one that was collected with its key.
    assert told[Action.RELEASED] + told[Action.EXPIRED] + told[Action.RELEASED_BY_STAFF] == ended
    assert {Action.REFUSED, Action.LOGGED_IN, Action.FORCED, Action.SERVICE_CHANGED} <= set(told)


def test_journals_are_numbered_without_a_gap_in_the_order_of_time() -> None:
    for row in (
        LockEvent.objects.values("bridge", "journal")
        .annotate(many=Count("pk"), last=Max("seq"))
        .order_by()
    ):
        assert row["many"] == row["last"]
        times = LockEvent.objects.filter(bridge=row["bridge"]).order_by("seq")
        instants = list(times.values_list("occurred_at", flat=True))
        assert instants == sorted(instants)


def _where() -> identification.Where:
    terminal = Terminal.objects.select_related("bank__site").order_by("pk")[0]
    return identification.Where(
        actor=Actor.terminal(terminal.pk),
        organisation_id=terminal.bank.site.organisation_id,
        site_id=terminal.bank.site_id,
        bank_id=terminal.bank_id,
    )


def _given_name(found: identification.Identified) -> str:
    return Person.objects.get(pk=found.person_id).given_name


def test_the_badges_to_try_do_what_the_table_says() -> None:
    amira = identification.by_badge(text=people.AMIRA.number, where=_where(), at=MORNING)
    ben = identification.by_badge(text=people.BEN.number, where=_where(), at=MORNING)

    assert [_given_name(found) for found in (amira, ben)] == ["Amira", "Ben"]
    with pytest.raises(NotAllowed) as suspended:
        identification.by_badge(text=people.CARLA.number, where=_where(), at=MORNING)
    with pytest.raises(NotAllowed) as revoked:
        identification.by_badge(text=people.REVOKED.number, where=_where(), at=MORNING)
    with pytest.raises(UnknownBadge):
        identification.by_badge(text=people.UNKNOWN.number, where=_where(), at=MORNING)
    assert suspended.value.code == "person_suspended"
    assert revoked.value.code == "credential_revoked"


def test_a_few_people_have_a_pin_and_amiras_is_known() -> None:
    amira = identification.by_pin(personal_number="1001", pin="274951", where=_where(), at=MORNING)

    assert _given_name(amira) == "Amira"
    assert Credential.objects.filter(kind="pin").count() <= 10
    assert set(Person.objects.values_list("status", flat=True)) == set(PersonStatus)


def test_amira_can_claim_a_door_of_every_size_at_bank_a_as_soon_as_its_bridge_is_there() -> None:
    bank = _office().banks.get(name="A")
    assert bank.bridge is not None
    BridgePresence.objects.create(bridge=bank.bridge, connection=uuid.uuid4(), last_seen_at=MORNING)
    Controller.objects.update(state=BoardState.OK)
    amira = Person.objects.get(personal_number="1001")
    for size_id in sorted(set(bank.compartments.values_list("size_id", flat=True))):
        claimed = assignments.claim(
            person_id=amira.pk,
            bank_id=bank.pk,
            wanted=assignments.Wanted(size_id=size_id),
            actor=Actor.person(amira.pk),
            at=MORNING,
        )
        assert claimed.due_at == dt.datetime(2026, 11, 18, tzinfo=dt.UTC)
        Assignment.objects.filter(pk=claimed.claim_id).update(
            closed_at=MORNING, closed_how="finished"
        )


def test_two_people_can_log_in_and_only_the_first_may_do_all() -> None:
    first = User.objects.get(username=staff.FIRST.username)
    second = User.objects.get(username=staff.SECOND.username)

    assert first.check_password(staff.FIRST.password)
    assert second.check_password(staff.SECOND.password)
    assert first.is_superuser and not second.is_superuser
    for site in Site.objects.all():
        assert second.has_perm("lockers.operate_site", site)
        assert not second.has_perm("lockers.manage_site", site)


def test_the_kiosks_and_readers_stand_where_people_use_them(demo: dict[str, Any]) -> None:
    on_doors = Reader.objects.filter(compartment__isnull=False)

    assert on_doors.count() == 1
    assert on_doors[0].bank.name == "A"
    assert Terminal.objects.count() >= 5
    for terminal in Terminal.objects.all():
        assert terminal.bank.bridge is not None
        assert terminal.bank.readers.filter(transport="wedge").count() == 1
