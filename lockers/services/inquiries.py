"""Asking a bridge about its wires: the row is the truth, the socket only says "look"."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from django.db import transaction

from audit.actions import Action
from audit.services import events
from audit.services.events import Actor
from lockers import presence
from lockers.choices import InquiryKind
from lockers.errors import BridgeOffline
from lockers.models import Bridge, BridgePresence, Commissioning, CommissioningStep, Inquiry

# A bridge answers by the deadline; so much later the answer is lost on its way.
GRACE = dt.timedelta(seconds=5)
KEPT_FOR = dt.timedelta(days=30)
_ASKED = {
    InquiryKind.SCAN_BUS: Action.BUS_SCANNED,
    InquiryKind.READ_BOARD: Action.BOARD_READ,
    InquiryKind.TRY_DOOR: Action.LOCK_TRIED,
    InquiryKind.READ_FRAMES: Action.FRAMES_READ,
}


def ask(
    *,
    bridge: Bridge,
    kind: InquiryKind,
    question: dict[str, Any],
    within: dt.timedelta,
    user_id: int,
    at: dt.datetime,
    bank_id: int | None = None,
) -> Inquiry:
    """Put a question to a bridge and record who asks; raises BridgeOffline when it is silent."""
    heard = BridgePresence.objects.filter(bridge=bridge).first()
    is_connected = heard is not None and heard.connection is not None
    if not presence.is_online(is_connected, heard.last_seen_at if heard else None, at):
        raise BridgeOffline
    with transaction.atomic():
        inquiry = Inquiry.objects.create(
            bridge=bridge,
            kind=kind,
            question={"type": kind.value, **question},
            asked_by=user_id,
            asked_at=at,
            deadline=at + within,
        )
        _record(_ASKED[kind], inquiry, Actor.staff(user_id), at, bank_id, question=question)
    return inquiry


def to_send(*, bridge_id: int, at: dt.datetime) -> list[Inquiry]:
    """Return what a bridge was asked and may still answer, oldest first."""
    waiting = Inquiry.objects.filter(bridge_id=bridge_id, answered_at__isnull=True, deadline__gt=at)
    return list(waiting.order_by("asked_at"))


def answer(
    *,
    bridge: Bridge,
    inquiry_id: uuid.UUID,
    finding: dict[str, Any] | None,
    error: str,
    detail: str,
    may_have_fired: bool,
    at: dt.datetime,
) -> bool:
    """Store the answer to a question of this bridge once; False when it has one already."""
    with transaction.atomic():
        stored = Inquiry.objects.filter(
            pk=inquiry_id, bridge=bridge, answered_at__isnull=True
        ).update(
            answered_at=at,
            answer=finding,
            error=error[:40],
            detail=detail[:300],
            may_have_fired=may_have_fired,
        )
        if stored and (inquiry := _tried(inquiry_id)) is not None:
            _record_try(inquiry, Actor.bridge(bridge.pk), at)
    return bool(stored)


def expire(*, at: dt.datetime) -> int:
    """End questions that no bridge will answer any more; return how many."""
    overdue = Inquiry.objects.filter(answered_at__isnull=True, deadline__lte=at - GRACE)
    ended = 0
    for inquiry in overdue.select_related("bridge__site"):
        with transaction.atomic():
            moved = inquiry.kind == InquiryKind.TRY_DOOR
            if Inquiry.objects.filter(pk=inquiry.pk, answered_at__isnull=True).update(
                answered_at=at, error="no_answer", may_have_fired=moved
            ):
                ended += 1
                if moved:
                    inquiry.refresh_from_db()
                    _record_try(inquiry, Actor.job("inquiries"), at)
    return ended


def forget_old(*, at: dt.datetime) -> int:
    """Delete answers that no commissioning rests on; the trail keeps who asked."""
    steps = CommissioningStep.objects.all()
    kept = (
        Inquiry.objects.filter(pk__in=steps.values("tried"))
        | Inquiry.objects.filter(pk__in=steps.exclude(shut=None).values("shut"))
        | Inquiry.objects.filter(pk__in=Commissioning.objects.exclude(scan=None).values("scan"))
    )
    old = Inquiry.objects.filter(asked_at__lt=at - KEPT_FOR).exclude(pk__in=kept.values("pk"))
    return old.delete()[0]


def _tried(inquiry_id: uuid.UUID) -> Inquiry | None:
    return (
        Inquiry.objects.filter(pk=inquiry_id, kind=InquiryKind.TRY_DOOR)
        .select_related("bridge__site")
        .first()
    )


def _record_try(inquiry: Inquiry, actor: Actor, at: dt.datetime) -> None:
    outcome = "done" if not inquiry.error else inquiry.error
    data = {"outcome": outcome, "may_have_fired": inquiry.may_have_fired or not inquiry.error}
    _record(Action.LOCK_TRY_ENDED, inquiry, actor, at, None, **data)


def _record(
    action: Action,
    inquiry: Inquiry,
    actor: Actor,
    at: dt.datetime,
    bank_id: int | None,
    **data: object,
) -> None:
    site = inquiry.bridge.site
    events.record(
        action=action,
        actor=actor,
        at=at,
        organisation_id=site.organisation_id,
        site_id=site.pk,
        bank_id=bank_id,
        subject=f"bridge:{inquiry.bridge_id}",
        data={"inquiry": str(inquiry.pk), **data},
    )
