"""The key desk in the administration: who may do what, and what its pages show."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from guardian.shortcuts import assign_perm

from access.choices import KeyStatus, ReleaseStatus
from access.models import (
    Key,
    KeyCharge,
    KeyCount,
    KeyHolding,
    MasterRelease,
)
from access.services import keys, lost_keys, master_keys
from audit.actions import Action
from audit.models import Event
from audit.services.events import Actor
from tests import factories
from tests.access.cabinet import DRAWN, TYPED, Cabinet
from tests.admin_pages import signed_in, verb
from tests.factories.cast import SETUP, Estate

TYPED_NAME = {"typed": "Amira Example"}


@pytest.fixture
def cabinet(estate: Estate, at: dt.datetime) -> Iterator[Cabinet]:
    with time_machine.travel(at, tick=False):
        yield Cabinet.with_combinations(estate, at)


def test_the_desk_issues_a_key_and_takes_it_back(cabinet: Cabinet, estate: Estate) -> None:
    posted = {"person": estate.amira.pk, "drawn": DRAWN.text, "due_on": "2026-11-18"}
    assert verb(estate.olga, "issue", cabinet.key, **posted).status_code == 302
    holding = KeyHolding.objects.get()
    assert (holding.person, holding.issued_by) == (estate.amira, estate.olga)
    assert holding.due_at == dt.datetime(2026, 11, 19, tzinfo=dt.UTC)  # London, in winter
    page = signed_in(estate.olga).get(reverse("admin:access_keyholding_change", args=[holding.pk]))
    assert f'd="{DRAWN.text}"' in page.content.decode()
    assert verb(estate.olga, "give_back", cabinet.key, is_absent="on").status_code == 302
    holding.refresh_from_db()
    assert (holding.ended_how, holding.returned_to) == ("returned", estate.olga)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"typed": ""}, "Have it signed"),
        ({"due_on": "2026-11-16"}, "That day is over"),
        ({"person": ""}, "This field is required"),
    ],
)
def test_an_issue_that_is_not_complete_says_what_is_missing(
    cabinet: Cabinet, estate: Estate, changes: dict[str, str], says: str
) -> None:
    posted = {"person": estate.amira.pk, **TYPED_NAME, **changes}
    answer = verb(estate.olga, "issue", cabinet.key, **posted)
    assert answer.status_code == 200
    assert says in answer.content.decode()
    assert not KeyHolding.objects.exists()


def test_a_refusal_is_said_on_the_page(cabinet: Cabinet, estate: Estate) -> None:
    posted = {"person": estate.amira.pk, **TYPED_NAME}
    verb(estate.olga, "issue", cabinet.key, **posted)
    again = verb(estate.max, "issue", cabinet.key, **posted).content.decode()
    assert "Somebody has this key" in again


def test_nobody_of_another_organisation_gets_a_key(cabinet: Cabinet, estate: Estate) -> None:
    stranger = factories.PersonFactory(organisation=estate.other_site.organisation)
    answer = verb(estate.rosa, "issue", cabinet.key, person=stranger.pk, **TYPED_NAME)
    assert answer.status_code == 200
    assert not KeyHolding.objects.exists()


@pytest.mark.parametrize(
    ("name", "model", "allowed"),
    [
        ("issue", "key", {"olga", "max", "rosa"}),
        ("request_release", "master", {"olga", "max", "rosa"}),
        ("give_back", "key", {"olga", "max", "rosa"}),
        ("report_lost", "key", {"olga", "max", "rosa"}),
        ("found", "key", {"max", "rosa"}),
        ("retire", "key", {"max", "rosa"}),
        ("cut", "first", {"max", "rosa"}),
        ("cut", "master_set", {"max", "rosa"}),
        ("change_lock", "first", {"max", "rosa"}),
        ("store_combinations", "dial", {"max", "rosa"}),
        ("show_combination", "dial", {"max", "rosa"}),
    ],
)
def test_each_verb_is_for_who_has_its_right_and_missing_for_all_others(
    cabinet: Cabinet, estate: Estate, name: str, model: str, allowed: set[str]
) -> None:
    viewer = factories.UserFactory(username="viewer")
    assign_perm("view_site", viewer, estate.site)
    people = {"olga": estate.olga, "max": estate.max, "nina": estate.nina, "rosa": estate.rosa,
              "viewer": viewer}  # fmt: skip
    obj = getattr(cabinet, model)
    let_in = {who for who, user in people.items() if verb(user, name, obj).status_code == 200}
    assert let_in == allowed
    refused = {verb(user, name, obj).status_code for who, user in people.items()
               if who not in allowed}  # fmt: skip
    assert refused == {404}


def test_a_page_offers_what_can_be_done_with_a_key_as_it_is(
    cabinet: Cabinet, estate: Estate, at: dt.datetime
) -> None:
    def offered(key: Key) -> set[str]:
        page = signed_in(estate.max).get(reverse("admin:access_key_change", args=[key.pk]))
        text = page.content.decode()
        names = ("issue", "request-release", "return", "lost", "found", "retire")
        return {name for name in names if f"/{key.pk}/{name}" in text}

    assert offered(cabinet.key) == {"issue", "lost", "retire"}
    assert offered(cabinet.master) == {"request-release", "lost", "retire"}
    keys.issue(key=cabinet.key, person=estate.amira, signature=TYPED, actor=SETUP, at=at)
    assert offered(cabinet.key) == {"return", "lost"}
    lost_keys.report_lost(key=cabinet.key, reason="?", actor=SETUP, at=at)
    assert offered(cabinet.key) == {"found", "retire"}


def test_a_report_says_what_it_led_to_and_what_opens_the_door_meanwhile(
    cabinet: Cabinet, estate: Estate, at: dt.datetime
) -> None:
    keys.issue(key=cabinet.key, person=estate.amira, signature=TYPED, actor=SETUP, at=at)
    address = reverse("admin:access_key_report_lost", args=[cabinet.key.pk])
    answer = signed_in(estate.olga).post(
        address, {"reason": "on the bus", "amount_minor": 1500}, follow=True
    )
    said = " ".join(str(message) for message in answer.context["messages"])
    for words in ("Amira Example owes 15.00 GBP", "lock change was asked for: Old wing K1",
                  "Old wing K1 / 2", "Old wing master / 1"):  # fmt: skip
        assert words in said
    charge = KeyCharge.objects.get()
    assert verb(estate.olga, "waive", charge).status_code == 404
    assert verb(estate.max, "waive", charge, reason="stolen").status_code == 302
    charge.refresh_from_db()
    assert charge.waived_because == "stolen"


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("out", {"key", "master"}),
        ("overdue", {"master"}),
        ("lost", {"other"}),
        ("cabinet", {"spare"}),
    ],
)
def test_the_list_finds_keys_by_where_they_are(
    cabinet: Cabinet, estate: Estate, at: dt.datetime, where: str, expected: set[str]
) -> None:
    keys.issue(key=cabinet.key, person=estate.amira, signature=TYPED, actor=SETUP, at=at)
    hour = dt.timedelta(hours=1)
    keys.hand_out(
        key=cabinet.master, person=estate.ben, signature=TYPED, actor=SETUP, at=at - hour,
        due_at=at,
    )  # fmt: skip
    lost_keys.report_lost(key=cabinet.other, reason="?", actor=SETUP, at=at)
    answer = signed_in(estate.olga).get("/admin/access/key/", {"where": where})
    assert set(answer.context["cl"].queryset) == {getattr(cabinet, name) for name in expected}
    assert ("Amira Example" in answer.content.decode()) is ("key" in expected)


@pytest.mark.parametrize("model", ["key", "lock", "keyholding"])
def test_a_list_takes_as_many_queries_for_many_rows_as_for_few(
    cabinet: Cabinet, estate: Estate, at: dt.datetime, model: str
) -> None:
    client = signed_in(estate.max)
    address = f"/admin/access/{model}/"

    def grow(n: int) -> None:
        for number in range(n, n + 5):
            door = factories.CompartmentFactory(
                bank=cabinet.bank, number=f"G{number}", size=estate.small, lock_kind="keyed"
            )
            lock = factories.LockFactory(compartment=door)
            (key,) = keys.cut(opens=lock, count=1, actor=SETUP, at=at)
            keys.issue(key=key, person=estate.amira, signature=TYPED, actor=SETUP, at=at)

    grow(0)
    client.get(address)
    with CaptureQueriesContext(connection) as few:
        client.get(address)
    grow(10)
    with CaptureQueriesContext(connection) as many:
        client.get(address)
    assert len(many) == len(few)


# Two people for a master key.


def test_a_request_is_shown_to_others_who_hand_it_out(cabinet: Cabinet, estate: Estate) -> None:
    posted = {"person": estate.amira.pk, "reason": "jammed door"}
    assert verb(estate.olga, "request_release", cabinet.master, **posted).status_code == 302
    release = MasterRelease.objects.get()
    mine, theirs = (
        signed_in(user).get("/admin/access/masterrelease/").content.decode()
        for user in (estate.olga, estate.max)
    )
    confirm = reverse("admin:access_masterrelease_confirm", args=[release.pk])
    assert confirm not in mine
    assert confirm in theirs
    own = verb(estate.olga, "confirm", release, **TYPED_NAME).content.decode()
    assert "A second person has to confirm this" in own
    assert verb(estate.max, "confirm", release, **TYPED_NAME).status_code == 302
    assert KeyHolding.objects.get().key == cabinet.master
    release.refresh_from_db()
    assert release.status == ReleaseStatus.CONFIRMED


def test_a_request_that_nobody_confirmed_is_not_shown_any_more(
    cabinet: Cabinet, estate: Estate, at: dt.datetime
) -> None:
    release = master_keys.request_release(
        key=cabinet.master, person=estate.amira, reason="jammed door", user_id=estate.olga.pk,
        at=at - master_keys.CONFIRM_WITHIN,
    )  # fmt: skip
    page = signed_in(estate.max).get("/admin/access/masterrelease/").content.decode()
    assert "nobody confirmed it in time" in page
    assert reverse("admin:access_masterrelease_confirm", args=[release.pk]) not in page


def test_a_request_is_cancelled_by_a_post_only(
    cabinet: Cabinet, estate: Estate, at: dt.datetime
) -> None:
    release = master_keys.request_release(
        key=cabinet.master, person=estate.amira, reason="?", user_id=estate.olga.pk, at=at
    )
    assert verb(estate.olga, "cancel", release).status_code == 200
    release.refresh_from_db()
    assert release.status == ReleaseStatus.REQUESTED
    verb(estate.olga, "cancel", release, sure="1")
    release.refresh_from_db()
    assert release.status == ReleaseStatus.CANCELLED


def test_the_cabinet_is_counted_on_its_page(
    cabinet: Cabinet, estate: Estate, at: dt.datetime
) -> None:
    keys.issue(key=cabinet.key, person=estate.amira, signature=TYPED, actor=SETUP, at=at)
    client, address = signed_in(estate.olga), reverse("admin:access_keycount_count")
    assert "never counted" in client.get(address).content.decode()
    page = client.get(address, {"site": estate.site.pk}).content.decode()
    assert "Amira Example" in page
    ticks: dict[str, Any] = {
        "site": estate.site.pk, f"key-{cabinet.key.pk}": "out",
        f"key-{cabinet.other.pk}": "seen", f"key-{cabinet.master.pk}": "seen",
    }  # fmt: skip
    half = client.post(address, ticks).content.decode()
    assert "not counted yet: Old wing K1 / 2" in half
    client.post(address, ticks | {f"key-{cabinet.spare.pk}": "missing", "note": "twice"})
    count = KeyCount.objects.get()
    assert count.lines.filter(result="missing").get().key == cabinet.spare
    assert signed_in(estate.nina).get(address, {"site": estate.site.pk}).status_code == 404


def test_no_key_is_deleted(cabinet: Cabinet, estate: Estate) -> None:
    signed_in(estate.rosa).post(
        reverse("admin:access_key_delete", args=[cabinet.key.pk]), {"post": "yes"}
    )
    assert Key.objects.filter(pk=cabinet.key.pk).exists()
    signed_in(estate.max).post(
        reverse("admin:access_key_retire", args=[cabinet.key.pk]), {"reason": "worn"}
    )
    assert Key.objects.get(pk=cabinet.key.pk).status == KeyStatus.RETIRED
    assert Event.objects.get(action=Action.KEY_RETIRED).actor_id == str(estate.max.pk)
    assert Actor.staff(estate.max.pk).id == str(estate.max.pk)
