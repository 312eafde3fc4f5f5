"""Visitors: expected, arrived, gone; and nothing of a visit outlives it."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.db import transaction
from django.test import Client

from access.choices import PersonKind
from access.errors.decisions import NotAllowed
from access.errors.visits import (
    NoSuchHost,
    TooManyTries,
    VisitorHere,
    VisitorNotHere,
    VisitOver,
    WrongCode,
)
from access.models import Credential, Pass, Person, TemporaryAccess, Visit
from access.services import (
    arrivals,
    departures,
    hosts,
    identification,
    notices,
    visitor_codes,
    visits,
)
from access.services.shown import Where
from audit.actions import Action
from audit.errors import Refusal
from audit.models import Event
from audit.services import idempotency
from audit.services.events import Actor
from occupancy.models import Assignment
from occupancy.services.claims import assignments
from occupancy.services.claims.assignments import Wanted
from occupancy.services.ending import leavers
from tests import factories
from tests.conftest import MORNING
from tests.factories.cast import SETUP, Estate

HOUR = dt.timedelta(hours=1)


@pytest.fixture(autouse=True)
def _amira_has_mail(estate: Estate) -> None:
    estate.amira.email = "amira@northwind.example"
    estate.amira.save(update_fields=["email"])


def expect(estate: Estate, **changes: Any) -> Visit:
    wanted: dict[str, Any] = {
        "site": estate.site, "host": estate.amira, "given_name": "Vera", "family_name": "Vogel",
        "company": "Sparks", "expected_from": MORNING, "expected_until": MORNING + 8 * HOUR,
        "source": "staff", "actor": SETUP, "at": MORNING,
    }  # fmt: skip
    return visits.expect(**wanted | changes)


def arrive(estate: Estate, at: dt.datetime = MORNING) -> tuple[Visit, str]:
    arrived = arrivals.arrive(visit=expect(estate), actor=SETUP, at=at)
    return arrived.visit, arrived.code


def where(estate: Estate) -> Where:
    actor = Actor.terminal(estate.terminal.pk)
    return Where(actor, estate.organisation.pk, estate.site.pk, estate.bank.pk)


def who(estate: Estate, code: str, at: dt.datetime = MORNING) -> int:
    return identification.by_code(code=code, where=where(estate), at=at).person_id


def claim(estate: Estate, person_id: int, at: dt.datetime = MORNING) -> assignments.Claimed:
    with transaction.atomic():
        return assignments.claim(
            person_id=person_id, bank_id=estate.bank.pk, wanted=Wanted(), actor=SETUP, at=at
        )


def test_who_is_expected_has_no_access_before_they_arrive(estate: Estate) -> None:
    visit = expect(estate)
    assert visit.visitor.kind == PersonKind.VISITOR
    with pytest.raises(NotAllowed, match="You have no access"):
        claim(estate, visit.visitor_id)


def test_arriving_gives_a_code_a_pass_and_access_and_the_host_is_told(estate: Estate) -> None:
    visit, code = arrive(estate)
    assert re.fullmatch(r"\d{8}", code)
    assert who(estate, code) == who(estate, visitor_codes.grouped(code)) == visit.visitor_id
    assert claim(estate, visit.visitor_id).due_at <= visit.expected_until
    assert Pass.objects.get(person=visit.visitor).ends_at == visit.expected_until
    assert notices.send_due(at=MORNING) == 1
    assert mail.outbox[0].to == ["amira@northwind.example"]
    assert mail.outbox[0].subject.startswith("Vera Vogel is here to see you")


def test_a_code_is_kept_as_a_keyed_digest_and_nowhere_else(estate: Estate) -> None:
    visit, code = arrive(estate)
    credential = Credential.objects.get(kind="code")
    stored = f"{vars(credential)} {list(Event.objects.values())} {vars(visit)}"
    assert code not in stored
    assert credential.hint == ""


def test_leaving_ends_everything_of_the_visit_at_once(
    estate: Estate, django_capture_on_commit_callbacks: Any
) -> None:
    visit, code = arrive(estate)
    got = claim(estate, visit.visitor_id)
    later = MORNING + HOUR
    with (
        time_machine.travel(later, tick=False),
        django_capture_on_commit_callbacks(execute=True),
    ):
        departures.leave(visit=visit, actor=SETUP, at=later)
    with pytest.raises(NotAllowed) as caught:
        who(estate, code, MORNING + HOUR)
    assert str(caught.value) == "This code is over. Ask reception for a new one."
    assert Pass.objects.get().revoked_at == TemporaryAccess.objects.get().revoked_at
    held = Assignment.objects.get(pk=got.claim_id)
    assert (held.closed_at, held.recovery_at) == (None, later)
    with pytest.raises(VisitorNotHere):
        departures.leave(visit=visit, actor=SETUP, at=MORNING + HOUR)


def test_the_sweep_releases_what_was_missed_when_a_visitor_left(estate: Estate) -> None:
    visit, _code = arrive(estate)
    claim(estate, visit.visitor_id)
    claim(estate, estate.amira.pk)
    assert leavers.recover_all(at=MORNING) == 0
    departures.leave(visit=visit, actor=SETUP, at=MORNING + HOUR)
    assert leavers.recover_all(at=MORNING + HOUR) == 1


def test_a_visit_is_over_by_itself_and_recorded_once(estate: Estate) -> None:
    visit, code = arrive(estate)
    late = visit.expected_until
    with pytest.raises(NotAllowed, match="This code is over"):
        who(estate, code, late)
    with pytest.raises(NotAllowed, match="Your access to these lockers is over"):
        claim(estate, visit.visitor_id, late)
    assert departures.leave_due(at=late - HOUR) == 0
    assert [departures.leave_due(at=late), departures.leave_due(at=late)] == [1, 0]
    assert Event.objects.filter(action=Action.VISIT_LEFT).count() == 1
    assert leavers.recover_all(at=late) == 0, "what is inside follows the policy"


def test_a_visitor_arrives_once_and_not_when_it_is_over(estate: Estate) -> None:
    visit, _code = arrive(estate)
    with pytest.raises(VisitorHere):
        arrivals.arrive(visit=Visit.objects.get(), actor=SETUP, at=MORNING)
    second = expect(estate)
    Visit.objects.filter(pk=second.pk).update(visitor=visit.visitor)
    second.visitor = visit.visitor
    with pytest.raises(VisitorHere):
        arrivals.arrive(visit=second, actor=SETUP, at=MORNING)
    with pytest.raises(VisitOver):
        arrivals.arrive(visit=expect(estate), actor=SETUP, at=MORNING + 8 * HOUR)


def test_who_comes_again_under_the_same_address_is_the_same_person(estate: Estate) -> None:
    first = expect(estate, email="vera@sparks.example")
    again = expect(estate, email="Vera@Sparks.example")
    assert first.visitor == again.visitor
    assert expect(estate).visitor != first.visitor


@pytest.mark.parametrize("text", ["", " ", "Amira", "1002", "1003", "amira@elsewhere.example"])
def test_a_host_is_staff_found_by_address_or_number_never_by_name(
    estate: Estate, text: str
) -> None:
    with pytest.raises(NoSuchHost):
        hosts.find(site=estate.site, text=text)


def test_two_with_one_address_are_no_host(estate: Estate) -> None:
    assert hosts.find(site=estate.site, text=" AMIRA@northwind.example ") == estate.amira
    factories.PersonFactory(organisation=estate.organisation, email="amira@northwind.example")
    with pytest.raises(NoSuchHost):
        hosts.find(site=estate.site, text="amira@northwind.example")


def test_codes_are_not_found_by_trying(estate: Estate) -> None:
    _visit, code = arrive(estate)
    seen: list[type[Refusal]] = []
    for guess in range(6):
        try:
            who(estate, f"{guess:08}")
        except (WrongCode, TooManyTries) as refusal:
            idempotency.settle(refusal)
            seen.append(type(refusal))
    assert seen == [WrongCode] * 5 + [TooManyTries]
    with pytest.raises(TooManyTries):
        who(estate, code)
    assert who(estate, code, MORNING + dt.timedelta(seconds=31))


def test_a_code_of_another_organisation_is_nobodys(estate: Estate) -> None:
    _visit, code = arrive(estate)
    elsewhere = Where(SETUP, estate.other_site.organisation_id, estate.other_site.pk, 1)
    with pytest.raises(WrongCode):
        identification.by_code(code=code, where=elsewhere, at=MORNING)


def test_a_code_is_no_badge(estate: Estate) -> None:
    _visit, code = arrive(estate)
    for text in (code, f"code:{code}"):
        with pytest.raises(Refusal):
            identification.by_badge(text=text, where=where(estate), at=MORNING)


def test_digits_that_somebody_has_are_not_given_twice(estate: Estate) -> None:
    secret = "the same secret for two visitors"
    codes = [
        arrivals.arrive(visit=expect(estate), actor=SETUP, at=MORNING, secret=secret).code
        for _each in range(2)
    ]
    assert len(set(codes)) == 2
    assert len({who(estate, code) for code in codes}) == 2


def _desk(client: Client, estate: Estate, path: str, **data: object) -> Any:
    with time_machine.travel(MORNING, tick=False):
        client.force_login(estate.olga)
        return client.post(f"/admin/access/visit/{path}/", data)


def test_reception_registers_lets_in_and_out(estate: Estate, client: Client) -> None:
    answer = _desk(
        client, estate, "expect", site=estate.site.pk, given_name="Vera", host="1001",
        expected_from="2026-11-17T09:00", expected_until="2026-11-17T17:00",
    )  # fmt: skip
    visit = Visit.objects.get()
    assert answer["Location"].endswith(f"/visit/{visit.pk}/change/")
    page = _desk(client, estate, f"{visit.pk}/arrive")
    assert "no-store" in page["Cache-Control"]
    code = re.search(r'id="visitor_code"[^>]*>(\d{4} \d{4})<', page.content.decode())
    assert code is not None
    assert who(estate, code.group(1)) == visit.visitor_id
    assert "/pass/" in page.content.decode()
    again = _desk(client, estate, f"{visit.pk}/arrive").content.decode()
    assert "here already" in again
    assert code.group(1) not in again
    _desk(client, estate, f"{visit.pk}/leave")
    visit.refresh_from_db()
    assert visit.left_at == MORNING


def test_the_desk_names_a_host_that_is_none(estate: Estate, client: Client) -> None:
    page = _desk(
        client, estate, "expect", site=estate.site.pk, given_name="Vera", host="nobody",
        expected_from="2026-11-17T09:00", expected_until="2026-11-17T17:00",
    )  # fmt: skip
    assert "Nobody here has that" in page.content.decode()
    assert not Person.objects.filter(kind=PersonKind.VISITOR).exists()


@pytest.mark.parametrize(
    ("when", "names"),
    [("", {"Ann", "Bea", "Cas"}), ("here", {"Bea"}), ("expected", {"Ann"}), ("left", {"Cas"}),
     ("all", {"Ann", "Bea", "Cas", "Old"})],
)  # fmt: skip
def test_the_list_shows_who_is_expected_here_and_gone(
    estate: Estate, client: Client, when: str, names: set[str]
) -> None:
    expect(estate, given_name="Ann")
    arrivals.arrive(visit=expect(estate, given_name="Bea"), actor=SETUP, at=MORNING)
    gone = expect(estate, given_name="Cas")
    arrivals.arrive(visit=gone, actor=SETUP, at=MORNING)
    departures.leave(visit=gone, actor=SETUP, at=MORNING)
    long_ago = MORNING - dt.timedelta(days=9)
    expect(estate, given_name="Old", expected_from=long_ago, at=long_ago,
           expected_until=long_ago + HOUR)  # fmt: skip
    client.force_login(estate.olga)
    with time_machine.travel(MORNING, tick=False):
        page = client.get("/admin/access/visit/", {"when": when} if when else {})
    shown = {visit.visitor.given_name for visit in page.context["cl"].queryset}
    assert shown == names
