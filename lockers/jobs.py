"""What the locks do by themselves; the one place of it that looks at the clock."""

from __future__ import annotations

from django.utils import timezone

from lockers.services import commands


def settle_commands() -> int:
    """End the commands that no bridge will answer any more; return how many."""
    at = timezone.now()
    return commands.expire_overdue(at=at) + commands.forget_unanswered(at=at)
