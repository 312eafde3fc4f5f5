from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from typing import Any

from lockers.presence import SILENT_AFTER
from occupancy.live.streams import BUFFER, Stream, Subscription
from occupancy.selectors import BankFacts, MapDoor, Watcher
from occupancy.state import LEFT_OPEN_AFTER

NOW = dt.datetime(2026, 11, 17, 12, 0, tzinfo=dt.UTC)
SECOND = dt.timedelta(seconds=1)
BANK = BankFacts(1, 7, "A", "", "", 100, 5, True, NOW, None)
DOOR = MapDoor(
    id=11,
    bank_id=1,
    number="1",
    size_id=1,
    size="Small",
    size_rank=1,
    column=1,
    row=1,
    x_mm=0,
    y_mm=0,
    width_mm=300,
    height_mm=450,
    floor_mm=100,
    hinge="left",
    is_accessible=False,
    is_wide=False,
    has_charging=False,
    is_ventilated=False,
    is_ppe=False,
    lock_kind="electronic",
    is_wired=True,
    has_sensor=True,
    service_status="in_service",
    service_note="",
    board_state="ok",
    door_state="closed",
    door_changed_at=NOW,
    door_forced=False,
    bridge_id=5,
    bridge_connected=True,
    bridge_seen_at=NOW,
    claim_id=None,
    claim_kind=None,
    claim_started=False,
    claim_starts_at=None,
    claim_ends_at=None,
    claim_at_end="release",
    claim_recovery_at=None,
    holder_id=None,
)


def _stream(*doors: MapDoor) -> Stream:
    stream = Stream(7)
    stream.load([BANK], doors or [DOOR], NOW)
    return stream


def _watch(stream: Stream) -> Subscription:
    subscription = Subscription(stream, Watcher(1, None, ""))
    stream.subscriptions.add(subscription)
    return subscription


async def _next(subscription: Subscription) -> dict[str, Any]:
    frame = await subscription.next()
    assert frame is not None
    told: dict[str, Any] = json.loads(frame)
    return told


async def test_the_first_frame_is_a_snapshot_and_then_only_what_changed() -> None:
    stream = _stream(DOOR, replace(DOOR, id=12, number="2"))
    one = _watch(stream)
    first = await _next(one)
    assert (first["type"], first["seq"]) == ("snapshot", 1)
    assert [door["state"] for door in first["compartments"]] == ["free", "free"]
    changed = replace(DOOR, id=12, number="2", service_status="out_of_service")
    stream.update([1], [BANK], [DOOR, changed], NOW)
    delta = await _next(one)
    assert (delta["type"], delta["seq"], delta["banks"]) == ("delta", 2, [])
    assert [(d["id"], d["state"]) for d in delta["compartments"]] == [(12, "out_of_service")]


async def test_everybody_is_handed_the_very_same_text() -> None:
    stream = _stream()
    one, two = _watch(stream), _watch(stream)
    assert await one.next() is await two.next()
    stream.update([1], [BANK], [replace(DOOR, door_state="open")], NOW)
    assert await one.next() is await two.next()


async def test_nothing_is_sent_when_nothing_is_different() -> None:
    stream = _stream()
    stream.update([1], [BANK], [DOOR], NOW + SECOND)
    assert stream.seq == 1


async def test_a_slow_map_gets_a_fresh_snapshot_instead_of_a_longer_queue() -> None:
    stream = _stream()
    slow = _watch(stream)
    await slow.next()
    for number in range(BUFFER + 5):
        now = replace(DOOR, door_state="open" if number % 2 == 0 else "closed")
        stream.update([1], [BANK], [now], NOW)
    told = await _next(slow)
    assert (told["type"], told["seq"]) == ("snapshot", stream.seq)
    stream.update([1], [BANK], [replace(DOOR, service_status="fault")], NOW)
    assert (await _next(slow))["seq"] == told["seq"] + 1


async def test_a_bridge_that_falls_silent_is_noticed_without_a_change_in_the_database() -> None:
    stream = _stream()
    one = _watch(stream)
    await one.next()
    stream.let_time_pass({5: (True, NOW + 10 * SECOND)}, NOW + 13 * SECOND)
    assert stream.seq == 1
    later = NOW + 10 * SECOND + SILENT_AFTER
    stream.let_time_pass({5: (True, NOW + 10 * SECOND)}, later)
    delta = await _next(one)
    assert delta["banks"][0]["online"] is False
    assert [(d["state"], d["door"]) for d in delta["compartments"]] == [("offline", "unknown")]
    stream.let_time_pass({5: (True, later)}, later)
    assert (await _next(one))["compartments"][0]["state"] == "free"


async def test_time_alone_makes_a_use_overdue_and_an_open_door_an_exception() -> None:
    used = replace(
        DOOR,
        claim_id=1,
        claim_kind="assignment",
        claim_started=True,
        claim_starts_at=NOW - SECOND,
        claim_ends_at=NOW + 60 * SECOND,
        claim_at_end="hold",
    )
    left_open = replace(DOOR, id=12, number="2", door_state="open")
    stream = _stream(used, left_open)
    one = _watch(stream)
    await one.next()

    def pass_time(at: dt.datetime) -> None:
        stream.let_time_pass({5: (True, at)}, at)

    pass_time(NOW + 59 * SECOND)
    assert stream.seq == 1
    pass_time(NOW + 60 * SECOND)
    assert (await _next(one))["compartments"][0]["state"] == "overdue"
    pass_time(NOW + LEFT_OPEN_AFTER)
    told = (await _next(one))["compartments"][0]
    assert (told["state"], told["reason"]) == ("exception", "free_but_open")


async def test_a_new_drawing_is_told_with_a_snapshot_that_names_it() -> None:
    stream = _stream()
    one = _watch(stream)
    plan = (await _next(one))["plan"]
    stream.update([1], [BANK], [DOOR, replace(DOOR, id=12, number="2")], NOW)
    told = await _next(one)
    assert told["type"] == "snapshot" and told["plan"] != plan
    stream.update([1], [], [], NOW)
    assert (await _next(one))["compartments"] == []


async def test_a_lost_database_is_said_once_and_ends_with_a_snapshot() -> None:
    stream = _stream()
    one = _watch(stream)
    await one.next()
    stream.lose()
    stream.lose()
    assert (await _next(one))["type"] == "stale"
    stream.load([BANK], [DOOR], NOW)
    assert (await _next(one))["type"] == "snapshot"


async def test_an_ended_subscription_gets_nothing_more() -> None:
    stream = _stream()
    one = _watch(stream)
    one.end()
    assert await one.next() is None
