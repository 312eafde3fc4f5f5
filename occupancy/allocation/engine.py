"""From policies, a person and doors to the doors they may have, the best first, or why none. Pure.

The server asks with what it read in a statement or two, the simulation with what it made up, and
a page that only wants to know asks the same.
"""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from occupancy.allocation import policy, ranking, terms
from occupancy.allocation.policy import Attached, Considered, Place, Who
from occupancy.allocation.ranking import Door, Ranked, Wish
from occupancy.allocation.rules import Rules
from occupancy.allocation.terms import Term
from occupancy.choices import AtEnd


class Failing(StrEnum):
    """Why a door is not for somebody now; the first is what they can do most about."""

    LIMIT_REACHED = "limit_reached"
    SIZE_NOT_ALLOWED = "size_not_allowed"
    CREDENTIAL_NOT_ENOUGH = "credential_not_enough"
    NO_COMPARTMENT_AVAILABLE = "no_compartment_available"
    NOT_WALK_UP = "not_walk_up"
    NOT_FOR_YOU = "not_for_you"
    NO_POLICY = "no_policy"


_ORDER = list(Failing)


@dataclass(frozen=True, slots=True)
class Ask:
    """Who asks for what, and when."""

    who: Who
    at: dt.datetime
    zone: zoneinfo.ZoneInfo
    wish: Wish = field(default_factory=Wish)
    size_id: int | None = None
    door_id: int | None = None
    # What the person showed; None when it is staff or a job that asks for them.
    credential: str | None = None
    # The end of temporary access, for those who need it.
    access_until: dt.datetime | None = None
    # The end of their last day here, if one is known.
    leaves_at: dt.datetime | None = None
    # A booked window; without one the use begins now and lasts as the policy says.
    window_ends_at: dt.datetime | None = None
    # Staff may give what nobody may take.
    is_given: bool = False


@dataclass(frozen=True, slots=True)
class Offer:
    """What governs a class of doors for somebody: the policy, its numbers and its term."""

    governing: Attached
    counts: Mapping[int, int]
    # How many more, this one included; None: as many as there are.
    left: int | None
    term: Term
    considered: tuple[Considered, ...]

    @property
    def rules(self) -> Rules:
        """The rules that make the choices."""
        return self.governing.rules

    @property
    def at_end(self) -> AtEnd:
        """What happens at the end; what somebody leaves behind is emptied, never simply free."""
        return AtEnd.HOLD if self.term.is_last else self.rules.at_end


@dataclass(frozen=True, slots=True)
class Failed:
    """A rule that failed, and the policy it belongs to, if any."""

    code: Failing
    by: Attached | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """A door that somebody may have, why it stands where it stands, and on which terms."""

    ranked: Ranked
    offer: Offer

    @property
    def door(self) -> Door:
        """The door."""
        return self.ranked.door


@dataclass(frozen=True, slots=True)
class Plan:
    """The doors somebody may have now, the best first; and every rule that kept one from them."""

    choices: tuple[Choice, ...]
    failed: tuple[Failed, ...]
    considered: tuple[Considered, ...] = ()


def plan(
    policies: Sequence[Attached],
    ask: Ask,
    bank: Place,
    doors: Iterable[Door],
    held: Mapping[int, Sequence[int]],
) -> Plan:
    """Return the doors of a bank that somebody may have, the best first.

    ``held`` are the numbers of the person's open uses by policy. Doors in the same groups have the
    same policy, so that it is resolved once for each set of groups, not for each door.
    """
    offers: dict[frozenset[int], Offer | tuple[Failed, ...]] = {}
    seen: dict[Considered, None] = {}
    failed: dict[Failed, None] = {}
    # One of a kind: to hash whole policies for each door would take longer than all the rest.
    doors_failed: dict[tuple[Failing, int], Failed] = {}
    fit: dict[int, list[tuple[Door, Offer]]] = {}
    for door in doors:
        if ask.door_id is not None and door.id != ask.door_id:
            continue
        offer = offers.get(door.groups)
        if offer is None:
            offer, considered = _offer(policies, ask, bank, door.groups, held)
            offers[door.groups] = offer
            seen.update(dict.fromkeys(considered))
        if isinstance(offer, tuple):
            failed.update(dict.fromkeys(offer))
        elif why := _door_fails(door, offer, ask):
            if (key := (why, id(offer.governing))) not in doors_failed:
                doors_failed[key] = Failed(why, offer.governing)
        else:
            fit.setdefault(offer.rules.policy_id, []).append((door, offer))
    failed.update(dict.fromkeys(doors_failed.values()))
    return Plan(tuple(_in_order(fit, ask.wish)), _sorted(failed), tuple(seen))


