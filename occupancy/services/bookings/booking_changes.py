"""Calling off and changing what was booked."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction

from audit.actions import Action
from audit.services import events
from audit.services.events import Actor
from occupancy.allocation.engine import Choice
from occupancy.choices import ClaimKind, ClosedHow
from occupancy.errors.claims import NoCompartmentAvailable
from occupancy.errors.reservations import BookingOver, NotYourBooking
from occupancy.models import Claim
from occupancy.services.bookings import bookable, windows
from occupancy.services.bookings.no_shows import release_no_shows, stands
from occupancy.services.bookings.windows import Window
from occupancy.services.claims.claiming import Wanted
from occupancy.services.queue import offering


@dataclass(frozen=True)
class Reserved:
    """What was booked; ``ends_at`` is what the person is told."""

    claim_id: int
    compartment_id: int
    number: str
    starts_at: dt.datetime
    ends_at: dt.datetime
    # From when nobody keeps it for them any more.
    lapses_at: dt.datetime


def cancel(
    *,
    claim_id: int,
    actor: Actor,
    at: dt.datetime,
    person_id: int | None = None,
    reason: str = "",
) -> Claim:
    """Call a booking off; who waits for its door is offered it. With ``person_id`` only theirs.

    Raises NotYourBooking and BookingOver.
    """
    with transaction.atomic():
        claim = get(claim_id, person_id)
        # Also one that is over for nobody came: that is what it stays.
        if not Claim.objects.filter(stands(at), pk=claim_id).update(
            closed_at=at, closed_how=ClosedHow.CANCELLED
        ):
            raise BookingOver
        record(Action.BOOKING_CANCELLED, claim, actor, at, reason=reason)
        offering.freed(compartment_id=claim.compartment_id, at=at)
    claim.closed_at, claim.closed_how = at, ClosedHow.CANCELLED
    return claim


def change(
    *,
    claim_id: int,
    starts_at: dt.datetime,
    ends_at: dt.datetime,
    actor: Actor,
    at: dt.datetime,
    person_id: int | None = None,
) -> Reserved:
    """Give a booking another window: at the same door where it is free then, or the next best.

    Raises what ``reserve`` raises, NotYourBooking and BookingOver.
    """
    with transaction.atomic():
        claim = get(claim_id, person_id)
        assert claim.holder_id is not None  # by constraint
        if not Claim.objects.filter(stands(at), pk=claim_id).select_for_update().exists():
            raise BookingOver
        keeps_start = starts_at == claim.starts_at
        window = Window(starts_at, ends_at, at, besides=claim_id, keeps_start=keeps_start)
        release_no_shows(at, bank_id=claim.compartment.bank_id)
        situation = bookable.situation_in(claim.holder_id, claim.compartment.bank_id, window)
        # The same numbers under the limits go on: it is the same booking.
        size = Wanted(size_id=claim.compartment.size_id)
        choices, refusal = bookable.choices_in(situation, size, window, counts=False)
        if refusal is not None:
            raise refusal
        same = [one for one in choices if one.offer.rules.policy_id == claim.policy_id]
        same.sort(key=lambda one: one.door.id != claim.compartment_id)
        for choice in same:
            if _rewrite(claim, choice, window):
                break
        else:
            raise NoCompartmentAvailable(free_sizes=[], failed=[])
        due_at, lapses_at = choice.offer.term.due_at, _lapses_at(claim, choice, window)
        assert due_at is not None
        before = claim.compartment_id
        claim.compartment_id = choice.door.id
        record(
            Action.BOOKING_CHANGED, claim, actor, at,
            was_from=claim.starts_at, was_until=claim.due_at, starts=starts_at, until=due_at,
            was_at=before,
        )  # fmt: skip
        offering.freed(compartment_id=before, at=at)
    return Reserved(claim_id, choice.door.id, choice.door.number, starts_at, due_at, lapses_at)


def _lapses_at(claim: Claim, choice: Choice, window: Window) -> dt.datetime:
    """Return from when it is a no-show: another end gives nobody more time to come."""
    if window.keeps_start and claim.lapses_at is not None and choice.offer.term.ends_at:
        return min(claim.lapses_at, choice.offer.term.ends_at)
    return windows.lapses_at(choice, window)


def _rewrite(claim: Claim, choice: Choice, window: Window) -> bool:
    try:
        with transaction.atomic():
            return bool(
                Claim.objects.filter(stands(window.at), pk=claim.pk).update(
                    compartment=choice.door.id,
                    starts_at=window.starts_at,
                    due_at=choice.offer.term.due_at,
                    ends_at=choice.offer.term.ends_at,
                    lapses_at=_lapses_at(claim, choice, window),
                    unserved_since=None,
                )
            )
    except IntegrityError as error:
        if "occupancy_one_claim_per_compartment_and_time" not in str(error):
            raise
        return False


def get(claim_id: int, person_id: int | None = None) -> Claim:
    """Return a booking, or what was one; raises NotYourBooking."""
    claim = (
        Claim.objects.filter(pk=claim_id, kind=ClaimKind.RESERVATION)
        .select_related("compartment__bank__site", "holder", "policy")
        .first()
    )
    if claim is None or (person_id is not None and claim.holder_id != person_id):
        raise NotYourBooking
    return claim


def is_standing(claim: Claim, at: dt.datetime) -> bool:
    """Say whether a booking still keeps its door."""
    assert claim.ends_at is not None  # by constraint
    over = claim.ends_at if claim.lapses_at is None else min(claim.lapses_at, claim.ends_at)
    return claim.kind == ClaimKind.RESERVATION and claim.closed_at is None and at < over


def reserved(claim: Claim) -> Reserved:
    """Return what a booking is, as whoever made it was told."""
    due_at = claim.due_at or claim.ends_at
    assert due_at is not None  # by constraint
    return Reserved(
        claim.pk, claim.compartment_id, claim.compartment.number, claim.starts_at, due_at,
        claim.lapses_at or due_at,
    )  # fmt: skip


def record(
    action: Action, claim: Claim, actor: Actor, at: dt.datetime, reason: str = "", **data: Any
) -> None:
    """Append an event about a booking."""
    bank = claim.compartment.bank
    events.record(
        action=action,
        actor=actor,
        at=at,
        organisation_id=bank.site.organisation_id,
        site_id=bank.site_id,
        bank_id=bank.pk,
        compartment_id=claim.compartment_id,
        person_id=claim.holder_id,
        reason=reason,
        data={"claim": claim.pk, **data},
    )
