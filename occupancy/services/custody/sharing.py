"""A holder lets somebody else open their door: for a time, or one single time.

One opening is also how things are handed over: the holder puts them in and delegates one opening,
with a note of what it is; the receiver takes them out, and the trail names both.
"""

from __future__ import annotations

import datetime as dt
import uuid

from django.db import IntegrityError, transaction
from django.db.models import Q

from access.choices import PersonStatus
from access.models import Person
from access.services import grants
from audit.actions import Action
from audit.errors import Again, Refusal
from audit.services.events import Actor
from lockers.choices import CommandStatus
from lockers.models import Command
from occupancy.errors.claims import AssignmentAlreadyReleased, NotTheHolder
from occupancy.errors.custody import (
    EndsTooEarly,
    InRecovery,
    NotShared,
    NotWithThemselves,
    OpeningUsed,
    PersonNotHere,
    SharedAlready,
    ShareOver,
)
from occupancy.models import Assignment, Share
from occupancy.services.claims import trail

# The door did not move, so that the one opening was none.
_NEVER_OPENED = (CommandStatus.FAILED, CommandStatus.EXPIRED, CommandStatus.CANCELLED)


def in_force(at: dt.datetime) -> Q:
    """Return the condition under which a share lets somebody open at ``at``.

    Its claim has to hold the door, too: that is the caller's own condition.
    """
    return Q(ended_at__isnull=True, until__gt=at)


def with_person(person_id: int, at: dt.datetime) -> Q:
    """Return the condition for assignments whose door is shared with somebody now.

    A used opening whose door stayed shut counts: it may be tried again.
    """
    mine = Share.objects.filter(person_id=person_id, until__gt=at)
    unopened = mine.filter(
        used_at__isnull=False,
        command_id__in=Command.objects.filter(status__in=_NEVER_OPENED).values("pk"),
    )
    return Q(pk__in=mine.filter(ended_at__isnull=True).values("claim_id")) | Q(
        closed_at__isnull=True, pk__in=unopened.values("claim_id")
    )


def was_shared(*, claim_id: int, person_id: int) -> bool:
    """Say whether somebody's door is or was shared with a person."""
    return Share.objects.filter(claim_id=claim_id, person_id=person_id).exists()


def share(
    *,
    claim_id: int,
    person_id: int,
    with_id: int,
    until: dt.datetime,
    actor: Actor,
    at: dt.datetime,
    note: str = "",
) -> Share:
    """Let somebody else open the holder's door until a time, never longer than the holder may.

    Raises NotTheHolder, AssignmentAlreadyReleased, InRecovery, NotShared, NotWithThemselves,
    PersonNotHere, EndsTooEarly and SharedAlready.
    """
    return _share(claim_id, person_id, with_id, until, actor, at, note, is_one_opening=False)


def delegate(
    *,
    claim_id: int,
    person_id: int,
    to_id: int,
    until: dt.datetime,
    actor: Actor,
    at: dt.datetime,
    note: str = "",
) -> Share:
    """Let somebody else open the holder's door one single time before ``until``.

    Raises what share raises.
    """
    return _share(claim_id, person_id, to_id, until, actor, at, note, is_one_opening=True)


def end_share(
    *, share_id: int, actor: Actor, at: dt.datetime, person_id: int | None = None, reason: str = ""
) -> Share:
    """End a share. With ``person_id`` only the holder or who it is shared with may.

    Raises NotTheHolder and ShareOver.
    """
    found = Share.objects.select_related("person").filter(pk=share_id).first()
    if found is None:
        raise NotTheHolder
    assignment = trail.get(found.claim_id)
    if person_id not in (None, assignment.holder_id, found.person_id):
        raise trail.refused(
            NotTheHolder(), assignment, actor, at, person_id=person_id, wanted="end_share"
        )
    with transaction.atomic():
        if not Share.objects.filter(in_force(at), pk=share_id).update(ended_at=at):
            raise ShareOver
        grants.revoke(claim_id=found.claim_id, at=at, person_id=found.person_id)
        trail.record(
            Action.SHARE_ENDED, assignment, actor, at,
            person_id=found.person_id, reason=reason, share=found.pk, holder=assignment.holder_id,
        )  # fmt: skip
        for person in (assignment.holder, found.person):
            trail.tell(person, "share_ended", assignment, at,
                       holder=str(assignment.holder), other=str(found.person))  # fmt: skip
    found.ended_at = at
    return found


def use(
    *, assignment: Assignment, person: Person, command_id: uuid.UUID, actor: Actor, at: dt.datetime
) -> None:
    """Use up somebody's one opening, in the transaction that asks the door to open.

    Nothing happens for whom the door is shared for a time, or who has it by a role. Raises
    OpeningUsed when a twin request was faster.
    """
    mine = Share.objects.filter(in_force(at), claim_id=assignment.pk, person=person)
    found = mine.first()
    if found is None:
        # A twin that was through before we looked took the grant with it.
        if not grants.may_open(person=person, compartment_id=assignment.compartment_id, at=at):
            raise OpeningUsed
        return
    if not found.is_one_opening:
        return
    used = mine.filter(pk=found.pk).update(ended_at=at, used_at=at, command_id=command_id)
    if not used:
        raise OpeningUsed
    grants.revoke(claim_id=assignment.pk, at=at, person_id=person.pk)
    trail.record(
        Action.ONE_OPENING_USED, assignment, actor, at,
        person_id=person.pk, share=found.pk, holder=assignment.holder_id, note=found.note,
        command=str(command_id),
    )  # fmt: skip
    trail.tell(assignment.holder, "opened", assignment, at,
               other=str(person), note=found.note)  # fmt: skip


