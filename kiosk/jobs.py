"""What terminals and phones do by themselves; the one place of them that looks at the clock."""

from __future__ import annotations

from django.utils import timezone

from kiosk.services import scans
from kiosk.services.me import sessions, sign_ins


def purge_scans() -> int:
    """Forget the scans that are over; return how many."""
    return scans.purge(at=timezone.now())


def send_sign_ins() -> int:
    """Send the letters that sign somebody in; return how many went."""
    return sign_ins.send_due(at=timezone.now())


def end_phones() -> int:
    """End the sessions of who may not go on, and forget old ones; return how many ended."""
    at = timezone.now()
    sign_ins.purge(at=at)
    sessions.purge(at=at)
    return sessions.end_of_those_who_may_not(at=at)
