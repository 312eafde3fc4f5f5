"""What a bridge did while it was cut off becomes true here, in the order in which it happened.

Facts are never refused. A rule of ours that was broken is for staff to look at, and no door is
taken away for it.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import IntegrityError, transaction

from access.choices import PersonStatus
from access.models import Person
from access.services import grants
from audit.actions import Action
from audit.services.events import Actor
from lockers.models import Bridge, Compartment
from occupancy.choices import Breach, ClaimKind, ClosedHow
from occupancy.models import AloneUse, Assignment, Claim, Kept, Policy, Quota
from occupancy.services import keeping
from occupancy.services.bookings import displacing
from occupancy.services.claims import assignments, trail
from occupancy.services.ending import expiry


@dataclass(frozen=True, slots=True)
class Given:
    """One door that a bridge gave."""

    ref: uuid.UUID
    compartment_id: int
    person_id: int
    policy_id: int
    at: dt.datetime
    due_at: dt.datetime
    ends_at: dt.datetime
    # The policies under whose limits it counts.
    counts: Sequence[int] = ()


def given(*, bridge: Bridge, use: Given) -> AloneUse:
    """Make the assignment that a bridge gave; a repeat changes nothing."""
    known = AloneUse.objects.filter(ref=use.ref).first()
    if known is not None:
        return known
    door = Compartment.objects.select_related("bank__site").get(
        pk=use.compartment_id, bank__bridge=bridge
    )
    person = Person.objects.filter(
        pk=use.person_id, organisation=door.bank.site.organisation_id
    ).first()
    with transaction.atomic(), keeping.beyond_authority():
        claim, breach = None, Breach.UNKNOWN.value
        policy = Policy.objects.filter(
            pk=use.policy_id, organisation=door.bank.site.organisation_id
        ).first()
        if person is not None and policy is not None:
            claim, breach = _assign(door, person, policy, use)
        if claim is not None:
            # The bridge told them of it.
            keeping.was_told(claim_id=claim.pk, bridge_id=bridge.pk)
        return AloneUse.objects.create(
            ref=use.ref, bridge=bridge, compartment=door, person=person, claim=claim,
            given_at=use.at, breach=breach,
        )  # fmt: skip


def finished(
    *,
    bridge: Bridge,
    ref: uuid.UUID | None,
    claim_id: int | None,
    person_id: int,
    at: dt.datetime,
) -> bool:
    """End what somebody gave back at a bridge, its own or one of ours; False when it was over."""
    if claim_id is not None:
        had(bridge=bridge, claim_id=claim_id, person_id=person_id, at=at)
    of_bridge = Claim.objects.filter(compartment__bank__bridge=bridge, closed_at__isnull=True)
    mine = {"aloneuse": ref} if ref is not None else {"pk": claim_id}
    claim = of_bridge.filter(started_at__isnull=False, **mine).first()
    if claim is None or claim.recovery_at is not None:
        return False
    assignments.release(
        claim_id=claim.pk,
        how=ClosedHow.FINISHED,
        actor=Actor.person(claim.holder_id) if claim.holder_id else Actor.bridge(bridge.pk),
        at=max(at, claim.starts_at),
    )
    return True


def had(*, bridge: Bridge, claim_id: int, person_id: int, at: dt.datetime) -> None:
    """Let a use go on that was withdrawn for want of the bridge's word, and that the bridge had.

    To open is to tell, and so is to take back: whoever stood there went by it being theirs. A
    repeat, or a use that was not withdrawn, changes nothing.
    """
    claim = (
        Assignment.objects.select_related("compartment__bank__site", "holder")
        .filter(pk=claim_id, holder=person_id, closed_how=ClosedHow.WITHDRAWN)
        .filter(compartment__bank__bridge=bridge)
        .first()
    )
    if claim is None:
        return
    with transaction.atomic(), keeping.beyond_authority():
        _withdraw_pending(claim.compartment, at)
        try:
            with transaction.atomic():
                Claim.objects.filter(pk=claim.pk).update(closed_at=None, closed_how="")
        except IntegrityError as error:
            held = "occupancy_one_" in str(error)
            AloneUse.objects.create(
                ref=uuid.uuid4(), bridge=bridge, compartment=claim.compartment,
                person=claim.holder, given_at=at,
                breach=Breach.DOOR_HELD if held else Breach.LIMIT,
            )  # fmt: skip
            return
        grants.reinstate(claim_id=claim.pk, person_id=person_id, ends_at=claim.ends_at)
        keeping.was_told(claim_id=claim.pk, bridge_id=bridge.pk)
        trail.record(Action.RELEASE_UNDONE, claim, Actor.bridge(bridge.pk), at, by="bridge")


def _assign(
    door: Compartment, person: Person, policy: Policy, use: Given
) -> tuple[Claim | None, str]:
    _make_room(door, use)
    try:
        with transaction.atomic():
            claim = Assignment.objects.create(
                kind=ClaimKind.ASSIGNMENT, compartment=door, holder=person, policy=policy,
                starts_at=use.at, started_at=use.at, due_at=use.due_at, ends_at=use.ends_at,
                at_end=policy.at_end,
            )  # fmt: skip
    except IntegrityError as error:
        if "occupancy_one_" not in str(error):
            raise
        return None, Breach.DOOR_HELD.value
    is_over = _count(claim, person, use.counts)
    grants.issue(
        person_id=person.pk, compartment_id=door.pk, claim_id=claim.pk,
        starts_at=use.at, ends_at=use.ends_at,
    )  # fmt: skip
    trail.record(
        Action.CLAIMED, claim, Actor.person(person.pk), use.at,
        policy=policy.pk, by="bridge", ref=str(use.ref),
    )  # fmt: skip
    if person.status != PersonStatus.ACTIVE:
        return claim, Breach.NOT_ALLOWED.value
    return claim, Breach.LIMIT.value if is_over else ""


def _make_room(door: Compartment, use: Given) -> None:
    """End or move what the bridge could not know of, and nobody was told of."""
    expiry.expire_due(at=use.at, bank_id=door.bank_id)
    _withdraw_pending(door, use.at)
    displacing.clear(compartment_id=door.pk, starts_at=use.at, ends_at=use.ends_at, at=use.at)


def _withdraw_pending(door: Compartment, at: dt.datetime) -> None:
    known = Kept.objects.values("claim_id")
    pending = Assignment.objects.filter(
        compartment=door, started_at__isnull=False, closed_at__isnull=True
    ).exclude(pk__in=known)
    for claim in pending:
        keeping.withdraw(claim, max(at, claim.starts_at))


def _count(claim: Claim, person: Person, policies: Sequence[int]) -> bool:
    """Count a use under its limits, above them if need be; say whether one was passed."""
    is_over = False
    for policy in Policy.objects.filter(pk__in=policies, organisation=person.organisation_id):
        used = set(
            Quota.objects.filter(
                holder=person, policy=policy, is_booking=False, is_open=True
            ).values_list("slot", flat=True)
        )
        slot = next(n for n in range(1, len(used) + 2) if n not in used)
        is_over = is_over or (
            policy.limit_per_person is not None and len(used) >= policy.limit_per_person
        )
        Quota.objects.create(claim=claim, policy=policy, holder=person, slot=slot)
    return is_over
