"""Who and what is in a bridge's list, and what it costs to make."""

from __future__ import annotations

import datetime as dt
import time
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from guardian.shortcuts import assign_perm

from access import hashing
from access.access_list import entries
from access.choices import PersonKind, PersonStatus
from access.models import Credential, Grant, Person, Role, TemporaryAccess
from access.services import digests, grants, passes, temporary, throttles
from access.services.throttles import Guess
from audit.services.events import Actor
from occupancy.services.claims import assignments
from occupancy.services.claims.assignments import Wanted
from occupancy.services.custody import sharing
from tests import factories
from tests.access_lists.making import as_read, keys, made
from tests.factories.cast import SETUP, Estate

HOUR = dt.timedelta(hours=1)


def of(estate: Estate, at: dt.datetime, kind: type[Any]) -> list[Any]:
    return [entry for entry in made(estate.bridge, at) if type(entry) is kind]


def someone(estate: Estate, **more: Any) -> Person:
    return factories.PersonFactory(organisation=estate.organisation, **more)


def claimed(estate: Estate, person: Person, at: dt.datetime) -> int:
    return assignments.claim(
        person_id=person.pk, bank_id=estate.bank.pk, wanted=Wanted(), actor=SETUP, at=at
    ).claim_id


def test_people_at_home_at_the_site_are_known_but_for_those_who_left(
    estate: Estate, at: dt.datetime
) -> None:
    abroad = someone(estate)
    known = {person.id: person.status for person in of(estate, at, entries.Person)}
    assert known == {
        estate.amira.pk: "active", estate.ben.pk: "active", estate.carla.pk: "suspended",
    }  # fmt: skip
    assert abroad.pk not in known


@pytest.mark.parametrize("through", ["person", "role", "department", "access", "visit", "staff"])
def test_whoever_has_something_to_do_there_is_known(
    estate: Estate, at: dt.datetime, through: str
) -> None:
    person = someone(estate)
    granted = {"compartment_id": estate.doors[0].pk, "claim_id": None, "starts_at": at}
    if through == "person":
        grants.issue(**granted, ends_at=None, person_id=person.pk)
    elif through == "role":
        role = Role.objects.create(organisation=estate.organisation, name="Nurse")
        Person.objects.filter(pk=person.pk).update(role=role)
        grants.issue(**granted, ends_at=None, role_id=role.pk)
    elif through == "department":
        department = factories.DepartmentFactory(organisation=estate.organisation)
        Person.objects.filter(pk=person.pk).update(department=department)
        grants.issue(**granted, ends_at=None, department_id=department.pk)
    elif through == "access":
        temporary.give(
            person=person, site=estate.site, starts_at=at, ends_at=at + HOUR, actor=SETUP, at=at
        )
    elif through == "visit":
        person.visits.create(
            host=estate.amira, site=estate.site, expected_from=at, expected_until=at + HOUR,
            source="desk", registered_at=at,
        )  # fmt: skip
    else:
        type(estate.olga).objects.filter(pk=estate.olga.pk).update(person=person)
    assert f"person:{person.pk}" in keys(estate.bridge, at)
    later = at + 2 * HOUR
    assert (f"person:{person.pk}" in keys(estate.bridge, later)) is (
        through not in {"access", "visit"}
    )


def test_a_grant_that_was_taken_back_is_not_told(estate: Estate, at: dt.datetime) -> None:
    claim = claimed(estate, estate.amira, at)
    assert [one.person_id for one in of(estate, at, entries.Granted)] == [estate.amira.pk]
    grants.revoke(claim_id=claim, at=at)
    assert not of(estate, at, entries.Granted)


def test_one_opening_is_told_as_one(estate: Estate, at: dt.datetime) -> None:
    claim = claimed(estate, estate.amira, at)
    sharing.delegate(
        claim_id=claim, person_id=estate.amira.pk, to_id=estate.ben.pk, until=at + HOUR,
        actor=SETUP, at=at,
    )  # fmt: skip
    told = {one.person_id: one.is_one_opening for one in of(estate, at, entries.Granted)}
    assert told == {estate.amira.pk: False, estate.ben.pk: True}


def test_no_number_is_told_and_no_key_but_the_organisations_own(
    estate: Estate, at: dt.datetime
) -> None:
    written = b"".join(entries.written(entry) for entry in made(estate.bridge, at))
    for secret in (b"0004215873", b'"1001"', settings.BADGE_KEY, settings.SECRET_KEY.encode()):
        assert secret not in written
    (told,) = of(estate, at, entries.Organisation)
    assert told.badge_key == hashing.organisation_key(settings.BADGE_KEY, estate.organisation.pk)
    assert told.badge_key != digests.key_of(estate.other_site.organisation_id)


def test_nothing_of_another_bank_or_organisation_is_told(estate: Estate, at: dt.datetime) -> None:
    beside = factories.BankFactory(site=estate.site)
    theirs = factories.CompartmentFactory(bank=beside, size=estate.small)
    grants.issue(
        compartment_id=theirs.pk, claim_id=None, starts_at=at, ends_at=None,
        person_id=estate.amira.pk,
    )  # fmt: skip
    elsewhere = factories.BankFactory(site=estate.other_site)
    stranger = factories.PersonFactory(
        organisation=estate.other_site.organisation, home_site=estate.other_site
    )
    # By mistake, or by somebody who can write to the database:
    grants.issue(
        compartment_id=estate.doors[0].pk, claim_id=None, starts_at=at, ends_at=None,
        person_id=stranger.pk,
    )  # fmt: skip
    here = keys(estate.bridge, at)
    assert (
        not {f"person:{stranger.pk}", f"place:door:{theirs.pk}", f"place:bank:{beside.pk}"} & here
    )
    assert not of(estate, at, entries.Granted)
    assert elsewhere.bridge is not None
    there = keys(elsewhere.bridge, at)
    assert f"person:{stranger.pk}" in there
    assert not {f"person:{estate.amira.pk}", f"place:bank:{estate.bank.pk}"} & there


