"""What somebody could have now, and why: the facts by the clock, and one pure plan of them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

from access.decisions import Decision, decide
from access.errors.decisions import NotAllowed
from occupancy.allocation import engine
from occupancy.allocation.engine import Ask, Plan
from occupancy.allocation.ranking import Door, Wish
from occupancy.choices import Criterion
from occupancy.services.claims import bank_doors, situations
from occupancy.services.claims.situations import Situation
from occupancy.services.queue import offers


@dataclass(frozen=True)
class Wanted:
    """What the person asked for: nothing (any), a size, one very door, or near some place."""

    size_id: int | None = None
    compartment_id: int | None = None
    # Areas from the outermost in.
    near: tuple[int, ...] = ()


def look(
    *, person_id: int, bank_id: int, wanted: Wanted, at: dt.datetime, credential: str | None = None
) -> Plan:
    """Return what a claim would choose from at this instant, and why, without claiming.

    As a claim does, it takes what is over by the clock for over, whether a job has run or not, and
    lets those who wait come first. Raises NotAllowed and NoSuchCompartment.
    """
    situation = situations.by_clock(situations.read(person_id, bank_id, at), at)
    admit(situation, at)
    held = offers.Held()
    if situation.is_waited_for:
        held = offers.held_at(
            situation=situation, size_id=wanted.size_id, door_id=wanted.compartment_id, at=at
        )
        if held.own is not None:
            # Whoever has an offer takes it up by claiming.
            wanted = replace(wanted, compartment_id=held.own)
    doors = bank_doors.of_bank(situation, at, wanted.compartment_id, besides=held.own_claim)
    doors = [replace(one, is_free=False) if one.id in held.others else one for one in doors]
    return plan(situation, ask(situation, wanted, credential, at), doors)


def admit(situation: Situation, at: dt.datetime) -> Decision:
    """Return why the person may have a door at all; raises NotAllowed."""
    decision = decide(situation.facts(), at)
    if not decision.allowed:
        raise NotAllowed(decision)
    return decision


def ask(situation: Situation, wanted: Wanted, credential: str | None, at: dt.datetime) -> Ask:
    """Return the question to the engine."""
    usual = None
    if wanted.compartment_id is None and _asks_for_usual(situation):
        usual = bank_doors.usual_door(situation.person_id, situation.bank_id)
    return Ask(
        who=situation.who,
        at=at,
        zone=situation.zone,
        wish=Wish(situation.needs, wanted.near, usual),
        size_id=wanted.size_id,
        door_id=wanted.compartment_id,
        credential=credential,
        # Nobody has a door longer than they may be here.
        access_until=situation.access_until if situation.needs_access else None,
        leaves_at=situation.leaves_at,
    )


def plan(situation: Situation, question: Ask, doors: list[Door]) -> Plan:
    """Return the engine's answer about the doors."""
    return engine.plan(
        situation.rulebook.policies, question, situation.place, doors, situation.held
    )


def _asks_for_usual(situation: Situation) -> bool:
    return any(Criterion.USUAL in one.rules.ranking for one in situation.rulebook.policies)
