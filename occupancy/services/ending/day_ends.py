"""The end of a day: every door of a site that is still locked is opened, one after another.

The doors are written down first, each waiting; then each is asked in a transaction of its own.
Whatever happens to one, or to the process in between, the others go on: what waits is asked by
whoever comes next, and never twice.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from django.db import transaction
from django.db.models import Q, QuerySet

from audit.actions import Action
from audit.errors import Refusal
from audit.models import ActorKind
from audit.services import events
from audit.services.events import Actor
from lockers.choices import CommandStatus
from lockers.models import Site
from lockers.services import commands
from occupancy.choices import ClosedHow, DoorResult
from occupancy.errors.claims import AssignmentAlreadyReleased
from occupancy.errors.custody import InRecovery
from occupancy.errors.recovery import NotOpened
from occupancy.models import Assignment, DayEnd, DayEndDoor
from occupancy.services.claims import assignments
from occupancy.services.claims.assignments import in_force
from occupancy.services.ending import sweeping

# A door that was not asked within this time is not opened any more: nobody stands there.
_ASKED_WITHIN = dt.timedelta(minutes=10)
# So long after its time a pulse that no sensor answered to is known to have opened nothing.
_SEEN_WITHIN = dt.timedelta(minutes=1)
_OPENED = {CommandStatus.OPENED, CommandStatus.CLOSED}
_FAILED = {
    CommandStatus.FAILED, CommandStatus.EXPIRED, CommandStatus.UNKNOWN, CommandStatus.CANCELLED,
}  # fmt: skip


def locked(
    site: Site, at: dt.datetime, banks: Collection[int] | None = None
) -> QuerySet[Assignment]:
    """Return what is still held at a site, or in some banks of it, in the order of a walk."""
    held = Assignment.objects.filter(in_force(at), compartment__bank__site=site)
    if banks is not None:
        held = held.filter(compartment__bank_id__in=banks)
    return _walked(held)


def _walked(claims: QuerySet[Assignment]) -> QuerySet[Assignment]:
    return claims.select_related("compartment__bank__area", "holder").order_by(
        "compartment__bank__position", "compartment__bank__name", "compartment__bank_id",
        "compartment__column", "compartment__row",
    )  # fmt: skip


def _chosen(site: Site, claims: Collection[int]) -> list[Assignment]:
    """Return what was chosen from the list of a site: of each door the latest, as one walks."""
    found = Assignment.objects.filter(compartment__bank__site=site, pk__in=claims)
    latest = {claim.compartment_id: claim for claim in _walked(found).order_by("pk")}
    return list(_walked(found.filter(pk__in=[claim.pk for claim in latest.values()])))


def plan(
    *,
    site: Site,
    reason: str,
    actor: Actor,
    at: dt.datetime,
    claims: Collection[int] | None = None,
    stagger_ms: int = 300,
) -> DayEnd:
    """Write down what is still locked at a site, or some of it, to be opened by ``go_on``.

    Of those that were chosen, one that is free by now is written down all the same.
    """
    with transaction.atomic():
        held = locked(site, at) if claims is None else _chosen(site, claims)
        day_end = DayEnd.objects.create(
            site=site, reason=reason[:200], stagger_ms=stagger_ms, started_at=at,
            started_by=int(actor.id) if actor.kind == ActorKind.STAFF else None,
        )  # fmt: skip
        doors = DayEndDoor.objects.bulk_create(
            DayEndDoor(
                day_end=day_end, compartment_id=claim.compartment_id, claim=claim, position=place
            )
            for place, claim in enumerate(held)
        )
        events.record(
            action=Action.DAY_ENDED, actor=actor, at=at, organisation_id=site.organisation_id,
            site_id=site.pk, subject=f"day_end:{day_end.pk}", reason=reason,
            data={"doors": len(doors)},
        )  # fmt: skip
    return day_end


def go_on(*, day_end: DayEnd, actor: Actor, at: dt.datetime, aside: list[str] | None = None) -> int:
    """Ask every door that waits, staggered, each in its own transaction; return how many."""
    waiting = list(
        DayEndDoor.objects.filter(day_end=day_end, result=DoorResult.WAITING)
        .order_by("position")
        .values_list("pk", flat=True)
    )
    turns = {pk: turn for turn, pk in enumerate(waiting)}

    def ask(pk: int) -> int:
        not_before = at + turns[pk] * dt.timedelta(milliseconds=day_end.stagger_ms)
        return _ask(pk, day_end, actor, at, not_before)

    return sweeping.each(waiting, ask, lambda pk: f"day_end_door:{pk}", aside)


def _ask(pk: int, day_end: DayEnd, actor: Actor, at: dt.datetime, not_before: dt.datetime) -> int:
    door = (
        DayEndDoor.objects.select_for_update(no_key=True, of=("self",))
        .select_related("claim")
        .get(pk=pk)
    )
    if door.result != DoorResult.WAITING:
        return 0
    if at - day_end.started_at > _ASKED_WITHIN:
        return _set(door, DoorResult.FAILED, "too_late")
    if not Assignment.objects.filter(in_force(at), pk=door.claim_id).exists():
        return _set(door, DoorResult.ALREADY_FREE)
    if door.claim.recovery_at is not None:
        return _set(door, DoorResult.SKIPPED, "in_recovery")
    try:
        # A refusal undoes only the asking: its result is written all the same.
        with transaction.atomic():
            command = commands.request_open(
                compartment_id=door.compartment_id, purpose="end_of_day", actor=actor, at=at,
                person_id=door.claim.holder_id, claim_id=door.claim_id, not_before=not_before,
                reason=day_end.reason, facts={"day_end": day_end.pk},
            )  # fmt: skip
    except Refusal as refusal:
        # A door without a lock of ours is for somebody with a key; one out of reach has failed.
        result = DoorResult.SKIPPED if refusal.code == "not_wired" else DoorResult.FAILED
        return _set(door, result, refusal.code)
    return _set(door, DoorResult.ASKED, command_id=command)


def _set(door: DayEndDoor, result: DoorResult, detail: str = "", **values: object) -> int:
    return DayEndDoor.objects.filter(pk=door.pk, result=door.result).update(
        result=result, detail=detail[:60], **values
    )


def settle(*, day_end: DayEnd, at: dt.datetime, aside: list[str] | None = None) -> int:
    """Record what came of the doors that were asked; return how many were settled."""
    asked = DayEndDoor.objects.filter(day_end=day_end, result=DoorResult.ASKED)
    return sweeping.each(
        asked.select_related("command", "compartment").order_by("position"),
        lambda door: _settle(door, at), lambda door: f"day_end_door:{door.pk}", aside,
    )  # fmt: skip


def _settle(door: DayEndDoor, at: dt.datetime) -> int:
    command = door.command
    if command is None:
        return _set(door, DoorResult.FAILED, "no_answer")
    if command.status in _OPENED:
        return _set(door, DoorResult.SUCCESS)
    if command.status in _FAILED:
        return _set(door, DoorResult.FAILED, command.detail or command.status)
    if command.status == CommandStatus.ACTUATED:
        # Without a sensor the pulse is all that is ever known; with one it is no open door.
        if not door.compartment.has_sensor:
            return _set(door, DoorResult.SUCCESS)
        if at > command.deadline + _SEEN_WITHIN:
            return _set(door, DoorResult.FAILED, "not_seen_open")
    return 0


def settle_all(*, at: dt.datetime, aside: list[str] | None = None) -> int:
    """Go on with every end of day that is not through; return how many doors moved."""
    going_on = Q(doors__result__in=[DoorResult.WAITING, DoorResult.ASKED])
    moved = 0
    for day_end in DayEnd.objects.filter(going_on).distinct().order_by("pk"):
        actor = Actor.job("end of day")
        if day_end.started_by is not None:
            actor = Actor.staff(day_end.started_by)
        moved += go_on(day_end=day_end, actor=actor, at=at, aside=aside)
        moved += settle(day_end=day_end, at=at, aside=aside)
    return moved


def release(*, day_end: DayEnd, doors: Collection[int], actor: Actor, at: dt.datetime) -> list[int]:
    """Release those of the doors that opened and were found empty; return which were released.

    Raises NotOpened when one of them did not open: what is behind it nobody has seen.
    """
    settle(day_end=day_end, at=at)
    chosen = DayEndDoor.objects.filter(day_end=day_end, pk__in=doors, released_at__isnull=True)
    if chosen.exclude(result=DoorResult.SUCCESS).exists():
        raise NotOpened
    released = []
    for door in chosen.order_by("position"):
        with transaction.atomic():
            try:
                assignments.release(
                    claim_id=door.claim_id, how=ClosedHow.RELEASED_BY_STAFF, actor=actor, at=at,
                    reason=day_end.reason,
                )  # fmt: skip
            except (AssignmentAlreadyReleased, InRecovery):
                continue  # its holder, or a colleague, was faster
            DayEndDoor.objects.filter(pk=door.pk).update(released_at=at)
            released.append(door.pk)
    return released
