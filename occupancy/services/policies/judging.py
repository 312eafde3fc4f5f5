"""Which door somebody may be given under a policy that staff chose, by the engine itself.

Staff choose the policy, so that it governs however close others are; but it has to be in use,
cover the door and be for the person, and doors that a closer policy keeps for its people stay
kept. Limits add up as they always do. An exception, which needs a reason, goes over both.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from access.decisions import Decision, decide
from access.errors.decisions import NotAllowed
from access.models import Department, Role
from lockers.choices import LockKind, ServiceStatus
from lockers.models import Compartment
from occupancy import refusals
from occupancy.allocation import engine, policy, terms
from occupancy.allocation.engine import Ask, Choice, Failed, Failing
from occupancy.allocation.policy import Attached, Place, Who
from occupancy.allocation.ranking import Wish
from occupancy.allocation.rules import Ends, Rules, Whose
from occupancy.choices import UseModel
from occupancy.errors.claims import CompartmentTaken, NoSuchCompartment
from occupancy.errors.custody import (
    EndMissing,
    EndsTooEarly,
    EndsTooLate,
    NotWiredYet,
    PersonNotHere,
    PolicyNotInUse,
    ReasonMissing,
    WrongHolder,
)
from occupancy.models import Policy
from occupancy.services.claims import bank_doors, situations
from occupancy.services.claims.situations import Situation
from occupancy.services.ending import expiry
from occupancy.services.policies import spots
from occupancy.services.policies.spots import Spot


@dataclass(frozen=True)
class Holder:
    """Whom a door is for: one of the three."""

    person_id: int | None = None
    role_id: int | None = None
    department_id: int | None = None

    def __post_init__(self) -> None:
        ids = (self.person_id, self.role_id, self.department_id)
        if sum(one is not None for one in ids) != 1:
            raise WrongHolder

    @property
    def whose(self) -> Whose:
        """What kind of holder it is."""
        if self.role_id is not None:
            return Whose.ROLE
        return Whose.PERSON if self.person_id is not None else Whose.DEPARTMENT


@dataclass(frozen=True)
class Judged:
    """The best door on its terms, and why the holder may have one at all."""

    choice: Choice
    decision: Decision | None

    @property
    def numbers(self) -> Mapping[int, int]:
        """The numbers it takes under the policies that limit."""
        return self.choice.offer.counts


def judge(
    *,
    holder: Holder,
    bank_id: int,
    door_id: int | None,
    policy_id: int,
    due_at: dt.datetime | None,
    reason: str,
    at: dt.datetime,
    is_carried: bool = False,
) -> Judged:
    """Return the best door for a holder, or that very one, and on which terms.

    ``due_at`` is an end that staff set. ``is_carried``: the end comes from an assignment that is
    moved, and may be later than the policy would give today. Raises NotAllowed, NoSuchCompartment,
    CompartmentTaken and what stands in occupancy.refusals and errors.custody.
    """
    spot, who, held, decision = _read(holder, bank_id, at)
    chosen = _chosen(spot, policy_id, holder, reason)
    if due_at is None and chosen.rules.meaning.ends is Ends.WINDOW:
        raise EndMissing
    if due_at is not None and due_at <= at:
        raise EndsTooEarly
    until = spot.access_until if isinstance(spot, Situation) and spot.needs_access else None
    leaves_at = spot.leaves_at if isinstance(spot, Situation) else None
    if due_at is not None and not is_carried:
        _check_end(chosen.rules, due_at, until, leaves_at, spot, at)
    ask = Ask(
        who=who,
        at=at,
        zone=spot.zone,
        wish=Wish(who.needs),
        door_id=door_id,
        access_until=until,
        leaves_at=leaves_at,
        # To the engine an end that was set is a window, whatever the model.
        window_ends_at=due_at,
        is_given=True,
    )
    choices, failed = _choices(spot, ask, chosen)
    for choice in choices:
        answer = _under_limits(spot, who, held, chosen, choice)
        if isinstance(answer, Choice):
            return Judged(answer, decision)
        failed = [*failed, *answer]
    raise _why(failed, bank_id, door_id)


def _read(
    holder: Holder, bank_id: int, at: dt.datetime
) -> tuple[Situation | Spot, Who, Mapping[int, Sequence[int]], Decision | None]:
    if holder.person_id is not None:
        try:
            situation = situations.read(holder.person_id, bank_id, at)
        except NoSuchCompartment as error:
            raise PersonNotHere from error
        if situation.stale:
            expiry.expire_due(at=at, holder_id=holder.person_id)
            situation = situations.read(holder.person_id, bank_id, at)
        # Nobody is at the bank yet, so that its curfew does not matter.
        decision = decide(replace(situation.facts(), curfew=None), at)
        if not decision.allowed:
            raise NotAllowed(decision)
        return situation, situation.who, situation.held, decision
    spot = spots.at_bank(bank_id)
    here = {"organisation_id": spot.organisation_id}
    if holder.role_id is not None:
        is_here = Role.objects.filter(pk=holder.role_id, **here).exists()
        who = Who(0, "", roles=frozenset({holder.role_id}))
    else:
        assert holder.department_id is not None  # one of the three it is
        is_here = Department.objects.filter(pk=holder.department_id, **here).exists()
        who = Who(0, "", department_id=holder.department_id)
    if not is_here:
        raise PersonNotHere
    return spot, who, {}, None


def _chosen(spot: Situation | Spot, policy_id: int, holder: Holder, reason: str) -> Attached:
    chosen = next((one for one in spot.rulebook.policies if one.rules.policy_id == policy_id), None)
    if chosen is None:
        known = Policy.objects.filter(pk=policy_id, organisation=spot.organisation_id).first()
        raise PolicyNotInUse(policy=known.name if known else None)
    if chosen.rules.meaning.whose is not holder.whose:
        raise WrongHolder(whose=chosen.rules.meaning.whose.value)
    if _is_exception(chosen.rules) and not reason.strip():
        raise ReasonMissing
    return chosen


def _is_exception(rules: Rules) -> bool:
    return rules.model is UseModel.EXCEPTION


def _check_end(
    rules: Rules,
    due_at: dt.datetime,
    access_until: dt.datetime | None,
    leaves_at: dt.datetime | None,
    spot: Situation | Spot,
    at: dt.datetime,
) -> None:
    if leaves_at is not None and due_at > leaves_at:
        raise EndsTooLate(until=leaves_at.isoformat())
    if _is_exception(rules) or rules.meaning.ends is Ends.WINDOW:
        return
    longest = terms.term(rules, at, spot.zone, access_until=access_until)
    if longest.due_at is not None and due_at > longest.due_at:
        raise EndsTooLate(until=longest.due_at.isoformat())


def _choices(
    spot: Situation | Spot, ask: Ask, chosen: Attached
) -> tuple[tuple[Choice, ...], list[Failed]]:
    """Ask the engine under the chosen policy alone; what others limit is asked afterwards."""
    alone = replace(chosen.rules, limit=None)
    doors = bank_doors.of_bank(spot, ask.at, ask.door_id, is_given=True)
    if not any(door.is_free for door in doors) and expiry.expire_due(
        at=ask.at, bank_id=spot.bank_id
    ):
        doors = bank_doors.of_bank(spot, ask.at, ask.door_id, is_given=True)
    plan = engine.plan((replace(chosen, rules=alone),), ask, spot.place, doors, {})
    return plan.choices, list(plan.failed)


def _under_limits(
    spot: Situation | Spot,
    who: Who,
    held: Mapping[int, Sequence[int]],
    chosen: Attached,
    choice: Choice,
) -> Choice | list[Failed]:
    everything = spot.rulebook.policies
    place = replace(spot.place, groups=choice.door.groups)
    resolved = policy.resolve(everything, who, place)
    is_exception = _is_exception(chosen.rules)
    if not is_exception and is_kept(everything, place, chosen):
        return [Failed(Failing.NOT_FOR_YOU, chosen)]
    if who.person_id == 0:
        # Nobody in particular has it, so that it counts for nobody.
        resolved = replace(resolved, limiting=())
    counts = policy.count(resolved, held)
    reached = [
        one for one in counts.reached
        if not is_exception or one.rules.policy_id == chosen.rules.policy_id
    ]  # fmt: skip
    if reached:
        return [Failed(Failing.LIMIT_REACHED, one) for one in reached]
    offer = replace(
        choice.offer,
        governing=chosen,
        counts=counts.taken,
        left=counts.left,
        considered=resolved.considered,
    )
    return replace(choice, offer=offer)


def is_kept(everything: Sequence[Attached], place: Place, chosen: Attached) -> bool:
    """Say whether a closer policy keeps the door for its people."""
    mine = policy.closeness(chosen, place)
    assert mine is not None  # the engine found that it covers the door
    near = ((one, policy.closeness(one, place)) for one in everything if one.rules.is_exclusive)
    return any(close is not None and close > mine for _one, close in near)


def _why(failed: Sequence[Failed], bank_id: int, door_id: int | None) -> Exception:
    codes = {one.code for one in failed}
    if door_id is not None and codes <= {Failing.NO_COMPARTMENT_AVAILABLE}:
        door = Compartment.objects.filter(
            pk=door_id, bank=bank_id, service_status=ServiceStatus.IN_SERVICE
        ).first()
        if door is None:
            return NoSuchCompartment()
        is_wired = door.controller_id is not None or door.lock_kind != LockKind.ELECTRONIC
        return CompartmentTaken(number=door.number) if is_wired else NotWiredYet()
    return refusals.of(sorted(failed, key=lambda one: list(Failing).index(one.code)))
