"""Staff give a door from afar: to a person, a role or a department, one by one or many."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.db import IntegrityError, transaction

from access.errors.decisions import NotAllowed
from access.services import grants
from audit.actions import Action
from audit.errors import Again, Refusal
from audit.services import events, idempotency, outside
from audit.services.events import Actor
from lockers.choices import ServiceStatus
from lockers.errors import BankDecidesAlone
from lockers.models import Bank, Compartment
from occupancy.choices import ClaimKind
from occupancy.errors.claims import CompartmentTaken, NoSuchCompartment
from occupancy.errors.custody import ReasonMissing
from occupancy.models import Assignment, Quota
from occupancy.services import keeping
from occupancy.services.claims import trail
from occupancy.services.policies import judging
from occupancy.services.policies.judging import Holder, Judged
from occupancy.services.queue import offers


def give(
    *,
    policy_id: int,
    actor: Actor,
    at: dt.datetime,
    compartment_id: int | None = None,
    bank_id: int | None = None,
    person_id: int | None = None,
    role_id: int | None = None,
    department_id: int | None = None,
    ends_at: dt.datetime | None = None,
    reason: str = "",
    beyond_authority: bool = False,
) -> Assignment:
    """Give a door under a policy: that very one, or the best one of a bank.

    ``beyond_authority``, for a reason, also where the bank decides alone: its bridge may have given
    the door to somebody, which is found out when it is back.

    The door does not open: nobody has to be there. ``ends_at`` is an earlier end than the policy's
    (or, for an exception, any). Raises what judging.judge raises.
    """
    try:
        with transaction.atomic():
            holder = Holder(person_id, role_id, department_id)
            bank_id = _bank_of(compartment_id, bank_id)
            judged = judging.judge(
                holder=holder,
                bank_id=bank_id,
                door_id=compartment_id,
                policy_id=policy_id,
                due_at=ends_at,
                reason=reason,
                at=at,
            )
            is_beyond = beyond_authority and bool(keeping.deciding_alone([bank_id]))
            if is_beyond and not reason:
                raise ReasonMissing
            with keeping.beyond_authority() if is_beyond else contextlib.nullcontext():
                assignment = place(holder=holder, judged=judged, at=at, is_asked=not is_beyond)
            if is_beyond:
                _told_beyond(assignment, actor, at, reason)
            trail.record(
                Action.GIVEN, assignment, actor, at,
                reason=reason, role=role_id, department=department_id, until=assignment.due_at,
                policy=policy_id, policies=[str(o) for o in judged.choice.offer.considered],
                decision=judged.decision.log() if judged.decision else None,
            )  # fmt: skip
            trail.tell(assignment.holder, "given", assignment, at)
            if person_id is not None:
                door = assignment.compartment
                offers.got(
                    person_id=person_id, site_id=door.bank.site_id, area_id=door.bank.area_id,
                    size_id=door.size_id, actor=actor, at=at,
                )  # fmt: skip
            return assignment
    except Refusal as refusal:
        told = {"code": refusal.code, "wanted": "give", "policy": policy_id}
        if isinstance(refusal, NotAllowed):
            told["decision"] = refusal.decision.log()
        if "failed" in refusal.facts:
            told["failed"] = refusal.facts["failed"]
        refusal.keep(lambda: _refused(told, bank_id, compartment_id, person_id, actor, at))
        raise


def place(
    *,
    holder: Holder,
    judged: Judged,
    at: dt.datetime,
    follows: Assignment | None = None,
    is_asked: bool = True,
) -> Assignment:
    """Write an assignment with its numbers and its grant; the constraints have the last word.

    ``is_asked``: its bridge must have it before anybody is told.

    Raises CompartmentTaken, BankDecidesAlone, and Again when the holder's own twin request was
    faster.
    """
    choice = judged.choice
    door = (
        Compartment.objects.select_for_update(no_key=True, of=("self",))
        .filter(pk=choice.door.id, service_status=ServiceStatus.IN_SERVICE)
        .first()
    )
    if door is None:
        raise NoSuchCompartment(number=choice.door.number)
    if is_asked and door.controller_id is not None and keeping.deciding_alone([door.bank_id]):
        raise BankDecidesAlone
    offer = choice.offer
    try:
        with transaction.atomic():
            assignment = Assignment.objects.create(
                kind=ClaimKind.ASSIGNMENT,
                compartment_id=choice.door.id,
                holder_id=holder.person_id,
                role_id=holder.role_id,
                department_id=holder.department_id,
                policy_id=offer.rules.policy_id,
                starts_at=at,
                started_at=at,
                due_at=offer.term.due_at,
                ends_at=offer.term.ends_at,
                at_end=offer.at_end,
                follows=follows,
                renewals=follows.renewals if follows is not None else 0,
            )
            if holder.person_id is not None:
                Quota.objects.bulk_create(
                    Quota(claim=assignment, policy_id=one, holder_id=holder.person_id, slot=slot)
                    for one, slot in judged.numbers.items()
                )
    except IntegrityError as error:
        if "occupancy_no_more_than_the_limit" in str(error):
            raise Again from error
        if "occupancy_one_" in str(error):
            raise CompartmentTaken(number=choice.door.number) from error
        raise
    if is_asked:
        outside.ask(assignment.pk)
    grants.issue(
        compartment_id=choice.door.id,
        claim_id=assignment.pk,
        starts_at=at,
        ends_at=assignment.ends_at,
        person_id=holder.person_id,
        role_id=holder.role_id,
        department_id=holder.department_id,
    )
    return trail.get(assignment.pk)


@dataclass(frozen=True)
class Row:
    """One line of a list: who gets which door, or the best one of a bank."""

    policy_id: int
    person_id: int | None = None
    role_id: int | None = None
    department_id: int | None = None
    compartment_id: int | None = None
    bank_id: int | None = None
    ends_at: dt.datetime | None = None
    reason: str = ""


@dataclass(frozen=True)
class Outcome:
    """What became of a line, or would become of it: an assignment, or why not."""

    row: Row
    assignment: Assignment | None = None
    refusal: Refusal | None = None


class _Dry(Exception):
    """Ends a dry run, so that nothing of it stays."""


def give_many(
    rows: Iterable[Row], *, actor: Actor, at: dt.datetime, dry_run: bool
) -> list[Outcome]:
    """Give every line its door, each for itself: one that fails keeps no other from its own.

    A dry run does the very same and takes it all back, so that it also sees two lines that want
    one door. In a dry run the assignments stand for rows that are gone.
    """
    outcomes: list[Outcome] = []
    try:
        with transaction.atomic() if dry_run else contextlib.nullcontext():
            outcomes.extend(_give_row(row, actor, at, dry_run=dry_run) for row in rows)
            if dry_run:
                raise _Dry
    except _Dry:
        pass
    return outcomes


def _give_row(row: Row, actor: Actor, at: dt.datetime, *, dry_run: bool) -> Outcome:
    def work() -> Assignment:
        return give(
            policy_id=row.policy_id,
            person_id=row.person_id,
            role_id=row.role_id,
            department_id=row.department_id,
            compartment_id=row.compartment_id,
            bank_id=row.bank_id,
            ends_at=row.ends_at,
            reason=row.reason,
            actor=actor,
            at=at,
        )

    try:
        done = idempotency.run(work)
    except Refusal as refusal:
        if not dry_run:
            idempotency.settle(refusal)
        return Outcome(row, refusal=refusal)
    return Outcome(row, assignment=done)


def _told_beyond(assignment: Assignment, actor: Actor, at: dt.datetime, reason: str) -> None:
    bridge_id = assignment.compartment.bank.bridge_id
    assert bridge_id is not None  # only what has one decides alone
    keeping.was_told(claim_id=assignment.pk, bridge_id=bridge_id)
    trail.record(Action.GIVEN_BEYOND, assignment, actor, at, reason=reason)


def _bank_of(compartment_id: int | None, bank_id: int | None) -> int:
    if compartment_id is None:
        if bank_id is None:
            raise NoSuchCompartment
        return bank_id
    found = Compartment.objects.filter(pk=compartment_id).values_list("bank_id", flat=True).first()
    if found is None or bank_id not in (None, found):
        raise NoSuchCompartment
    return int(found)


def _refused(
    told: dict[str, object],
    bank_id: int | None,
    compartment_id: int | None,
    person_id: int | None,
    actor: Actor,
    at: dt.datetime,
) -> None:
    bank = Bank.objects.select_related("site").filter(pk=bank_id or 0).first()
    events.record(
        action=Action.REFUSED,
        actor=actor,
        at=at,
        organisation_id=bank.site.organisation_id if bank else None,
        site_id=bank.site_id if bank else None,
        bank_id=bank_id,
        compartment_id=compartment_id,
        person_id=person_id,
        data=told,
    )
