"""The end of a round: done, closed with doors left, called off, or given to somebody else."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.db.models import Q

from audit.actions import Action
from audit.services.events import Actor
from maintenance.errors.rounds import RoundNotOver, RoundOver
from maintenance.models import Round, RoundStop
from maintenance.services.rounds.making import record
from occupancy.services.bookings import many_closures


def late(at: dt.datetime) -> Q:
    """Return the condition for rounds that should be done by now."""
    return Q(closed_at__isnull=True, due_at__lte=at)


def call_off(*, round_id: int, actor: Actor, at: dt.datetime, reason: str) -> None:
    """Call a round off: what is left of it is not done, and its doors are usable at once.

    Raises RoundOver.
    """
    with transaction.atomic():
        one = going_on(round_id)
        Round.objects.filter(pk=one.pk).update(closed_at=at, is_cancelled=True)
        lifted = _lift(one, actor, at, reason)
        record(Action.ROUND_CLOSED, one, actor, at, reason=reason, called_off=True, lifted=lifted)


def close(*, round_id: int, actor: Actor, at: dt.datetime, reason: str = "") -> None:
    """Close a round; with doors that are not done only for a reason.

    Raises RoundOver and RoundNotOver.
    """
    with transaction.atomic():
        one = going_on(round_id)
        left = RoundStop.objects.filter(round=one, done_at__isnull=True).count()
        if left and not reason:
            raise RoundNotOver(left=left)
        end(one, actor=actor, at=at, reason=reason, left=left)


def end(one: Round, *, actor: Actor, at: dt.datetime, reason: str = "", left: int = 0) -> None:
    """Close a round that the caller has locked."""
    Round.objects.filter(pk=one.pk).update(closed_at=at)
    lifted = _lift(one, actor, at, reason)
    record(Action.ROUND_CLOSED, one, actor, at, reason=reason, left=left, lifted=lifted)


def reassign(
    *, round_id: int, assignee_id: int | None, team_id: int | None, actor: Actor, at: dt.datetime
) -> None:
    """Give a round to somebody else, or to a team; raises RoundOver."""
    with transaction.atomic():
        one = going_on(round_id)
        was = {"assignee": one.assignee_id, "team": one.team_id}
        Round.objects.filter(pk=one.pk).update(assignee=assignee_id, team=team_id)
        record(
            Action.ROUND_CHANGED, one, actor, at, was=was, assignee=assignee_id, team=team_id
        )  # fmt: skip


def take_back(one: Round, *, actor: Actor, at: dt.datetime) -> None:
    """Remove a round that has not begun, as its schedule is another now."""
    with transaction.atomic():
        one = going_on(one.pk)
        lifted = _lift(one, actor, at, "")
        record(Action.ROUND_CHANGED, one, actor, at, taken_back=True, lifted=lifted)
        one.delete()


def going_on(round_id: int) -> Round:
    """Return a round that is not over, locked until the transaction ends; raises RoundOver."""
    one = (
        Round.objects.select_for_update(no_key=True, of=("self",))
        .select_related("site")
        .get(pk=round_id)
    )
    if one.closed_at is not None:
        raise RoundOver
    return one


def _lift(one: Round, actor: Actor, at: dt.datetime, reason: str) -> int:
    claims = RoundStop.objects.filter(round=one, closure__closed_at__isnull=True).values_list(
        "closure", flat=True
    )
    return many_closures.lift_many(
        claim_ids=[claim for claim in claims if claim is not None], actor=actor, at=at,
        reason=reason,
    )  # fmt: skip
