"""Emptying a compartment that was not given back, each step written down.

begun -> (holder told) -> (second person) -> opened -> found or nothing found -> stored -> reset
-> closed. Its claim holds the door all the while, so that nobody is given it with somebody's
things inside.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections import defaultdict
from collections.abc import Collection

from django.db import transaction
from django.db.models import DateTimeField, ExpressionWrapper, F, Q
from django.utils.translation import gettext as _

from access.choices import NoticeKind, PersonStatus
from access.services import grants
from audit.actions import Action
from audit.models import ActorKind
from audit.services.events import Actor
from lockers.choices import ServiceStatus
from lockers.services import commands
from occupancy.choices import AtEnd, ClosedHow, CustodyKind
from occupancy.errors.recovery import (
    EmptiedAlready,
    NotEmptiedYet,
    NothingToRecover,
    NotOpenedYet,
    RecoveryOver,
    SamePerson,
    SecondPersonFirst,
    ThingsToStore,
)
from occupancy.models import Assignment, Claim, Recovery
from occupancy.services.bookings import displacing
from occupancy.services.custody import custody, overrides
from occupancy.services.ending import sweeping
from occupancy.services.queue import offering

# The second person stands beside the first: what was confirmed yesterday counts no more.
CONFIRMED_FOR = dt.timedelta(minutes=30)

BEGINS_AT = ExpressionWrapper(F("ends_at") + F("policy__recovers_after"), DateTimeField())


def waiting(at: dt.datetime) -> Q:
    """Return the condition for recoveries that somebody has to go on with."""
    return Q(closed_at__isnull=True)


def begin(
    *,
    claim_id: int,
    actor: Actor,
    at: dt.datetime,
    reason: str,
    told_at: dt.datetime | None = None,
) -> Recovery:
    """Begin to empty a compartment, as ``begin_all`` does; raises NothingToRecover."""
    begun = begin_all(claims=[claim_id], actor=actor, at=at, reason=reason, told_at=told_at)
    if not begun:
        raise NothingToRecover
    return begun[0]


def begin_all(
    *,
    claims: Collection[int],
    actor: Actor,
    at: dt.datetime,
    reason: str,
    told_at: dt.datetime | None = None,
) -> list[Recovery]:
    """Begin to empty compartments: their holders cannot open them any more, nobody else gets them.

    All in one transaction and a few statements; what is over or being emptied is left out.
    ``told_at`` is when the holders are told, if that is later.
    """
    with transaction.atomic():
        can = Assignment.objects.filter(
            Q(ends_at__isnull=True) | Q(ends_at__gt=at) | Q(at_end=AtEnd.HOLD),
            pk__in=claims, closed_at__isnull=True, recovery_at__isnull=True, started_at__lte=at,
        ).order_by("pk")  # fmt: skip
        begun = list(can.select_for_update(no_key=True).values_list("pk", flat=True))
        if not begun:
            return []
        Claim.objects.filter(pk__in=begun).update(recovery_at=at, at_end=AtEnd.HOLD)
        recoveries = _cases(begun, at, reason)
        grants.revoke_all(claims=begun, at=at)
        custody.step_all(
            recoveries, CustodyKind.BEGUN, actor, at, reason, action=Action.RECOVERY_BEGUN
        )
        custody.tell_all(recoveries, NoticeKind.RECOVERY_BEGUN, told_at or at, reason=reason)
        # Nobody knows how long it takes: who has booked a door next is not kept waiting.
        displacing.at_once(
            compartments=[one.claim.compartment_id for one in recoveries], at=told_at or at,
            within=displacing.EMPTIED_WITHIN,
        )  # fmt: skip
    return recoveries


def _cases(begun: list[int], at: dt.datetime, reason: str) -> list[Recovery]:
    """Write the recoveries of some claims; one that was called off goes on."""
    claims = Claim.objects.select_related("compartment__bank__site", "holder", "policy").filter(
        pk__in=begun
    )
    Recovery.objects.bulk_create(
        (
            Recovery(
                claim=claim, reason=reason[:200], begun_at=at, emptied_at=None, closed_at=None,
                # An assignment has a policy, by constraint.
                takes_two=claim.policy is not None and claim.policy.recovery_takes_two,
            )
            for claim in claims
        ),
        update_conflicts=True,
        unique_fields=["claim"],
        update_fields=["reason", "takes_two", "begun_at", "emptied_at", "closed_at"],
    )  # fmt: skip
    by_pk = {claim.pk: claim for claim in claims}
    cases = list(Recovery.objects.filter(claim__in=begun).order_by("claim"))
    for case in cases:
        case.claim = by_pk[case.claim_id]
    return cases


def begin_due(*, at: dt.datetime, aside: list[str] | None = None) -> int:
    """Begin what the policies say is to be emptied by now, in order; return how many.

    Each is dated when its time came: late, twice or after a day off it comes out the same.
    """
    due = (
        Assignment.objects.filter(
            closed_at__isnull=True, recovery_at__isnull=True, at_end=AtEnd.HOLD, ends_at__lte=at,
            policy__recovers_after__isnull=False,
            # One that was called off begins again only when somebody says so.
            recovery__isnull=True,
        )
        .annotate(begins_at=BEGINS_AT)
        .filter(begins_at__lte=at)
        .order_by("begins_at", "pk")
    )  # fmt: skip

    def one(row: tuple[int, dt.datetime]) -> int:
        # Looked at once more, locked: it may have got another end, or its policy other words.
        Claim.objects.select_for_update(no_key=True).get(pk=row[0])
        if not due.filter(pk=row[0], begins_at=row[1]).exists():
            return 0
        try:
            begin(
                claim_id=row[0], actor=custody.JOB, at=row[1],
                reason=_("It was not given back in time."), told_at=at,
            )  # fmt: skip
        except NothingToRecover:
            return 0  # somebody was faster
        return 1

    rows = list(due.values_list("pk", "begins_at"))
    return sweeping.each(rows, one, lambda row: f"claim:{row[0]}", aside)


def confirm(*, recovery_id: int, user_id: int, at: dt.datetime) -> None:
    """Confirm as the second person that the compartment is opened; raises RecoveryOver."""
    with transaction.atomic():
        custody.step(custody.going_on(recovery_id), CustodyKind.CONFIRMED, Actor.staff(user_id), at)


def open_for(*, recovery_id: int, user_id: int, at: dt.datetime, reason: str) -> uuid.UUID:
    """Open the compartment by override; return the command's id.

    Raises RecoveryOver, SecondPersonFirst, BridgeOffline and NotWired: a door without a lock of
    ours is opened by key and said so with ``opened_by_key``.
    """
    actor = Actor.staff(user_id)
    with transaction.atomic():
        recovery = custody.going_on(recovery_id)
        _needs_second(recovery, user_id, at)
        command = commands.request_open(
            compartment_id=recovery.claim.compartment_id,
            purpose="recovery",
            actor=actor,
            at=at,
            person_id=recovery.claim.holder_id,
            claim_id=recovery.claim_id,
            reason=reason,
        )
        custody.step(recovery, CustodyKind.OPENED, actor, at, reason, command=str(command))
    return command


def opened_by_key(*, recovery_id: int, user_id: int, at: dt.datetime, reason: str) -> None:
    """Record that the compartment was opened by a key or tool; raises as ``open_for``."""
    with transaction.atomic():
        recovery = custody.going_on(recovery_id)
        _needs_second(recovery, user_id, at)
        custody.step(recovery, CustodyKind.OPENED, Actor.staff(user_id), at, reason, by_key=True)


def _needs_second(recovery: Recovery, user_id: int, at: dt.datetime) -> None:
    if not recovery.takes_two:
        return
    confirmed = recovery.steps.filter(
        kind=CustodyKind.CONFIRMED, at__gt=at - CONFIRMED_FOR, at__gte=recovery.begun_at
    )
    if confirmed.exclude(actor_kind=ActorKind.STAFF, actor_id=str(user_id)).exists():
        return
    raise SamePerson if confirmed.exists() else SecondPersonFirst


def empty(
    *, recovery_id: int, found: bool, actor: Actor, at: dt.datetime, note: str = ""
) -> None:  # fmt: skip
    """Say whether anything was inside; raises RecoveryOver, NotOpenedYet and EmptiedAlready."""
    with transaction.atomic():
        recovery = custody.going_on(recovery_id)
        if recovery.emptied_at is not None:
            raise EmptiedAlready
        if not custody.has(recovery, CustodyKind.OPENED):
            raise NotOpenedYet
        Recovery.objects.filter(pk=recovery.pk).update(emptied_at=at)
        kind = CustodyKind.FOUND if found else CustodyKind.NONE_FOUND
        custody.step(recovery, kind, actor, at, note)


def stored(*, recovery_id: int, item: str, item_id: int, actor: Actor, at: dt.datetime) -> Recovery:
    """Record that a thing went into the register; raises RecoveryOver and NotOpenedYet.

    ``lost_property.store`` calls it, in the transaction of the item.
    """
    recovery = custody.going_on(recovery_id)
    if not custody.has(recovery, CustodyKind.OPENED):
        raise NotOpenedYet
    if recovery.emptied_at is None or not custody.has(recovery, CustodyKind.FOUND):
        Recovery.objects.filter(pk=recovery.pk).update(emptied_at=at)
        custody.step(recovery, CustodyKind.FOUND, actor, at)
    custody.step(recovery, CustodyKind.STORED, actor, at, item, item=item_id)
    return recovery


def close(*, recovery_id: int, actor: Actor, at: dt.datetime) -> None:
    """Reset the emptied compartment: its claim is closed and the door free from now on.

    Raises RecoveryOver, NotEmptiedYet and ThingsToStore.
    """
    with transaction.atomic():
        recovery = custody.going_on(recovery_id)
        if recovery.emptied_at is None:
            raise NotEmptiedYet
        items = list(recovery.items.filter(found_at__gte=recovery.begun_at))
        if custody.has(recovery, CustodyKind.FOUND) and not items:
            raise ThingsToStore
        _close_claim(recovery, actor, at)
        custody.step(recovery, CustodyKind.RESET, actor, at)
        offering.freed(compartment_id=recovery.claim.compartment_id, at=at)
        Recovery.objects.filter(pk=recovery.pk).update(closed_at=at)
        custody.step(recovery, CustodyKind.CLOSED, actor, at, action=Action.RECOVERY_CLOSED)
        if items:
            days = min(item.kept_days for item in items)
            custody.tell(
                recovery, NoticeKind.ITEMS_STORED, at, kept_until=at + dt.timedelta(days=days),
                items=len(items),
            )  # fmt: skip


def _close_claim(recovery: Recovery, actor: Actor, at: dt.datetime) -> None:
    claim = recovery.claim
    Claim.objects.filter(pk=claim.pk, closed_at__isnull=True).update(
        closed_at=at, closed_how=ClosedHow.RECOVERED
    )
    grants.revoke(claim_id=claim.pk, at=at)
    # A door that waited to be emptied is looked at now; a fault stays one.
    if claim.compartment.service_status == ServiceStatus.NEEDS_CLEANING:
        overrides.set_service_status(
            compartment_id=claim.compartment_id, status=ServiceStatus.IN_SERVICE, actor=actor,
            reason=recovery.reason, at=at,
        )  # fmt: skip


def call_off(*, recovery_id: int, actor: Actor, at: dt.datetime, reason: str) -> None:
    """Leave a compartment to its holder again, as ``call_off_all`` does.

    Raises RecoveryOver, also once it was emptied: then it is closed instead.
    """
    if not call_off_all(recoveries=[recovery_id], actor=actor, at=at, reason=reason):
        raise RecoveryOver


def call_off_all(
    *, recoveries: Collection[int], actor: Actor, at: dt.datetime, reason: str
) -> int:  # fmt: skip
    """Leave compartments to their holders again, on the terms they had; return how many.

    One whose end has come meanwhile is overdue: what is inside is still somebody's. Those that are
    over, or emptied, stay as they are.
    """
    with transaction.atomic():
        cases = list(
            Recovery.objects.select_for_update(no_key=True, of=("self",))
            .filter(pk__in=recoveries, closed_at__isnull=True, emptied_at__isnull=True)
            .select_related("claim__compartment__bank__site", "claim__holder", "claim__policy")
            .order_by("pk")
        )
        ends: defaultdict[AtEnd, list[int]] = defaultdict(list)
        for case in cases:
            ends[_at_end(case.claim, at)].append(case.claim_id)
        for at_end, claims in ends.items():
            Claim.objects.filter(pk__in=claims, closed_at__isnull=True).update(
                recovery_at=None, at_end=at_end
            )
        # Locked by now, and nobody moves their ends any more.
        left = Claim.objects.filter(pk__in=[case.claim_id for case in cases])
        # Also what is over: its end may yet be moved, and the grant ends with the use anyway.
        grants.reinstate_all(list(left.values_list("pk", "holder_id", "ends_at")))
        Recovery.objects.filter(pk__in=[case.pk for case in cases]).update(closed_at=at)
        custody.step_all(
            cases, CustodyKind.CALLED_OFF, actor, at, reason, action=Action.RECOVERY_CALLED_OFF
        )
    return len(cases)


def _at_end(claim: Claim, at: dt.datetime) -> AtEnd:
    """Return what its end does once its emptying is called off."""
    lasts = claim.ends_at is None or claim.ends_at > at
    # Nor does time free what somebody has who may not come for it.
    may_come = claim.holder is None or claim.holder.status == PersonStatus.ACTIVE
    if lasts and may_come and claim.policy is not None:
        return AtEnd(claim.policy.at_end)
    return AtEnd.HOLD