def test_spent_passes_are_told_until_they_are_over(estate: Estate, at: dt.datetime) -> None:
    def issue(**more: Any) -> Any:
        return passes.issue(
            person=estate.amira, compartment=None, starts_at=at, ends_at=at + HOUR,
            is_single_use=more.pop("once", False), actor=SETUP, at=at,
        )  # fmt: skip

    revoked, used, _good = issue(), issue(once=True), issue()
    passes.revoke(given=revoked, actor=SETUP, at=at)
    type(used).objects.filter(pk=used.pk).update(used_at=at)
    told = {one.id: one.status for one in of(estate, at, entries.SpentPass)}
    assert told == {revoked.pk: "revoked", used.pk: "used"}
    assert not of(estate, at + 2 * HOUR, entries.SpentPass)


def test_pins_that_are_out_of_use_are_not_told(estate: Estate, at: dt.datetime) -> None:
    guess = Guess(estate.organisation.pk, estate.site.pk, "bridge:1", estate.amira.pk)
    for _time in range(9):
        throttles.count(guess=guess, actor=Actor.bridge(1), at=at)
    assert len(of(estate, at, entries.Pin)) == 1
    throttles.count(guess=guess, actor=Actor.bridge(1), at=at)
    assert not of(estate, at, entries.Pin)


@pytest.mark.parametrize("place", ["site", "area", "nowhere"])
def test_staff_who_override_there_are_told_by_their_person(
    estate: Estate, at: dt.datetime, place: str
) -> None:
    person = someone(estate)
    user = factories.UserFactory(person=person)
    around = factories.AreaFactory(site=estate.site)
    inside = factories.AreaFactory(site=estate.site, parent=around)
    type(estate.bank).objects.filter(pk=estate.bank.pk).update(area=inside)
    if place == "site":
        assign_perm("override_site", user, estate.site)
    elif place == "area":
        assign_perm("override_area", user, around)
    else:
        assign_perm("override_site", user, estate.other_site)
        assign_perm("view_site", user, estate.site)
    told = [(one.user_id, one.person_id, one.bank_id) for one in of(estate, at, entries.Staff)]
    assert told == ([] if place == "nowhere" else [(user.pk, person.pk, estate.bank.pk)])


def test_a_log_in_that_is_out_of_use_overrides_nothing(estate: Estate, at: dt.datetime) -> None:
    factories.UserFactory(person=someone(estate), is_superuser=True, is_active=False)
    assert not of(estate, at, entries.Staff)


def test_what_a_newer_server_says_is_passed_over() -> None:
    assert entries.read(b'{"is":"something","id":1}') is None
    known = entries.read(
        b'{"is":"door","id":1,"bank_id":2,"number":"3","service_status":"x","n":1}'
    )
    assert known == entries.Door(id=1, bank_id=2, number="3", service_status="x")


def test_the_configuration_to_start_by_comes_with_it(estate: Estate, at: dt.datetime) -> None:
    from kiosk import configuration
    from kiosk.bridge import protocol

    text = as_read(estate.bridge, at).wiring
    assert protocol.decode_from_server(text or "") == protocol.Configure(
        config=configuration.of(estate.bridge)
    )


def test_ten_thousand_people_take_as_many_queries_as_three_and_two_seconds(
    estate: Estate, at: dt.datetime
) -> None:
    with CaptureQueriesContext(connection) as few:
        made(estate.bridge, at)
    people = Person.objects.bulk_create(
        Person(
            organisation=estate.organisation, home_site=estate.site, given_name=f"P{n}",
            personal_number=f"7{n:06}",
        )
        for n in range(10_000)
    )  # fmt: skip
    Credential.objects.bulk_create(
        Credential(
            organisation=estate.organisation, person=person, kind=kind, issued_at=at,
            digest=digests.of(estate.organisation.pk, f"text:main:{n}") if kind == "badge" else "",
            verifier="" if kind == "badge" else "$argon2id$" + "x" * 86,
        )
        for n, person in enumerate(people)
        for kind in ("badge", "pin")
    )  # fmt: skip
    Grant.objects.bulk_create(
        Grant(person=person, compartment=estate.doors[0], starts_at=at) for person in people[:500]
    )
    with CaptureQueriesContext(connection) as many:
        began = time.process_time()
        written = [entries.written(entry) for entry in made(estate.bridge, at)]
        took = time.process_time() - began
    assert len(written) > 30_000
    assert len(many) == len(few)
    print(f"{len(written)} entries in {took:.2f} s")
    assert took < 2


def test_visitors_are_told_when_they_have_access(estate: Estate, at: dt.datetime) -> None:
    visitor = someone(estate, kind=PersonKind.VISITOR, status=PersonStatus.ACTIVE)
    temporary.give(
        person=visitor, site=estate.site, starts_at=at, ends_at=at + HOUR, actor=SETUP, at=at
    )
    (told,) = [one for one in of(estate, at, entries.Person) if one.id == visitor.pk]
    assert told.needs_access
    assert told.access == (entries.Access(None, entries.Window(at, at + HOUR)),)
    assert TemporaryAccess.objects.count() == 1
