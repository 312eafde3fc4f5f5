"""Locks and keys through the API."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from access.models import Key, KeyCharge, KeyHolding, Lock, LockChangeRequest
from access.services import combinations, keys
from audit.models import Event
from tests import factories
from tests.access.cabinet import TYPED, Cabinet
from tests.api.conftest import Api, codes, key
from tests.factories.cast import SETUP, Estate

SIGNED = {"signed_by": "Amira Example"}


@pytest.fixture
def cabinet(estate: Estate, at: dt.datetime) -> Cabinet:
    cabinet = Cabinet.build(estate, at)
    Lock.objects.filter(pk=cabinet.first.pk).update(key_code="77-A-4")
    combinations.store(lock=cabinet.dial, combinations={1: "4711"}, actor=SETUP, at=at)
    return cabinet


def address(of: Key, verb: str = "") -> str:
    return f"/api/v1/keys/{of.pk}/{verb}"


def test_a_key_is_issued_once_with_one_idempotency_key_and_returned(
    cabinet: Cabinet, estate: Estate, api: Api, at: dt.datetime
) -> None:
    olga, same = api("olga"), key()
    due = at + dt.timedelta(days=1)
    body = {"person": estate.amira.pk, "due_at": due.isoformat(), **SIGNED}
    first, again = (
        olga.post(address(cabinet.key, "issue/"), body, "json", headers=same) for _each in range(2)
    )
    assert first.status_code == again.status_code == 200
    assert first.json() == again.json()
    assert (first.json()["state"], first.json()["person"]) == ("out", estate.amira.pk)
    holding = KeyHolding.objects.get()
    assert (holding.issued_by, holding.due_at, holding.signature) == (
        estate.olga, due, "Amira Example",
    )  # fmt: skip
    twice = olga.post(address(cabinet.key, "issue/"), body, "json", headers=key())
    assert codes(twice) == (409, "key_is_out")
    wrong = olga.post(
        address(cabinet.key, "return/"), {"person": estate.ben.pk}, "json", headers=key()
    )
    assert codes(wrong) == (409, "not_your_key")
    back = olga.post(address(cabinet.key, "return/"), SIGNED, "json", headers=key())
    assert (back.status_code, back.json()["state"]) == (200, "cabinet")
    assert codes(olga.post(address(cabinet.key, "return/"), {}, "json", headers=key())) == (
        409, "key_not_out",
    )  # fmt: skip


def test_a_lost_key_is_charged_and_its_lock_is_to_be_changed(
    cabinet: Cabinet, estate: Estate, api: Api, at: dt.datetime
) -> None:
    keys.issue(key=cabinet.key, person=estate.amira, signature=TYPED, actor=SETUP, at=at)
    olga = api("olga")
    answer = olga.post(address(cabinet.key, "lost/"), {"reason": "train"}, "json", headers=key())
    assert answer.status_code == 200
    assert answer.json() == {
        "key": {**answer.json()["key"], "state": "lost", "person": None},
        "charged_minor": 1500,
        "currency": "GBP",
        "locks_to_change": [cabinet.first.pk],
        "spare_keys": [cabinet.spare.pk],
    }
    assert KeyCharge.objects.get().person == estate.amira
    assert LockChangeRequest.objects.count() == 1
    changed = olga.get("/api/v1/locks/", {"is_to_be_changed": "true"}).json()["results"]
    assert [row["id"] for row in changed] == [cabinet.first.pk]


def test_requests_without_a_key_or_a_signature_and_for_master_keys_are_refused(
    cabinet: Cabinet, estate: Estate, api: Api
) -> None:
    olga, body = api("olga"), {"person": estate.amira.pk, **SIGNED}
    assert codes(olga.post(address(cabinet.key, "issue/"), body, "json"))[0] == 400
    unsigned = {"person": estate.amira.pk}
    answer = olga.post(address(cabinet.key, "issue/"), unsigned, "json", headers=key())
    assert codes(answer) == (400, "invalid")
    assert "signed_by" in answer.json()["facts"]
    short = {**body, "signed_by": "x"}
    answer = olga.post(address(cabinet.key, "issue/"), short, "json", headers=key())
    assert codes(answer) == (400, "not_signed")
    over = {**body, "due_at": "2020-01-01T00:00:00Z"}
    answer = olga.post(address(cabinet.key, "issue/"), over, "json", headers=key())
    assert codes(answer) == (400, "invalid")
    answer = olga.post(address(cabinet.master, "issue/"), body, "json", headers=key())
    assert codes(answer)[1] == "two_people_needed"
    assert not KeyHolding.objects.exists()


def test_people_and_keys_of_others_are_not_there(
    cabinet: Cabinet, estate: Estate, api: Api
) -> None:
    stranger = factories.PersonFactory()
    body = {"person": stranger.pk, **SIGNED}
    for who, person in (("olga", body), ("nina", {**body, "person": estate.amira.pk})):
        answer = api(who).post(address(cabinet.key, "issue/"), person, "json", headers=key())
        assert codes(answer) == (404, "not_found")
    assert api("nina").get("/api/v1/keys/").json()["results"] == []
    assert api("nina").get("/api/v1/locks/").json()["results"] == []


def test_keys_are_found_by_door_holder_and_where_they_are(
    cabinet: Cabinet, estate: Estate, api: Api, at: dt.datetime
) -> None:
    soon = at + dt.timedelta(hours=1)
    for one, due_at, person in (
        (cabinet.key, None, estate.amira), (cabinet.other, soon, estate.ben),
    ):  # fmt: skip
        keys.issue(
            key=one, person=person, signature=TYPED, actor=SETUP, due_at=due_at,
            at=at - dt.timedelta(hours=1),
        )  # fmt: skip
    KeyHolding.objects.filter(key=cabinet.other).update(due_at=at)
    keys.retire(key=cabinet.spare, actor=SETUP, at=at, reason="worn")

    def found(**query: object) -> set[int]:
        rows = api("olga").get("/api/v1/keys/", query).json()["results"]
        return {row["id"] for row in rows}

    assert found(state="out") == {cabinet.key.pk, cabinet.other.pk}
    assert found(state="overdue") == {cabinet.other.pk}
    assert found(state="cabinet") == {cabinet.master.pk}
    assert found(state="retired") == {cabinet.spare.pk}
    assert found(person=estate.amira.pk) == {cabinet.key.pk}
    assert found(compartment=cabinet.second.compartment_id) == {cabinet.other.pk}
    assert found(lock=cabinet.first.pk, state="out") == {cabinet.key.pk}
    assert api("olga").get("/api/v1/keys/", {"state": "gone"}).status_code == 400


@pytest.mark.parametrize("who", ["olga", "max", "rosa"])
def test_nobody_reads_a_key_code_or_a_combination_here(
    cabinet: Cabinet, api: Api, who: str
) -> None:
    for path in ("keys/", "locks/", f"locks/{cabinet.first.pk}/", f"keys/{cabinet.key.pk}/"):
        text = json.dumps(api(who).get(f"/api/v1/{path}").json())
        assert "77-A-4" not in text
        assert "4711" not in text
        assert "code" not in text
    assert not Event.objects.filter(action="combination.viewed").exists()


@pytest.mark.parametrize("path", ["keys", "locks"])
def test_a_list_is_paged_and_takes_the_same_queries_for_many_rows(
    cabinet: Cabinet, estate: Estate, api: Api, at: dt.datetime, path: str
) -> None:
    olga = api("olga")
    olga.get(f"/api/v1/{path}/")
    with CaptureQueriesContext(connection) as few:
        olga.get(f"/api/v1/{path}/")
    for number in range(6):
        door = factories.CompartmentFactory(
            bank=cabinet.bank, number=f"G{number}", size=estate.small, lock_kind="keyed"
        )
        (one,) = keys.cut(
            opens=factories.LockFactory(compartment=door), count=1, actor=SETUP, at=at
        )
        keys.issue(key=one, person=estate.amira, signature=TYPED, actor=SETUP, at=at)
    with CaptureQueriesContext(connection) as many:
        olga.get(f"/api/v1/{path}/")
    assert len(many) == len(few)
    page = olga.get(f"/api/v1/{path}/", {"page_size": 2}).json()
    assert len(page["results"]) == 2
    assert page["next"]
