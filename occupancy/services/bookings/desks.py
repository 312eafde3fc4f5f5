"""What another system books at a desk, followed here by its own number: booked, changed, gone."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db import transaction

from audit.services.events import Actor
from lockers.models import Area, Bank
from occupancy.errors.claims import NoCompartmentAvailable, NoSuchCompartment
from occupancy.errors.reservations import DeskWasCancelled
from occupancy.models import Claim, DeskBooking
from occupancy.services.bookings import desk_uses, reservations
from occupancy.services.bookings.booking_changes import is_standing, reserved
from occupancy.services.bookings.reservations import Reserved
from occupancy.services.claims.claiming import Wanted

# So long is what a cancellation overtook still waited for; then its number may be used again.
OVERTAKEN_FOR = dt.timedelta(days=1)


@dataclass(frozen=True)
class _Asked:
    """What the other system says now."""

    external_id: str
    person_id: int
    bank_ids: list[int]
    wanted: Wanted
    starts_at: dt.datetime
    ends_at: dt.datetime
    actor: Actor
    at: dt.datetime


def banks_near(*, site_id: int, area_id: int | None = None, desk: str = "") -> list[int]:
    """Return the banks of a site, the nearest to a desk first.

    Near is: in the same area, then in one around it, then whose "close by" names the desk.
    """
    around: list[int] = []
    area = Area.objects.filter(pk=area_id, site=site_id).first() if area_id is not None else None
    while area is not None:
        around.append(area.pk)
        area = area.parent
    name = desk.strip().casefold()

    def far(bank: Bank) -> tuple[int, int, int, int]:
        in_area = around.index(bank.area_id) if bank.area_id in around else len(around)
        return int(not (name and name in bank.nearby.casefold())), in_area, bank.position, bank.pk

    return [bank.pk for bank in sorted(Bank.objects.filter(site=site_id), key=far)]


def put(
    *,
    organisation_id: int,
    external_id: str,
    person_id: int,
    bank_ids: list[int],
    wanted: Wanted,
    starts_at: dt.datetime,
    ends_at: dt.datetime,
    actor: Actor,
    at: dt.datetime,
    desk: str = "",
    area_id: int | None = None,
) -> Reserved:
    """Book for a desk booking, or let its booking follow what changed; the same again is nothing.

    The first of the banks with a door gets it: ``bank_ids``, the nearest first. Another time keeps
    the door where it can; another desk moves it to a nearer bank that has one. What was checked in
    to keeps its door, and its end follows. Raises what booking raises, DeskWasCancelled, what
    desk_uses.follow_end raises, and Again.
    """
    asked = _Asked(external_id, person_id, bank_ids, wanted, starts_at, ends_at, actor, at)
    with transaction.atomic():
        desk_uses.lock(external_id)
        known = _known(organisation_id, external_id)
        if known is None:
            got = _book(asked, bank_ids)
        else:
            got = _follow(known, asked, _is_elsewhere(known, desk, area_id))
        said: dict[str, object] = {
            "starts_at": starts_at, "ends_at": ends_at, "cancelled_at": None, "claim": got.claim_id,
        }  # fmt: skip
        if desk or known is None:
            said["desk"] = desk
        if area_id is not None or known is None:
            said["area"] = area_id
        DeskBooking.objects.filter(organisation=organisation_id, external_id=external_id).update(
            **said
        )
    return got


def remove(*, organisation_id: int, external_id: str, actor: Actor, at: dt.datetime) -> bool:
    """Cancel what was booked for a desk booking, if it still stands; say whether it did.

    One that is not known yet is remembered: should it come late, it is not booked. Whoever has
    checked in keeps the door until its end.
    """
    with transaction.atomic():
        desk_uses.lock(external_id)
        known = _known(organisation_id, external_id)
        if known is None:
            DeskBooking.objects.create(
                organisation_id=organisation_id, external_id=external_id, cancelled_at=at
            )
            return False
        if known.cancelled_at is None:
            DeskBooking.objects.filter(pk=known.pk).update(cancelled_at=at)
        if known.claim is None or not is_standing(known.claim, at):
            return False
        reservations.cancel(claim_id=known.claim.pk, actor=actor, at=at, reason=external_id)
    return True


def _known(organisation_id: int, external_id: str) -> DeskBooking | None:
    return (
        DeskBooking.objects.filter(organisation=organisation_id, external_id=external_id)
        .select_related("claim__compartment__bank__site", "claim__policy", "claim__holder")
        .first()
    )


def _is_elsewhere(known: DeskBooking, desk: str, area_id: int | None) -> bool:
    """Say whether the desk is another one; what is left out is as it was."""
    return bool(desk and desk != known.desk) or (
        area_id is not None and area_id != known.area_id
    )  # fmt: skip


def _follow(known: DeskBooking, asked: _Asked, is_elsewhere: bool) -> Reserved:
    claim, at = known.claim, asked.at
    if claim is None:
        assert known.cancelled_at is not None  # by constraint
        if at < known.cancelled_at + OVERTAKEN_FOR:
            raise DeskWasCancelled
        return _book(asked, asked.bank_ids)
    is_theirs = claim.holder_id == asked.person_id
    is_same_time = (known.starts_at, known.ends_at) == (asked.starts_at, asked.ends_at)
    if is_theirs and is_same_time and not is_elsewhere and known.cancelled_at is None:
        return reserved(claim)  # whatever became of it
    if is_standing(claim, at):
        if is_theirs:
            return _change(claim, asked, is_elsewhere)
        reservations.cancel(claim_id=claim.pk, actor=asked.actor, at=at, reason=asked.external_id)
    elif is_theirs and desk_uses.is_used(claim, at) and not _is_later(claim, asked):
        return desk_uses.follow_end(claim, asked.ends_at, asked.actor, at)
    return _book(asked, asked.bank_ids)


def _is_later(claim: Claim, asked: _Asked) -> bool:
    """Say whether it is another time altogether, when whoever is here now is gone."""
    return claim.due_at is not None and asked.starts_at >= claim.due_at


def _change(claim: Claim, asked: _Asked, is_elsewhere: bool) -> Reserved:
    """Let a booking that stands follow: to a nearer bank, then in its window."""
    own = claim.compartment.bank_id
    if is_elsewhere and own != asked.bank_ids[0]:
        if own not in asked.bank_ids:
            return _anew(claim, asked, asked.bank_ids)
        try:
            return _anew(claim, asked, asked.bank_ids[: asked.bank_ids.index(own)])
        except NoCompartmentAvailable:
            pass  # none there: it stays at its bank
    begins = _begins(asked)
    starts_at = claim.starts_at if begins <= claim.starts_at <= asked.at else begins
    if (claim.starts_at, claim.due_at) == (starts_at, asked.ends_at):
        return reserved(claim)
    try:
        with transaction.atomic():
            return reservations.change(
                claim_id=claim.pk, starts_at=starts_at, ends_at=asked.ends_at, actor=asked.actor,
                at=asked.at,
            )  # fmt: skip
    except NoCompartmentAvailable:
        return _anew(claim, asked, asked.bank_ids)


def _anew(claim: Claim, asked: _Asked, bank_ids: list[int]) -> Reserved:
    """Give a booking up for another one; with none to be had it is as it was."""
    with transaction.atomic():
        reservations.cancel(
            claim_id=claim.pk, actor=asked.actor, at=asked.at, reason=asked.external_id
        )
        return _book(asked, bank_ids)


def _begins(asked: _Asked) -> dt.datetime:
    """Return from when there is something to book: what has begun counts from this minute."""
    return max(asked.starts_at, asked.at.replace(second=0, microsecond=0))


def _book(asked: _Asked, bank_ids: list[int]) -> Reserved:
    """Book at the first of the banks that has a door; the refusal is that of the first."""
    first: NoCompartmentAvailable | None = None
    for bank_id in bank_ids:
        try:
            with transaction.atomic():
                return reservations.reserve(
                    person_id=asked.person_id, bank_id=bank_id, wanted=asked.wanted,
                    starts_at=_begins(asked), ends_at=asked.ends_at, actor=asked.actor,
                    at=asked.at, external_id=asked.external_id,
                )  # fmt: skip
        except NoCompartmentAvailable as refusal:
            first = first or refusal
    raise first or NoSuchCompartment()
