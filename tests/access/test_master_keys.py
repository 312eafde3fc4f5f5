"""Master keys: one asks, another hands out, within 15 minutes; and every key is counted."""

from __future__ import annotations

import datetime as dt
import threading
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone

from access.choices import CountResult, ReleaseStatus
from access.errors.keys import (
    CountIncomplete,
    KeyIsOut,
    KeyNotInUse,
    NotSigned,
    ReleaseNotWaiting,
    ReleaseWaiting,
    SamePerson,
)
from access.models import Key, KeyCount, KeyHolding, KeyRules, MasterRelease
from access.services import keys, lost_keys, master_keys
from access.signatures import Signature
from audit.actions import Action
from audit.models import Event
from audit.services.events import Actor
from lockers.models import Site
from tests.access.cabinet import DRAWN, TYPED, Cabinet
from tests.factories.cast import Estate


@pytest.fixture
def cabinet(estate: Estate, at: dt.datetime) -> Cabinet:
    return Cabinet.build(estate, at)


@pytest.fixture
def release(cabinet: Cabinet, estate: Estate, at: dt.datetime) -> MasterRelease:
    """Return a request by Olga, for Amira."""
    return request(cabinet, estate, at)


def request(cabinet: Cabinet, estate: Estate, at: dt.datetime) -> MasterRelease:
    return master_keys.request_release(
        key=cabinet.master, person=estate.amira, reason="jammed door", user_id=estate.olga.pk, at=at
    )


def confirm(release: MasterRelease, user: Any, at: dt.datetime, **changes: Any) -> KeyHolding:
    given = {"release_id": release.pk, "user_id": user.pk, "signature": DRAWN, "at": at, **changes}
    return master_keys.confirm_release(**given)


def test_a_master_key_is_handed_out_by_a_second_person(
    cabinet: Cabinet, release: MasterRelease, estate: Estate, at: dt.datetime
) -> None:
    KeyRules.objects.create(site=estate.site, master_out_hours=4)
    holding = confirm(release, estate.max, at)
    release.refresh_from_db()
    assert (release.status, release.requested_by, release.confirmed_by, release.holding) == (
        ReleaseStatus.CONFIRMED, estate.olga, estate.max, holding,
    )  # fmt: skip
    assert (holding.person, holding.due_at) == (estate.amira, at + dt.timedelta(hours=4))
    asked = Event.objects.get(action=Action.MASTER_REQUESTED)
    given = Event.objects.get(action=Action.MASTER_RELEASED)
    assert (asked.actor_id, given.actor_id) == (str(estate.olga.pk), str(estate.max.pk))
    assert given.data["requested_by"] == estate.olga.pk
    assert given.reason == "jammed door"
    keys.return_(key=cabinet.master, signature=TYPED, actor=Actor.staff(estate.olga.pk), at=at)
    holding.refresh_from_db()
    assert holding.returned_to == estate.olga


def test_nobody_confirms_their_own_request(
    release: MasterRelease, estate: Estate, at: dt.datetime
) -> None:
    with pytest.raises(SamePerson):
        confirm(release, estate.olga, at)
    assert not KeyHolding.objects.exists()


def test_a_request_is_stale_after_fifteen_minutes(
    cabinet: Cabinet, release: MasterRelease, estate: Estate, at: dt.datetime
) -> None:
    late = at + master_keys.CONFIRM_WITHIN
    with pytest.raises(ReleaseNotWaiting):
        confirm(release, estate.max, late)
    again = request(cabinet, estate, late)  # the stale one is no obstacle
    assert confirm(again, estate.max, late).key == cabinet.master
    release.refresh_from_db()
    assert release.status == ReleaseStatus.CANCELLED


def test_a_request_is_confirmed_just_before_it_is_stale(
    release: MasterRelease, estate: Estate, at: dt.datetime
) -> None:
    assert confirm(release, estate.max, at + dt.timedelta(minutes=14, seconds=59))


def test_one_request_waits_for_a_key_at_a_time(
    cabinet: Cabinet, release: MasterRelease, estate: Estate, at: dt.datetime
) -> None:
    with pytest.raises(ReleaseWaiting):
        request(cabinet, estate, at)
    master_keys.cancel_release(release_id=release.pk, user_id=estate.max.pk, at=at)
    with pytest.raises(ReleaseNotWaiting):
        confirm(release, estate.max, at)
    with pytest.raises(ReleaseNotWaiting):
        master_keys.cancel_release(release_id=release.pk, user_id=estate.max.pk, at=at)
    assert request(cabinet, estate, at).status == ReleaseStatus.REQUESTED


def test_an_unsigned_release_stays_waiting(
    release: MasterRelease, estate: Estate, at: dt.datetime
) -> None:
    with pytest.raises(NotSigned):
        confirm(release, estate.max, at, signature=Signature("", DRAWN.how))
    release.refresh_from_db()
    assert release.status == ReleaseStatus.REQUESTED


