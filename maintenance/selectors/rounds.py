"""Rounds as they are walked: which are mine, how they stand, and door by door."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from access.models import User
from lockers.scoping import MAINTAIN, areas_of, sites_of, within
from maintenance.choices import StopResult
from maintenance.models import Round, RoundStop, Ticket
from maintenance.rounds.lateness import Late, Standing, standing
from occupancy.models import Claim
from occupancy.services.claims.assignments import in_force

# What lies further ahead is planned, not yet anybody's work.
AHEAD = dt.timedelta(days=7)


@dataclass(frozen=True)
class Walk:
    """A round in a list: how much is done, and how it stands to its times."""

    round: Round
    doors: int
    done: int
    standing: Standing

    @property
    def words(self) -> str:
        """What is said of its times."""
        return words(self.standing)


def reachable(user: User) -> QuerySet[Round]:
    """Return the rounds at places that somebody maintains, wholly or in an area."""
    there = RoundStop.objects.filter(
        round=OuterRef("pk"), compartment__bank__area__in=areas_of(user, MAINTAIN)
    )
    return Round.objects.filter(Q(site__in=sites_of(user, MAINTAIN)) | Exists(there))


def stops_for(user: User) -> QuerySet[RoundStop]:
    """Return the doors of rounds that somebody maintains."""
    return RoundStop.objects.filter(within(user, MAINTAIN, "compartment__bank"))


def doors_elsewhere(user: User, one: Round) -> int:
    """Return how many doors of a round somebody does not maintain: who has some does not end it."""
    every = RoundStop.objects.filter(round=one)
    return every.exclude(pk__in=stops_for(user).filter(round=one).values("pk")).count()


def mine(user: User, at: dt.datetime) -> list[Walk]:
    """Return somebody's rounds: their own, their teams', and those that are nobody's."""
    is_mine = (
        Q(assignee=user)
        | Q(assignee__isnull=True, team__isnull=True)
        | Q(assignee__isnull=True, team__members=user)
    )
    rounds = (
        reachable(user)
        .filter(is_mine, closed_at__isnull=True, starts_at__lte=at + AHEAD)
        .select_related("site", "team")
        .order_by("due_at", "pk")
        .distinct()
    )
    counted = {
        row["round"]: row
        for row in RoundStop.objects.filter(round__in=rounds.order_by())
        .order_by()
        .values("round")
        .annotate(doors=Count("pk"), done=Count("pk", filter=Q(done_at__isnull=False)))
    }
    walks = []
    for one in rounds:
        row = counted.get(one.pk, {"doors": 0, "done": 0})
        walks.append(Walk(one, row["doors"], row["done"], stands(one, at)))
    return walks


def stands(one: Round, at: dt.datetime) -> Standing:
    """Return how a round stands to its times."""
    return standing(
        starts_at=one.starts_at, due_at=one.due_at, begun_at=one.begun_at,
        closed_at=one.closed_at, at=at,
    )  # fmt: skip


def words(how: Standing) -> str:
    """Say how a round stands to its times."""
    span = _span(how.by)
    return {
        Late.OVER: _("over"),
        Late.TO_COME: _("begins in %(span)s"),
        Late.NOW: _("%(span)s left"),
        Late.NOT_BEGUN: _("should have begun %(span)s ago"),
        Late.LATE: _("%(span)s late"),
    }[how.late] % {"span": span}


def doors_of(user: User, one: Round, at: dt.datetime) -> list[dict[str, Any]]:
    """Return the doors of a round as the phone keeps them: a few statements, however many doors."""
    stops = list(
        stops_for(user)
        .filter(round=one)
        .select_related("compartment__bank__area", "closure")
        .order_by("position")
    )
    ids = [stop.compartment_id for stop in stops]
    held = set(
        Claim.objects.filter(in_force(at), kind="assignment", compartment__in=ids).values_list(
            "compartment", flat=True
        )
    )
    tickets: dict[int, list[str]] = {}
    for door_id, summary in Ticket.objects.filter(
        compartment__in=ids, closed_at__isnull=True
    ).values_list("compartment", "summary"):
        tickets.setdefault(door_id, []).append(summary)
    users = User.objects.in_bulk({stop.done_by for stop in stops if stop.done_by})
    zone = one.site.zone

    def local(instant: dt.datetime | None, style: str = "H:i") -> str:
        return date_format(instant.astimezone(zone), style) if instant else ""

    def door(stop: RoundStop) -> dict[str, Any]:
        claim, bank = stop.closure, stop.compartment.bank
        by = users.get(stop.done_by or 0)
        return {
            "id": stop.pk,
            "number": stop.compartment.number,
            "bank": bank.name,
            "area": bank.area.name if bank.area else "",
            "directions": bank.directions,
            "column": stop.compartment.column,
            "row": stop.compartment.row,
            "can_open": stop.compartment.controller_id is not None,
            "held": stop.compartment_id in held,
            "hindrance": stop.hindrance,
            "closed_until": local(claim.ends_at)
            if claim is not None and claim.closed_at is None and claim.starts_at <= at
            else "",
            "note": stop.compartment.service_note
            if stop.compartment.service_status != "in_service"
            else "",
            "tickets": tickets.get(stop.compartment_id, []),
            "result": stop.result,
            "said": StopResult(stop.result).label if stop.result else "",
            "by": str(by.get_full_name() or by) if by else "",
            "when": local(stop.done_at, "D j M, H:i"),
            "found": stop.note,
        }

    return [door(stop) for stop in stops]


def _span(span: dt.timedelta) -> str:
    minutes = max(int(span.total_seconds() // 60), 1)
    if minutes < 60:
        return ngettext("%(n)d minute", "%(n)d minutes", minutes) % {"n": minutes}
    hours = minutes // 60
    if hours < 48:
        return ngettext("%(n)d hour", "%(n)d hours", hours) % {"n": hours}
    return ngettext("%(n)d day", "%(n)d days", hours // 24) % {"n": hours // 24}
