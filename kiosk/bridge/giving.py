"""Which door somebody is given without the server: the first of their list that is free. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from access.access_list.entries import Day, Offer, Person
from access.access_list.index import AccessList
from access.decisions import Decision, Facts, decide
from kiosk.bridge.holdings import Kept


@dataclass(frozen=True, slots=True)
class Choice:
    """A door, under which offer, until when; and why."""

    compartment_id: int
    offer: Offer
    due_at: dt.datetime
    ends_at: dt.datetime


@dataclass(frozen=True, slots=True)
class Refused:
    """No door, and why in one word."""

    code: str
    why: tuple[str, ...]


def choose(
    known: AccessList,
    kept: Iterable[Kept],
    shut: Collection[int],
    *,
    person: Person,
    bank_id: int,
    credential: str,
    at: dt.datetime,
    door_id: int | None = None,
) -> Choice | Refused:
    """Choose a door for somebody who stands at a bank; ``shut`` are doors known to be closed.

    A door whose sensor does not say so is not given: somebody may be at it, or it is stuck.
    """
    decision = _may_have_one(known, person, bank_id, at)
    why = tuple(str(step) for step in decision.explanation)
    if not decision.allowed:
        return Refused(decision.code.value, why)
    offers = [one for one in known.find(Offer, "offer", bank_id) if person.id in one.people]
    if not offers:
        return Refused("not_for_you", (*why, "offer: none for this person"))
    claims = list(kept)
    refused = Refused("no_compartment_available", (*why, "door: none is free"))
    for offer in sorted(offers, key=lambda one: one.number):
        if offer.credentials and credential not in offer.credentials:
            refused = Refused("credential_not_enough", (*why, f"credential: {credential}"))
            continue
        if _is_at_limit(offer, claims, person, at):
            refused = Refused("limit_reached", (*why, f"limit of policy {offer.policy_id}"))
            continue
        day = _day(offer, at)
        if day is None:
            continue
        due, ends = _within_access(person, bank_id, day, at)
        for compartment_id in offer.doors:
            if door_id is not None and compartment_id != door_id:
                continue
            if compartment_id in shut and _is_free(known, claims, compartment_id, at, ends):
                return Choice(compartment_id, offer, due, ends)
    return refused


def _may_have_one(known: AccessList, person: Person, bank_id: int, at: dt.datetime) -> Decision:
    rules = known.bank(bank_id)
    window = next(
        (one.window for one in person.access
         if one.bank_id in (None, bank_id) and one.window.holds(at)),
        None,
    )  # fmt: skip
    return decide(
        Facts(
            person_status=person.status,
            is_held=person.is_held(at),
            needs_access=person.needs_access,
            access_from=window.begins if window is not None else None,
            access_until=window.ends if window is not None else None,
            curfew=rules.curfew,
            time_zone=rules.time_zone,
        ),
        at,
    )


def _is_at_limit(offer: Offer, kept: list[Kept], person: Person, at: dt.datetime) -> bool:
    mine = [one for one in kept if one.hold.person_id == person.id and one.holds(at)]
    return any(
        sum(policy_id in one.hold.counts for one in mine) >= most
        for policy_id, most in offer.limits
    )


def _day(offer: Offer, at: dt.datetime) -> Day | None:
    """Return the day that a use belongs to which begins now; None behind the last of them."""
    begun = [day for day in offer.days if day.begins <= at < day.due]
    return begun[-1] if begun else None


def _within_access(
    person: Person, bank_id: int, day: Day, at: dt.datetime
) -> tuple[dt.datetime, dt.datetime]:
    """Return when a use is due and ends: never later than the person may be here."""
    windows = [
        one.window
        for one in person.access
        if one.bank_id in (None, bank_id) and one.window.holds(at)
    ]
    ends = [window.ends for window in windows if window.ends is not None]
    if not person.needs_access or len(ends) < len(windows):
        return day.due, day.ends
    return min(day.due, max(ends)), min(day.ends, max(ends))


def _is_free(
    known: AccessList, kept: list[Kept], compartment_id: int, at: dt.datetime, ends: dt.datetime
) -> bool:
    door = known.door(compartment_id)
    if door is None or door.service_status != "in_service":
        return False
    return not any(
        one.hold.compartment_id == compartment_id and one.meets(at, ends) for one in kept
    )
