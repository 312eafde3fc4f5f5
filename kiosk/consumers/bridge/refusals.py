"""Keeping a record of what did not prove itself."""

from __future__ import annotations

import logging
import time

from django.utils import timezone

from kiosk.consumers.bridge.part import in_thread
from lockers.services import connections

log = logging.getLogger(__name__)

# Anybody may knock, as often as they like: each bridge is written about this often.
AGAIN_AFTER_S = 600.0
UNKNOWN = 0

_recorded: dict[int, float] = {}


async def record(bridge_id: int, problem: str, *, is_known: bool) -> None:
    """Record that what came as from a bridge was not proven to be its own, now and then."""
    log.warning("what came as from bridge %s was refused: %s", bridge_id, problem)
    about, now = bridge_id if is_known else UNKNOWN, time.monotonic()
    if now - _recorded.get(about, -AGAIN_AFTER_S) >= AGAIN_AFTER_S:
        _recorded[about] = now
        await in_thread(
            connections.record_refused, bridge_id=bridge_id, problem=problem, at=timezone.now()
        )