def _offer(
    policies: Sequence[Attached],
    ask: Ask,
    bank: Place,
    groups: frozenset[int],
    held: Mapping[int, Sequence[int]],
) -> tuple[Offer | tuple[Failed, ...], tuple[Considered, ...]]:
    place = Place(bank.organisation_id, bank.site_id, bank.bank_id, bank.areas, groups)
    resolved = policy.resolve(policies, ask.who, place)
    governing = resolved.governing
    if governing is None:
        code = Failing.NOT_FOR_YOU if resolved.considered else Failing.NO_POLICY
        return (Failed(code),), resolved.considered
    counts = policy.count(resolved, held)
    rules = governing.rules
    failed = [Failed(Failing.LIMIT_REACHED, one) for one in counts.reached]
    if not ask.is_given:
        shown = ask.credential
        if rules.credentials and shown is not None and shown not in rules.credentials:
            failed.append(Failed(Failing.CREDENTIAL_NOT_ENOUGH, governing))
        if not rules.meaning.is_walk_up and ask.window_ends_at is None:
            failed.append(Failed(Failing.NOT_WALK_UP, governing))
    if failed:
        return tuple(failed), resolved.considered
    term = terms.term(
        rules, ask.at, ask.zone,
        access_until=ask.access_until, window_ends_at=ask.window_ends_at, leaves_at=ask.leaves_at,
    )  # fmt: skip
    offer = Offer(governing, counts.taken, counts.left, term, resolved.considered)
    return offer, resolved.considered


def _door_fails(door: Door, offer: Offer, ask: Ask) -> Failing | None:
    allowed = offer.governing.rules.sizes
    if allowed and door.size_id not in allowed:
        # Whoever asked for anything is simply not offered it.
        if ask.size_id == door.size_id or ask.door_id == door.id:
            return Failing.SIZE_NOT_ALLOWED
        return Failing.NO_COMPARTMENT_AVAILABLE
    is_wished = ask.size_id is None or door.size_id == ask.size_id
    if not (is_wished and door.is_free) or _is_planned(door, offer.term):
        return Failing.NO_COMPARTMENT_AVAILABLE
    return None


def _is_planned(door: Door, term: Term) -> bool:
    if door.free_until is None:
        return False
    return term.ends_at is None or term.ends_at > door.free_until


def _in_order(fit: Mapping[int, list[tuple[Door, Offer]]], wish: Wish) -> Iterable[Choice]:
    """Put the doors in the order of their own policy; of two policies, the closer one's first."""
    groups = sorted(fit.values(), key=lambda pairs: -pairs[0][1].governing.level)
    for is_doubtful in (False, True):
        for pairs in groups:
            offers = {door.id: offer for door, offer in pairs}
            doors = [door for door, _offer in pairs if door.is_doubtful is is_doubtful]
            for ranked in ranking.rank(doors, wish, pairs[0][1].rules.ranking):
                yield Choice(ranked, offers[ranked.door.id])


def _sorted(failed: Iterable[Failed]) -> tuple[Failed, ...]:
    return tuple(
        sorted(
            failed,
            key=lambda one: (_ORDER.index(one.code), one.by.rules.policy_id if one.by else 0),
        )
    )
