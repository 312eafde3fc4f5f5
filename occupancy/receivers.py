"""What the register of people tells: whoever has left gives back their doors."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver
from django.utils import timezone

from access.signals import person_left, visitor_left
from occupancy.services import leavers


@receiver([person_left, visitor_left])
def release_theirs(sender: Any, person_id: int, **kwargs: Any) -> None:
    """Release at once what somebody who left holds; the sweep catches what is missed."""
    leavers.release_of(person_id=person_id, at=timezone.now())
