from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from audit.models import Event
from lockers.models import BridgePresence, Command, Compartment
from occupancy.models import Assignment
from tests import factories
from tests.api.conftest import Api, codes, key
from tests.factories.cast import Estate


def claim(api: Api, estate: Estate, who: str = "olga", **more: Any) -> Any:
    body = {"person": estate.amira.pk, "bank": estate.bank.pk, **more}
    return api(who).post("/api/v1/assignments/", body, headers=key())


def test_a_claim_gives_a_door_and_opens_it(estate: Estate, api: Api) -> None:
    answer = claim(api, estate, size=estate.large.pk)
    assert answer.status_code == 201
    body = answer.json()
    assert (body["number"], body["person"]) == ("3", estate.amira.pk)
    assert Command.objects.get(pk=body["command"]).claim_id == body["id"]
    event = Event.objects.get(action="assignment.claimed")
    assert (event.actor_kind, event.actor_id) == ("staff", str(estate.olga.pk))


def test_this_very_door_and_then_it_is_taken(estate: Estate, api: Api) -> None:
    door = estate.doors[1].pk
    assert claim(api, estate, compartment=door).json()["number"] == "2"
    assert codes(claim(api, estate, person=estate.ben.pk, compartment=door)) == (
        409,
        "compartment_taken",
    )


def test_a_repeat_of_a_key_gets_the_first_answer(estate: Estate, api: Api) -> None:
    client, headers = api("olga"), key()
    body = {"person": estate.amira.pk, "bank": estate.bank.pk}
    first = client.post("/api/v1/assignments/", body, headers=headers)
    again = client.post("/api/v1/assignments/", body, headers=headers)
    assert (again.status_code, again.json()) == (201, first.json())
    assert Assignment.objects.count() == 1
    other = client.post("/api/v1/assignments/", {**body, "person": estate.ben.pk}, headers=headers)
    assert codes(other) == (422, "idempotency_key_reused")


def test_every_change_needs_a_key(estate: Estate, api: Api) -> None:
    body = {"person": estate.amira.pk, "bank": estate.bank.pk}
    answer = api("olga").post("/api/v1/assignments/", body)
    assert codes(answer) == (400, "idempotency_key_missing")
    assert not Assignment.objects.exists()


def test_a_refusal_is_polite_and_recorded(estate: Estate, api: Api) -> None:
    answer = claim(api, estate, person=estate.carla.pk)
    assert codes(answer) == (403, "person_suspended")
    refused = Event.objects.get(action="request.refused")
    assert refused.person_id == estate.carla.pk


def test_a_silent_bridge_is_said_and_may_be_tried_again_with_the_same_key(
    estate: Estate, api: Api, at: dt.datetime
) -> None:
    client, headers = api("olga"), key()
    body = {"person": estate.amira.pk, "bank": estate.bank.pk}
    BridgePresence.objects.update(last_seen_at=at - dt.timedelta(minutes=1))
    silent = client.post("/api/v1/assignments/", body, headers=headers)
    assert codes(silent) == (503, "bridge_offline")
    BridgePresence.objects.update(last_seen_at=at)
    assert client.post("/api/v1/assignments/", body, headers=headers).status_code == 201


@pytest.mark.parametrize("foreign", ["person", "bank", "size", "compartment"])
def test_what_belongs_to_another_tenant_is_missing(estate: Estate, api: Api, foreign: str) -> None:
    other = factories.CompartmentFactory(bank__site=estate.other_site)
    theirs = {
        "person": factories.PersonFactory(organisation=estate.other_site.organisation).pk,
        "bank": other.bank_id,
        "size": other.size_id,
        "compartment": other.pk,
    }
    forbidden = claim(api, estate, **{foreign: theirs[foreign]})
    missing = claim(api, estate, **{foreign: 99_999_999})
    assert codes(forbidden) == codes(missing) == (404, "not_found")
    assert not Assignment.objects.exists()


def test_open_again_for_the_holder_and_release_with_a_reason(estate: Estate, api: Api) -> None:
    number = claim(api, estate).json()["id"]
    client = api("olga")
    opened = client.post(f"/api/v1/assignments/{number}/open/", headers=key())
    assert (opened.status_code, opened.json()["purpose"]) == (202, "open_again")
    path = f"/api/v1/assignments/{number}/release/"
    assert codes(client.post(path, {}, headers=key())) == (400, "invalid")
    released = client.post(path, {"reason": "left the company"}, headers=key())
    assert released.json()["closed_how"] == "released_by_staff"
    assert Event.objects.get(action="override.released").reason == "left the company"
    again = client.post(path, {"reason": "left the company"}, headers=key())
    assert codes(again) == (409, "assignment_already_released")
    late = client.post(f"/api/v1/assignments/{number}/open/", headers=key())
    assert codes(late) == (403, "no_grant")


def test_an_override_opens_with_a_reason_and_the_holder_keeps_the_door(
    estate: Estate, api: Api
) -> None:
    got = claim(api, estate).json()
    path = f"/api/v1/compartments/{got['compartment']}/open/"
    client = api("olga")
    assert codes(client.post(path, {"reason": " "}, headers=key())) == (400, "invalid")
    opened = client.post(path, {"reason": "alarm clock rings inside"}, headers=key())
    assert (opened.status_code, opened.json()["purpose"]) == (202, "override")
    assert Assignment.objects.get(pk=got["id"]).closed_at is None
    assert Event.objects.filter(reason="alarm clock rings inside").exists()


def test_a_door_without_a_board_is_not_opened_electronically(estate: Estate, api: Api) -> None:
    Compartment.objects.filter(pk=estate.doors[0].pk).update(controller=None)
    answer = api("olga").post(
        f"/api/v1/compartments/{estate.doors[0].pk}/open/", {"reason": "try"}, headers=key()
    )
    assert codes(answer) == (409, "not_wired")


def test_a_door_goes_out_of_service_with_a_reason_unless_somebody_has_it(
    estate: Estate, api: Api
) -> None:
    got = claim(api, estate).json()
    client = api("olga")
    body = {"service_status": "out_of_service", "reason": "hinge is bent"}
    held = client.post(
        f"/api/v1/compartments/{got['compartment']}/service_status/", body, headers=key()
    )
    assert codes(held) == (409, "compartment_held")
    path = f"/api/v1/compartments/{estate.doors[2].pk}/service_status/"
    assert codes(client.post(path, {"service_status": "gone"}, headers=key())) == (400, "invalid")
    done = client.post(path, body, headers=key())
    assert done.status_code == 200
    assert done.json()["state"]["shown"] == "out_of_service"
    assert done.json()["service_note"] == "hinge is bent"
    event = Event.objects.get(action="compartment.service_changed")
    assert (event.reason, event.actor_id) == ("hinge is bent", str(estate.olga.pk))
