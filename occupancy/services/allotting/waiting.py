"""Who waits for a door after a draw, in order; and doors that come free given to them.

First come those who were drawn no door, in the order of the draw; then who took no part because
something was not settled yet, by their ticket; then late arrivals. What was held back is for late
arrivals alone, however long the list is, until the office says that it is released: then it is for
everybody, and the order alone decides.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from django.db import IntegrityError, transaction
from django.db.models import Count, Q

from access.models import Hold, Person
from access.services import holds
from audit.actions import Action
from audit.errors import Again
from audit.services import events, outside
from audit.services.events import Actor, Line
from lockers.choices import ServiceStatus
from lockers.errors import BankDecidesAlone
from lockers.models import Compartment
from occupancy.allotment.serving import serve as chosen
from occupancy.choices import ClaimKind
from occupancy.errors.allotments import DoorsChanged, NotApplied, ServingChanged, YearIsOver
from occupancy.models import Allotment, Allotted, Claim, Entry, Quota
from occupancy.services import keeping
from occupancy.services.allotting import applying, drawing, facts, late, problems, words
from occupancy.services.claims import trail


class Came(Enum):
    """How somebody came to wait."""

    DRAWN = "drawn"
    SETTLED = "settled"
    LATE = "late"


@dataclass(frozen=True)
class Place:
    """Somebody who waits: the first has position 1. Late arrivals have no ticket."""

    position: int
    person: Person
    came: Came
    entry_id: int | None = None


@dataclass(frozen=True)
class Turn:
    """Who would get which door, and the sentence why."""

    place: Place
    door: Compartment
    wish: int
    is_reserve: bool

    @property
    def why(self) -> str:
        """Say why it is this door, and theirs."""
        return words.why_served(
            self.place.position, is_late=self.place.came is Came.LATE, is_reserve=self.is_reserve
        )


@dataclass(frozen=True)
class Plan:
    """What would be given now, of how many free doors, and who waits on."""

    lines: list[Turn]
    waits: list[Place]
    free: int
    held_back: int

    @property
    def digest(self) -> str:
        """Return what tells one plan from another."""
        told = ";".join(f"{one.place.person.pk}:{one.door.pk}" for one in self.lines)
        return hashlib.sha256(told.encode()).hexdigest()


def standing(*, allotment: Allotment, at: dt.datetime) -> list[Place]:
    """Return who waits now: nobody who has a door by now, has left, or is on hold."""
    today = at.astimezone(allotment.site.zone).date()
    here = [
        one for one in facts.pupils_of(allotment) if one.leaves_on is None or one.leaves_on >= today
    ]
    served = _served(allotment) | set(
        Hold.objects.filter(holds.in_force(at), person__in=here).values_list("person_id", flat=True)
    )
    left = {one.pk: one for one in here if one.pk not in served}
    entries = Entry.objects.filter(allotment=allotment, person__in=left).select_related("result")
    drawn: list[tuple[int, Entry]] = []
    settled: list[Entry] = []
    for entry in entries:
        result: Allotted | None = getattr(entry, "result", None)
        if result is None:
            settled.append(entry)
        elif result.waiting is not None:
            drawn.append((result.waiting, entry))
    rows = [
        *((one, Came.DRAWN) for _waiting, one in sorted(drawn, key=lambda pair: pair[0])),
        *((one, Came.SETTLED) for one in sorted(settled, key=lambda one: one.ticket)),
    ]
    found = [
        Place(at_, left[entry.person_id], came, entry.pk)
        for at_, (entry, came) in enumerate(rows, 1)
    ]
    for pupil in late.arrivals(allotment, left.values(), today):
        found.append(Place(len(found) + 1, pupil, Came.LATE))
    return found


def position(*, entry: Entry, at: dt.datetime) -> int | None:
    """Return which place somebody has among those who wait now; None who does not wait."""
    if entry.allotment.applied_at is None:
        return None
    return next(
        (one.position for one in standing(allotment=entry.allotment, at=at)
         if one.entry_id == entry.pk),
        None,
    )  # fmt: skip


def door_of(*, entry: Entry) -> Compartment | None:
    """Return the door that somebody has now in the banks of their allotment."""
    claim = (
        Claim.objects.filter(
            holder=entry.person_id, kind=ClaimKind.ASSIGNMENT, closed_at__isnull=True,
            compartment__bank__in=entry.allotment.banks.all(),
        )
        .select_related("compartment__bank")
        .order_by("-pk")
        .first()
    )  # fmt: skip
    return claim.compartment if claim is not None else None


def plan(*, allotment: Allotment, at: dt.datetime, releases_reserve: bool = False) -> Plan:
    """Return who would get which free door now; nothing is given. Raises NotApplied, YearIsOver."""
    if allotment.applied_at is None:
        raise NotApplied
    if at >= facts.ends_at(allotment):
        raise YearIsOver
    waits = standing(allotment=allotment, at=at)
    read = facts.read(allotment, at)
    free = [door for door in read.doors if door.pk not in read.held]
    problem = problems.among(allotment, free, [one.person for one in waits])
    if not releases_reserve:
        problem = late.held_back(allotment, problem)
    door_of_number = {door.pk: door for door in free}
    lines = [
        Turn(waits[one.who], door_of_number[one.door], one.wish, one.is_reserve)
        for one in chosen(
            problem, {at_ for at_, one in enumerate(waits) if one.came is Came.LATE}
        )
    ]  # fmt: skip
    return Plan(lines, waits, len(free), sum(pool.held_back for pool in problem.pools))


def serve(
    *,
    allotment: Allotment,
    actor: Actor,
    at: dt.datetime,
    releases_reserve: bool = False,
    expected: str = "",
    most: int | None = None,
) -> list[Turn]:
    """Give the doors that are free to who waits, all of the plan or the first ``most`` of it.

    ``expected`` is the digest of the plan that somebody looked at. Two offices at once come one
    after another: the second finds what the first has left. Raises NotApplied, YearIsOver,
    ServingChanged, DoorsChanged and BankDecidesAlone.
    """
    with transaction.atomic():
        locked = drawing.locked(allotment)
        made = plan(allotment=locked, at=at, releases_reserve=releases_reserve)
        if expected and expected != made.digest:
            raise ServingChanged
        lines = made.lines[:most]
        if not lines:
            return []
        _check(lines)
        rows = [{"person": one.place.person.pk, "door": one.door.pk} for one in lines]
        try:
            claims = applying.hand_over(allotment=locked, rows=rows, at=at)
        except IntegrityError as error:
            if "occupancy_no_more_than_the_limit" in str(error):
                raise Again from error
            raise
        for one in lines:
            claim_id = claims[one.door.pk]
            _note(one, claim_id, locked, at)
            outside.ask(claim_id)
            trail.tell(one.place.person, "given", trail.get(claim_id), at)
        _record(lines, claims, locked, actor, at)
    return lines


def serve_next(
    *, allotment: Allotment, actor: Actor, at: dt.datetime, releases_reserve: bool = False
) -> Turn | None:
    """Give a free door to the first in the order whom one fits; None where there is nobody."""
    lines = serve(
        allotment=allotment, actor=actor, at=at, releases_reserve=releases_reserve, most=1
    )
    return lines[0] if lines else None


def _served(allotment: Allotment) -> set[int]:
    """Return who has a door of the banks, or as many under the policy as it allows."""
    found = set(
        Claim.objects.filter(
            kind=ClaimKind.ASSIGNMENT, closed_at__isnull=True, holder__isnull=False,
            compartment__bank__in=allotment.banks.all(),
        ).values_list("holder_id", flat=True)
    )  # fmt: skip
    most = allotment.policy.limit_per_person
    if most is not None:
        found |= set(
            Quota.objects.filter(policy=allotment.policy_id, is_open=True, is_booking=False)
            .values("holder")
            .annotate(n=Count("pk"))
            .filter(Q(n__gte=most))
            .values_list("holder", flat=True)
        )
    return {pk for pk in found if pk is not None}


def _check(lines: Sequence[Turn]) -> None:
    """Look once more, with the doors locked: one may have gone out of service at this moment."""
    doors = [one.door.pk for one in lines]
    there = set(
        Compartment.objects.select_for_update(no_key=True, of=("self",))
        .filter(pk__in=doors, service_status=ServiceStatus.IN_SERVICE)
        .order_by("pk")
        .values_list("pk", flat=True)
    )
    if gone := [one.door for one in lines if one.door.pk not in there]:
        raise DoorsChanged(doors=", ".join(f"{door.bank.name} {door.number}" for door in gone))
    if keeping.deciding_alone({one.door.bank_id for one in lines}):
        raise BankDecidesAlone


def _note(line: Turn, claim_id: int, allotment: Allotment, at: dt.datetime) -> None:
    """Write down with the ticket what became of its waiting, for the sentence why."""
    if line.place.came is not Came.DRAWN:
        return
    result = Allotted.objects.get(entry=line.place.entry_id)
    day = at.astimezone(allotment.site.zone).date().isoformat()
    Allotted.objects.filter(pk=result.pk).update(
        compartment=line.door, waiting=None, claim=claim_id,
        because={
            **result.because, "wish": line.wish,
            "served": {"day": day, "position": line.place.position, "drawn": result.waiting},
        },
    )  # fmt: skip


def _record(
    lines: Sequence[Turn],
    claims: dict[int, int],
    allotment: Allotment,
    actor: Actor,
    at: dt.datetime,
) -> None:
    events.record_many(
        Line(
            action=Action.ALLOTTED, actor=actor, at=at,
            organisation_id=allotment.site.organisation_id, site_id=allotment.site_id,
            bank_id=one.door.bank_id, compartment_id=one.door.pk, person_id=one.place.person.pk,
            reason=one.why,
            data={
                "claim": claims[one.door.pk], "allotment": allotment.pk,
                "came": one.place.came.value, "position": one.place.position,
                "is_reserve": one.is_reserve,
            },
        )
        for one in lines
    )  # fmt: skip
