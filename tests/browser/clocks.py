"""A clock that stands still until a test sets it, for this process and for the server's."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

# As servers.ASGI.
STOPPED = ["uvicorn", "tests.browser.stopped:application", "--lifespan", "on"]


class Clock:
    """The instant that it is, as the server is told through a file."""

    def __init__(self, file: Path, at: dt.datetime) -> None:
        self.file = file
        self.now = at
        self.set(at)

    def set(self, at: dt.datetime) -> None:
        """Make it ``at``; the file is replaced whole, so that nobody reads half an instant."""
        self.now = at
        fresh = self.file.with_suffix(".new")
        fresh.write_text(at.isoformat())
        fresh.replace(self.file)

    def forward(self, **by: float) -> None:
        """Let time pass: minutes=5, hours=3."""
        self.set(self.now + dt.timedelta(**by))

    def run(self) -> None:
        """Let the server's clock run again."""
        self.file.unlink(missing_ok=True)

    def told(self) -> dt.datetime:
        """Return the instant, in place of django.utils.timezone.now."""
        return self.now
