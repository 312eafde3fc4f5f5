"""What access does by itself; the one place of it that looks at the clock."""

from __future__ import annotations

from django.utils import timezone

from access.services import (
    departures,
    key_reminders,
    leaving,
    notices,
    requests,
    staff,
    temporary,
    throttles,
)
from audit.services.events import Actor


def leave_due() -> int:
    """Let go everybody whose last day is over; return how many."""
    return leaving.leave_due(at=timezone.now())


def purge_throttles() -> int:
    """Forget the wrong PINs that do not count any more; return how many."""
    return throttles.purge(at=timezone.now())


def end_roles() -> int:
    """Remove roles of staff that are over; return how many."""
    return staff.end_due(at=timezone.now(), actor=Actor.job("access.jobs.end_roles"))


def send_notices() -> int:
    """Send the letters that wait; return how many went, and go on soon when there may be more."""
    sent = notices.send_due(at=timezone.now())
    if sent == notices.AT_ONCE:
        notices.hurry()
    return sent


def end_access() -> int:
    """Record visits, access and requests that are over; return how many."""
    at = timezone.now()
    return departures.leave_due(at=at) + temporary.record_ended(at=at) + requests.expire_due(at=at)


def remind_keys() -> int:
    """Write about overdue keys and counts that are due; return how many letters."""
    return key_reminders.remind_due(at=timezone.now())
