"""Giving, renewing, sharing, handing on and recovering, through the API."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from access.models import Role
from audit.models import Event
from occupancy.choices import UseModel
from occupancy.models import Assignment, Share
from tests import factories
from tests.api.conftest import Api, codes, key
from tests.factories.cast import Estate


def post(api: Api, path: str, body: dict[str, Any] | None = None, who: str = "olga") -> Any:
    return api(who).post(f"/api/v1/assignments/{path}", body or {}, headers=key(), format="json")


def give(api: Api, estate: Estate, who: str = "olga", **more: Any) -> Any:
    body = {
        "policy": estate.policy.pk, "person": estate.amira.pk, "compartment": estate.doors[0].pk,
        **more,
    }  # fmt: skip
    return post(api, "give/", {name: one for name, one in body.items() if one is not None}, who)


def given(api: Api, estate: Estate, **more: Any) -> int:
    answer = give(api, estate, **more)
    assert answer.status_code == 201, answer.json()
    return int(answer.json()["id"])


def test_staff_give_a_door_from_afar(estate: Estate, api: Api) -> None:
    answer = give(api, estate)
    assert answer.status_code == 201
    body = answer.json()
    assert (body["number"], body["person"], body["renewals"]) == ("1", estate.amira.pk, 0)
    event = Event.objects.get(action="assignment.given")
    assert (event.actor_kind, event.actor_id) == ("staff", str(estate.olga.pk))
    assert codes(give(api, estate, person=estate.ben.pk)) == (409, "compartment_taken")


def test_a_role_gets_a_door_and_nobody_opens_it_in_its_name(estate: Estate, api: Api) -> None:
    duty = Role.objects.create(organisation=estate.organisation, name="Duty manager")
    kept = factories.PolicyFactory(
        organisation=estate.organisation, site=estate.site, model=UseModel.ROLE
    )
    number = given(api, estate, person=None, role=duty.pk, policy=kept.pk)
    shown = api("olga").get(f"/api/v1/assignments/{number}/").json()
    assert (shown["person"], shown["role"]) == (None, duty.pk)
    for verb in ("open", "renew"):
        assert codes(post(api, f"{number}/{verb}/")) == (403, "not_the_holder")


@pytest.mark.parametrize(
    "wrong",
    [{"person": None}, {"role": 1}, {"bank": 1}, {"compartment": None}, {"until": "soon"}],
)
def test_what_cannot_be_read_is_refused(estate: Estate, api: Api, wrong: dict[str, Any]) -> None:
    assert codes(give(api, estate, **wrong)) == (400, "invalid")


@pytest.mark.parametrize("foreign", ["policy", "person", "compartment"])
def test_what_belongs_to_another_tenant_is_missing(estate: Estate, api: Api, foreign: str) -> None:
    other = factories.CompartmentFactory(bank__site=estate.other_site)
    theirs = {
        "policy": factories.PolicyFactory(organisation=estate.other_site.organisation).pk,
        "person": factories.PersonFactory(organisation=estate.other_site.organisation).pk,
        "compartment": other.pk,
    }
    assert codes(give(api, estate, **{foreign: theirs[foreign]})) == (404, "not_found")
    assert codes(give(api, estate, **{foreign: 99_999_999})) == (404, "not_found")


def test_a_list_is_tried_first_and_then_done_line_by_line(estate: Estate, api: Api) -> None:
    same = {"policy": estate.policy.pk, "bank": estate.bank.pk}
    rows = [{**same, "person": one.pk} for one in (estate.amira, estate.carla, estate.ben)]
    for dry_run, count in ((True, 0), (False, 2)):
        answer = post(api, "give-many/", {"rows": rows, "dry_run": dry_run})
        assert answer.status_code == 200
        told = answer.json()["rows"]
        assert [one["row"] for one in told] == [0, 1, 2]
        assert [one["assignment"] and one["assignment"]["number"] for one in told] == [
            "1", None, "2",
        ]  # fmt: skip
        assert told[1]["error"]["code"] == "person_suspended"
        assert Assignment.objects.count() == count


def test_renewed_on_the_holders_behalf(estate: Estate, api: Api) -> None:
    number = given(api, estate)
    assert codes(post(api, f"{number}/renew/")) == (409, "renewed_enough")
    estate.policy.renewals = 1
    estate.policy.save()
    assert post(api, f"{number}/renew/").json()["due_at"] == "2026-11-19T00:00:00Z"


def test_shared_delegated_and_ended(estate: Estate, api: Api, at: dt.datetime) -> None:
    number = given(api, estate)
    body = {"person": estate.ben.pk, "until": (at + dt.timedelta(hours=1)).isoformat()}
    shared = post(api, f"{number}/share/", body)
    assert (shared.status_code, shared.json()["is_one_opening"]) == (201, False)
    assert codes(post(api, f"{number}/delegate/", body)) == (409, "shared_already")
    ended = post(api, f"{number}/end-share/", {"share": shared.json()["id"]})
    assert ended.json()["ended_at"] is not None
    once = post(api, f"{number}/delegate/", {**body, "note": "A parcel"})
    assert (once.json()["is_one_opening"], once.json()["note"]) == (True, "A parcel")
    listed = api("olga").get(f"/api/v1/assignments/{number}/shares/").json()
    assert [one["id"] for one in listed] == [once.json()["id"], shared.json()["id"]]
    assert codes(post(api, f"{number}/end-share/", {"share": 0})) == (400, "invalid")
    elsewhere = Share.objects.get(pk=once.json()["id"])
    other = given(api, estate, person=estate.ben.pk, compartment=estate.doors[1].pk)
    assert codes(post(api, f"{other}/end-share/", {"share": elsewhere.pk})) == (404, "not_found")


def test_transferred_moved_and_swapped(estate: Estate, api: Api) -> None:
    number = given(api, estate)
    why = {"reason": "New desks"}
    eva = factories.PersonFactory(organisation=estate.organisation)
    new = post(api, f"{number}/transfer/", {"person": eva.pk, **why}).json()
    assert (new["person"], new["follows"]) == (eva.pk, number)
    moved = post(api, f"{new['id']}/move/", {"compartment": estate.doors[2].pk, **why}).json()
    assert (moved["number"], moved["follows"]) == ("3", new["id"])
    other = given(api, estate)
    both = post(api, "swap/", {"assignments": [moved["id"], other], **why}).json()["assignments"]
    assert [(one["person"], one["number"]) for one in both] == [
        (eva.pk, "1"), (estate.amira.pk, "3"),
    ]  # fmt: skip
    assert codes(post(api, f"{other}/transfer/", {"person": eva.pk})) == (400, "invalid")


def test_recovery_is_begun_with_a_reason(estate: Estate, api: Api) -> None:
    number = given(api, estate)
    assert post(api, f"{number}/recover/", {"reason": "It smells"}).status_code == 200
    assert Assignment.objects.get(pk=number).recovery_at is not None
    assert Event.objects.get(action="recovery.begun").reason == "It smells"


@pytest.mark.parametrize(
    ("verb", "body"),
    [
        ("renew", {}),
        ("share", {"person": 1, "until": "2026-11-17T10:00:00Z"}),
        ("delegate", {"person": 1, "until": "2026-11-17T10:00:00Z"}),
        ("end-share", {"share": 1}),
        ("transfer", {"person": 1, "reason": "x"}),
        ("move", {"compartment": 1, "reason": "x"}),
        ("recover", {"reason": "x"}),
    ],
)
def test_only_who_operates_the_site_and_to_others_it_is_missing(
    estate: Estate, api: Api, verb: str, body: dict[str, Any]
) -> None:
    number = given(api, estate)
    assert codes(post(api, f"{number}/{verb}/", body, who="nina")) == (404, "not_found")
    swapped = post(api, "swap/", {"assignments": [number, number], "reason": "x"}, who="nina")
    assert codes(swapped) == (404, "not_found")
    assert codes(give(api, estate, who="nina")) == (404, "not_found")
