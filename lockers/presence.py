"""Whether a bridge is there: said in one place, for queries and for the map."""

from __future__ import annotations

import datetime as dt

# Bridges send a heartbeat every 3 s; four missed ones and it is called silent.
SILENT_AFTER = dt.timedelta(seconds=12)


def is_online(connected: bool, last_seen_at: dt.datetime | None, at: dt.datetime) -> bool:
    """Say whether a bridge that was last heard at ``last_seen_at`` counts as there."""
    return connected and last_seen_at is not None and at - last_seen_at < SILENT_AFTER
