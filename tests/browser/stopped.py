"""The shipped server with a clock that a test may stop: what it says of time stands in a file.

Without the file it is what time it is.
"""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path

from django.utils import timezone

_FILE = Path(os.environ["STOPPED_CLOCK"])
_running = timezone.now


def _now() -> dt.datetime:
    try:
        return dt.datetime.fromisoformat(_FILE.read_text())
    except FileNotFoundError:
        return _running()


# Every edge asks django.utils.timezone.now; below it an instant is handed on.
timezone.now = _now  # type: ignore[assignment]

from config.asgi import application as application  # noqa: E402  (after the clock was stopped)