def test_a_master_key_that_is_out_or_lost_is_not_asked_for(
    cabinet: Cabinet, release: MasterRelease, estate: Estate, at: dt.datetime
) -> None:
    confirm(release, estate.max, at)
    with pytest.raises(KeyIsOut):
        request(cabinet, estate, at)
    lost_keys.report_lost(key=cabinet.master, reason="?", actor=Actor.job("tests"), at=at)
    with pytest.raises(KeyNotInUse):
        request(cabinet, estate, at)


def test_a_loss_ends_a_request_that_waits(
    cabinet: Cabinet, release: MasterRelease, estate: Estate, at: dt.datetime
) -> None:
    lost_keys.report_lost(key=cabinet.master, reason="?", actor=Actor.job("tests"), at=at)
    with pytest.raises(ReleaseNotWaiting):
        confirm(release, estate.max, at)


@pytest.mark.django_db(transaction=True)
def test_two_who_confirm_at_once_hand_out_one_key(transactional_db: None) -> None:
    at = timezone.now()
    estate = Estate.build(at=at)
    cabinet = Cabinet.build(estate, at)
    release = request(cabinet, estate, at)
    barrier, told = threading.Barrier(2), []

    def second(user: Any) -> None:
        try:
            barrier.wait(5)
            confirm(release, user, timezone.now())
            told.append("handed out")
        except ReleaseNotWaiting:
            told.append("refused")
        finally:
            connections.close_all()

    threads = [threading.Thread(target=second, args=(u,)) for u in (estate.max, estate.rosa)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(told) == ["handed out", "refused"]
    assert KeyHolding.objects.count() == 1
    assert Event.objects.filter(action=Action.MASTER_RELEASED).count() == 1


# Counting.


def results(cabinet: Cabinet, **changes: CountResult) -> dict[int, CountResult]:
    seen = dict.fromkeys(Key.objects.values_list("pk", flat=True), CountResult.SEEN)
    return seen | {getattr(cabinet, name).pk: result for name, result in changes.items()}


def test_a_count_names_what_is_missing(
    cabinet: Cabinet, release: MasterRelease, estate: Estate, at: dt.datetime
) -> None:
    confirm(release, estate.max, at)
    count = master_keys.count_keys(
        site=estate.site, user_id=estate.olga.pk, at=at,
        results=results(cabinet, spare=CountResult.MISSING, master=CountResult.OUT),
    )  # fmt: skip
    assert count.lines.count() == 4
    (missing,) = Event.objects.filter(action=Action.KEY_MISSING)
    assert missing.subject == f"key:{cabinet.spare.pk}"
    told = Event.objects.get(action=Action.KEYS_COUNTED)
    assert (told.data["keys"], told.data["missing"]) == (4, 1)


def test_a_key_that_nobody_ticked_is_not_counted_over(
    cabinet: Cabinet, estate: Estate, at: dt.datetime
) -> None:
    ticked = results(cabinet)
    del ticked[cabinet.spare.pk]
    with pytest.raises(CountIncomplete) as refusal:
        master_keys.count_keys(site=estate.site, results=ticked, user_id=estate.olga.pk, at=at)
    assert str(cabinet.spare) in str(refusal.value)
    assert not KeyCount.objects.exists()


def test_a_key_nobody_signed_for_is_not_counted_as_out(
    cabinet: Cabinet, estate: Estate, at: dt.datetime
) -> None:
    with pytest.raises(CountIncomplete):
        master_keys.count_keys(
            site=estate.site, results=results(cabinet, master=CountResult.OUT),
            user_id=estate.olga.pk, at=at,
        )  # fmt: skip


def test_master_keys_are_counted_alone(cabinet: Cabinet, estate: Estate, at: dt.datetime) -> None:
    count = master_keys.count_keys(
        site=estate.site, results={cabinet.master.pk: CountResult.SEEN}, only_masters=True,
        user_id=estate.olga.pk, at=at,
    )  # fmt: skip
    assert [line.key for line in count.lines.all()] == [cabinet.master]


def test_a_count_is_due_where_there_are_keys_until_it_is_done_and_again_later(
    cabinet: Cabinet, estate: Estate, at: dt.datetime
) -> None:
    KeyRules.objects.create(site=estate.site, count_every_days=30)
    everywhere = Site.objects.all()
    assert master_keys.counts_due(sites=everywhere, at=at) == [(estate.site, None)]
    master_keys.count_keys(
        site=estate.site, results=results(cabinet), user_id=estate.olga.pk, at=at
    )
    month = at + dt.timedelta(days=30)
    assert master_keys.counts_due(sites=everywhere, at=month - dt.timedelta(seconds=1)) == []
    assert master_keys.counts_due(sites=everywhere, at=month) == [(estate.site, at)]
