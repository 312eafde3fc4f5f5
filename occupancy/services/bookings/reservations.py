"""Booking a door for a window to come: facts, one pure plan, one insert that is judged."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import transaction

from audit.actions import Action
from audit.errors import Again, Refusal
from audit.services import events
from audit.services.events import Actor
from occupancy.allocation.engine import Choice
from occupancy.models import DeskBooking
from occupancy.services.bookings import desk_uses, windows
from occupancy.services.bookings.bookable import choices_in, situation_in
from occupancy.services.bookings.booking_changes import (
    Reserved,
    cancel,
    change,
    get,
    is_standing,
    record,
    reserved,
)
from occupancy.services.bookings.check_ins import check_in
from occupancy.services.bookings.no_shows import release_no_shows, stands
from occupancy.services.bookings.windows import Window
from occupancy.services.claims import situations
from occupancy.services.claims.claiming import Wanted
from occupancy.services.claims.situations import Situation

__all__ = [
    "Reserved",
    "Wanted",
    "cancel",
    "change",
    "check_in",
    "get",
    "look",
    "record",
    "release_no_shows",
    "reserve",
    "reserved",
    "stands",
]


def reserve(
    *,
    person_id: int,
    bank_id: int,
    wanted: Wanted,
    starts_at: dt.datetime,
    ends_at: dt.datetime,
    actor: Actor,
    at: dt.datetime,
    external_id: str = "",
    credential: str | None = None,
) -> Reserved:
    """Book a door of a bank for a person, from a minute to a minute.

    Writes claim, numbers under the limits and audit event in one transaction. With ``external_id``
    it is another system's booking, and the same one again changes or repeats nothing. Raises
    NotAllowed, CompartmentTaken, NoCompartmentAvailable, what stands in occupancy.refusals and in
    occupancy.errors.reservations; Again as claiming does.
    """
    window = Window(starts_at, ends_at, at)
    situation: Situation | None = None
    try:
        with transaction.atomic(savepoint=False):
            if external_id:
                desk_uses.lock(external_id)
                if same := _repeated(external_id, person_id, at):
                    return same
            situation = situation_in(person_id, bank_id, window)
            if situation.stale:
                release_no_shows(at, holder_id=person_id)
                situation = situation_in(person_id, bank_id, window)
            booked = _book(situation, wanted, window, credential, actor)
            choice = booked.choice
            lapses_at = windows.lapses_at(choice, window)
            if external_id:
                DeskBooking.objects.update_or_create(
                    organisation_id=situation.organisation_id, external_id=external_id,
                    defaults={"claim_id": booked.claim_id, "cancelled_at": None},
                )  # fmt: skip
            _record(
                situation, Action.BOOKED, actor, at, choice.door.id,
                claim=booked.claim_id, policy=choice.offer.rules.policy_id,
                policies=[str(one) for one in choice.offer.considered],
                starts=starts_at, until=choice.offer.term.due_at,
                door_because={one.criterion.value: one.value for one in choice.ranked.reasons},
            )  # fmt: skip
    except Refusal as refusal:
        if situation is not None:
            told = situation
            why: dict[str, Any] = {"code": refusal.code, "wanted": "booking"}
            if "failed" in refusal.facts:
                why["failed"] = refusal.facts["failed"]
            refusal.keep(lambda: _record(told, Action.REFUSED, actor, at, **why))
        raise
    due_at = choice.offer.term.due_at
    assert due_at is not None  # a window has an end
    return Reserved(
        booked.claim_id, choice.door.id, choice.door.number, starts_at, due_at, lapses_at
    )


def look(
    *,
    person_id: int,
    bank_id: int,
    wanted: Wanted,
    starts_at: dt.datetime,
    ends_at: dt.datetime,
    at: dt.datetime,
) -> tuple[Choice, ...]:
    """Return what could be booked, the best first, without booking; refuses as ``reserve`` does."""
    window = Window(starts_at, ends_at, at)
    situation = situation_in(person_id, bank_id, window)
    situation = situations.by_clock(situation, at, is_booking=True)
    choices, refusal = choices_in(situation, wanted, window)
    if refusal is not None:
        raise refusal
    return tuple(choices)


def _repeated(external_id: str, person_id: int, at: dt.datetime) -> Reserved | None:
    """Return what was booked by that number before, if it still stands."""
    known = (
        DeskBooking.objects.filter(external_id=external_id, organisation__people=person_id)
        .select_related("claim__compartment")
        .first()
    )
    claim = known.claim if known is not None else None
    return reserved(claim) if claim is not None and is_standing(claim, at) else None


def _book(
    situation: Situation, wanted: Wanted, window: Window, credential: str | None, actor: Actor
) -> windows.Booked:
    booked_by = f"{actor.kind.value}:{actor.id}"[:60]
    choices, refusal = choices_in(situation, wanted, window, credential=credential)
    person_id = situation.person_id
    booked = windows.book(choices, window, person_id=person_id, booked_by=booked_by)
    if booked is None and release_no_shows(window.at, bank_id=situation.bank_id):
        choices, refusal = choices_in(situation, wanted, window, credential=credential)
        booked = windows.book(choices, window, person_id=person_id, booked_by=booked_by)
    if booked is not None:
        return booked
    if refusal is not None:
        raise refusal
    choices, refusal = choices_in(situation, wanted, window, credential=credential)
    # Roll back before trying again, as claiming does.
    raise refusal or Again()


def _record(
    situation: Situation,
    action: Action,
    actor: Actor,
    at: dt.datetime,
    compartment_id: int | None = None,
    **data: Any,
) -> None:
    events.record(
        action=action,
        actor=actor,
        at=at,
        organisation_id=situation.organisation_id,
        site_id=situation.site_id,
        bank_id=situation.bank_id,
        compartment_id=compartment_id,
        person_id=situation.person_id,
        data=data,
    )
