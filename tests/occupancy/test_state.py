from __future__ import annotations

import datetime as dt
import itertools
from dataclasses import replace
from typing import Any

import pytest

from occupancy.state import LEFT_OPEN_AFTER, Facts, shown

NOW = dt.datetime(2026, 11, 17, 12, 0, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
FREE = Facts(service_status="in_service", door_state="closed", door_changed_at=NOW - HOUR)
HELD = replace(
    FREE,
    claim_kind="assignment",
    claim_started=True,
    claim_starts_at=NOW - HOUR,
    claim_ends_at=NOW + HOUR,
)
ENDED = replace(HELD, claim_ends_at=NOW)
RESERVED = replace(HELD, claim_kind="reservation", claim_started=False)
CLOSURE = replace(HELD, claim_kind="closure", claim_started=True)


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (FREE, "free"),
        (HELD, "occupied"),
        (RESERVED, "reserved"),
        (CLOSURE, "cleaning"),
        (replace(FREE, service_status="needs_cleaning"), "cleaning"),
        (replace(ENDED, claim_at_end="hold"), "overdue"),
        (replace(ENDED, claim_at_end="release"), "free"),
        (replace(ENDED, claim_at_end="hold", claim_in_recovery=True), "recovery"),
        (replace(HELD, service_status="out_of_service"), "out_of_service"),
        (replace(FREE, service_status="decommissioned"), "out_of_service"),
        (replace(HELD, bridge_online=False), "offline"),
        (replace(FREE, board_state="offline"), "offline"),
        (replace(FREE, service_status="fault"), "exception"),
        (replace(HELD, door_state="open", door_forced=True), "exception"),
        (replace(HELD, door_state="unknown"), "exception"),
        (replace(HELD, door_state="unknown", has_sensor=False), "occupied"),
        (replace(HELD, is_wired=False, bridge_online=False), "occupied"),
        (replace(HELD, door_state="open"), "occupied"),
    ],
)
def test_every_state_has_its_rung(facts: Facts, expected: str) -> None:
    assert shown(facts, NOW).shown == expected


def test_a_free_door_left_open_becomes_an_exception_with_time() -> None:
    opened = replace(FREE, door_state="open", door_changed_at=NOW)
    assert shown(opened, NOW + LEFT_OPEN_AFTER - dt.timedelta(seconds=1)).shown == "free"
    late = shown(opened, NOW + LEFT_OPEN_AFTER)
    assert (late.shown, late.reason) == ("exception", "free_but_open")


def test_a_door_is_never_its_last_value_when_it_cannot_be_read() -> None:
    for silent in ({"bridge_online": False}, {"board_state": "offline"}, {"has_sensor": False}):
        changes: dict[str, Any] = silent
        assert shown(replace(HELD, door_state="open", **changes), NOW).door == "unknown"


def test_allocation_never_depends_on_service_or_door() -> None:
    services = ["in_service", "needs_cleaning", "fault", "out_of_service", "decommissioned"]
    doors = ["open", "closed", "unknown"]
    for facts in (FREE, HELD, RESERVED, CLOSURE, ENDED):
        seen = {
            shown(replace(facts, service_status=s, door_state=d, bridge_online=b), NOW).allocation
            for s, d, b in itertools.product(services, doors, [True, False])
        }
        assert len(seen) == 1
