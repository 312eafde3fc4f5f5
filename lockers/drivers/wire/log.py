"""What was last said on a wire, kept for support."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

EXCHANGES = 200
# A line that babbles is no reason to remember all of it.
MOST = 3 * EXCHANGES


@dataclass(frozen=True, slots=True)
class Logged:
    """What stood on the wire; ``at`` is of time.time."""

    at: float
    what: Literal["sent", "frame", "noise", "echo", "open", "end"]
    data: bytes = b""
    note: str = ""


class Log:
    """The last exchanges: each is what was sent and all that came until something else was."""

    def __init__(self) -> None:
        self._kept: deque[Logged] = deque()
        self._sent = 0
        # Ports write, and say so, in threads of their own.
        self._lock = threading.Lock()

    def append(self, one: Logged) -> None:
        """Note one more thing, and forget the oldest exchange where there are too many."""
        with self._lock:
            self._kept.append(one)
            self._sent += one.what == "sent"
            while self._sent > EXCHANGES or len(self._kept) > MOST:
                self._forget()

    def _forget(self) -> None:
        self._sent -= self._kept.popleft().what == "sent"
        while self._sent and self._kept[0].what != "sent":
            self._kept.popleft()

    def __iter__(self) -> Iterator[Logged]:
        with self._lock:
            return iter(tuple(self._kept))
