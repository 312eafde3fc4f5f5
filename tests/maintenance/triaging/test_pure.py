"""What counts as a fault: from one event, and from how a thing stands."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockers.health import STUCK_AFTER
from maintenance import triage
from maintenance.choices import Category
from maintenance.triage import BoardStands, BridgeStands, DoorStands
from tests.conftest import MORNING

MINUTE = dt.timedelta(minutes=1)


def ago(minutes: float) -> dt.datetime:
    return MORNING - minutes * MINUTE


@pytest.mark.parametrize(
    ("kind", "detail", "failures", "fault"),
    [
        ("command_failed", "did_not_open", 1, None),
        ("command_failed", "did_not_open", 2, "jammed"),
        ("command_failed", "did_not_open", 7, "jammed"),
        # The line or the bridge, and not the lock.
        ("command_failed", "board_silent", 5, None),
        ("command_failed", "journal_full", 5, None),
        ("command_failed", "unknown_door", 5, None),
        ("door_forced", "", 0, "forced"),
        ("door_opened", "", 0, None),
        ("something_of_a_newer_bridge", "did_not_open", 9, None),
    ],
)
def test_an_event_is_a_fault_or_not(
    kind: str, detail: str, failures: int, fault: str | None
) -> None:
    assert triage.of_event(kind, detail, failures) == fault


@pytest.mark.parametrize(
    ("facts", "fault"),
    [
        (DoorStands("open", ago(9.9)), None),
        (DoorStands("open", ago(10)), "held_open"),
        (DoorStands("closed", ago(600)), None),
        (DoorStands("open", ago(60), has_sensor=False), None),
        (DoorStands("open", ago(60), is_heard=False), None),
        (DoorStands("open", ago(60), is_meant=True), None),
        (DoorStands("open", ago(60), service_status="out_of_service"), None),
        (DoorStands("open", ago(60), service_status="decommissioned"), None),
        (DoorStands("open", ago(60), service_status="fault"), "held_open"),
        (DoorStands("unknown", ago(4.9)), None),
        (DoorStands("unknown", ago(5)), "unreadable"),
        (DoorStands("unknown", ago(60), is_heard=False), None),
        (DoorStands(battery_mv=4_399, battery_low_mv=4_400), "low_battery"),
        (DoorStands(battery_mv=4_400, battery_low_mv=4_400), None),
        (DoorStands(battery_mv=4_000), None),
        (DoorStands(battery_mv=4_000, battery_low_mv=4_400, is_battery_read=False), None),
        (BoardStands("offline", ago(2)), "silent"),
        (BoardStands("offline", ago(1.9)), None),
        (BoardStands("suspect", ago(60)), None),
        (BoardStands("offline", None), None),
        # One fault, one ticket: that of the bridge.
        (BoardStands("offline", ago(60), is_bridge_heard=False), None),
        (BoardStands("offline", ago(60), is_unused=True), None),
        (BridgeStands(ago(2)), "silent"),
        (BridgeStands(ago(1.9)), None),
        (BridgeStands(None), None),
        (BridgeStands(ago(60), is_revoked=True), None),
        (BridgeStands(ago(60), is_enrolled=False), None),
    ],
)
def test_how_a_thing_stands_is_a_fault_or_not(facts: triage.Standing, fault: str | None) -> None:
    assert triage.of_standing(facts, MORNING) == fault


DOORS = st.builds(
    DoorStands,
    state=st.sampled_from(["open", "closed", "unknown"]),
    since=st.none() | st.integers(0, 100_000).map(lambda s: MORNING - dt.timedelta(seconds=s)),
    has_sensor=st.booleans(),
    service_status=st.sampled_from(["in_service", "fault", "out_of_service", "decommissioned"]),
    is_heard=st.booleans(),
    is_meant=st.booleans(),
    battery_mv=st.none() | st.integers(100, 9_000),
    battery_low_mv=st.none() | st.integers(100, 9_000),
)


@given(DOORS, st.integers(0, 100_000))
def test_what_stands_longer_is_no_less_a_fault(facts: DoorStands, seconds: int) -> None:
    fault = triage.of_standing(facts, MORNING)
    later = triage.of_standing(facts, MORNING + dt.timedelta(seconds=seconds))
    assert fault is None or fault == triage.LOW_BATTERY or later == fault
    assert fault is None or later is not None


@given(DOORS)
def test_every_fault_is_a_category_and_none_is_of_what_is_not_in_use(facts: DoorStands) -> None:
    fault = triage.of_standing(facts, MORNING)
    assert fault is None or fault in Category.values
    if facts.service_status in ("out_of_service", "decommissioned"):
        assert fault is None


@given(st.text(max_size=24), st.text(max_size=24), st.integers(0, 50))
def test_more_failures_are_no_less_a_fault(kind: str, detail: str, failures: int) -> None:
    fault = triage.of_event(kind, detail, failures)
    assert fault is None or triage.of_event(kind, detail, failures + 1) == fault


def test_it_is_stuck_when_the_health_page_says_so() -> None:
    assert triage.of_event("command_failed", "did_not_open", STUCK_AFTER) == triage.JAMMED
    assert triage.of_event("command_failed", "did_not_open", STUCK_AFTER - 1) is None
