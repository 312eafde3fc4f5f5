"""Who comes late, or has paid, is cleared by name: then lockers are open to them again."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from access.services import keys
from audit.actions import Action
from audit.services.events import Actor
from maintenance.choices import Condition, KeyAnswer
from maintenance.errors.collections import ClearedAlready, KeyNotSaid, NotDamaged, StillInside
from maintenance.models import CollectionLine
from maintenance.services.collections import settling, stopping, story


def clear(
    *,
    line_id: int,
    reason: str,
    actor: Actor,
    at: dt.datetime,
    key: KeyAnswer | None = None,
    is_empty: bool = False,
) -> CollectionLine:
    """Clear a pupil of one locker, with the reason: paid, brought back, let off.

    ``is_empty`` says that the locker was seen empty, ``key`` what became of the key. With their
    last line the hold is lifted. Raises ClearedAlready, StillInside, KeyNotSaid and InRecovery.
    """
    with transaction.atomic():
        line = story.locked(line_id)
        if line.cleared_at is not None:
            raise ClearedAlready
        if line.claim.closed_at is None and not (is_empty or line.emptied):
            raise StillInside(number=line.compartment.number)
        if line.emptied is not True:
            story.change(line, emptied=True)
        if key is not None and line.key != KeyAnswer.NONE:
            story.change(line, key=key)
        if line.key in (KeyAnswer.WAITING, KeyAnswer.NOT_BACK):
            raise KeyNotSaid
        settling.settle_key(line, actor, at)
        settling.report_damage(line, actor, at)
        settling.end_use(line, actor, at)
        story.change(line, cleared_at=at, cleared_because=reason[:200])
        story.record(
            Action.COLLECTION_CLEARED, line.collection, actor, at, line=line, reason=reason
        )
        stopping.let_go(line, actor=actor, at=at, reason=reason)
    return line


def charge_damage(
    *, line_id: int, amount_minor: int, note: str, actor: Actor, at: dt.datetime
) -> CollectionLine:
    """Charge a pupil for the damage of their locker, in the currency of the site.

    Recorded here, paid elsewhere; they are not cleared before somebody says so. Raises NotDamaged
    and ClearedAlready once somebody said why they are cleared.
    """
    with transaction.atomic():
        line = story.locked(line_id)
        if line.condition != Condition.DAMAGED:
            raise NotDamaged
        if line.cleared_because:
            raise ClearedAlready
        currency = keys.rules_of(line.collection.site).currency
        story.change(
            line, damage_minor=amount_minor, currency=currency, cleared_at=None,
            note=note[:200] or line.note,
        )  # fmt: skip
        story.record(
            Action.COLLECTION_CHARGED, line.collection, actor, at, line=line, reason=note,
            amount_minor=amount_minor, currency=currency,
        )  # fmt: skip
        if line.collection.closed_at is not None:
            stopping.stop([line], line.collection, actor=actor, at=at)
    return line
