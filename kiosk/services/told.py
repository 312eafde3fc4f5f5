"""Lines of a journal that tell of people: what they say, and bringing it in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from kiosk.bridge.protocol import ScanRefused
from kiosk.services import alone, refused
from lockers.models import Bridge
from lockers.services.journal import Line


def about(kind: str, detail: str) -> tuple[Any, str]:
    """Return what a line tells, and what is kept of its detail."""
    if kind == "scan_refused":
        said = refused.told(detail)
        return said, said.code
    done = alone.told(kind, detail)
    return done, detail if done is None else ""


def record(bridge: Bridge, lines: Sequence[Line], *, at: dt.datetime) -> None:
    """Bring in what lines tell, each in its turn: refusals together, for they change nothing.

    Nothing begins later than now, however far ahead the clock of a box was.
    """
    for line in lines:
        if not isinstance(line.about, ScanRefused):
            alone.record(bridge, replace(line, occurred_at=min(line.occurred_at, at)))
    refused.record(bridge, [line for line in lines if isinstance(line.about, ScanRefused)])
