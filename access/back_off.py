"""How long to wait after wrong PINs. Pure; edge code: no Django.

A person: 4 wrong PINs are free, then 30 s, 2 min and 10 min; at the 10th their PINs are out of
use. A device has the same waits, whoever is guessed at, but is never out of use and forgets sooner:
a passer-by must not be able to take PINs from a whole bank.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

FREE_FAILURES = 4
# After the 5th, 6th and every further wrong PIN.
BACK_OFF = (dt.timedelta(seconds=30), dt.timedelta(minutes=2), dt.timedelta(minutes=10))
DISABLED_AT = 10
FORGOTTEN_AFTER = dt.timedelta(hours=24)
DEVICE_FORGETS_AFTER = dt.timedelta(minutes=15)


@dataclass(frozen=True)
class Wrong:
    """Wrong PINs in a row of one person or at one device, and when the last one was."""

    failures: int = 0
    failed_at: dt.datetime = dt.datetime.min.replace(tzinfo=dt.UTC)

    def and_one(self, at: dt.datetime, *, forgotten_after: dt.timedelta) -> Wrong:
        """Count one more; long after the last one they begin anew."""
        is_over = self.failures < DISABLED_AT and self.failed_at < at - forgotten_after
        return Wrong(1 if is_over else self.failures + 1, max(self.failed_at, at))

    @property
    def blocked_until(self) -> dt.datetime:
        """Until when no PIN is looked at."""
        return self.failed_at + (back_off(self.failures) or dt.timedelta())


def back_off(failures: int) -> dt.timedelta | None:
    """Return how long to wait after so many wrong PINs in a row, or None."""
    if failures <= FREE_FAILURES:
        return None
    return BACK_OFF[min(failures - FREE_FAILURES, len(BACK_OFF)) - 1]
