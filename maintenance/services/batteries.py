"""Voltages that are read, batteries that are replaced, and the rounds that see to it in time."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import connection, transaction
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from audit.actions import Action
from audit.services import events
from audit.services.events import Actor
from lockers.models import Compartment, Site
from maintenance.choices import RoundKind
from maintenance.errors.batteries import (
    BadVoltage,
    NothingToPlan,
    NotMeasuredYet,
    NotReplacedYet,
    ReplacedSince,
)
from maintenance.models import Battery, BatteryReading, Round, RoundStop
from maintenance.selectors import batteries as selectors
from maintenance.services import battery_forecasts, parts

LEAST_MV, MOST_MV = 100, 60_000
MINUTES_PER_DOOR = 5
# An event that a signal was lost of is found within this time.
_MISSED_WITHIN = dt.timedelta(days=7)
# The journal keeps what was told; a clock that was wrong dates nothing.
_STORE = """
INSERT INTO maintenance_batteryreading (compartment_id, millivolts, at, event_id)
SELECT e.compartment_id, e.detail::integer,
       CASE WHEN e.clock_ok THEN least(e.occurred_at, e.received_at) ELSE e.received_at END, e.id
FROM lockers_lockevent e
WHERE {which} AND e.kind = 'battery_level' AND e.compartment_id IS NOT NULL
  AND CASE WHEN e.detail ~ '^[0-9][0-9][0-9]+$' AND length(e.detail) < 6 THEN e.detail::integer END
      BETWEEN %(least)s AND %(most)s
  AND NOT EXISTS (SELECT FROM maintenance_batteryreading r WHERE r.event_id = e.id)
ON CONFLICT (event_id) DO NOTHING
RETURNING compartment_id
"""


def record(
    *,
    compartment_id: int,
    millivolts: int,
    actor: Actor,
    at: dt.datetime,
    measured_at: dt.datetime | None = None,
) -> BatteryReading:
    """Record a voltage that was measured, now or earlier, and forecast that battery anew.

    Raises BadVoltage and NotMeasuredYet.
    """
    if not LEAST_MV <= millivolts <= MOST_MV:
        raise BadVoltage
    measured_at = measured_at or at
    if measured_at > at:
        raise NotMeasuredYet
    with transaction.atomic():
        door = _door(compartment_id)
        reading = BatteryReading.objects.create(
            compartment=door, millivolts=millivolts, at=measured_at
        )
        _record(Action.BATTERY_READ, door, actor, at, millivolts=millivolts, reading=reading.pk)
        battery_forecasts.forecast(at=at, compartment_ids=[door.pk])
    return reading


def store_told(*, event_ids: list[int], at: dt.datetime) -> int:
    """Store the voltages among some lock events, each once; return how many were new.

    The journal line is their record: thousands a day need no second one.
    """
    return _store("e.id = ANY(%(value)s)", event_ids, at)


def store_missed(*, at: dt.datetime) -> int:
    """Store the voltages whose signal was lost; return how many."""
    return _store("e.received_at > %(value)s", at - _MISSED_WITHIN, at)


def _store(which: str, value: list[int] | dt.datetime, at: dt.datetime) -> int:
    with transaction.atomic():
        with connection.cursor() as cursor:
            named: dict[str, Any] = {"value": value, "least": LEAST_MV, "most": MOST_MV}
            cursor.execute(_STORE.format(which=which), named)
            doors = [door for (door,) in cursor.fetchall()]
        if doors:
            battery_forecasts.forecast(at=at, compartment_ids=sorted(set(doors)))
    return len(doors)


def replace(
    *,
    compartment_id: int,
    on: dt.date,
    actor: Actor,
    at: dt.datetime,
    stock_id: int | None = None,
    count: int = 1,
    ticket_id: int | None = None,
    anyway: bool = False,
    reason: str = "",
) -> Battery:
    """Record that a battery was replaced, and take the new one out of a store where it is named.

    Raises NotReplacedYet, ReplacedSince and what ``parts.issue`` raises.
    """
    with transaction.atomic():
        door = _door(compartment_id)
        today = at.astimezone(door.bank.site.zone).date()
        if on > today:
            raise NotReplacedYet
        Battery.objects.get_or_create(compartment=door, defaults={"replaced_on": on})
        battery = Battery.objects.select_for_update(no_key=True).get(pk=door.pk)
        if battery.replaced_on > on:
            raise ReplacedSince
        if stock_id is not None:
            parts.issue(
                stock_id=stock_id, count=count, actor=actor, at=at, ticket_id=ticket_id,
                anyway=anyway, reason=reason,
            )  # fmt: skip
        # What was read earlier today was the old one.
        Battery.objects.filter(pk=door.pk).update(
            replaced_on=on, replaced_at=at if on == today else None
        )
        _record(
            Action.BATTERY_REPLACED, door, actor, at, reason, on=on, stock=stock_id,
            ticket=ticket_id,
        )  # fmt: skip
        battery_forecasts.forecast(at=at, compartment_ids=[door.pk])
        battery.refresh_from_db()
    return battery


def plan_round(
    *, site_id: int, until: dt.date, starts_at: dt.datetime, actor: Actor, at: dt.datetime
) -> Round:
    """Plan a round to every battery of a site that fails by a day; raises NothingToPlan.

    Doors that wait in another battery round are left to that one. No door is closed for it: a
    battery takes minutes.
    """
    with transaction.atomic():
        # Of two who plan at once, the second finds the doors of the first.
        site = Site.objects.select_for_update(no_key=True).get(pk=site_id)
        doors = [
            battery.compartment_id
            for proposed in selectors.propose_round(site, until)
            for battery in proposed.batteries
        ]
        if not doors:
            raise NothingToPlan
        step = dt.timedelta(minutes=MINUTES_PER_DOOR)
        planned = Round.objects.create(
            site=site, kind=RoundKind.BATTERY, day=starts_at.astimezone(site.zone).date(),
            name=_("Batteries until %s") % date_format(until, "SHORT_DATE_FORMAT"),
            starts_at=starts_at, due_at=starts_at + step * len(doors),
        )  # fmt: skip
        RoundStop.objects.bulk_create(
            RoundStop(
                round=planned, compartment_id=door, position=place + 1,
                planned_from=starts_at + step * place, planned_until=starts_at + step * (place + 1),
            )
            for place, door in enumerate(doors)
        )  # fmt: skip
        events.record(
            action=Action.ROUND_PLANNED, actor=actor, at=at, organisation_id=site.organisation_id,
            site_id=site.pk, subject=f"round:{planned.pk}",
            data={"kind": planned.kind, "doors": len(doors), "until": until},
        )  # fmt: skip
    return planned


def _door(compartment_id: int) -> Compartment:
    return Compartment.objects.select_related("bank__site").get(pk=compartment_id)


def _record(
    action: Action, door: Compartment, actor: Actor, at: dt.datetime, reason: str = "",
    **data: object,
) -> None:  # fmt: skip
    events.record(
        action=action, actor=actor, at=at, organisation_id=door.bank.site.organisation_id,
        site_id=door.bank.site_id, bank_id=door.bank_id, compartment_id=door.pk,
        subject=f"battery:{door.pk}", reason=reason, data=data,
    )  # fmt: skip
