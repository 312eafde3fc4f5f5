"""Combinations of locks: stored sealed, looked at with a reason, advanced at the end of a term."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction
from django.db.models import F, QuerySet

from access.errors.combinations import (
    BadCombination,
    CombinationsSealed,
    LocksChanged,
    NoCombination,
)
from access.models import Combination, Lock
from audit.actions import Action
from audit.services import events
from audit.services.events import Actor
from lockers import sealing

_DIAL = re.compile(r"\d{1,4}(?:-?\d{1,4}){0,11}")
HIGHEST = 9


@dataclass(frozen=True)
class Step:
    """One lock of an advance: from which position to which; the same when it has only one."""

    lock: Lock
    before: int
    after: int


@dataclass(frozen=True)
class Line:
    """What stands on the list of the person who turns the dials."""

    lock: Lock
    position: int
    combination: str


def store(*, lock: Lock, combinations: dict[int, str], actor: Actor, at: dt.datetime) -> None:
    """Store combinations by position, in place of what is there; point at the first if at none.

    Raises BadCombination and CombinationsSealed.
    """
    for position, text in combinations.items():
        digits = sum(letter.isdigit() for letter in text)
        if not (1 <= position <= HIGHEST and _DIAL.fullmatch(text) and 3 <= digits <= 12):
            raise BadCombination
    with transaction.atomic():
        locked = Lock.objects.select_for_update(no_key=True, of=("self",)).get(pk=lock.pk)
        for position, text in sorted(combinations.items()):
            Combination.objects.update_or_create(
                lock=lock,
                position=position,
                defaults={"sealed": _seal(lock, position, text), "set_at": at},
            )
            _record(Action.COMBINATION_SET, lock, actor, at, position=position)
        if locked.position is None and combinations:
            Lock.objects.filter(pk=lock.pk).update(position=min(combinations))


def show(*, lock: Lock, reason: str, actor: Actor, at: dt.datetime) -> Line:
    """Return the combination in force and record who looked at it, and why.

    Raises NoCombination and CombinationsSealed.
    """
    with transaction.atomic():
        lock = Lock.objects.select_related("compartment__bank__site").get(pk=lock.pk)
        stored = {one.position: one for one in lock.combinations.all()}
        row = stored.get(lock.position) if lock.position is not None else None
        if row is None:
            raise NoCombination
        text = _unseal(row)
        _record(Action.COMBINATION_VIEWED, lock, actor, at, reason, position=row.position)
    return Line(lock, row.position, text)


def show_many(
    *, locks: QuerySet[Lock], reason: str, actor: Actor, at: dt.datetime
) -> list[Line]:  # fmt: skip
    """Return the combinations in force of many locks, as ``show`` does: one event for each.

    Locks without one are left out. Three statements, however many. Raises CombinationsSealed.
    """
    with transaction.atomic():
        # Named one by one: a database that has not counted its tables lately joins a selection of
        # them row by row, and a whole school takes minutes.
        ids = list(locks.order_by().values_list("pk", flat=True))
        rows = Combination.objects.filter(
            lock__in=ids, position=F("lock__position")
        ).select_related("lock__compartment__bank__site")
        lines = [Line(row.lock, row.position, _unseal(row)) for row in rows.order_by("lock")]
        events.record_many(
            _line(Action.COMBINATION_VIEWED, line.lock, actor, at, reason, position=line.position)
            for line in lines
        )
    return lines


def plan(locks: QuerySet[Lock]) -> list[Step]:
    """Return what an advance of these locks would do; locks without combinations are left out."""
    steps = []
    for lock in locks.select_related("compartment__bank__site").prefetch_related("combinations"):
        stored = sorted(one.position for one in lock.combinations.all())
        if lock.position is None or not stored:
            continue
        later = [position for position in stored if position > lock.position]
        steps.append(Step(lock, lock.position, (later or stored)[0]))
    return steps


def fingerprint(steps: Iterable[Step]) -> str:
    """Return a digest of a plan: confirming it later does exactly this, or nothing."""
    told = sorted((step.lock.pk, step.before, step.after) for step in steps)
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def advance(
    *, locks: QuerySet[Lock], expected: str, reason: str, actor: Actor, at: dt.datetime
) -> list[Line]:
    """Point each lock at its next combination; return the list for who turns the dials.

    ``expected`` is the fingerprint of the plan that was looked at. Each lock gets an event, for
    its combination is looked at, too. Raises LocksChanged, NoCombination and CombinationsSealed.
    """
    with transaction.atomic():
        numbers = list(
            Lock.objects.select_for_update(no_key=True, of=("self",))
            .filter(pk__in=locks.values("pk"))
            .order_by("pk")
            .values_list("pk", flat=True)
        )
        steps = plan(Lock.objects.filter(pk__in=numbers))
        if fingerprint(steps) != expected:
            raise LocksChanged
        moved = [step for step in steps if step.after != step.before]
        if not moved:
            raise NoCombination
        lines = []
        for step in moved:
            row = next(c for c in step.lock.combinations.all() if c.position == step.after)
            lines.append(Line(step.lock, step.after, _unseal(row)))
            step.lock.position = step.after
            _record(
                Action.COMBINATION_ADVANCED, step.lock, actor, at, reason,
                position=step.after, before=step.before,
            )  # fmt: skip
        Lock.objects.bulk_update([step.lock for step in moved], ["position"], batch_size=500)
    return lines


def reseal(*, actor: Actor, at: dt.datetime) -> int:
    """Seal every combination again under the newest key; return how many.

    All or none: afterwards the older keys can go. Raises CombinationsSealed.
    """
    with transaction.atomic():
        rows = list(Combination.objects.select_for_update(no_key=True).order_by("pk"))
        for row in rows:
            try:
                row.sealed = sealing.reseal(settings.COMBINATION_KEYS, row.sealed)
            except sealing.CannotOpen as error:
                raise CombinationsSealed from error
        Combination.objects.bulk_update(rows, ["sealed"], batch_size=500)
        events.record(
            action=Action.COMBINATIONS_RESEALED, actor=actor, at=at, data={"count": len(rows)}
        )
    return len(rows)


def _place(lock_id: int, position: int) -> str:
    return f"lock:{lock_id}:{position}"


def _seal(lock: Lock, position: int, text: str) -> str:
    try:
        return sealing.seal(settings.COMBINATION_KEYS, _place(lock.pk, position), text)
    except sealing.CannotOpen as error:
        raise CombinationsSealed from error


def _unseal(row: Combination) -> str:
    place = _place(row.lock_id, row.position)
    try:
        return sealing.unseal(settings.COMBINATION_KEYS, place, row.sealed)
    except sealing.CannotOpen as error:
        raise CombinationsSealed from error


def _record(
    action: Action,
    lock: Lock,
    actor: Actor,
    at: dt.datetime,
    reason: str = "",
    **data: int,
) -> None:
    events.record_many([_line(action, lock, actor, at, reason, **data)])


def _line(
    action: Action, lock: Lock, actor: Actor, at: dt.datetime, reason: str = "", **data: int
) -> events.Line:
    bank = lock.compartment.bank
    return events.Line(
        action=action,
        actor=actor,
        at=at,
        organisation_id=bank.site.organisation_id,
        site_id=bank.site_id,
        bank_id=bank.pk,
        compartment_id=lock.compartment_id,
        subject=f"lock:{lock.pk}",
        reason=reason,
        data=dict(data),
    )
