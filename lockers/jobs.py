"""What the locks do by themselves; the one place of it that looks at the clock."""

from __future__ import annotations

from django.utils import timezone

from lockers.services import commands, inquiries


def settle_commands() -> int:
    """End the commands that no bridge will answer any more; return how many."""
    at = timezone.now()
    return commands.expire_overdue(at=at) + commands.forget_unanswered(at=at)


def settle_inquiries() -> int:
    """End the questions that no bridge will answer any more, forget old ones; return how many."""
    at = timezone.now()
    return inquiries.expire(at=at) + inquiries.forget_old(at=at)
