"""What assets did and cost, read for all of them together: the same few statements for any number.

A failure is a ticket that was closed as done about the thing itself: dirt and things left behind
are not. A lock answers for the tickets of its door while it hung there, a controller for its own,
a bank for those that name no door.
"""

from __future__ import annotations

import datetime as dt
import zoneinfo
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import DecimalField, F, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from maintenance import costs
from maintenance.choices import AssetEventKind, AssetKind, AssetState, Category, TicketStatus
from maintenance.costs import Judgement, Life, OfYear, Total
from maintenance.models import Asset, AssetEvent, CostRules, StockMove, Ticket, TicketEntry

NO_FAILURES = (Category.DIRTY, Category.THINGS_LEFT)
_COMES = (AssetEventKind.INSTALLED, AssetEventKind.MOVED)
_GOES = (AssetEventKind.REMOVED, AssetEventKind.REPLACED)
# Openings of each stay: from the commands that a sensor or the board confirmed.
_OPENINGS = """
SELECT s.asset, count(*), count(*) FILTER (WHERE c.requested_at >= %(year_ago)s)
FROM unnest(%(assets)s::bigint[], %(doors)s::bigint[], %(begins)s::timestamptz[],
            %(ends)s::timestamptz[]) AS s(asset, door, begins, ends)
JOIN lockers_command c ON c.compartment_id = s.door AND c.requested_at >= s.begins
    AND c.requested_at < s.ends AND COALESCE(c.opened_at, c.actuated_at) IS NOT NULL
GROUP BY s.asset
"""


@dataclass(frozen=True, slots=True)
class Stay:
    """A lock was in a door from when until when, in days of its site."""

    door: int
    begins: dt.date
    ends: dt.date | None


