"""Emptying a door and keeping what was inside, through the API."""

from __future__ import annotations

import base64
import datetime as dt
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from guardian.shortcuts import remove_perm

from access.models import User
from lockers.models import BridgePresence, Command
from occupancy.models import Assignment, LostItem
from occupancy.services.custody import giving
from occupancy.services.ending import lost_property, recovery
from tests import factories
from tests.api.conftest import Api, codes, key
from tests.factories.cast import SETUP, Estate
from tests.pictures import picture

HERE = "/api/v1/recoveries/"
KEPT = "/api/v1/lost-property/"
SCARF = {"what": "A red scarf", "stored_where": "Shelf 2", "kept_days": 90}
PNG = base64.b64encode(picture("PNG")).decode()


def post(api: Api, path: str, body: dict[str, Any] | None = None, who: str = "olga") -> Any:
    return api(who).post(path, body or {}, headers=key(), format="json")


@pytest.fixture
def held(estate: Estate, at: dt.datetime) -> Assignment:
    """Amira has door 1."""
    return giving.give(
        policy_id=estate.policy.pk, person_id=estate.amira.pk,
        compartment_id=estate.doors[0].pk, actor=SETUP, at=at,
    )  # fmt: skip


@pytest.fixture
def begun(held: Assignment, api: Api) -> str:
    """The address of its recovery."""
    path = f"/api/v1/assignments/{held.pk}/recover/"
    assert post(api, path, {"reason": "It smells"}).status_code == 200
    (found,) = api("olga").get(HERE, {"assignment": held.pk}).json()["results"]
    assert (found["number"], found["reason"], found["closed_at"]) == ("1", "It smells", None)
    return f"{HERE}{found['id']}/"


def test_opened_stored_reset_and_free(
    estate: Estate, held: Assignment, begun: str, api: Api, settings: Any, tmp_path: Any
) -> None:
    settings.VAR_DIR = tmp_path
    assert codes(post(api, f"{begun}nothing-found/")) == (409, "not_opened_yet")
    opened = post(api, f"{begun}open/", {"reason": "It smells"})
    assert (opened.status_code, opened.json()["purpose"]) == (202, "recovery")
    assert Command.objects.get(pk=opened.json()["id"]).claim_id == held.pk
    assert codes(post(api, f"{begun}close/")) == (409, "not_emptied_yet")
    stored = post(api, f"{begun}store/", {**SCARF, "photo": PNG})
    assert stored.status_code == 201
    told = stored.json()
    assert (told["person"], told["kept_days"], told["has_photo"]) == (estate.amira.pk, 90, True)
    closed = post(api, f"{begun}close/").json()
    assert [one["kind"] for one in closed["steps"]] == [
        "begun", "opened", "found", "stored", "reset", "closed",
    ]  # fmt: skip
    assert [one["id"] for one in closed["items"]] == [told["id"]]
    held.refresh_from_db()
    assert held.closed_how == "recovered"
    assert codes(post(api, f"{begun}close/")) == (409, "recovery_over")


def test_opened_by_key_and_empty(begun: str, api: Api) -> None:
    assert post(api, f"{begun}opened-by-key/", {"reason": "No power"}).status_code == 200
    emptied = post(api, f"{begun}nothing-found/").json()
    assert emptied["emptied_at"] is not None
    assert codes(post(api, f"{begun}call-off/", {"reason": "late"})) == (409, "recovery_over")


def test_called_off_it_is_the_holder_s_again(held: Assignment, begun: str, api: Api) -> None:
    assert codes(post(api, f"{begun}call-off/")) == (400, "invalid")
    over = post(api, f"{begun}call-off/", {"reason": "She came"}).json()
    assert over["steps"][-1]["note"] == "She came"
    opened = post(api, f"/api/v1/assignments/{held.pk}/open/")
    assert opened.status_code == 202


def test_where_it_takes_two_somebody_else_confirms(
    estate: Estate, held: Assignment, api: Api
) -> None:
    estate.policy.recovery_takes_two = True
    estate.policy.save()
    post(api, f"/api/v1/assignments/{held.pk}/recover/", {"reason": "It smells"})
    begun = f"{HERE}{held.recovery.pk}/"
    why = {"reason": "It smells"}
    assert codes(post(api, f"{begun}open/", why)) == (409, "second_person_first")
    assert post(api, f"{begun}confirm/").status_code == 200
    assert codes(post(api, f"{begun}open/", why)) == (409, "same_person")
    assert post(api, f"{begun}open/", why, who="max").status_code == 202


