"""Somebody at a desk who gives doors back for people at a bank without a screen; and the jobs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import DatabaseError, InterfaceError, connection
from django.utils import timezone
from django.utils.module_loading import import_string

from audit.errors import Refusal
from audit.services import idempotency
from audit.services.events import Actor
from config.schedules import JOBS
from occupancy.choices import ClosedHow
from occupancy.models import Assignment
from occupancy.services.claims import assignments
from occupancy.services.ending.sweeping import RowsSetAside

# A job that loses the database in its midst sets aside what it was at, and does it next time.
AWAY = (DatabaseError, InterfaceError, Refusal, RowsSetAside)
# The others have nothing to do in a few minutes.
_RUN = {
    "occupancy.jobs.expire",
    "occupancy.jobs.finish_opened",
    "occupancy.jobs.withdraw_unkept",
    "lockers.jobs.settle_commands",
}


@dataclass(frozen=True, slots=True)
class Held:
    """What somebody has."""

    claim: int
    door: int


@contextmanager
def _connected() -> Iterator[None]:
    """Use a connection of our own and leave none behind, whatever becomes of the database."""
    try:
        yield
    finally:
        connection.close()


def held(person_id: int) -> Held | None:
    """Return what somebody has now."""
    with _connected():
        claim = (
            Assignment.objects.filter(
                assignments.in_force(timezone.now()), holder=person_id, started_at__isnull=False
            )
            .order_by("pk")
            .first()
        )
        return Held(claim.pk, claim.compartment_id) if claim is not None else None


def give_back(held: Held, person_id: int) -> None:
    """End somebody's use for them, as their phone does."""
    with _connected():
        idempotency.run(
            lambda: assignments.release(
                claim_id=held.claim,
                how=ClosedHow.FINISHED,
                actor=Actor.person(person_id),
                at=timezone.now(),
                person_id=person_id,
            )
        )


def run_jobs() -> None:
    """Run what runs by itself."""
    with _connected():
        for job in JOBS:
            if job.function in _RUN:
                import_string(job.function)()
