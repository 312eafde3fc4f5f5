"""The custody record of a recovery: its steps, each with its event, and word to the holder."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from access.choices import NoticeKind
from access.services import notices
from audit.actions import Action
from audit.services import events
from audit.services.events import Actor, Line
from occupancy.choices import CustodyKind
from occupancy.errors.recovery import RecoveryOver
from occupancy.models import CustodyStep, Recovery

JOB = Actor.job("recovery")


def going_on(recovery_id: int) -> Recovery:
    """Lock a recovery that goes on; raises RecoveryOver."""
    recovery = (
        Recovery.objects.select_for_update(no_key=True, of=("self",))
        .select_related("claim__compartment__bank__site", "claim__holder", "claim__policy")
        .filter(pk=recovery_id)
        .first()
    )
    if recovery is None or recovery.closed_at is not None:
        raise RecoveryOver
    return recovery


def has(recovery: Recovery, kind: CustodyKind) -> bool:
    """Say whether a step was done since it was begun, or begun again."""
    return recovery.steps.filter(kind=kind, at__gte=recovery.begun_at).exists()


def step(
    recovery: Recovery,
    kind: CustodyKind,
    actor: Actor,
    at: dt.datetime,
    note: str = "",
    *,
    action: Action = Action.RECOVERY_STEP,
    **data: str | int | bool,
) -> None:
    """Write down a step with its event."""
    step_all([recovery], kind, actor, at, note, action=action, **data)


def step_all(
    recoveries: Sequence[Recovery],
    kind: CustodyKind,
    actor: Actor,
    at: dt.datetime,
    note: str = "",
    *,
    action: Action = Action.RECOVERY_STEP,
    **data: str | int | bool,
) -> None:
    """Write down the same step of several, each with its event."""
    CustodyStep.objects.bulk_create(
        CustodyStep(
            recovery=one, kind=kind, at=at, actor_kind=actor.kind, actor_id=actor.id,
            note=note[:300],
        )
        for one in recoveries
    )  # fmt: skip
    events.record_many(_line(one, kind, actor, at, note, action, data) for one in recoveries)


def _line(
    recovery: Recovery,
    kind: CustodyKind,
    actor: Actor,
    at: dt.datetime,
    note: str,
    action: Action,
    data: dict[str, str | int | bool],
) -> Line:
    claim = recovery.claim
    bank = claim.compartment.bank
    return Line(
        action=action,
        actor=actor,
        at=at,
        organisation_id=bank.site.organisation_id,
        site_id=bank.site_id,
        bank_id=bank.pk,
        compartment_id=claim.compartment_id,
        person_id=claim.holder_id,
        subject=f"recovery:{recovery.pk}",
        reason=note,
        data={"claim": claim.pk, "step": kind.value, **data},
    )


def tell(
    recovery: Recovery, kind: NoticeKind, at: dt.datetime, **facts: str | int | dt.datetime
) -> None:
    """Write to the holder, if they have an address, and say so among the steps."""
    tell_all([recovery], kind, at, **facts)


def tell_all(
    recoveries: Sequence[Recovery], kind: NoticeKind, at: dt.datetime,
    **facts: str | int | dt.datetime,
) -> None:  # fmt: skip
    """Write to the holders of several, as ``tell`` does."""
    told = []
    for one in recoveries:
        claim = one.claim
        holder, bank = claim.holder, claim.compartment.bank
        if holder is None or not holder.email:
            continue
        notices.tell(
            notices.Word(
                kind=kind, site_id=bank.site_id, subject=f"claim:{claim.pk}", to=holder.email,
                person_id=holder.pk,
                facts={"door": claim.compartment.number, "bank": bank.name, **facts},
            ),
            at=at,
        )  # fmt: skip
        told.append(one)
    if told:
        step_all(told, CustodyKind.NOTIFIED, JOB, at)
