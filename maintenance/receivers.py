"""What the locks tell; the sweeps catch what is missed."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver
from django.utils import timezone

from lockers.signals import lock_events_stored
from maintenance.services import batteries
from maintenance.services.triaging import lock_events


@receiver(lock_events_stored)
def judge_what_locks_say(sender: Any, event_ids: list[int], **kwargs: Any) -> None:
    """Make tickets of the faults among lines that were just stored."""
    lock_events.judge(event_ids=event_ids, at=timezone.now())


@receiver(lock_events_stored)
def store_voltages(sender: Any, event_ids: list[int], **kwargs: Any) -> None:
    """Keep the voltages that boards told."""
    batteries.store_told(event_ids=event_ids, at=timezone.now())