@dataclass(frozen=True, slots=True)
class Upkeep:
    """What was done on an asset."""

    failures: int = 0
    failures_of_year: int = 0
    parts: Decimal = Decimal(0)
    labour: Decimal = Decimal(0)
    of_year: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Line:
    """One installed asset with its judgement."""

    asset: Asset
    life: Life
    judgement: Judgement


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that the page of replacements shows."""

    lines: list[Line]
    years: list[OfYear]
    models: list[tuple[str, Total]]
    banks: list[tuple[str, Total]]
    currency: str


def report(assets: QuerySet[Asset], today: dt.date) -> Report:
    """Judge all installed assets, and add up all that were ever installed."""
    rows = list(
        assets.filter(installed_on__isnull=False).select_related(
            "model", "site", "bank", "compartment", "controller"
        )
    )
    rules = {
        one.organisation_id: one
        for one in CostRules.objects.filter(organisation__in={row.organisation_id for row in rows})
    }
    rates = {number: one.labour_rate for number, one in rules.items()}
    stays = _stays(rows)
    openings = _openings(rows, stays, today)
    upkeep = _upkeep(rows, stays, rates, today)
    lives = {row.pk: _life(row, openings.get(row.pk, (0, 0)), upkeep[row.pk]) for row in rows}
    usual = _usual(rows, lives, today)
    judged = {
        row.pk: costs.judge(lives[row.pk], today, usual[row.pk])
        for row in rows
        if row.state == AssetState.INSTALLED
    }
    by_pk = {row.pk: row for row in rows}
    lines = [Line(by_pk[pk], lives[pk], found) for pk, found in costs.rank(judged.items())]
    ends = [(one.judgement.end.on, one.life.replacement_cost) for one in lines]
    totals = [(row, _total(row, upkeep[row.pk], today)) for row in rows]
    currencies = sorted({one.currency for one in rules.values()})
    return Report(
        lines=lines,
        years=costs.by_year(ends, today),
        models=_added((str(row.model), total) for row, total in totals),
        banks=_added((_place(row), total) for row, total in totals),
        currency=" / ".join(currencies),
    )


def _place(row: Asset) -> str:
    if row.bank is not None:
        return f"{row.site}: {row.bank}"
    return f"{row.site}: {row.controller}" if row.controller is not None else str(row.site)


def _added(found: Iterable[tuple[str, Total]]) -> list[tuple[str, Total]]:
    totals: dict[str, Total] = {}
    for name, total in found:
        totals[name] = totals.get(name, costs.NOTHING) + total
    return sorted(totals.items(), key=lambda one: (-one[1].cost, one[0]))


def _last_day(row: Asset, today: dt.date) -> dt.date:
    """Return the last day of service; what hangs serves until today."""
    return today if row.state == AssetState.INSTALLED else row.removed_on or today


def _total(row: Asset, done: Upkeep, today: dt.date) -> Total:
    assert row.installed_on is not None  # by the query
    years = costs.years_between(row.installed_on, _last_day(row, today))
    return Total(1, years, done.failures, row.cost or Decimal(0), done.parts, done.labour)


def _life(row: Asset, openings: tuple[int, int], done: Upkeep) -> Life:
    assert row.installed_on is not None  # by the query
    return Life(
        installed_on=row.installed_on, life_years=row.model.life_years,
        life_cycles=row.model.life_cycles, cycles=row.cycles_before + openings[0],
        cycles_of_year=openings[1], replacement_cost=row.model.replacement_cost,
        upkeep=done.parts + done.labour, upkeep_of_year=done.of_year, failures=done.failures,
        failures_of_year=done.failures_of_year,
    )  # fmt: skip


def _usual(rows: list[Asset], lives: dict[int, Life], today: dt.date) -> dict[int, Decimal]:
    """Return what a year of upkeep costs the others of each asset's model.

    Without itself: what keeps breaking says nothing about the new one that would replace it.
    """
    spent: defaultdict[int, Decimal] = defaultdict(Decimal)
    years: defaultdict[int, Decimal] = defaultdict(Decimal)
    served = {}
    for row in rows:
        life = lives[row.pk]
        whole = costs.years_between(life.installed_on, _last_day(row, today))
        served[row.pk] = max(whole, Decimal(1))
        spent[row.model_id] += life.upkeep
        years[row.model_id] += served[row.pk]
    usual = {}
    for row in rows:
        others = years[row.model_id] - served[row.pk]
        rest = spent[row.model_id] - lives[row.pk].upkeep
        usual[row.pk] = rest / others if others > 0 else Decimal(0)
    return usual


def _stays(rows: list[Asset]) -> dict[int, list[Stay]]:
    """Return in which doors each lock was, by the lines of its life; else where it is now."""
    locks = {row.pk: row for row in rows if row.model.kind == AssetKind.LOCK}
    found: defaultdict[int, list[Stay]] = defaultdict(list)
    told = AssetEvent.objects.filter(
        asset__in=locks, kind__in=[*_COMES, *_GOES], compartment__isnull=False
    ).order_by("pk")
    for asset_id, kind, door, on in told.values_list("asset_id", "kind", "compartment_id", "on"):
        stays = found[asset_id]
        if stays and stays[-1].ends is None:
            stays[-1] = Stay(stays[-1].door, stays[-1].begins, max(on, stays[-1].begins))
        if kind in _COMES:
            stays.append(Stay(door, on, None))
    for pk, row in locks.items():
        if not found[pk] and row.compartment_id is not None and row.installed_on is not None:
            found[pk].append(Stay(row.compartment_id, row.installed_on, row.removed_on))
    return found


def _openings(
    rows: list[Asset], stays: dict[int, list[Stay]], today: dt.date
) -> dict[int, tuple[int, int]]:
    """Return how often each lock was opened, in all and in the last year."""
    zones = {row.pk: row.site.zone for row in rows if row.site is not None}
    listed = [(pk, stay) for pk, all_of_it in stays.items() for stay in all_of_it if pk in zones]
    if not listed:
        return {}
    named: dict[str, Any] = {
        "assets": [pk for pk, _stay in listed],
        "doors": [stay.door for _pk, stay in listed],
        "begins": [_midnight(stay.begins, zones[pk]) for pk, stay in listed],
        "ends": [_midnight(stay.ends or dt.date(9000, 1, 1), zones[pk]) for pk, stay in listed],
        "year_ago": _midnight(today - dt.timedelta(days=365), zoneinfo.ZoneInfo("UTC")),
    }
    with connection.cursor() as cursor:
        cursor.execute(_OPENINGS, named)
        return {pk: (whole, of_year) for pk, whole, of_year in cursor.fetchall()}


def _midnight(day: dt.date, zone: zoneinfo.ZoneInfo) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), zone).astimezone(dt.UTC)


def _upkeep(
    rows: list[Asset],
    stays: dict[int, list[Stay]],
    rates: dict[int, Decimal],
    today: dt.date,
) -> dict[int, Upkeep]:
    """Give each ticket to the asset that it is about, with its parts and work."""
    doors: defaultdict[int, list[tuple[dt.date, int, Stay]]] = defaultdict(list)
    for pk, all_of_it in stays.items():
        for stay in all_of_it:
            doors[stay.door].append((stay.begins, pk, stay))
    for found in doors.values():
        found.sort(key=lambda one: (one[0], one[1]))
    boards = _spans(rows, AssetKind.CONTROLLER, "controller_id")
    banks = _spans(rows, AssetKind.BANK, "bank_id")
    known = {row.pk: row for row in rows}
    done: dict[int, Upkeep] = {row.pk: Upkeep() for row in rows}
    year_ago = today - dt.timedelta(days=365)
    for ticket in _tickets(rows):
        on = ticket.opened_at.astimezone(ticket.site.zone).date()
        if ticket.compartment_id is not None:
            there = doors.get(ticket.compartment_id, [])
        elif ticket.controller_id is not None:
            there = boards.get(ticket.controller_id, [])
        else:
            there = banks.get(ticket.bank_id or 0, [])
        found_pk = _at(there, on)
        if found_pk is None:
            continue
        pk = found_pk
        minutes, parts = getattr(ticket, "minutes") or 0, getattr(ticket, "parts")  # noqa: B009
        labour = costs.labour_cost(minutes, rates.get(known[pk].organisation_id, Decimal(0)))
        was, is_of_year = done[pk], year_ago < on <= today
        is_failure = ticket.status == TicketStatus.DONE
        done[pk] = Upkeep(
            was.failures + is_failure, was.failures_of_year + (is_failure and is_of_year),
            was.parts + parts, was.labour + labour,
            was.of_year + (parts + labour if is_of_year else Decimal(0)),
        )  # fmt: skip
    return done


def _spans(
    rows: list[Asset], kind: AssetKind, column: str
) -> dict[int, list[tuple[dt.date, int, Stay]]]:  # fmt: skip
    found: defaultdict[int, list[tuple[dt.date, int, Stay]]] = defaultdict(list)
    for row in rows:
        number = getattr(row, column)
        if row.model.kind == kind and number is not None and row.installed_on is not None:
            stay = Stay(number, row.installed_on, row.removed_on)
            found[number].append((row.installed_on, row.pk, stay))
    for one in found.values():
        one.sort(key=lambda span: (span[0], span[1]))
    return found


def _at(there: list[tuple[dt.date, int, Stay]], on: dt.date) -> int | None:
    """Return what was in a place on a day: of several, what came last."""
    place = bisect_right(there, on, key=lambda one: one[0]) - 1
    if place < 0:
        return None
    _begins, pk, stay = there[place]
    return pk if stay.ends is None or on <= stay.ends else None


def _tickets(rows: list[Asset]) -> QuerySet[Ticket]:
    minutes = (
        TicketEntry.objects.filter(ticket=OuterRef("pk"), minutes__isnull=False)
        .order_by().values("ticket").annotate(all=Sum("minutes")).values("all")
    )  # fmt: skip
    # Issued parts go out with a minus; what was put back comes in again.
    parts = (
        StockMove.objects.filter(ticket=OuterRef("pk"))
        .order_by().values("ticket").annotate(all=Sum(-F("change") * F("unit_cost"))).values("all")
    )  # fmt: skip
    amount: DecimalField[Decimal, Decimal] = DecimalField(max_digits=14, decimal_places=2)
    return (
        Ticket.objects.filter(site__in={row.site_id for row in rows if row.site_id is not None})
        .exclude(category__in=NO_FAILURES)
        .annotate(
            minutes=Subquery(minutes),
            parts=Coalesce(Subquery(parts, output_field=amount), Decimal(0), output_field=amount),
        )
        .select_related("site")
        .order_by("pk")
    )
