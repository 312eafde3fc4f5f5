"""What the register of people and the doors tell.

What whoever left has is emptied by staff; a use that ends when it is opened again, ends then.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.dispatch import receiver
from django.utils import timezone

from access.signals import (
    last_day_moved,
    person_left,
    person_stopped,
    person_suspended,
    visit_extended,
    visitor_left,
)
from audit.services.events import Actor
from lockers.models import Command, LockEvent
from lockers.signals import lock_events_stored
from occupancy.services.bookings import leaver_bookings
from occupancy.services.claims import sessions, stays
from occupancy.services.ending import leavers
from occupancy.services.queue import waiting

_OPENED = ("command_actuated", "command_opened", "command_closed")


@receiver([person_left, person_suspended, visitor_left])
def recover_theirs(sender: Any, person_ids: list[int], **kwargs: Any) -> None:
    """End at once what those wait for or booked who may not go on, and empty what they hold.

    The sweeps catch what is missed.
    """
    at = timezone.now()
    waiting.drop(person_ids=person_ids, at=at)
    leaver_bookings.cancel_of(person_ids=person_ids, at=at)
    leavers.recover_of(person_ids=person_ids, at=at)


@receiver(person_stopped)
def hold_theirs(
    sender: Any, person_ids: list[int], site_id: int | None, at: dt.datetime, **kwargs: Any
) -> None:
    """Keep what people have from being freed by its time, in the transaction that stops them."""
    leavers.hold(person_ids=person_ids, site_id=site_id, at=at)


@receiver(visit_extended)
def keep_theirs(
    sender: Any,
    person_id: int,
    site_id: int,
    was_until: dt.datetime,
    until: dt.datetime,
    actor: Actor,
    at: dt.datetime,
    **kwargs: Any,
) -> None:
    """Let a visitor who stays longer keep their locker as long as its policy allows."""
    stays.lengthen(
        person_id=person_id, site_id=site_id, was_until=was_until, until=until, actor=actor, at=at
    )


@receiver(last_day_moved)
def keep_until_the_last_day(
    sender: Any,
    person_id: int,
    was_until: dt.datetime,
    until: dt.datetime | None,
    at: dt.datetime,
    **kwargs: Any,
) -> None:
    """Let what was to end with somebody's last day go on to the new one."""
    stays.follow_last_day(person_id=person_id, was_until=was_until, until=until, at=at)


@receiver(lock_events_stored)
def finish_what_was_opened(sender: Any, event_ids: list[int], **kwargs: Any) -> None:
    """End a use that ends when it is opened again; the sweep catches what is missed."""
    told = LockEvent.objects.filter(pk__in=event_ids, kind__in=_OPENED).exclude(command_id=None)
    last = Command.objects.filter(pk__in=told.values("command_id"), purpose=sessions.PURPOSE)
    for command_id in last.values_list("pk", flat=True):
        sessions.finish_opened(at=timezone.now(), command_id=command_id)
