"""Back-off after wrong PINs: per person and per terminal, in the database, so restarts keep it."""

from __future__ import annotations

import datetime as dt

from django.db import connection
from django.db.models import Max

from access.errors import TooManyAttempts
from access.models import Throttle

FREE_FAILURES = 4
# After the 5th, 6th and every further wrong PIN.
BACK_OFF = (dt.timedelta(seconds=30), dt.timedelta(minutes=2), dt.timedelta(minutes=10))
FORGOTTEN_AFTER = dt.timedelta(hours=24)


def back_off(failures: int) -> dt.timedelta | None:
    """Return how long to wait after so many wrong PINs in a row, or None."""
    if failures <= FREE_FAILURES:
        return None
    return BACK_OFF[min(failures - FREE_FAILURES, len(BACK_OFF)) - 1]


def check(*, keys: list[str], at: dt.datetime) -> None:
    """Raise TooManyAttempts while any of the keys has to wait."""
    until = Throttle.objects.filter(key__in=keys, blocked_until__gt=at).aggregate(
        until=Max("blocked_until")
    )["until"]
    if until is not None:
        raise TooManyAttempts(wait_seconds=int((until - at).total_seconds()) + 1)


def count_failure(*, keys: list[str], at: dt.datetime) -> dt.timedelta | None:
    """Count one wrong PIN against each key, and block those that had too many.

    Return how long to wait now, or None when it may be tried again at once.

    One statement a key, so that guesses at two terminals at once are both counted.
    """
    longest: dt.timedelta | None = None
    with connection.cursor() as cursor:
        for key in sorted(keys):
            cursor.execute(
                "INSERT INTO access_throttle AS t (key, failures, failed_at) VALUES (%s, 1, %s)"
                " ON CONFLICT (key) DO UPDATE SET failed_at = excluded.failed_at, failures ="
                " CASE WHEN t.failed_at < %s THEN 1 ELSE t.failures + 1 END RETURNING failures",
                (key, at, at - FORGOTTEN_AFTER),
            )
            wait = back_off(cursor.fetchone()[0])
            if wait is not None:
                cursor.execute(
                    "UPDATE access_throttle SET blocked_until = %s WHERE key = %s", (at + wait, key)
                )
                longest = max(wait, longest or wait)
    return longest


def forgive(*, key: str) -> None:
    """Forget a person's wrong PINs after a right one. A terminal is only forgiven by time."""
    Throttle.objects.filter(key=key).delete()
