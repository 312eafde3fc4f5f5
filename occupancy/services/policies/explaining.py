"""What applies to a person at a bank or a door, and why: the engine's own plan, in words."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from access.models import Person
from audit.errors import Refusal
from occupancy import refusals
from occupancy.allocation import ranking
from occupancy.allocation.engine import Choice, Plan
from occupancy.choices import Criterion
from occupancy.services.claims import claiming
from occupancy.services.claims.claiming import Wanted
from occupancy.services.policies import verdicts

# So many doors say enough about an order.
SHOWN = 20


@dataclass(frozen=True)
class Considered:
    """A policy that covers the place, and what became of it."""

    policy: int
    name: str
    level: str
    verdict: str
    # The same as people say it: where it is attached, and which facts decided.
    place: str = ""
    words: str = ""


@dataclass(frozen=True)
class Failed:
    """A rule that kept somebody from doors, in a sentence to them."""

    rule: str
    policy: str
    sentence: str


@dataclass(frozen=True)
class Reason:
    """How a door stands by one criterion; less is better."""

    criterion: str
    label: str
    value: int


@dataclass(frozen=True)
class Ranked:
    """A door that the person would get, in its order, and on which terms."""

    door: int
    number: str
    policy: str
    due_at: dt.datetime | None
    reasons: tuple[Reason, ...]
    # Why it comes before the next one.
    why: str


@dataclass(frozen=True)
class Explanation:
    """What a claim would do now, and why."""

    # What keeps the person from any door at all, whatever policies say; empty when nothing does.
    refused: str
    policies: tuple[Considered, ...] = ()
    failed: tuple[Failed, ...] = ()
    doors: tuple[Ranked, ...] = ()
    # How many doors there are besides those that are named.
    more: int = 0


def explain(
    *, person_id: int, bank_id: int, at: dt.datetime, door_id: int | None = None,
    size_id: int | None = None, credential: str | None = None,
) -> Explanation:  # fmt: skip
    """Return what applies to somebody at a bank, at one door or a size of it, without claiming.

    Raises NoSuchCompartment.
    """
    wanted = Wanted(size_id=None if door_id else size_id, compartment_id=door_id)
    try:
        plan = claiming.look(
            person_id=person_id, bank_id=bank_id, wanted=wanted, at=at, credential=credential
        )
    except Refusal as refusal:
        if refusal.code == "no_such_compartment":
            raise
        return Explanation(refused=str(refusal))
    return Explanation(
        refused="",
        policies=_considered(plan, person_id),
        failed=tuple(
            Failed(
                one.code.value,
                one.by.rules.name if one.by else "",
                str(refusals.of([one])),
            )
            for one in plan.failed
        ),
        doors=tuple(
            _ranked(choice, plan, place) for place, choice in enumerate(plan.choices[:SHOWN])
        ),
        more=max(0, len(plan.choices) - SHOWN),
    )


def _considered(plan: Plan, person_id: int) -> tuple[Considered, ...]:
    person = Person.objects.select_related("department", "role").get(pk=person_id)
    known = verdicts.policies_of(plan.considered)
    return tuple(
        Considered(
            one.policy_id,
            one.name,
            one.level.name.lower(),
            one.verdict,
            verdicts.place(known[one.policy_id]),
            verdicts.words(one, known[one.policy_id], person),
        )
        for one in plan.considered
        if one.policy_id in known
    )


def _ranked(choice: Choice, plan: Plan, place: int) -> Ranked:
    return Ranked(
        door=choice.door.id,
        number=choice.door.number,
        policy=choice.offer.rules.name,
        due_at=choice.offer.term.due_at,
        reasons=tuple(
            Reason(one.criterion.value, str(Criterion(one.criterion).label), one.value)
            for one in choice.ranked.reasons
        ),
        why=_why(choice, plan.choices[place + 1] if place + 1 < len(plan.choices) else None),
    )


def _why(choice: Choice, other: Choice | None) -> str:
    """Say why a door comes before the next one."""
    if other is None:
        return _("The last one.")
    if choice.offer.rules.policy_id != other.offer.rules.policy_id:
        return _("Its policy is closer to the door.")
    if choice.door.is_doubtful != other.door.is_doubtful:
        return _("Door %s did not open a moment ago.") % other.door.number
    reason: Any = ranking.decisive(choice.ranked, other.ranked)
    if reason is None:
        return _("As good as the next; it stands first.")
    return _("Better than %(number)s by: %(what)s.") % {
        "number": other.door.number,
        "what": Criterion(reason.criterion).label,
    }
