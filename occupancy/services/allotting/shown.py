"""Allotments as their pages show them."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from lockers.models import Compartment
from occupancy.allotment.problem import NONE
from occupancy.allotment.report import Report, report
from occupancy.choices import AllotmentMethod
from occupancy.models import Allotment, Entry
from occupancy.services.allotting import drawing


def with_counts(rows: QuerySet[Allotment]) -> QuerySet[Any]:
    """Add how many pupils have a ticket and how many doors the banks have."""
    entries = (
        Entry.objects.filter(allotment=OuterRef("pk"))
        .order_by()
        .values("allotment")
        .annotate(n=Count("pk"))
        .values("n")
    )
    doors = (
        Compartment.objects.filter(bank__allotments=OuterRef("pk"))
        .order_by()
        .values("bank__allotments")
        .annotate(n=Count("pk"))
        .values("n")
    )
    return rows.annotate(
        entry_count=Coalesce(Subquery(entries), 0), door_count=Coalesce(Subquery(doors), 0)
    )


def state(row: Allotment, at: dt.datetime) -> Any:
    """Return in words how far an allotment is."""
    if row.forgotten_at is not None:
        return _("over, wishes deleted")
    if row.applied_at is not None:
        return _("given")
    if row.frozen_at is not None:
        return _("drawn")
    if row.committed_at is None:
        return _("being prepared")
    if row.closes_at is not None and at >= row.closes_at:
        return _("wishes closed")
    return _("open for wishes")


def side_by_side(row: Allotment) -> list[tuple[str, list[str]]]:
    """Return one line for each figure, with its value by each method that was tried."""
    found = {one.method: Report(**one.report) for one in row.trials.all()}
    if not found:
        return []
    reports = [found[method] for method in AllotmentMethod.values if method in found]
    lines: list[tuple[str, list[str]]] = [
        (_now("Get a door"), [f"{one.served} / {one.pupils}" for one in reports]),
        (_now("Wait"), [str(one.waiting) for one in reports]),
        (_now("Get their first wish"), [_share(one.first_share, one.wished) for one in reports]),
        (_now("Satisfied (nth wish counts 1/n)"),
         [_share(one.satisfied, one.wished) for one in reports]),
        (_now("Wished, and get something else"), [str(one.other) for one in reports]),
        (_now("Keep the door they have"), [str(one.kept) for one in reports]),
        (_now("End with one they like less"), [str(one.worse) for one in reports]),
        (_now("Walk on average, at most (m)"),
         [f"{one.mean_walk}, {one.longest_walk}" for one in reports]),
        (_now("Friends together"),
         [f"{one.friends_near} / {one.friends_asked}" for one in reports]),
        (_now("Rules broken"), [str(one.violations) for one in reports]),
    ]  # fmt: skip
    return lines


def drawn_words(row: Allotment) -> str:
    """Say what the draw would give, before it is given."""
    problem, outcome = drawing.drawn(row)
    found = report(problem, outcome)
    kept = sum(
        one.present != NONE and one.present == got.door
        for one, got in zip(problem.applicants, outcome.given, strict=True)
    )
    return _now(
        "%(served)d of %(pupils)d pupils get a door, %(kept)d of them the one they have; first"
        " wishes granted to those who wished: %(first)s; %(waiting)d wait. All at once, or"
        " nothing if a door is gone."
    ) % {
        "served": found.served, "pupils": found.pupils, "kept": kept,
        "first": _share(found.first_share, found.wished),
        "waiting": found.waiting,
    }  # fmt: skip


def _share(value: float, wished: int) -> str:
    """Return a share of those who wished; of nobody there is none."""
    return f"{value:.0%}" if wished else "-"
