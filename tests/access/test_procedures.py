"""Coming and going by a checklist: what the register sees, what somebody ticks, what is left."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.db import connection
from django.db.models import Q
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from access import checklists, selectors
from access.checklists import Facts
from access.choices import ProcedureKind
from access.errors.people import ReasonMissing, RunNotDone, StepKnown
from access.models import Grant, Person, Procedure, Run, RunStep, User
from access.services import credentials, procedures
from audit.models import Event
from audit.services.events import Actor
from tests import factories
from tests.admin_pages import signed_in
from tests.factories.cast import SETUP, Estate

STAFF = Actor.staff(1)
NINE = dt.datetime(2026, 11, 17, 9, tzinfo=dt.UTC)
COMING, GOING = ProcedureKind.ONBOARDING, ProcedureKind.OFFBOARDING


@pytest.fixture
def newcomer(estate: Estate) -> Person:
    procedures.add_usual(organisation=estate.organisation)
    return factories.PersonFactory(
        organisation=estate.organisation, home_site=estate.site, given_name="Eve"
    )


def step(run: Run, verb: str) -> RunStep:
    return run.steps.select_related("run__person").get(verb=verb)


@pytest.mark.parametrize("verb", ["card", "pin", "locker", "key", "login"])
def test_what_the_register_sees_is_done_when_it_is_there_and_undone_when_it_goes(verb: str) -> None:
    has = Facts(**{checklists._OF_VERB[verb]: True})
    assert checklists.is_done("onboarding", verb, has) is True
    assert checklists.is_done("onboarding", verb, Facts()) is False
    assert checklists.is_done("offboarding", verb, has) is False
    assert checklists.is_done("offboarding", verb, Facts()) is True


def test_what_nobody_can_see_has_to_be_ticked() -> None:
    for verb in ("induction", "other"):
        assert checklists.is_done("onboarding", verb, Facts()) is None


def test_a_step_ticks_itself_when_the_card_is_there(
    estate: Estate, at: dt.datetime, newcomer: Person
) -> None:
    person = newcomer
    run = procedures.start(person=person, kind=COMING, actor=STAFF, at=at)
    assert run is not None
    with pytest.raises(StepKnown):
        procedures.tick(step=step(run, "card"), user_id=1, actor=STAFF, at=at)
    with pytest.raises(RunNotDone) as refusal:
        procedures.finish(run=run, actor=STAFF, at=at)
    assert "Issue a card" in str(refusal.value)
    credentials.issue_badge(person=person, text="0004299999", actor=SETUP, at=at)
    procedures.tick(step=step(run, "induction"), user_id=1, actor=STAFF, at=at, note="with Max")
    procedures.finish(run=run, actor=STAFF, at=at)
    run.refresh_from_db()
    assert run.finished_at == at
    assert step(run, "card").done_at == at, "what was seen is written down"
    assert step(run, "pin").done_at is None, "it was not required"


def test_a_step_is_left_out_only_with_a_reason(
    estate: Estate, at: dt.datetime, newcomer: Person
) -> None:
    run = procedures.start(person=newcomer, kind=COMING, actor=STAFF, at=at)
    assert run is not None
    with pytest.raises(ReasonMissing):
        procedures.tick(step=step(run, "card"), user_id=1, actor=STAFF, at=at, skip=True)
    procedures.tick(
        step=step(run, "card"), user_id=1, actor=STAFF, at=at, skip=True, note="phone only"
    )
    done = step(run, "card")
    assert (done.is_skipped, done.note, done.done_by) == (True, "phone only", 1)
    procedures.untick(step=done, actor=STAFF, at=at)
    assert step(run, "card").done_at is None


def test_starting_twice_goes_on_with_the_first(
    estate: Estate, at: dt.datetime, newcomer: Person
) -> None:
    first = procedures.start(person=newcomer, kind=COMING, actor=STAFF, at=at)
    assert procedures.start(person=newcomer, kind=COMING, actor=STAFF, at=at) == first
    assert Event.objects.filter(action="procedure.started").count() == 1


def test_a_kind_of_its_own_goes_before_that_of_everybody(estate: Estate, newcomer: Person) -> None:
    contractor = factories.PersonFactory(organisation=estate.organisation, kind="contractor")
    for person, name in ((newcomer, "Onboarding"), (contractor, "Onboarding of contractors")):
        found = procedures.procedure_for(person=person, kind=COMING)
        assert found is not None and found.name == name
    elsewhere = factories.PersonFactory(organisation=estate.other_site.organisation)
    assert procedures.procedure_for(person=elsewhere, kind=COMING) is None


def test_editing_a_procedure_changes_what_comes_not_what_was(
    estate: Estate, at: dt.datetime, newcomer: Person
) -> None:
    run = procedures.start(person=newcomer, kind=COMING, actor=STAFF, at=at)
    assert run is not None
    Procedure.objects.get(kind=COMING, person_kind="").steps.all().delete()
    assert run.steps.count() == 4


def test_the_usual_procedures_are_added_once(estate: Estate) -> None:
    for _again in range(2):
        assert len(procedures.add_usual(organisation=estate.organisation)) == 3
    assert Procedure.objects.filter(organisation=estate.organisation).count() == 3


def test_the_guided_page_leads_from_step_to_step(estate: Estate, newcomer: Person) -> None:
    client = signed_in(estate.max)
    page = reverse("admin:access_person_onboarding", args=[newcomer.pk])
    assert "Issue a card" in client.get(page).text
    client.post(page, {"do": "start"})
    shown = client.get(page)
    assert "0 of 4 steps are done." in shown.text
    issue = reverse("admin:access_person_issue_badge", args=[newcomer.pk])
    assert f"{issue}?then=onboarding" in shown.text
    run = Run.objects.get(person=newcomer)
    client.post(page, {"do": "tick", "step": step(run, "induction").pk})
    assert "required steps" not in client.post(page, {"do": "finish"}, follow=True).text
    assert Run.objects.get(person=newcomer).finished_at is None, "the card is missing"
    client.post(page, {"do": "skip", "step": step(run, "card").pk, "note": "comes tomorrow"})
    client.post(page, {"do": "finish"})
    assert Run.objects.get(person=newcomer).finished_at is not None
    for user in (estate.olga, estate.nina):
        assert signed_in(user).post(page, {"do": "start"}).status_code == 404


def test_many_are_started_at_once_and_seen_with_their_progress(
    estate: Estate, newcomer: Person
) -> None:
    client = signed_in(estate.max)
    chosen = [newcomer.pk, estate.amira.pk, estate.ben.pk]
    client.post(
        reverse("admin:access_person_changelist"),
        {"action": "start_onboarding_all", "_selected_action": chosen},
    )
    assert Run.objects.filter(kind=COMING).count() == 3
    page = reverse("admin:access_run_changelist")
    shown = client.get(page).text
    assert "2 of 4" in shown and "0 of 4" in shown, "Amira has card and PIN"
    with CaptureQueriesContext(connection) as few:
        client.get(page)
    for _more in range(20):
        person = factories.PersonFactory(organisation=estate.organisation)
        procedures.start(person=person, kind=COMING, actor=STAFF, at=NINE)
    with CaptureQueriesContext(connection) as many:
        client.get(page)
    assert len(many) <= len(few), "the list asks as often for 23 as for 3"


def test_the_leavers_report_is_empty_until_something_is_forgotten(
    estate: Estate, at: dt.datetime, newcomer: Person
) -> None:
    client = signed_in(estate.max)
    page = reverse("admin:access_person_leavers")
    # Dev of the cast was made to have left around the service: his badge is still good.
    assert "Credential in use" in client.get(page).text
    estate.dev.credentials.update(status="revoked")
    assert "Nothing is forgotten" in client.get(page).text
    Grant.objects.create(person=estate.dev, compartment=estate.doors[0], starts_at=at)
    User.objects.filter(pk=estate.olga.pk).update(email="DEV@example.org")
    Person.objects.filter(pk=estate.dev.pk).update(email="dev@example.org")
    procedures.start(person=estate.dev, kind=GOING, actor=STAFF, at=at)
    estate.ben.leaves_on = dt.date(2026, 1, 1)
    estate.ben.save(update_fields=["leaves_on"])
    shown = client.get(page).text
    for words in ("Locker 1, bank A", "Log-in still active: olga", "Offboarding",
                  "Their last day was 2026-01-01"):  # fmt: skip
        assert words in shown
    lines = b"".join(client.get(reverse("admin:access_person_leavers_csv"))).decode().splitlines()
    assert lines[0] == "person,personal number,left at,still has"
    assert any("Locker 1, bank A" in line for line in lines)
    assert "Nothing is forgotten" in signed_in(estate.nina).get(page).text


def test_a_log_in_elsewhere_is_nobodys_business_here(estate: Estate, at: dt.datetime) -> None:
    User.objects.filter(pk=estate.nina.pk).update(email="dev@example.org")
    Person.objects.filter(pk=estate.dev.pk).update(email="dev@example.org")
    estate.dev.refresh_from_db()
    assert selectors.holdings([estate.dev], at)[estate.dev.pk].users == []


def test_the_report_asks_the_same_number_of_questions_for_many(
    estate: Estate, at: dt.datetime
) -> None:
    with CaptureQueriesContext(connection) as few:
        selectors.leavers(Q(), at)
    for n in range(30):
        person = factories.PersonFactory(organisation=estate.organisation, status="left",
                                         email=f"{n}@example.org")  # fmt: skip
        credentials.issue_badge(person=person, text=f"00043{n:05}", actor=SETUP, at=at)
    with CaptureQueriesContext(connection) as many:
        assert len(selectors.leavers(Q(), at)) == 31
    assert len(many) <= len(few) + 2


def test_access_for_a_while_ticks_the_step_of_a_contractor_by_itself(
    estate: Estate, at: dt.datetime
) -> None:
    procedures.add_usual(organisation=estate.organisation)
    eve = factories.PersonFactory(
        organisation=estate.organisation, home_site=estate.site, kind="contractor"
    )
    run = procedures.start(person=eve, kind=ProcedureKind.ONBOARDING, actor=SETUP, at=at)
    assert run is not None
    step = run.steps.get(verb="access")
    with pytest.raises(StepKnown):
        procedures.tick(step=step, user_id=estate.max.pk, actor=SETUP, at=at)
    client = signed_in(estate.max)
    with time_machine.travel(at, tick=False):
        guide = reverse("admin:access_person_onboarding", args=[eve.pk])
        give = f"{reverse('admin:access_person_give_access', args=[eve.pk])}?then=onboarding"
        assert f'href="{give}"' in client.get(guide).content.decode()
        posted = {"site": estate.site.pk, "reason": "order 4711",
                  "starts_at": "2026-11-17T09:00", "ends_at": "2026-11-17T18:00"}  # fmt: skip
        assert client.post(give, posted)["Location"] == guide
    facts = selectors.holdings([eve], at)[eve.pk].facts
    assert facts.has_access
    later = selectors.holdings([eve], at + dt.timedelta(days=1))[eve.pk]
    assert not later.facts.has_access
    assert later.is_empty is False  # the open checklist, and not the access that is over
    assert not later.grants
