"""Visits that are called off or last longer, and visitors who are found whatever the accents."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.test import Client

from access.errors.decisions import NotAllowed
from access.errors.visits import (
    BadPeriod,
    NoSuchHost,
    VisitNotLonger,
    VisitorHere,
    VisitOver,
)
from access.folding import fold
from access.models import Grant, KeyHolding, Pass, Person, TemporaryAccess, Visit, VisitorRules
from access.services import arrivals, departures, grants, hosts, leaving, notices, visits
from audit.actions import Action
from audit.models import Event
from occupancy.choices import ClaimKind
from occupancy.models import Assignment, Claim
from occupancy.services.ending import expiry
from tests import factories
from tests.access.test_visits import HOUR, arrive, claim, expect, where, who
from tests.conftest import MORNING
from tests.factories.cast import SETUP, Estate

UNTIL = MORNING + 8 * HOUR
LATER = MORNING + 10 * HOUR


@pytest.fixture(autouse=True)
def _both_have_mail(estate: Estate) -> None:
    estate.amira.email = "amira@northwind.example"
    estate.amira.save(update_fields=["email"])


def told(at: dt.datetime = MORNING) -> set[tuple[str, str]]:
    mail.outbox.clear()
    notices.send_due(at=at)
    return {(letter.to[0], letter.subject.split()[0]) for letter in mail.outbox}


def extend(visit: Visit, until: dt.datetime = LATER, at: dt.datetime = MORNING) -> None:
    visits.extend(visit=visit, until=until, actor=SETUP, at=at)


# Cancelled.


def test_a_cancelled_visit_lets_nobody_in_and_both_are_told(estate: Estate) -> None:
    visit = expect(estate, email="vera@sparks.example")
    visits.cancel(visit=visit, actor=SETUP, at=MORNING, reason="ill")
    assert told() == {
        ("amira@northwind.example", "Cancelled:"),
        ("vera@sparks.example", "Cancelled:"),
    }
    assert "on Tue 17 Nov (" in mail.outbox[0].subject
    with pytest.raises(VisitOver):
        arrivals.arrive(visit=visit, actor=SETUP, at=MORNING)
    assert not TemporaryAccess.objects.exists()
    event = Event.objects.get(action=Action.VISIT_CANCELLED)
    assert (event.reason, event.person_id) == ("ill", visit.visitor_id)


def test_who_read_the_visit_before_it_was_cancelled_lets_nobody_in_either(estate: Estate) -> None:
    visit = expect(estate)
    visits.cancel(visit=Visit.objects.get(), actor=SETUP, at=MORNING)
    with pytest.raises(VisitOver):
        arrivals.arrive(visit=visit, actor=SETUP, at=MORNING)


def test_nobody_cancels_twice_nor_after_arrival_nor_when_it_is_over(estate: Estate) -> None:
    visit, _code = arrive(estate)
    with pytest.raises(VisitorHere):
        visits.cancel(visit=visit, actor=SETUP, at=MORNING)
    other = expect(estate)
    with pytest.raises(VisitOver):
        visits.cancel(visit=other, actor=SETUP, at=UNTIL)
    visits.cancel(visit=other, actor=SETUP, at=MORNING)
    with pytest.raises(VisitOver):
        visits.cancel(visit=other, actor=SETUP, at=MORNING)


def test_who_is_let_go_is_not_expected_any_more(estate: Estate) -> None:
    visit = expect(estate)
    leaving.leave(person=visit.visitor, actor=SETUP, at=MORNING)
    visit.refresh_from_db()
    assert visits.state_of(visit, MORNING) == "cancelled"


# Longer.


def test_a_visit_that_lasts_longer_keeps_code_pass_access_and_locker(estate: Estate) -> None:
    visit, code = arrive(estate)
    estate.policy.ends_at_time = dt.time(18, 0)
    estate.policy.save(update_fields=["ends_at_time"])
    got = claim(estate, visit.visitor_id)
    assert got.due_at == UNTIL
    told()
    Person.objects.filter(pk=visit.visitor_id).update(email="vera@sparks.example")
    extend(visit, LATER, UNTIL - HOUR)
    assert told(UNTIL) == {("amira@northwind.example", "Visit"), ("vera@sparks.example", "Visit")}
    assert "19:00" in mail.outbox[0].body
    assert Pass.objects.get().ends_at == TemporaryAccess.objects.get().ends_at == LATER
    # The bank's own end comes before that of the visit.
    own_end = MORNING.replace(hour=18, minute=0)
    assert Assignment.objects.get().ends_at == Grant.objects.get().ends_at == own_end
    late = UNTIL + dt.timedelta(minutes=30)
    assert who(estate, code, late) == visit.visitor_id
    assert expiry.expire_due(at=late) == 0
    assert departures.leave_due(at=late) == 0
    door = Assignment.objects.select_related("compartment__bank__site").get().compartment
    assert grants.decide_open(person=visit.visitor, compartment=door, at=late).allowed
    with pytest.raises(NotAllowed, match="This code is over"):
        who(estate, code, LATER)


def test_a_locker_that_ends_by_itself_keeps_its_end(estate: Estate) -> None:
    estate.policy.ends_at_time = dt.time(12, 0)
    estate.policy.save(update_fields=["ends_at_time"])
    visit, _code = arrive(estate)
    noon = claim(estate, visit.visitor_id).due_at
    extend(visit)
    assert Assignment.objects.get().ends_at == noon < UNTIL
    assert not Event.objects.filter(action=Action.EXTENDED).exists()


def test_a_door_that_somebody_else_has_afterwards_keeps_its_end(estate: Estate) -> None:
    visit, _code = arrive(estate)
    got = claim(estate, visit.visitor_id)
    Claim.objects.create(
        compartment_id=got.compartment_id, kind=ClaimKind.CLOSURE, starts_at=UNTIL,
        ends_at=UNTIL + HOUR,
    )  # fmt: skip
    extend(visit)
    assert Assignment.objects.get().ends_at == UNTIL
    assert visit.expected_until == LATER


def test_lockers_of_other_people_and_sites_keep_their_end(estate: Estate) -> None:
    visit, _code = arrive(estate)
    theirs = claim(estate, estate.amira.pk)
    Claim.objects.filter(pk=theirs.claim_id).update(due_at=UNTIL, ends_at=UNTIL)
    extend(visit)
    assert Claim.objects.get(pk=theirs.claim_id).ends_at == UNTIL


def test_who_is_only_expected_may_be_expected_for_longer(estate: Estate) -> None:
    visit = expect(estate)
    extend(visit)
    arrivals.arrive(visit=visit, actor=SETUP, at=MORNING)
    assert TemporaryAccess.objects.get().ends_at == LATER


def test_what_was_taken_back_is_not_given_again(estate: Estate) -> None:
    visit, _code = arrive(estate)
    Pass.objects.update(revoked_at=MORNING)
    TemporaryAccess.objects.update(revoked_at=MORNING)
    extend(visit)
    assert Pass.objects.get().ends_at == TemporaryAccess.objects.get().ends_at == UNTIL


def test_a_visit_is_not_extended_backwards_for_ever_or_after_its_end(estate: Estate) -> None:
    visit, _code = arrive(estate)
    for until in (UNTIL, UNTIL - HOUR):
        with pytest.raises(VisitNotLonger):
            extend(visit, until)
    with pytest.raises(BadPeriod):
        extend(visit, MORNING + dt.timedelta(days=400))
    with pytest.raises(VisitOver):
        extend(visit, LATER, UNTIL)
    departures.leave(visit=visit, actor=SETUP, at=MORNING)
    with pytest.raises(VisitOver):
        extend(visit)
    gone = expect(estate)
    visits.cancel(visit=gone, actor=SETUP, at=MORNING)
    with pytest.raises(VisitOver):
        extend(gone)


def test_reception_extends_and_cancels(estate: Estate, client: Client) -> None:
    visit = expect(estate)
    client.force_login(estate.olga)
    with time_machine.travel(MORNING, tick=False):
        here = f"/admin/access/visit/{visit.pk}/"
        page = client.get(f"{here}change/").content.decode()
        assert f"{here}extend" in page and f"{here}cancel" in page
        refused = client.post(f"{here}extend/", {"until": "2026-11-17T09:30"}).content.decode()
        assert "Choose a later end" in refused
        client.post(f"{here}extend/", {"until": "2026-11-17T19:00"})
        visit.refresh_from_db()
        assert visit.expected_until == dt.datetime(2026, 11, 17, 19, 0, tzinfo=dt.UTC)
        client.post(f"{here}cancel/", {"reason": "ill"})
        page = client.get(f"{here}change/").content.decode()
        assert f"{here}extend" not in page and f"{here}arrive" not in page
        listed = client.get("/admin/access/visit/", {"when": "cancelled"})
    assert [one.pk for one in listed.context["cl"].queryset] == [visit.pk]


def test_reception_is_told_what_a_visitor_still_has(estate: Estate, client: Client) -> None:
    visit, _code = arrive(estate)
    got = claim(estate, visit.visitor_id)
    key = factories.KeyFactory(lock__compartment=estate.doors[0])
    KeyHolding.objects.create(
        key=key, person=visit.visitor, issued_at=MORNING, signature="Vera", signed_how="typed"
    )
    client.force_login(estate.olga)
    with time_machine.travel(MORNING, tick=False):
        page = client.get(f"/admin/access/visit/{visit.pk}/leave/").content.decode()
    assert f"Door {got.number}, bank A: still taken. Is it empty?" in page
    assert f"The key of door {estate.doors[0].number}, bank A. Ask for it back." in page


# Found whatever the accents.


@pytest.mark.parametrize(
    ("text", "bare"),
    [("Björk", "bjork"), ("bjo\u0308rk", "bjork"), ("ŁUKASZ  Sørensen", "lukasz sorensen"),
     ("Straße", "strasse"), ("Æsa", "aesa"), ("O’Hara", "o'hara"), ("", "")],
)  # fmt: skip
def test_words_are_alike_without_their_accents(text: str, bare: str) -> None:
    assert fold(text) == bare


@pytest.mark.parametrize("kept", ["björk@northwind.example", "bjork@northwind.example"])
@pytest.mark.parametrize("typed", ["bjork@northwind.example", "Björk@northwind.example"])
def test_a_host_is_found_by_address_whatever_the_accents(
    estate: Estate, kept: str, typed: str
) -> None:
    estate.amira.email = kept
    estate.amira.save(update_fields=["email"])
    assert hosts.find(site=estate.site, text=typed) == estate.amira


def walk_in(estate: Estate, name: str, host: str) -> Visit:
    given, _space, family = name.partition(" ")
    return arrivals.walk_in(
        where=where(estate), site=estate.site, given_name=given, family_name=family, company="",
        host=host, secret="s" * 32, actor=SETUP, at=MORNING,
    ).visit  # fmt: skip


@pytest.mark.parametrize("host", ["bjork", "Björk", "amira bjork", "BJÖRK Amira", "1001"])
@pytest.mark.parametrize("name", ["Renee Muller", "renée müller"])
def test_who_is_expected_is_known_by_both_names_whatever_the_accents(
    estate: Estate, name: str, host: str
) -> None:
    VisitorRules.objects.create(site=estate.site, visitors_may_register=True)
    Person.objects.filter(pk=estate.amira.pk).update(given_name="Amira", family_name="Björk")
    estate.amira.refresh_from_db()
    expected = expect(estate, given_name="Renée", family_name="Müller")
    assert walk_in(estate, name, host) == expected


def test_nobody_else_finds_a_host_by_name(estate: Estate) -> None:
    VisitorRules.objects.create(site=estate.site, visitors_may_register=True)
    Person.objects.filter(pk=estate.amira.pk).update(family_name="Björk")
    expect(estate, given_name="Renée", family_name="Müller")
    with pytest.raises(NoSuchHost):
        walk_in(estate, "Vera Vogel", "Björk")
    called_off = expect(estate, given_name="Vera", family_name="Vogel")
    visits.cancel(visit=called_off, actor=SETUP, at=MORNING)
    with pytest.raises(NoSuchHost):
        walk_in(estate, "Vera Vogel", "Björk")


def test_the_site_of_somebody_else_knows_nothing_of_it(estate: Estate) -> None:
    other = factories.SiteFactory(organisation=estate.organisation)
    VisitorRules.objects.create(site=estate.site, visitors_may_register=True)
    Person.objects.filter(pk=estate.amira.pk).update(family_name="Björk")
    expect(estate, site=other)
    with pytest.raises(NoSuchHost):
        walk_in(estate, "Vera Vogel", "Björk")


def test_a_host_is_found_in_two_statements(estate: Estate, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(2):
        hosts.find(site=estate.site, text="amira@northwind.example")
    with django_assert_num_queries(1):
        hosts.find(site=estate.site, text="1001")
