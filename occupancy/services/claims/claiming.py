"""Getting a compartment: two reads of the facts, one pure plan, one insert that is judged."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db import connection, transaction

from access.errors.decisions import NotAllowed
from access.services import grants
from audit.actions import Action
from audit.errors import Again, Refusal
from audit.services import events, outside
from audit.services.events import Actor
from lockers.services import commands
from occupancy import closings, refusals
from occupancy.allocation import ranking
from occupancy.allocation.engine import Ask, Failing, Plan
from occupancy.allocation.ranking import Door
from occupancy.allocation.rules import Rules
from occupancy.errors.claims import CompartmentTaken, NoCompartmentAvailable, NoSuchCompartment
from occupancy.errors.reservations import DoorClosedThen
from occupancy.errors.waiting import OthersWait
from occupancy.services.bookings import no_shows
from occupancy.services.claims import bank_doors, looking, situations, taking
from occupancy.services.claims.looking import Wanted, look
from occupancy.services.claims.situations import Situation
from occupancy.services.claims.taking import Taken
from occupancy.services.ending import expiry
from occupancy.services.queue import offers
from occupancy.services.queue.offers import Left

__all__ = ["Claimed", "Wanted", "claim", "look"]
_NOW = dt.timedelta(seconds=1)


@dataclass(frozen=True)
class Claimed:
    """What the person got; ``due_at`` is what they are told."""

    claim_id: int
    compartment_id: int
    number: str
    due_at: dt.datetime | None
    # None when the door was not asked to open: the person is not there.
    command_id: uuid.UUID | None
    # Why this door: "chosen", "size", "first", or the criterion by which it came before others.
    because: str = ""
    # Of a use that is new; None when a booking or an older use goes on.
    rules: Rules | None = None
    ends_at: dt.datetime | None = None


def claim(
    *,
    person_id: int,
    bank_id: int,
    wanted: Wanted,
    actor: Actor,
    at: dt.datetime,
    credential: str | None = None,
    via: dict[str, Any] | None = None,
    opens: bool = True,
    offer_id: int | None = None,
) -> Claimed:
    """Give a person a free compartment of a bank and ask its door to open, unless ``opens`` is not.

    Writes claim, grant, command and audit events in one transaction. ``credential`` is the kind
    that the person showed; ``via`` goes into the audit facts (terminal, scan). Raises NotAllowed,
    BridgeOffline, CompartmentTaken, NoSuchCompartment and what stands in occupancy.refusals; Again
    when it is to be rolled back and asked once more, which ``idempotency.once`` does.

    Where people wait, they come first: OthersWait. Whoever has an offer takes it up by claiming;
    ``offer_id`` names it, and then it is that door or OfferOver.
    """
    situation: Situation | None = None
    try:
        with transaction.atomic(savepoint=False):
            situation = situations.read(person_id, bank_id, at)
            if situation.stale:
                expiry.expire_due(at=at, holder_id=person_id)
                situation = situations.read(person_id, bank_id, at)
            decision = looking.admit(situation, at)
            left = Left()
            if situation.is_waited_for or offer_id is not None:
                left = _after_those_who_wait(situation, wanted, offer_id, actor, at)
            if left.own is not None:
                wanted = replace(wanted, compartment_id=left.own)
            taken, plan = _take(situation, looking.ask(situation, wanted, credential, at), left)
            door = taken.choice.door
            if situation.is_leased:
                outside.ask(taken.claim_id)
            if situation.is_waited_for:
                offers.got(
                    person_id=person_id, site_id=situation.site_id, area_id=situation.list_area,
                    size_id=door.size_id, actor=actor, at=at,
                )  # fmt: skip
            grants.issue(
                person_id=person_id,
                compartment_id=door.id,
                claim_id=taken.claim_id,
                starts_at=at,
                ends_at=taken.ends_at,
            )
            command_id = None
            if opens:
                command_id = commands.request_open(
                    compartment_id=door.id,
                    purpose="claim",
                    actor=actor,
                    at=at,
                    person_id=person_id,
                    claim_id=taken.claim_id,
                )
            _record(
                situation,
                Action.CLAIMED,
                actor,
                at,
                compartment_id=door.id,
                claim=taken.claim_id,
                decision=decision.log(),
                **_explained(taken),
                **(via or {}),
            )
    except Refusal as refusal:
        told = situation
        if told is not None:
            why = {"code": refusal.code, **(via or {})}
            if isinstance(refusal, NotAllowed):
                why["decision"] = refusal.decision.log()
            if "failed" in refusal.facts:
                why["failed"] = refusal.facts["failed"]
            refusal.keep(lambda: _record(told, Action.REFUSED, actor, at, **why))
        raise
    return Claimed(
        taken.claim_id,
        door.id,
        door.number,
        taken.choice.offer.term.due_at,
        command_id,
        _because(taken, plan, wanted),
        taken.choice.offer.rules,
        taken.ends_at,
    )


def _after_those_who_wait(
    situation: Situation, wanted: Wanted, offer_id: int | None, actor: Actor, at: dt.datetime
) -> Left:
    """Offer what is free to those who wait; return what is left for the claimant."""
    _tidied(situation.bank_id, at)
    return offers.at_claim(
        situation=situation,
        size_id=wanted.size_id,
        door_id=wanted.compartment_id,
        offer_id=offer_id,
        actor=actor,
        at=at,
    )


def _plan(situation: Situation, ask: Ask, left: Left) -> Plan:
    return looking.plan(situation, ask, _doors(situation, ask, left))


def _doors(situation: Situation, ask: Ask, left: Left) -> list[Door]:
    doors = bank_doors.of_bank(situation, ask.at, ask.door_id)
    return [door for door in doors if left.has(door)]


def _take(situation: Situation, ask: Ask, left: Left) -> tuple[Taken, Plan]:
    doors = _doors(situation, ask, left)
    if any(door.is_untidy for door in doors) and _tidied(situation.bank_id, ask.at):
        doors = _doors(situation, ask, left)
    plan = looking.plan(situation, ask, doors)
    taken = _try(situation, plan, ask)
    if taken is None:
        raise _why_nothing(situation, plan, ask, left)
    return taken, plan


def _tidied(bank_id: int, at: dt.datetime) -> int:
    """End at once what is over at a bank by the clock: uses, and bookings that nobody came for."""
    ended = expiry.expire_due(at=at, bank_id=bank_id)
    return ended + no_shows.release_no_shows(at, bank_id=bank_id)


def _try(situation: Situation, plan: Plan, ask: Ask) -> Taken | None:
    if not plan.choices:
        return None
    if (cut_off := situation.cut_off) is not None:
        raise cut_off
    return taking.take(plan.choices, person_id=situation.person_id, at=ask.at, door_id=ask.door_id)


def _why_nothing(situation: Situation, plan: Plan, ask: Ask, left: Left) -> Exception:
    """Return why nothing was inserted: a refusal, or Again when others were only faster.

    Again rolls back first: a claimant that waited while it held the lock of a door it had lost
    could wait for one that waits for it.
    """
    if plan.choices and _plan(situation, ask, left).choices:
        return Again()
    failed = [one.code for one in plan.failed]
    if failed and failed[0] is not Failing.NO_COMPARTMENT_AVAILABLE:
        return refusals.of(plan.failed)
    if (cut_off := situation.cut_off) is not None:
        return cut_off
    others_wait = situation.is_waited_for and offers.hold(
        bank_id=situation.bank_id, size_id=ask.size_id, door_id=ask.door_id, at=ask.at
    )
    if ask.door_id is not None and not others_wait:
        return _that_door(situation, ask.door_id, ask.at)
    free_sizes: Sequence[str] = ()
    if ask.size_id is not None:
        free_sizes = _free_sizes(situation, ask, left)
    if others_wait:
        return OthersWait(free_sizes=list(free_sizes), failed=refusals.told(plan.failed))
    return NoCompartmentAvailable(free_sizes=list(free_sizes), failed=refusals.told(plan.failed))


def _that_door(situation: Situation, door_id: int, at: dt.datetime) -> Refusal:
    bank_id = situation.bank_id
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.number, c.service_status = 'in_service' AND k.state <> 'offline'"
            " FROM lockers_compartment c LEFT JOIN lockers_controller k ON k.id = c.controller_id"
            " WHERE c.id = %s AND c.bank_id = %s",
            (door_id, bank_id),
        )
        row = cursor.fetchone()
    if row is None or not row[1]:
        return NoSuchCompartment(number=row[0] if row else None)
    closing = closings.first_across(
        bank_id=bank_id, starts_at=at, ends_at=at + _NOW, compartment_id=door_id
    )
    if closing is not None:
        return DoorClosedThen(**closing.told(situation.zone))
    return CompartmentTaken(number=row[0])


def _free_sizes(situation: Situation, ask: Ask, left: Left) -> Sequence[str]:
    """Return the sizes that could be had instead, the smallest first."""
    anything = Ask(ask.who, ask.at, ask.zone, ask.wish, None, None, ask.credential,
                   ask.access_until, ask.leaves_at)  # fmt: skip
    sizes = {choice.door.size_id for choice in _plan(situation, anything, left).choices}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT name FROM lockers_size WHERE id = ANY(%s) ORDER BY rank", (list(sizes),)
        )
        return [name for (name,) in cursor.fetchall()]


def _because(taken: Taken, plan: Plan, wanted: Wanted) -> str:
    """Return in one word why it was this door."""
    if wanted.compartment_id is not None:
        return "chosen"
    mine = taken.choice
    for other in plan.choices[plan.choices.index(mine) + 1 :]:
        if other.offer.rules.ranking != mine.offer.rules.ranking:
            break
        reason = ranking.decisive(mine.ranked, other.ranked)
        if reason is not None:
            return reason.criterion.value
    return "first" if wanted.size_id is None else "size"


def _explained(taken: Taken) -> dict[str, Any]:
    """Return which policy it was, from which level, and why this door."""
    offer = taken.choice.offer
    return {
        "policy": offer.rules.policy_id,
        "policies": [str(one) for one in offer.considered],
        "door_because": {
            reason.criterion.value: reason.value for reason in taken.choice.ranked.reasons
        },
    }


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
