"""Closing a door for a while: nobody books it then. Where somebody has it, it is a visit."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.db.models import Q

from audit.actions import Action
from audit.services import events
from audit.services.events import Actor
from lockers.models import Compartment
from occupancy.choices import ClaimKind, ClosedHow
from occupancy.errors.reservations import BadWindow, DoorIsPlanned, NoClosure
from occupancy.models import Claim
from occupancy.services.bookings import displacing
from occupancy.services.bookings.no_shows import release_no_shows
from occupancy.services.ending import sweeping
from occupancy.services.queue import offering

_ACTOR = Actor.job("closures")


@dataclass(frozen=True)
class Planned:
    """A closure; without ``claim_id`` it is a visit, and whoever has the door keeps it."""

    compartment_id: int
    starts_at: dt.datetime
    ends_at: dt.datetime | None
    claim_id: int | None
    holder_id: int | None = None

    @property
    def is_visit(self) -> bool:
        """Whether somebody has the door in that time."""
        return self.claim_id is None


def plan(
    *,
    compartment_id: int,
    starts_at: dt.datetime,
    ends_at: dt.datetime | None,
    actor: Actor,
    at: dt.datetime,
    reason: str,
) -> Planned:
    """Close a door from ``starts_at`` on; without an end until it is lifted.

    Bookings in that time move to equal doors, and their people are told. Raises BadWindow, and
    DoorIsPlanned where one has no other door, or another closure stands in that time.
    """
    if ends_at is not None and ends_at <= max(starts_at, at):
        raise BadWindow
    with transaction.atomic():
        # Whoever claims or books this door locks its row; so the answer stays true.
        door = (
            Compartment.objects.select_for_update(no_key=True, of=("self",))
            .select_related("bank__site")
            .get(pk=compartment_id)
        )
        release_no_shows(at, bank_id=door.bank_id)
        held = _held(door, starts_at, at)
        claim = None
        if held is None:
            if not displacing.clear(
                compartment_id=door.pk, starts_at=starts_at, ends_at=ends_at, at=at
            ):
                raise DoorIsPlanned(number=door.number)
            try:
                with transaction.atomic():
                    claim = Claim.objects.create(
                        compartment=door, kind=ClaimKind.CLOSURE, starts_at=starts_at,
                        ends_at=ends_at, booked_by=f"{actor.kind.value}:{actor.id}"[:60],
                    )  # fmt: skip
            except IntegrityError as error:
                raise DoorIsPlanned(number=door.number) from error
        _record(
            Action.CLOSURE_PLANNED, door, actor, at, reason,
            claim=claim.pk if claim else None, starts=starts_at, until=ends_at,
            is_visit=claim is None,
        )  # fmt: skip
    return Planned(
        compartment_id, starts_at, ends_at, claim.pk if claim else None,
        held.holder_id if held else None,
    )  # fmt: skip


def lift(*, claim_id: int, actor: Actor, at: dt.datetime, reason: str = "") -> None:
    """End a closure, also before it begins, and offer the door to who waits. Raises NoClosure."""
    with transaction.atomic():
        lifted = Claim.objects.filter(
            Q(ends_at__isnull=True) | Q(ends_at__gt=at),
            pk=claim_id, kind=ClaimKind.CLOSURE, closed_at__isnull=True,
        ).update(closed_at=at, closed_how=ClosedHow.LIFTED)  # fmt: skip
        if not lifted:
            raise NoClosure
        claim = Claim.objects.select_related("compartment__bank__site").get(pk=claim_id)
        _record(Action.CLOSURE_LIFTED, claim.compartment, actor, at, reason, claim=claim_id)
        offering.freed(compartment_id=claim.compartment_id, at=at)


def end_due(at: dt.datetime, aside: list[str] | None = None) -> int:
    """Close the closures whose end has come, and offer their doors; return how many.

    Each is one compare-and-set, dated at its end: by the clock it was over then.
    """
    over = (
        Claim.objects.filter(kind=ClaimKind.CLOSURE, closed_at__isnull=True, ends_at__lte=at)
        .select_related("compartment__bank__site")
        .order_by("ends_at", "pk")
    )
    return sweeping.each(over, lambda one: _end(one, at), lambda one: f"closure {one.pk}", aside)


def goes_on(starts_at: dt.datetime) -> Q:
    """Return the condition for uses that have begun and are not over when a closure begins."""
    return Q(ends_at__isnull=True) | Q(ends_at__gt=starts_at) | Q(at_end="hold")


def _end(claim: Claim, at: dt.datetime) -> int:
    over_at = claim.ends_at
    assert over_at is not None  # the filter asks for it
    if not Claim.objects.filter(
        pk=claim.pk, closed_at__isnull=True, ends_at=over_at
    ).update(closed_at=over_at, closed_how=ClosedHow.EXPIRED):  # fmt: skip
        return 0
    _record(Action.CLOSURE_ENDED, claim.compartment, _ACTOR, over_at, "", claim=claim.pk)
    offering.freed(compartment_id=claim.compartment_id, at=at)
    return 1


def _held(door: Compartment, starts_at: dt.datetime, at: dt.datetime) -> Claim | None:
    """Return the use that goes on when a closure begins, whatever its planned end was."""
    return Claim.objects.filter(
        goes_on(starts_at), compartment=door, closed_at__isnull=True, started_at__isnull=False
    ).first()


def _record(
    action: Action, door: Compartment, actor: Actor, at: dt.datetime, reason: str, **data: object
) -> None:
    bank = door.bank
    events.record(
        action=action,
        actor=actor,
        at=at,
        organisation_id=bank.site.organisation_id,
        site_id=bank.site_id,
        bank_id=bank.pk,
        compartment_id=door.pk,
        reason=reason,
        data=dict(data),
    )
