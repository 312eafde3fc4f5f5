"""Uses that end when they are opened again: the door opens, and only then the use is over.

Not before: a door that jams would be somebody else's with the things still in it.
"""

from __future__ import annotations

import datetime as dt
import uuid

from django.db.models import Exists, OuterRef, Q

from audit.actions import Action
from audit.errors import Refusal
from audit.models import ActorKind, Event
from audit.services.events import Actor
from lockers.choices import CommandStatus
from lockers.models import Command
from occupancy.allocation.rules import MODELS
from occupancy.choices import ClosedHow, UseModel
from occupancy.models import Assignment
from occupancy.services.claims import assignments
from occupancy.services.ending import sweeping

# What the command is for; by it the news of the door is understood.
PURPOSE = "open_and_finish"
# Older openings are nobody's any more: the use has ended by its time since.
_SWEEPS = dt.timedelta(days=1)
_ENDING = [model for model, meaning in MODELS.items() if meaning.ends_at_tap]
_OPENED = (CommandStatus.OPENED, CommandStatus.CLOSED)


def ends_at_tap(assignment: Assignment) -> bool:
    """Say whether opening a use again ends it."""
    policy = assignment.policy
    return policy is not None and MODELS[UseModel(policy.model)].ends_at_tap


def open_and_finish(*, claim_id: int, person_id: int, actor: Actor, at: dt.datetime) -> uuid.UUID:
    """Ask a door to open for the last time; the use ends as soon as it did.

    Raises as assignments.open_again.
    """
    return assignments.open_again(
        claim_id=claim_id, person_id=person_id, actor=actor, at=at, purpose=PURPOSE
    )


def finish_opened(
    *, at: dt.datetime, command_id: uuid.UUID | None = None, aside: list[str] | None = None
) -> int:
    """End the uses whose door was opened for the last time; return how many.

    One whose end was undone stays. What cannot be ended is set aside for the next time.
    """
    opened = Command.objects.filter(
        # Without a sensor the pulse is all that is ever known.
        Q(status__in=_OPENED) | Q(status=CommandStatus.ACTUATED, compartment__has_sensor=False),
        purpose=PURPOSE,
        requested_at__gt=at - _SWEEPS,
    )
    held = Assignment.objects.filter(assignments.in_force(at), policy__model__in=_ENDING)
    if command_id is not None:
        opened = opened.filter(pk=command_id)
        held = held.filter(pk__in=opened.values("claim_id"))
    mine = opened.filter(compartment=OuterRef("compartment"), claim_id=OuterRef("pk"))

    def finish(assignment: Assignment) -> int:
        command = opened.filter(
            compartment=assignment.compartment_id, claim_id=assignment.pk
        ).latest("requested_at")
        if _was_undone(assignment, command):
            return 0
        try:
            assignments.release(
                claim_id=assignment.pk,
                how=ClosedHow.FINISHED,
                actor=Actor(ActorKind(command.actor_kind), command.actor_id),
                at=at,
            )
        except Refusal:
            return 0  # finished by hand in the same moment
        return 1

    found = held.filter(Exists(mine)).order_by("pk")
    return sweeping.each(found, finish, lambda one: f"claim:{one.pk}", aside)


def _was_undone(assignment: Assignment, command: Command) -> bool:
    return Event.objects.filter(
        action=Action.RELEASE_UNDONE,
        compartment_id=assignment.compartment_id,
        data__claim=assignment.pk,
        occurred_at__gte=command.requested_at,
    ).exists()