def give_back(*, claim_id: int, person_id: int, at: dt.datetime) -> None:
    """Give somebody their one opening back when the door stayed shut at it."""
    found = (
        Share.objects.filter(
            claim_id=claim_id,
            claim__closed_at__isnull=True,
            claim__recovery_at__isnull=True,
            person_id=person_id,
            used_at__isnull=False,
            until__gt=at,
        )
        .order_by("-pk")
        .first()
    )
    if found is None or found.command_id is None:
        return
    if not Command.objects.filter(pk=found.command_id, status__in=_NEVER_OPENED).exists():
        return
    try:
        with transaction.atomic():
            given = Share.objects.filter(pk=found.pk, command_id=found.command_id).update(
                ended_at=None, used_at=None, command_id=None
            )
            if given:
                grants.issue(
                    compartment_id=found.claim.compartment_id,
                    claim_id=claim_id,
                    starts_at=at,
                    ends_at=found.until,
                    person_id=person_id,
                )
    except IntegrityError:
        return  # it was shared with them anew meanwhile


def _share(
    claim_id: int,
    person_id: int,
    with_id: int,
    until: dt.datetime,
    actor: Actor,
    at: dt.datetime,
    note: str,
    *,
    is_one_opening: bool,
) -> Share:
    assignment = trail.get(claim_id)
    wanted = "delegate" if is_one_opening else "share"
    try:
        with transaction.atomic():
            # Whoever ends the claim meanwhile waits for this, or was first.
            row = Assignment.objects.select_for_update(no_key=True, of=("self",)).get(pk=claim_id)
            assignment.closed_at, assignment.ends_at = row.closed_at, row.ends_at
            assignment.recovery_at = row.recovery_at
            other = _may(assignment, person_id, with_id, until, at)
            return _write(assignment, other, until, actor, at, note, is_one_opening)
    except Refusal as refusal:
        trail.refused(
            refusal, assignment, actor, at, person_id=person_id, wanted=wanted, other=with_id
        )
        raise


def _may(
    assignment: Assignment, person_id: int, with_id: int, until: dt.datetime, at: dt.datetime
) -> Person:
    if assignment.holder_id is None or assignment.holder_id != person_id:
        raise NotTheHolder
    is_over = assignment.ends_at is not None and assignment.ends_at <= at
    if assignment.closed_at is not None or is_over:
        raise AssignmentAlreadyReleased
    if assignment.recovery_at is not None:
        raise InRecovery
    assert assignment.policy is not None  # by constraint: an assignment has one
    if not assignment.policy.may_share:
        raise NotShared
    if with_id == person_id:
        raise NotWithThemselves
    organisation_id = assignment.compartment.bank.site.organisation_id
    other = Person.objects.filter(
        pk=with_id, organisation_id=organisation_id, status=PersonStatus.ACTIVE
    ).first()
    if other is None:
        raise PersonNotHere
    if until <= at:
        raise EndsTooEarly
    return other


def _write(
    assignment: Assignment,
    other: Person,
    until: dt.datetime,
    actor: Actor,
    at: dt.datetime,
    note: str,
    is_one_opening: bool,
) -> Share:
    if assignment.ends_at is not None:
        until = min(until, assignment.ends_at)
    # One that is over by itself makes room for the next.
    Share.objects.filter(
        claim_id=assignment.pk, person=other, ended_at__isnull=True, until__lte=at
    ).update(ended_at=at)
    try:
        with transaction.atomic():
            made = Share.objects.create(
                claim_id=assignment.pk, person=other, starts_at=at, until=until, note=note[:200],
                is_one_opening=is_one_opening,
            )  # fmt: skip
    except IntegrityError as error:
        if "occupancy_shared_with_somebody_once" not in str(error):
            raise Again from error
        raise SharedAlready from error
    grants.issue(
        compartment_id=assignment.compartment_id,
        claim_id=assignment.pk,
        starts_at=at,
        ends_at=until,
        person_id=other.pk,
    )
    trail.record(
        Action.DELEGATED if is_one_opening else Action.SHARED, assignment, actor, at,
        share=made.pk, other=other.pk, until=until, note=made.note,
    )  # fmt: skip
    what = "delegated" if is_one_opening else "shared"
    facts = {"holder": str(assignment.holder), "other": str(other), "note": made.note}
    trail.tell(assignment.holder, f"{what}_by_you", assignment, at, **{**facts, "until": until})
    trail.tell(other, what, assignment, at, **{**facts, "until": until})
    return made
