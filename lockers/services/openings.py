"""Opening every door of a bank: two people, staggered, recorded.

Each door is a command of its own, on every kind of board. The frames by which some boards open all
their locks are never used: their order and pauses cannot be seen, their pulses not recorded one by
one, and nothing takes them back.
"""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from audit.actions import Action
from audit.services import events
from audit.services.events import Actor
from lockers.choices import OpeningStatus
from lockers.errors import OpeningNotWaiting, SecondPersonNeeded
from lockers.models import Bank, BankOpening, Compartment
from lockers.services import commands

# Asked and not confirmed within this time: ask again.
CONFIRM_WITHIN = dt.timedelta(minutes=5)


def request(*, bank: Bank, reason: str, user_id: int, at: dt.datetime) -> BankOpening:
    """Ask for every electronic door of a bank to be opened; a second person has to confirm."""
    with transaction.atomic():
        BankOpening.objects.filter(bank=bank, status=OpeningStatus.REQUESTED).update(
            status=OpeningStatus.CANCELLED, cancelled_at=at
        )
        opening = BankOpening.objects.create(
            bank=bank,
            reason=reason,
            requested_by=user_id,
            requested_at=at,
            stagger_ms=bank.opening_stagger_ms,
        )
        _record(Action.BANK_OPENING_REQUESTED, opening, user_id, at)
    return opening


def confirm(*, opening_id: int, user_id: int, at: dt.datetime) -> int:
    """Confirm as the second person and queue the opens, one after another; return how many.

    Raises SecondPersonNeeded, OpeningNotWaiting and BridgeOffline.
    """
    with transaction.atomic():
        opening = (
            BankOpening.objects.select_for_update(no_key=True, of=("self",))
            .select_related("bank__site")
            .get(pk=opening_id)
        )
        if opening.requested_by == user_id:
            raise SecondPersonNeeded
        if opening.status != OpeningStatus.REQUESTED or at - opening.requested_at > CONFIRM_WITHIN:
            raise OpeningNotWaiting
        BankOpening.objects.filter(pk=opening.pk).update(
            status=OpeningStatus.CONFIRMED, confirmed_by=user_id, confirmed_at=at
        )
        doors = Compartment.objects.filter(bank=opening.bank, controller__isnull=False).order_by(
            "column", "row"
        )
        count = 0
        for count, door in enumerate(doors, start=1):
            commands.request_open(
                compartment_id=door.pk,
                purpose="bank_opening",
                actor=Actor.staff(user_id),
                at=at,
                opening_id=opening.pk,
                not_before=at + (count - 1) * dt.timedelta(milliseconds=opening.stagger_ms),
                reason=opening.reason,
            )
        _record(Action.BANK_OPENING_CONFIRMED, opening, user_id, at, doors=count)
    return count


def cancel(*, opening_id: int, user_id: int, at: dt.datetime) -> int:
    """Stop an opening; doors that have not opened yet stay shut. Return how many were stopped."""
    with transaction.atomic():
        opening = BankOpening.objects.select_related("bank__site").get(pk=opening_id)
        changed = (
            BankOpening.objects.filter(pk=opening_id)
            .exclude(status=OpeningStatus.CANCELLED)
            .update(status=OpeningStatus.CANCELLED, cancelled_at=at)
        )
        if not changed:
            raise OpeningNotWaiting
        stopped = commands.cancel_opening(opening_id=opening_id, actor=Actor.staff(user_id), at=at)
        _record(Action.BANK_OPENING_CANCELLED, opening, user_id, at, stopped=stopped)
    return stopped


def _record(
    action: Action, opening: BankOpening, user_id: int, at: dt.datetime, **data: int
) -> None:
    bank = opening.bank
    events.record(
        action=action,
        actor=Actor.staff(user_id),
        at=at,
        organisation_id=bank.site.organisation_id,
        site_id=bank.site_id,
        bank_id=bank.pk,
        subject=f"opening:{opening.pk}",
        reason=opening.reason,
        data=dict(data),
    )
