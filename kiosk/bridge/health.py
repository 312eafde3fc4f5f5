"""How everything on this box is, as the heartbeat tells it."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable, Sequence
from itertools import groupby

from kiosk.bridge.clock import ServerClock
from kiosk.bridge.doors import BoardPoller
from kiosk.bridge.protocol import BoardReading, BusReading, BusState
from lockers.drivers.wire.bus import Counts

# A wire is judged by what went over it in the last minute, once that is enough to judge by.
WINDOW_S = 60.0
ENOUGH = 20
TIMEOUTS_TOLERATED = 0.05
NOISE_TOLERATED = 0.5  # bytes a transaction
# Words for boards that say nothing, or nonsense, over a wire that is open.
_NOT_THE_PORT = {"board_silent", "bad_reply", "board_refused", "deadline_passed"}
_LONGEST = 300


def board(poller: BoardPoller, clock: ServerClock) -> BoardReading:
    """Return what the server is told of a board."""
    answered_at_ms = 0
    if poller.answered_at is not None:
        answered_at_ms = clock.now_ms() - int((time.monotonic() - poller.answered_at) * 1000)
    return BoardReading(
        controller_id=poller.config.controller_id,
        state=poller.state,
        detail=poller.detail,
        code=poller.code,
        misses=poller.misses,
        answered_at_ms=answered_at_ms,
    )


def by_wire(pollers: Iterable[BoardPoller]) -> list[list[BoardPoller]]:
    """Return the boards of each wire."""

    def address(poller: BoardPoller) -> str:
        return poller.config.address

    return [list(group) for _, group in groupby(sorted(pollers, key=address), key=address)]


class Wires:
    """Judges every wire by its boards, and by what went over it lately."""

    def __init__(self) -> None:
        self._samples: dict[str, deque[tuple[float, int, int, int]]] = {}

    def readings(self, pollers: Iterable[BoardPoller]) -> list[BusReading]:
        """Return what the server is told of the wires."""
        return [self._reading(boards) for boards in by_wire(pollers)]

    def _reading(self, boards: Sequence[BoardPoller]) -> BusReading:
        address = boards[0].config.address
        counts = next((found for one in boards if (found := _counts(one)) is not None), Counts())
        state, code, detail = judge(boards)
        if state == "up":
            state, code = self._lately(address, counts)
        latencies = sorted(counts.latencies_ms)
        return BusReading(
            address=address[:_LONGEST],
            state=state,
            code=code,
            detail=detail[:_LONGEST],
            transactions=counts.transactions,
            timeouts=counts.timeouts,
            noise_bytes=counts.noise_bytes,
            echoes=counts.echoes,
            reopened=counts.reopened,
            p95_ms=round(latencies[int(len(latencies) * 0.95)]) if latencies else 0,
        )

    def _lately(self, address: str, counts: Counts) -> tuple[BusState, str]:
        now = time.monotonic()
        samples = self._samples.setdefault(address, deque())
        samples.append((now, counts.transactions, counts.timeouts, counts.noise_bytes))
        while samples[0][0] < now - WINDOW_S:
            samples.popleft()
        _, transactions, timeouts, noise = samples[0]
        done = counts.transactions - transactions
        if done < 0:
            # The wire was made anew, and counts from nothing.
            samples.clear()
        if done < ENOUGH:
            return "up", ""
        if counts.timeouts - timeouts > TIMEOUTS_TOLERATED * done:
            return "degraded", "timeouts"
        if counts.noise_bytes - noise > NOISE_TOLERATED * done:
            return "degraded", "noise"
        return "up", ""


def judge(boards: Sequence[BoardPoller]) -> tuple[BusState, str, str]:
    """Say by its boards how a wire is, why in one word, and the driver's words for it."""
    if not all(one.was_read for one in boards):
        return "connecting", "", ""
    broken = [one for one in boards if one.state == "offline"]
    if len(broken) < len(boards):
        is_degraded = any(one.state != "ok" for one in boards)
        return ("degraded", "boards_missing", "") if is_degraded else ("up", "", "")
    ports = [one for one in broken if one.code not in _NOT_THE_PORT]
    if ports:
        return "down", ports[0].code, ports[0].detail
    return "down", "all_silent", broken[0].detail


def _counts(poller: BoardPoller) -> Counts | None:
    # Boards on the network, and simulated ones, have no wire that counts.
    found: Counts | None = getattr(getattr(poller.board, "bus", None), "counts", None)
    return found
