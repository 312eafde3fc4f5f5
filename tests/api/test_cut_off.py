"""A bank that is cut off, over the API: refused, not confirmed, or given by an override."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from guardian.shortcuts import remove_perm

from audit.models import Event
from lockers.choices import LockKind
from lockers.models import BridgePresence
from occupancy import confirming
from occupancy.models import Assignment, Claim, Policy
from tests import factories
from tests.api.conftest import Api, codes, key
from tests.cut_off import answer, cut_off, works_alone, write_down
from tests.factories.cast import Estate

HOUR = dt.timedelta(hours=1)
ALONE = (503, "bank_decides_alone")


@pytest.fixture
def estate(estate: Estate, at: dt.datetime) -> Estate:
    works_alone(estate)
    BridgePresence.objects.update(last_seen_at=at)
    return estate


def post(api: Api, path: str, body: dict[str, Any] | None = None) -> Any:
    return api("olga").post(f"/api/v1/{path}", body or {}, headers=key(), format="json")


def give(api: Api, estate: Estate, **more: Any) -> Any:
    body = {
        "policy": estate.policy.pk, "person": estate.amira.pk, "compartment": estate.doors[0].pk,
        **more,
    }  # fmt: skip
    return post(api, "assignments/give/", body)


def claim(api: Api, estate: Estate) -> Any:
    return post(api, "assignments/", {"person": estate.amira.pk, "bank": estate.bank.pk})


@pytest.fixture
def held(estate: Estate, api: Api) -> int:
    """A door that Amira was given before the bank was cut off."""
    Policy.objects.filter(pk=estate.policy.pk).update(renewals=3)
    answer(estate)
    number = int(give(api, estate).json()["id"])
    write_down(estate)
    cut_off(estate)
    return number


def test_nobody_is_given_a_door_there(estate: Estate, api: Api) -> None:
    for refused in (claim(api, estate), give(api, estate)):
        assert codes(refused) == ALONE
        assert (
            "Staff who may override can give a free door on the map." in refused.json()["message"]
        )
    assert not Assignment.objects.exists()


def test_every_refusal_is_recorded(estate: Estate, api: Api, held: int) -> None:
    give(api, estate, person=estate.ben.pk, compartment=estate.doors[1].pk)
    post(api, f"assignments/{held}/transfer/", {"person": estate.ben.pk, "reason": "ill"})
    refused = Event.objects.filter(action="request.refused")
    assert {(one.data["wanted"], one.data["code"]) for one in refused} == {
        ("give", "bank_decides_alone"), ("transfer", "bank_decides_alone"),
    }  # fmt: skip


@pytest.mark.parametrize("verb", ["renew", "transfer", "move"])
def test_who_has_a_door_there_is_not_changed(
    estate: Estate, api: Api, held: int, verb: str
) -> None:
    body = {"reason": "ill", "person": estate.ben.pk, "compartment": estate.doors[1].pk}
    assert codes(post(api, f"assignments/{held}/{verb}/", body)) == ALONE
    assert Assignment.objects.get(pk=held).closed_at is None


def test_two_doors_are_not_swapped(estate: Estate, api: Api, held: int) -> None:
    answer(estate)
    other = give(api, estate, person=estate.ben.pk, compartment=estate.doors[1].pk).json()["id"]
    cut_off(estate)
    body = {"assignments": [held, other], "reason": "they asked"}
    assert codes(post(api, "assignments/swap/", body)) == ALONE


@pytest.mark.parametrize("dry_run", [True, False])
def test_of_a_list_each_line_is_refused_for_itself(estate: Estate, api: Api, dry_run: bool) -> None:
    elsewhere = factories.CompartmentFactory(
        bank__site=estate.site, size=estate.small, lock_kind=LockKind.KEYED
    )
    rows = [
        {"policy": estate.policy.pk, "person": person.pk, "compartment": door.pk}
        for person, door in ((estate.amira, estate.doors[0]), (estate.ben, elsewhere))
    ]
    told = post(api, "assignments/give-many/", {"rows": rows, "dry_run": dry_run}).json()["rows"]
    assert told[0]["error"]["code"] == "bank_decides_alone"
    assert told[1]["error"] is None


def test_the_same_request_again_is_done_once_the_lockers_answer(estate: Estate, api: Api) -> None:
    client, headers = api("olga"), key()
    body = {"person": estate.amira.pk, "bank": estate.bank.pk}
    assert codes(client.post("/api/v1/assignments/", body, headers=headers)) == ALONE
    answer(estate)
    assert client.post("/api/v1/assignments/", body, headers=headers).status_code == 201


# ---- what is not confirmed -----------------------------------------------------------------------


@pytest.fixture
def booked(estate: Estate, api: Api, at: dt.datetime) -> dict[str, Any]:
    """What is answered to a booking at a bank that is cut off."""
    factories.PolicyFactory(
        organisation=estate.organisation, site=estate.site, name="Booked", person_kinds=["staff"],
        model="reservation", books_ahead=dt.timedelta(days=7), at_end="hold",
    )  # fmt: skip
    window = {"starts_at": (at + HOUR).isoformat(), "ends_at": (at + 2 * HOUR).isoformat()}
    got = post(api, "reservations/", {"person": estate.amira.pk, "bank": estate.bank.pk, **window})
    assert got.status_code == 201, got.json()
    told: dict[str, Any] = got.json()
    return told


def test_a_booking_there_is_not_confirmed_until_the_lockers_have_it(
    estate: Estate, api: Api, booked: dict[str, Any]
) -> None:
    def shown() -> list[bool]:
        one = api("olga").get(f"/api/v1/reservations/{booked['id']}/").json()
        [listed] = api("olga").get("/api/v1/reservations/").json()["results"]
        return [one["confirmed"], listed["confirmed"]]

    assert booked["confirmed"] is False
    assert shown() == [False, False]
    write_down(estate)
    assert shown() == [True, True]


def test_nobody_checks_in_there(
    estate: Estate, api: Api, booked: dict[str, Any], at: dt.datetime
) -> None:
    Claim.objects.filter(pk=booked["id"]).update(starts_at=at)
    assert codes(post(api, f"reservations/{booked['id']}/check_in/")) == ALONE


@pytest.mark.django_db(transaction=True)
def test_what_the_lockers_do_not_take_down_is_nobody_s(
    estate: Estate, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(confirming, "WAITS_S", 0.05)
    for verb in (claim, give):
        answer(estate)
        refused = verb(api, estate)
        assert codes(refused) == (503, "not_kept")
        assert "Nothing was done." in refused.json()["message"]
    assert {one.closed_how for one in Assignment.objects.all()} == {"withdrawn"}


# ---- the override --------------------------------------------------------------------------------


def test_staff_give_a_door_all_the_same_for_a_reason(estate: Estate, api: Api) -> None:
    assert codes(give(api, estate, beyond_authority=True)) == (400, "reason_missing")
    given = give(api, estate, beyond_authority=True, reason="medicine inside")
    assert (given.status_code, given.json()["confirmed"]) == (201, False)
    event = Event.objects.get(action="assignment.given_beyond")
    assert (event.actor_id, event.reason) == (str(estate.olga.pk), "medicine inside")


def test_without_the_right_to_override_nothing_is_given_all_the_same(
    estate: Estate, api: Api
) -> None:
    remove_perm("lockers.override_site", estate.olga, estate.site)
    refused = give(api, estate, beyond_authority=True, reason="medicine inside")
    assert codes(refused) == (404, "not_found")
    assert not Assignment.objects.exists()
