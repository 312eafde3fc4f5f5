"""What the kiosk does by itself; the one place of it that looks at the clock."""

from __future__ import annotations

from django.utils import timezone

from kiosk.services import scans


def purge_scans() -> int:
    """Forget the scans that are over; return how many."""
    return scans.purge(at=timezone.now())
