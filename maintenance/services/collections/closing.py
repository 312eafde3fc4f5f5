"""Closing a collection: what is not back is charged, who is not cleared is stopped, and a report.

Who is stopped gets no locker and opens none before they are cleared: a hold on the person, which
every desk, screen and bridge knows.
"""

from __future__ import annotations

import contextlib
import datetime as dt
from typing import Any

from django.db import transaction
from django.db.models import Q

from access.models import KeyHolding
from audit.actions import Action
from audit.services.events import Actor
from maintenance.choices import Condition, KeyAnswer
from maintenance.collecting import Standing, standing
from maintenance.models import Collection, CollectionLine
from maintenance.selectors import collections
from maintenance.services.collections import beginning, settling, stopping, story
from occupancy.errors.custody import InRecovery


def close(
    *, collection_id: int, actor: Actor, at: dt.datetime, charge_keys: bool = False
) -> dict[str, Any]:
    """Close a collection and return its report; who is not cleared is stopped until then.

    ``charge_keys``: keys that are not back count as lost from now on, with all that the lost-key
    procedure does. Raises CollectionOver and CollectionNotBegun.
    """
    with transaction.atomic():
        one = story.going_on(collection_id)
        beginning.follow(one)
        # Each line first: whoever says something of it at this instant comes before or after.
        numbers = list(
            CollectionLine.objects.filter(collection=one)
            .order_by("pk")
            .select_for_update(no_key=True)
            .values_list("pk", flat=True)
        )
        lines = list(
            CollectionLine.objects.filter(pk__in=numbers, cleared_at__isnull=True)
            .select_related("collection__site", "person", "claim", "ticket",
                            "compartment__bank__site")
            .order_by("pk")
        )  # fmt: skip
        for line in lines:
            catch_up(line, actor, at)
            if charge_keys and _is_out(line):
                story.change(line, key=KeyAnswer.LOST)
                settling.settle_key(line, actor, at)
            settling.report_damage(line, actor, at)
            with contextlib.suppress(InRecovery):  # staff are at it
                settling.settle(line, actor=actor, at=at)
        stopped = stopping.stop(
            [line for line in lines if line.cleared_at is None], one, actor=actor, at=at
        )
        report = report_of(one)
        Collection.objects.filter(pk=one.pk).update(closed_at=at, report=report)
        story.record(
            Action.COLLECTION_CLOSED, one, actor, at, stopped=stopped, lines=len(numbers)
        )  # fmt: skip
    return report


def catch_up(line: CollectionLine, actor: Actor, at: dt.datetime) -> None:
    """Take down what happened elsewhere: finished at the door, emptied by staff, key at the desk.

    Without a fault that anybody saw, that clears its pupil.
    """
    if line.claim.closed_at is not None and line.emptied is not True:
        story.change(line, emptied=True)
    if line.key in (KeyAnswer.WAITING, KeyAnswer.NOT_BACK) and _came_back(line):
        story.change(line, key=KeyAnswer.BACK)
    is_clear = line.emptied is True and line.key in (KeyAnswer.NONE, KeyAnswer.BACK)
    if is_clear and line.claim.closed_at is not None and line.damage_minor is None:
        story.change(line, cleared_at=at)
        story.record(Action.COLLECTION_COLLECTED, line.collection, actor, at, line=line)


def _is_out(line: CollectionLine) -> bool:
    return line.key in (KeyAnswer.WAITING, KeyAnswer.NOT_BACK) and settling.keys_out(line).exists()


def _came_back(line: CollectionLine) -> bool:
    """Say whether the register has a key of this locker back from them, and none out."""
    held = KeyHolding.objects.filter(
        person=line.person_id, key__lock__compartment=line.compartment_id
    )
    came = Q(returned_at__gte=line.collection.begun_at, ended_how="returned")
    return held.filter(came).exists() and not held.filter(returned_at__isnull=True).exists()


def report_of(one: Collection) -> dict[str, Any]:
    """Return the figures of a collection, form by form and together."""
    forms: dict[str, dict[str, int]] = {}
    lines = CollectionLine.objects.filter(collection=one).prefetch_related("charges")
    for line in lines.order_by("form", "pk"):
        row = forms.setdefault(line.form, dict.fromkeys(_FIGURES, 0))
        how = standing(collections.said_of(line))
        row["lockers"] += 1
        row["cleared"] += line.cleared_at is not None
        row["not_emptied"] += line.emptied is not True
        row["keys_missing"] += line.key in (KeyAnswer.NOT_BACK, KeyAnswer.LOST)
        row["damaged"] += line.condition == Condition.DAMAGED
        row["charged"] += line.damage_minor is not None or bool(line.charges.all())
        row["not_looked_at"] += how is Standing.TO_DO and line.emptied is None
    total = {name: sum(row[name] for row in forms.values()) for name in _FIGURES}
    return {
        "forms": [{"form": name, **row} for name, row in forms.items()], "total": total,
    }  # fmt: skip


_FIGURES = ("lockers", "cleared", "not_emptied", "keys_missing", "damaged", "charged",
            "not_looked_at")  # fmt: skip
