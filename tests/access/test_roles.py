"""Roles: what they mean, who may give them, and what follows from them."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from hypothesis import given as for_any
from hypothesis import strategies

from access import roles
from access.errors.staff import RoleGivenAlready, RoleNotHere, RoleTooHigh
from access.models import AreaUserPermission, RoleAssignment, SiteUserPermission, User
from access.roles import Level, StaffRole
from access.services import staff
from audit.actions import Action
from audit.errors import Refusal
from audit.models import Event
from audit.services import idempotency
from audit.services.events import Actor
from lockers import scoping
from lockers.models import Area, Site
from tests import factories
from tests.admin_pages import without_tokens
from tests.conftest import MORNING
from tests.factories.cast import SETUP, Estate

JOB = Actor.job("tests")


@pytest.fixture(autouse=True)
def morning() -> Any:
    with time_machine.travel(MORNING, tick=False):
        yield


@pytest.fixture
def somebody(db: None) -> User:
    user: User = factories.UserFactory(username="somebody", is_staff=False)
    return user


def give(user: User, role: str, place: staff.Place, **more: Any) -> RoleAssignment:
    more = {"giver": None, "actor": SETUP, "at": MORNING} | more
    return staff.give(user=user, role=role, place=place, **more)


def sites(user: User, right: str = scoping.VIEW) -> list[Site]:
    return list(scoping.sites_of(User.objects.get(pk=user.pk), right))


@for_any(strategies.sampled_from(StaffRole.values), strategies.sampled_from(Level.values))
def test_every_role_means_at_least_seeing_and_nothing_unknown(role: str, level: str) -> None:
    words = roles.rights_of(role, level)
    assert roles.VIEW in words
    assert words <= roles.RIGHTS
    assert len(roles.codenames(words, level)) == len(words)


def test_an_auditor_may_look_and_nothing_else() -> None:
    assert roles.rights_of(StaffRole.AUDITOR, Level.SITE) == {roles.VIEW}


def test_every_right_of_a_role_exists_as_a_permission(db: None) -> None:
    names = set(roles.ON_SITE.values()) | set(roles.ON_AREA.values())
    found = Permission.objects.filter(content_type__app_label="lockers", codename__in=names)
    assert {permission.codename for permission in found} == names


def test_a_role_on_a_site_is_one_on_that_site_alone(estate: Estate, somebody: User) -> None:
    give(somebody, StaffRole.RECEPTION, estate.site)
    assert sites(somebody) == sites(somebody, scoping.OVERRIDE) == [estate.site]
    assert sites(somebody, scoping.MANAGE) == []
    assert somebody.is_staff


def test_a_role_on_an_organisation_reaches_a_site_that_is_added_later(
    estate: Estate, somebody: User
) -> None:
    give(somebody, StaffRole.SITE_MANAGER, estate.organisation)
    later = factories.SiteFactory(organisation=estate.organisation, name="Annexe")
    factories.SiteFactory(name="Of others")
    assert set(sites(somebody, scoping.MANAGE)) == {estate.site, later}


def test_a_site_that_goes_to_another_organisation_takes_no_role_along(
    estate: Estate, somebody: User
) -> None:
    give(somebody, StaffRole.SITE_MANAGER, estate.organisation)
    estate.site.organisation = estate.other_site.organisation
    estate.site.save()
    assert sites(somebody) == []


def test_a_role_taken_away_takes_its_rights_and_leaves_those_of_another(
    estate: Estate, somebody: User
) -> None:
    manager = give(somebody, StaffRole.SITE_MANAGER, estate.site)
    give(somebody, StaffRole.AUDITOR, estate.site)
    staff.take(assignment=manager, at=MORNING, taker=None, actor=SETUP)
    assert sites(somebody) == [estate.site]
    assert sites(somebody, scoping.OPERATE) == []


def test_what_was_given_by_hand_stays_when_a_role_goes(estate: Estate) -> None:
    reception = give(estate.olga, StaffRole.RECEPTION, estate.site)
    staff.take(assignment=reception, at=MORNING, taker=None, actor=SETUP)
    assert sites(estate.olga, scoping.OPERATE) == [estate.site]
    assert not SiteUserPermission.objects.filter(user=estate.olga, by_role=True).exists()


def test_a_role_ends_to_the_second_and_is_swept_up_later(estate: Estate, somebody: User) -> None:
    until = MORNING + dt.timedelta(hours=1)
    give(somebody, StaffRole.SECURITY, estate.site, ends_at=until)
    with time_machine.travel(until - dt.timedelta(seconds=1), tick=False):
        assert sites(somebody) == [estate.site]
    with time_machine.travel(until, tick=False):
        assert sites(somebody) == []
        assert staff.end_due(at=until, actor=JOB) == 1
    assert not RoleAssignment.objects.exists()
    assert not SiteUserPermission.objects.filter(user=somebody).exists()
    assert Event.objects.get(action=Action.ROLE_ENDED).data["role"] == "security"


def test_a_right_from_two_roles_lasts_as_long_as_the_longer(estate: Estate, somebody: User) -> None:
    until = MORNING + dt.timedelta(hours=1)
    give(somebody, StaffRole.RECEPTION, estate.site, ends_at=until)
    give(somebody, StaffRole.AUDITOR, estate.site)
    with time_machine.travel(until, tick=False):
        assert sites(somebody) == [estate.site]
        assert sites(somebody, scoping.OPERATE) == []


def test_a_role_is_given_once_and_again_after_it_ended(estate: Estate, somebody: User) -> None:
    until = MORNING + dt.timedelta(hours=1)
    give(somebody, StaffRole.AUDITOR, estate.site, ends_at=until)
    with pytest.raises(RoleGivenAlready):
        give(somebody, StaffRole.AUDITOR, estate.site)
    give(somebody, StaffRole.AUDITOR, estate.site, at=until)
    assert RoleAssignment.objects.get().ends_at is None


@pytest.mark.parametrize(
    ("role", "level"),
    [
        (StaffRole.ORGANISATION_ADMIN, "site"),
        (StaffRole.ORGANISATION_ADMIN, "area"),
        (StaffRole.SITE_MANAGER, "area"),
    ],
)
def test_a_large_role_is_not_given_on_a_small_place(
    estate: Estate, somebody: User, role: str, level: str
) -> None:
    area = factories.AreaFactory(site=estate.site)
    with pytest.raises(RoleNotHere):
        give(somebody, role, area if level == "area" else estate.site)


def test_nobody_gives_more_than_they_have(estate: Estate, somebody: User) -> None:
    # Max may give roles, but may not read combinations.
    for role in (StaffRole.FACILITIES, StaffRole.SITE_MANAGER):
        with pytest.raises(RoleTooHigh) as refused:
            give(somebody, role, estate.site, giver=estate.max)
        idempotency.settle(refused.value)
    assert not RoleAssignment.objects.exists()
    told = Event.objects.filter(action=Action.REFUSED)
    assert {event.data["code"] for event in told} == {"role_too_high"}
    assert {event.actor_id for event in told} == {str(estate.max.pk)}
    assert {event.site_id for event in told} == {estate.site.pk}


@pytest.mark.parametrize("role", [StaffRole.RECEPTION, StaffRole.TEACHER, StaffRole.AUDITOR])
def test_whoever_may_give_roles_gives_what_they_have(
    estate: Estate, somebody: User, role: str
) -> None:
    given = give(somebody, role, estate.site, giver=estate.max)
    assert given.given_by == estate.max.pk
    event = Event.objects.get(action=Action.ROLE_GIVEN)
    assert (event.actor_id, event.site_id) == (str(estate.max.pk), estate.site.pk)
    assert event.data == {"role": role, "site": estate.site.pk}


@pytest.mark.parametrize("place", ["other_site", "organisation"])
def test_nobody_gives_a_role_beyond_their_own_place(
    estate: Estate, somebody: User, place: str
) -> None:
    with pytest.raises(RoleTooHigh):
        give(somebody, StaffRole.AUDITOR, getattr(estate, place), giver=estate.max)


def test_whoever_operates_a_site_gives_no_role_there(estate: Estate, somebody: User) -> None:
    with pytest.raises(RoleTooHigh):
        give(somebody, StaffRole.AUDITOR, estate.site, giver=estate.olga)


def test_nobody_takes_a_role_that_they_could_not_give(estate: Estate, somebody: User) -> None:
    manager = give(somebody, StaffRole.SITE_MANAGER, estate.site)
    with pytest.raises(RoleTooHigh):
        staff.take(assignment=manager, at=MORNING, taker=estate.max)
    assert RoleAssignment.objects.filter(pk=manager.pk).exists()


@for_any(
    strategies.sampled_from(StaffRole.values),
    strategies.sampled_from(StaffRole.values),
    strategies.sampled_from(Level.values),
)
def test_a_role_that_gives_roles_holds_all_that_it_can_give(
    given: str, giver: str, level: str
) -> None:
    own = roles.rights_of(giver, level)
    may = roles.STAFF in own and roles.rights_of(given, level) <= own
    assert not may or roles.rights_of(given, level) <= own
    assert may is False or giver in {StaffRole.ORGANISATION_ADMIN, StaffRole.SITE_MANAGER}


# Areas.


@pytest.fixture
def floors(estate: Estate) -> tuple[Area, Area, Area]:
    """A building with a floor, which bank A stands on, and a floor beside it with bank B."""
    building = factories.AreaFactory(site=estate.site, name="Building")
    floor = factories.AreaFactory(site=estate.site, parent=building, name="Floor 1")
    beside = factories.AreaFactory(site=estate.site, name="Gym")
    estate.bank.area = floor
    estate.bank.save()
    bank = factories.BankFactory(site=estate.site, area=beside, bridge=estate.bridge, name="B")
    factories.CompartmentFactory(bank=bank, number="MARK-B1", size=estate.small)
    return building, floor, beside


def test_a_role_on_an_area_reaches_the_areas_inside_it_and_no_other(
    estate: Estate, floors: tuple[Area, Area, Area], somebody: User
) -> None:
    building, floor, _beside = floors
    give(somebody, StaffRole.TEACHER, building)
    assert set(scoping.areas_of(somebody)) == {building, floor}
    assert list(scoping.banks_of(somebody)) == [estate.bank]
    assert list(scoping.banks_of(somebody, scoping.OPERATE)) == [estate.bank]
    assert list(scoping.banks_of(somebody, scoping.OVERRIDE)) == []
    assert sites(somebody) == []
    assert list(scoping.places_of(somebody)) == [estate.site]
    assert AreaUserPermission.objects.filter(user=somebody).count() == 2


def test_rights_in_an_area_are_one_statement_however_deep_it_is(
    estate: Estate, somebody: User
) -> None:
    area = factories.AreaFactory(site=estate.site)
    give(somebody, StaffRole.TEACHER, area)
    for _floor in range(6):
        area = factories.AreaFactory(site=estate.site, parent=area)
    estate.bank.area = area
    estate.bank.save()
    with CaptureQueriesContext(
        connection,
    ) as asked:
        assert list(scoping.banks_of(somebody)) == [estate.bank]
    assert len(asked) == 1


def test_staff_of_an_area_see_its_doors_on_the_map_and_no_other(
    estate: Estate, floors: tuple[Area, Area, Area], somebody: User
) -> None:
    give(somebody, StaffRole.TEACHER, floors[1])
    client = Client()
    client.force_login(somebody)
    theirs = estate.doors[0].pk
    other = floors[2].banks.get().compartments.get().pk
    assert client.get(f"/map/{estate.site.pk}/").status_code == 200
    drawn = client.get(f"/map/{estate.site.pk}/drawing/").content.decode()
    assert '"A"' in drawn
    assert "MARK-B1" not in drawn
    assert client.get(f"/map/doors/{theirs}/").status_code == 200
    assert client.get(f"/map/doors/{other}/").status_code == 404
    shown = client.get(f"/map/doors/{theirs}/").content.decode()
    assert "act-service" in shown
    assert "act-open" not in shown


def test_staff_of_an_area_see_its_doors_in_api_and_administration_and_no_other(
    estate: Estate, floors: tuple[Area, Area, Area], somebody: User
) -> None:
    give(somebody, StaffRole.TEACHER, floors[1])
    client = Client()
    client.force_login(somebody)
    numbers = [row["number"] for row in client.get("/api/v1/compartments/").json()["results"]]
    assert numbers == ["1", "2", "3"]
    assert [row["name"] for row in client.get("/api/v1/banks/").json()["results"]] == ["A"]
    for page in ("bank", "compartment", "door"):
        listed = client.get(f"/admin/lockers/{page}/")
        assert listed.status_code == 200
        assert "MARK-B1" not in listed.content.decode()
        assert "Gym" not in without_tokens(listed)
    people = client.get("/admin/access/person/")
    assert people.status_code == 200
    assert people.context["cl"].result_count == 0, "nobody has anything there"
    other = floors[2].banks.get()
    assert client.get(f"/admin/lockers/bank/{other.pk}/change/").status_code == 404
    assert client.get(f"/admin/lockers/bank/{estate.bank.pk}/delete/").status_code == 404


@pytest.mark.parametrize(
    ("role", "opens", "changes_service"),
    [
        (StaffRole.RECEPTION, True, True),
        (StaffRole.SECURITY, True, False),
        (StaffRole.TEACHER, False, True),
        (StaffRole.AUDITOR, False, False),
    ],
)
def test_opening_any_door_needs_its_own_right(
    estate: Estate, somebody: User, role: str, opens: bool, changes_service: bool
) -> None:
    give(somebody, role, estate.site)
    client = Client(headers={"Idempotency-Key": f"opening-{role}-door"})
    client.force_login(somebody)
    door = f"/api/v1/compartments/{estate.doors[0].pk}"
    shown = client.get(f"/map/doors/{estate.doors[0].pk}/").content.decode()
    assert ("act-open" in shown, "act-service" in shown) == (opens, changes_service)
    answer = client.post(f"{door}/open/", {"reason": "asked"}, content_type="application/json")
    assert answer.status_code == (202 if opens else 404)
    wanted = {"service_status": "out_of_service", "reason": "broken"}
    client = Client(headers={"Idempotency-Key": f"service-{role}-door"})
    client.force_login(somebody)
    answer = client.post(f"{door}/service_status/", wanted, content_type="application/json")
    assert answer.status_code == (200 if changes_service else 404)


def test_every_refusal_says_what_to_do() -> None:
    refusals: list[Refusal] = [RoleTooHigh(), RoleNotHere(), RoleGivenAlready()]
    assert all(str(refusal).endswith(".") for refusal in refusals)
