"""Faults that are no event: what stays open, unreadable or silent, and batteries that are low.

What stands is one fault for as long as it stands, and counts once.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from django.db import models, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from lockers import presence
from lockers.choices import BoardState, CommissioningState, DoorState, OpeningStatus, ServiceStatus
from lockers.models import BankOpening, Bridge, Commissioning, Compartment, Controller
from maintenance import triage
from maintenance.choices import AssetState, Category, Source
from maintenance.models import Asset, BatteryReading, Ticket
from maintenance.services.tickets import reporting
from maintenance.services.tickets.subjects import Subject
from maintenance.services.triaging.lock_events import TRIAGE
from maintenance.triage import BoardStands, BridgeStands, DoorStands
from occupancy.services.ending import sweeping

NOT_IN_USE = [ServiceStatus.OUT_OF_SERVICE, ServiceStatus.DECOMMISSIONED]
# Doors that were opened together are not shut within minutes: power work takes its time.
_OPENED_TOGETHER = dt.timedelta(hours=12)
_T = TypeVar("_T", Compartment, Controller, Bridge)


def heard(at: dt.datetime, to_bridge: str) -> Q:
    """Return the condition for things whose bridge is there."""
    return Q(
        **{
            f"{to_bridge}presence__connection__isnull": False,
            f"{to_bridge}presence__last_seen_at__gt": at - presence.SILENT_AFTER,
        }
    )


def sweep(*, at: dt.datetime, aside: list[str] | None = None) -> int:
    """Report what stands and is a fault; return how many tickets were opened or counted again."""
    found = _each(_bridges(at), partial(_of_bridge, at), Subject.of_bridge, at, aside)
    found += _each(_boards(at), partial(_of_board, at), Subject.of_board, at, aside)
    found += _each(_doors(at), partial(_of_door, at), Subject.of_door, at, aside)
    return found + _each(_low(), partial(_of_battery, at), Subject.of_door, at, aside)


def _each(
    rows: QuerySet[_T],
    judged: Callable[[_T], str | None],
    subject: Callable[[_T], Subject],
    at: dt.datetime,
    aside: list[str] | None,
) -> int:
    def one(pk: int) -> int:
        with transaction.atomic():
            row = rows.filter(pk=pk).first()
            if row is None:
                return 0
            about = subject(row)
            about.lock()
            # Looked at once more, locked: another sweep may have been here.
            row = rows.filter(pk=pk).first()
            fault = judged(row) if row is not None else None
            if fault is None:
                return 0
            reporting.report(
                subject=about, category=Category(fault), source=Source.SYSTEM, actor=TRIAGE, at=at
            )
        return 1

    name = rows.model._meta.model_name
    return sweeping.each(
        list(rows.values_list("pk", flat=True)), one, lambda pk: f"{name}:{pk}", aside
    )


def _untold(thing: str, category: str, since: str) -> Q:
    """Return the condition: no ticket knows of what stands since then."""
    told = Ticket.objects.filter(
        Q(last_seen_at__gte=OuterRef(since)) | Q(closed_at__gte=OuterRef(since)),
        category=category, **{thing: OuterRef("pk")},
    )  # fmt: skip
    return Q(~Exists(told))


def _bridges(at: dt.datetime) -> QuerySet[Bridge]:
    return Bridge.objects.filter(
        _untold("bridge", triage.SILENT, "presence__last_seen_at"),
        enrolled_at__isnull=False, revoked_at__isnull=True,
        presence__last_seen_at__lte=at - triage.SILENT_FOR,
    ).select_related("presence")  # fmt: skip


def _of_bridge(at: dt.datetime, bridge: Bridge) -> str | None:
    facts = BridgeStands(
        last_seen_at=bridge.presence.last_seen_at, is_enrolled=bridge.enrolled_at is not None,
        is_revoked=bridge.revoked_at is not None,
    )  # fmt: skip
    return triage.of_standing(facts, at)


def _boards(at: dt.datetime) -> QuerySet[Controller]:
    used = Compartment.objects.filter(controller=OuterRef("pk")).exclude(
        service_status__in=NOT_IN_USE
    )
    return Controller.objects.filter(
        _untold("controller", triage.SILENT, "state_at"), heard(at, "bridge__"), Exists(used),
        state=BoardState.OFFLINE, state_at__lte=at - triage.SILENT_FOR,
    ).select_related("bridge")  # fmt: skip


def _of_board(at: dt.datetime, board: Controller) -> str | None:
    # The query has looked at its bridge and its doors.
    return triage.of_standing(BoardStands(state=board.state, since=board.state_at), at)


def _doors(at: dt.datetime) -> QuerySet[Compartment]:
    is_open = Q(door__state=DoorState.OPEN, door__changed_at__lte=at - triage.OPEN_FOR) & _untold(
        "compartment", triage.HELD_OPEN, "door__changed_at"
    )
    # Unread since its board was away is no trouble of the door: it has a moment from then on.
    is_unknown = Q(
        door__state=DoorState.UNKNOWN,
        door__changed_at__lte=at - triage.UNREADABLE_FOR,
        controller__state_at__lte=at - triage.UNREADABLE_FOR,
    ) & _untold("compartment", triage.UNREADABLE, "door__changed_at")
    return (
        Compartment.objects.filter(
            heard(at, "controller__bridge__"), is_open | is_unknown, has_sensor=True,
        )
        .exclude(service_status__in=NOT_IN_USE)
        .exclude(controller__state=BoardState.OFFLINE)
        .annotate(is_meant=_is_meant())
        .select_related("bank__site", "door", "controller")
    )  # fmt: skip


def _is_meant() -> models.Expression:
    """Return whether the doors of its bank stand as they do on purpose."""
    commissioned = Commissioning.objects.filter(
        bank=OuterRef("bank"), state=CommissioningState.RUNNING
    )
    opened = BankOpening.objects.filter(
        bank=OuterRef("bank"), status=OpeningStatus.CONFIRMED,
        confirmed_at__gte=OuterRef("door__changed_at") - _OPENED_TOGETHER,
        confirmed_at__lte=OuterRef("door__changed_at"),
    )  # fmt: skip
    return models.ExpressionWrapper(
        Q(Exists(commissioned)) | Q(Exists(opened)), output_field=models.BooleanField()
    )


def _of_door(at: dt.datetime, door: Compartment) -> str | None:
    stands = door.door
    since = stands.changed_at
    if stands.state == DoorState.UNKNOWN and door.controller and door.controller.state_at:
        since = max(since, door.controller.state_at)
    facts = DoorStands(
        state=stands.state, since=since, has_sensor=door.has_sensor,
        service_status=door.service_status, is_meant=getattr(door, "is_meant", False),
    )  # fmt: skip
    return triage.of_standing(facts, at)


def _low() -> QuerySet[Compartment]:
    hangs = Asset.objects.filter(
        compartment=OuterRef("pk"), state=AssetState.INSTALLED
    ).values("model__battery_low_mv")[:1]  # fmt: skip
    last = BatteryReading.objects.filter(compartment=OuterRef("pk")).order_by("-at", "-pk")
    known = Ticket.objects.filter(
        Q(closed_at__isnull=True) | Q(closed_at__gte=OuterRef("read_at")),
        compartment=OuterRef("pk"), category=triage.LOW_BATTERY,
    )  # fmt: skip
    return (
        Compartment.objects.filter(battery__isnull=False)
        .annotate(
            # That of the battery, else that of the lock that hangs there, as in the forecast.
            low_mv=Coalesce("battery__model__battery_low_mv", Subquery(hangs)),
            read_mv=Subquery(last.values("millivolts")[:1]),
            read_at=Subquery(last.values("at")[:1]),
        )
        .filter(~Exists(known), read_mv__lt=F("low_mv"))
        .exclude(service_status__in=NOT_IN_USE)
        .select_related("bank__site", "battery")
    )


def _of_battery(at: dt.datetime, door: Compartment) -> str | None:
    battery, read_at = door.battery, getattr(door, "read_at", at)
    facts = DoorStands(
        service_status=door.service_status, battery_mv=getattr(door, "read_mv", None),
        battery_low_mv=getattr(door, "low_mv", None),
        is_battery_read=read_at.astimezone(door.bank.site.zone).date() >= battery.replaced_on,
    )  # fmt: skip
    return triage.of_battery(facts)
