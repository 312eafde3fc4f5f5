"""What the register of people tells: whoever has left gives back their doors."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.dispatch import receiver
from django.utils import timezone

from access.signals import person_left, visit_extended, visitor_left
from audit.services.events import Actor
from occupancy.services import leavers, stays


@receiver([person_left, visitor_left])
def release_theirs(sender: Any, person_id: int, **kwargs: Any) -> None:
    """Release at once what somebody who left holds; the sweep catches what is missed."""
    leavers.release_of(person_id=person_id, at=timezone.now())


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
