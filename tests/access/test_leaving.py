"""Somebody leaves: nothing opens from that instant on, and nothing is forgotten."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.urls import reverse

from access import selectors
from access.choices import CredentialStatus, PersonKind, PersonStatus, ProcedureKind
from access.errors.decisions import NotAllowed
from access.models import Credential, Grant, Person, Run, Visit
from access.services import credentials, leaving, passes, procedures, temporary
from access.services.identification import by_badge
from access.services.shown import Where
from access.signals import person_left
from audit.models import Event
from audit.services.events import Actor
from occupancy.models import Assignment
from occupancy.services.claims import assignments
from occupancy.services.claims.assignments import Wanted
from occupancy.services.ending import leavers
from tests import factories
from tests.admin_pages import signed_in
from tests.factories.cast import AMIRA_BADGE, SETUP, Estate

STAFF = Actor.staff(1)


def claim(estate: Estate, at: dt.datetime) -> assignments.Claimed:
    return assignments.claim(
        person_id=estate.amira.pk,
        bank_id=estate.bank.pk,
        wanted=Wanted(),
        actor=Actor.person(estate.amira.pk),
        at=at,
    )


def where(estate: Estate) -> Where:
    site = estate.site
    return Where(Actor.terminal(estate.terminal.pk), site.organisation_id, site.pk, estate.bank.pk)


def actions(person: Person) -> list[str]:
    return list(
        Event.objects.filter(person_id=person.pk).order_by("pk").values_list("action", flat=True)
    )


@pytest.fixture
def leaving_amira(
    estate: Estate, at: dt.datetime, django_capture_on_commit_callbacks: Any
) -> assignments.Claimed:
    """Amira has a door and leaves."""
    got = claim(estate, at)
    procedures.add_usual(organisation=estate.organisation)
    with time_machine.travel(at, tick=False), django_capture_on_commit_callbacks(execute=True):
        leaving.leave(person=estate.amira, actor=STAFF, at=at, reason="new job")
    return got


def test_a_leaver_has_nothing_any_more(
    estate: Estate, at: dt.datetime, leaving_amira: assignments.Claimed
) -> None:
    amira = Person.objects.get(pk=estate.amira.pk)
    assert (amira.status, amira.left_at) == (PersonStatus.LEFT, at)
    assert not amira.credentials.exclude(status=CredentialStatus.REVOKED).exists()
    assert not amira.grants.filter(selectors.grants_in_force(at)).exists()
    held = Assignment.objects.get(pk=leaving_amira.claim_id)
    assert (held.closed_at, held.recovery_at) == (None, at)
    assert Run.objects.get(person=amira, kind=ProcedureKind.OFFBOARDING).finished_at is None
    assert {"person.left", "credential.changed", "procedure.started"} <= set(actions(amira))


def test_nobody_gets_the_door_before_it_is_emptied(
    estate: Estate, at: dt.datetime, leaving_amira: assignments.Claimed
) -> None:
    held = Assignment.objects.get(pk=leaving_amira.claim_id)
    assert held.at_end == "hold", "its planned end does not free it"
    assert "left" in held.recovery.reason


def test_the_card_opens_nothing_from_that_instant_on(estate: Estate, at: dt.datetime) -> None:
    by_badge(text=AMIRA_BADGE, where=where(estate), at=at)
    leaving.leave(person=estate.amira, actor=STAFF, at=at)
    with pytest.raises(NotAllowed) as refusal:
        by_badge(text=AMIRA_BADGE, where=where(estate), at=at)
    assert refusal.value.code == "person_left"


def test_leaving_twice_changes_nothing_and_mends_what_was_added(
    estate: Estate, at: dt.datetime, leaving_amira: assignments.Claimed
) -> None:
    before = len(actions(estate.amira))
    assert leaving.leave(person=estate.amira, actor=STAFF, at=at) is False
    assert len(actions(estate.amira)) == before
    credentials.issue_badge(person=estate.amira, text="0004299999", actor=SETUP, at=at)
    Grant.objects.create(person=estate.amira, compartment=estate.doors[2], starts_at=at)
    leaving.leave(person=estate.amira, actor=STAFF, at=at)
    has = selectors.holdings([estate.amira], at)[estate.amira.pk]
    assert not has.credentials and not has.grants


def test_a_receiver_that_fails_is_caught_up_by_the_sweep(
    estate: Estate, at: dt.datetime, django_capture_on_commit_callbacks: Any
) -> None:
    got = claim(estate, at)

    def broken(**kwargs: Any) -> None:
        raise RuntimeError("the other app is having a bad day")

    person_left.connect(broken)
    try:
        # Nothing is told at all: as if the process had died between commit and signal.
        leaving.leave(person=estate.amira, actor=STAFF, at=at)
        with django_capture_on_commit_callbacks(execute=True):
            leaving.leave(person=estate.ben, actor=STAFF, at=at)  # told, and one receiver fails
    finally:
        person_left.disconnect(broken)
    assert Assignment.objects.get(pk=got.claim_id).closed_at is None
    assert leavers.recover_all(at=at) == 1
    assert leavers.recover_all(at=at) == 0
    held = Assignment.objects.get(pk=got.claim_id)
    assert (held.closed_at, held.recovery_at) == (None, at)


def test_the_last_day_ends_at_midnight_of_the_home_site(estate: Estate, at: dt.datetime) -> None:
    estate.site.time_zone = "America/New_York"
    estate.site.save(update_fields=["time_zone"])
    Person.objects.filter(pk=estate.amira.pk).update(leaves_on=at.date())
    midnight = dt.datetime(2026, 11, 18, 5, 0, tzinfo=dt.UTC)  # in New York, in winter
    assert leaving.leave_due(at=midnight - dt.timedelta(seconds=1)) == 0
    assert leaving.leave_due(at=midnight) == 1
    assert leaving.leave_due(at=midnight) == 0
    assert Event.objects.get(action="person.left").actor_id == "last day"


def test_who_comes_back_gets_a_new_card(estate: Estate, at: dt.datetime) -> None:
    Person.objects.filter(pk=estate.amira.pk).update(leaves_on=at.date() - dt.timedelta(days=3))
    estate.amira.refresh_from_db()
    leaving.leave(person=estate.amira, actor=STAFF, at=at)
    assert leaving.reinstate(person=estate.amira, actor=STAFF, at=at) is True
    amira = Person.objects.get(pk=estate.amira.pk)
    assert (amira.status, amira.left_at, amira.leaves_on) == ("active", None, None)
    assert set(amira.credentials.values_list("status", flat=True)) == {"revoked"}
    assert leaving.leave_due(at=at) == 0
    assert leaving.reinstate(person=amira, actor=STAFF, at=at) is False


def test_suspending_revokes_no_credential_and_lets_none_of_them_in(
    estate: Estate, at: dt.datetime
) -> None:
    got = claim(estate, at)
    assert leaving.suspend(person=estate.amira, actor=STAFF, at=at, reason="until Monday")
    assert not leaving.suspend(person=estate.dev, actor=STAFF, at=at), "Dev has left already"
    assert Assignment.objects.get(pk=got.claim_id).closed_at is None
    assert Credential.objects.filter(person=estate.amira, status="active").exists()
    with pytest.raises(NotAllowed):
        by_badge(text=AMIRA_BADGE, where=where(estate), at=at)


def test_the_change_form_has_no_way_around(estate: Estate) -> None:
    client = signed_in(estate.max)
    address = reverse("admin:access_person_change", args=[estate.amira.pk])
    form = client.get(address).context["adminform"].form
    assert "status" not in form.fields


@pytest.mark.parametrize(
    ("verb", "person", "status"),
    [("suspend", "amira", "suspended"), ("reinstate", "carla", "active"), ("leave", "ben", "left")],
)
def test_staff_use_the_verbs_for_one_and_for_many(
    estate: Estate, verb: str, person: str, status: str
) -> None:
    someone = getattr(estate, person)
    page = reverse(f"admin:access_person_{verb}", args=[someone.pk])
    before = someone.status
    assert signed_in(estate.nina).post(page, {"reason": "x"}).status_code == 404
    assert signed_in(estate.olga).post(page, {"reason": "x"}).status_code == 404
    someone.refresh_from_db()
    assert someone.status == before
    signed_in(estate.max).post(page, {"reason": "as agreed"})
    someone.refresh_from_db()
    assert someone.status == status
    told = Event.objects.filter(person_id=someone.pk).latest("pk")
    assert Event.objects.filter(person_id=someone.pk, reason="as agreed").exists(), told

    Person.objects.filter(pk=someone.pk).update(status=before)
    signed_in(estate.max).post(
        reverse("admin:access_person_changelist"),
        {"action": f"{verb}_all", "_selected_action": [someone.pk], "confirmed": "1"},
    )
    someone.refresh_from_db()
    assert someone.status == status


def test_what_is_timed_ends_with_the_leaving_and_stays_ended(
    estate: Estate, at: dt.datetime
) -> None:
    """A pass, access, a request and a visit would be over by themselves: here somebody is back."""
    tom = factories.PersonFactory(
        organisation=estate.organisation, kind=PersonKind.CONTRACTOR, given_name="Tom"
    )
    until = at + dt.timedelta(days=9)
    given = passes.issue(
        person=tom, compartment=None, starts_at=at, ends_at=until, is_single_use=False,
        actor=STAFF, at=at,
    )  # fmt: skip
    access = temporary.give(
        person=tom, site=estate.site, bank=None, starts_at=at, ends_at=until, actor=STAFF, at=at
    )
    has = selectors.holdings([tom], at)[tom.pk]
    assert (has.passes, has.access, has.is_empty) == ([given], [access], False)

    leaving.leave(person=tom, actor=STAFF, at=at, reason="job done")
    leaving.reinstate(person=tom, actor=STAFF, at=at + dt.timedelta(days=1))
    given.refresh_from_db()
    access.refresh_from_db()
    assert (given.revoked_at, access.revoked_at) == (at, at)
    has = selectors.holdings([tom], at)[tom.pk]
    assert (has.passes, has.access) == ([], [])


def test_a_visit_ends_when_reception_lets_the_visitor_leave_for_good(
    estate: Estate, at: dt.datetime
) -> None:
    visitor = factories.PersonFactory(
        organisation=estate.organisation, kind=PersonKind.VISITOR, given_name="Vera"
    )
    visit = Visit.objects.create(
        visitor=visitor, host=estate.amira, site=estate.site, registered_at=at,
        expected_from=at, expected_until=at + dt.timedelta(hours=8), arrived_at=at,
    )  # fmt: skip
    leaving.leave(person=visitor, actor=STAFF, at=at)
    visit.refresh_from_db()
    assert visit.left_at == at


def test_nobody_takes_what_they_have_to_another_organisation(
    estate: Estate, at: dt.datetime
) -> None:
    elsewhere = estate.other_site.organisation
    amira = Person.objects.get(pk=estate.amira.pk)
    amira.organisation = elsewhere
    with pytest.raises(ValidationError) as refused:
        amira.full_clean()
    assert list(refused.value.message_dict) == ["organisation"]
    # Around the form: the database refuses, since the badge stays here.
    refusal = "access_credential_is_of_its_persons_organisation"
    with pytest.raises(IntegrityError, match=refusal), transaction.atomic():
        Person.objects.filter(pk=estate.amira.pk).update(organisation=elsewhere)
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