def test_it_takes_the_right_to_recover_and_to_others_nothing_is_there(
    estate: Estate, begun: str, held: Assignment, api: Api
) -> None:
    assert api("nina").get(HERE).json()["results"] == []
    assert codes(api("nina").get(begun)) == (404, "not_found")
    remove_perm("recover_site", estate.olga, estate.site)
    estate.olga = User.objects.get(pk=estate.olga.pk)
    assert api("olga").get(begun).status_code == 200
    for verb in ("confirm", "open", "opened-by-key", "nothing-found", "store", "close", "call-off"):
        answer = post(api, f"{begun}{verb}/", {"reason": "x", **SCARF})
        assert codes(answer) == (404, "not_found"), verb
    again = post(api, f"/api/v1/assignments/{held.pk}/recover/", {"reason": "x"})
    assert codes(again) == (404, "not_found")


def test_a_photo_that_is_none_is_refused_and_nothing_is_stored(begun: str, api: Api) -> None:
    post(api, f"{begun}opened-by-key/", {"reason": "No power"})
    for photo, expected in (("no base64", (400, "invalid")), ("AAAA", (400, "bad_photo"))):
        assert codes(post(api, f"{begun}store/", {**SCARF, "photo": photo})) == expected
    assert not LostItem.objects.exists()


def test_found_somewhere_handed_out_for_a_name(estate: Estate, api: Api) -> None:
    found = post(api, KEPT, {"site": estate.site.pk, "what": "Keys", "stored_where": "Safe"})
    assert (found.status_code, found.json()["status"]) == (201, "stored")
    address = f"{KEPT}{found.json()['id']}/"
    assert codes(post(api, f"{address}hand-out/", {"to": "Ben"})) == (400, "invalid")
    gone = post(api, f"{address}hand-out/", {"to": "Ben Example", "signed_by": "Ben Example"})
    assert (gone.json()["status"], gone.json()["claimed_by"]) == ("claimed", "Ben Example")
    assert codes(post(api, f"{address}dispose/", {"how": "charity"})) == (409, "item_gone")
    assert codes(api("nina").get(address)) == (404, "not_found")
    theirs = post(api, KEPT, {"site": estate.other_site.pk, "what": "X", "stored_where": "Y"})
    assert codes(theirs) == (404, "not_found")


def test_disposed_of_once_it_was_kept_long_enough(
    estate: Estate, api: Api, at: dt.datetime
) -> None:
    found = post(api, KEPT, {"site": estate.site.pk, "what": "Keys", "stored_where": "Safe"})
    address = f"{KEPT}{found.json()['id']}/"
    assert codes(post(api, f"{address}dispose/", {"how": "charity"})) == (409, "not_due_yet")
    later = at + dt.timedelta(days=28)
    with time_machine.travel(later, tick=False):
        lost_property.propose_due(at=later)
        assert [one["id"] for one in api("olga").get(KEPT, {"may_go": True}).json()["results"]] == [
            found.json()["id"]
        ]
        gone = post(api, f"{address}dispose/", {"how": "Given to charity"}).json()
    assert (gone["status"], gone["disposed_how"]) == ("disposed", "Given to charity")


def test_a_list_takes_as_many_statements_for_many(
    estate: Estate, begun: str, api: Api, at: dt.datetime
) -> None:
    def read() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert api("olga").get(HERE, {"is_over": False}).status_code == 200
        return len(queries)

    few = read()
    BridgePresence.objects.update(last_seen_at=at)
    for door in estate.doors[1:]:
        someone = factories.PersonFactory(organisation=estate.organisation)
        claim = giving.give(
            policy_id=estate.policy.pk, person_id=someone.pk, compartment_id=door.pk,
            actor=SETUP, at=at,
        )  # fmt: skip
        recovery.begin(claim_id=claim.pk, actor=SETUP, at=at, reason="It smells")
    assert read() == few
