"""What occupancy does by itself; the one place of it that looks at the clock."""

from __future__ import annotations

from django.utils import timezone

from occupancy.services import expiry, leavers


def expire() -> int:
    """Close the assignments whose end has come; return how many."""
    return expiry.expire_due(at=timezone.now())


def release_leavers() -> int:
    """Release what people who have left still hold; return how many doors."""
    return leavers.release_all(at=timezone.now())
