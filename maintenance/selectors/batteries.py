"""Which batteries fail soon, why, and how their voltage went."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _

from lockers.choices import ServiceStatus
from lockers.models import Bank, Site
from maintenance.choices import ForecastBy, RoundKind, StopResult
from maintenance.models import Battery, BatteryReading, RoundStop

# As many as a line of a few centimetres can show.
_POINTS = 200


@dataclass(frozen=True)
class Proposed:
    """The doors of a bank whose batteries are to be replaced."""

    bank: Bank
    batteries: list[Battery]


def propose_round(site: Site, until: dt.date) -> list[Proposed]:
    """Return the doors whose battery fails by a day, bank by bank; one statement.

    Those that wait in a battery round already are not in it.
    """
    waits = RoundStop.objects.filter(
        compartment=OuterRef("compartment"), round__kind=RoundKind.BATTERY,
        round__closed_at__isnull=True, result=StopResult.WAITING,
    )  # fmt: skip
    found = (
        Battery.objects.filter(
            ~Exists(waits), compartment__bank__site=site, fails_on__lte=until
        )
        .exclude(compartment__service_status=ServiceStatus.DECOMMISSIONED)
        .select_related("compartment__bank__area")
        .order_by(
            "compartment__bank__area__position", "compartment__bank__name", "compartment__bank",
            "compartment__column", "compartment__row", "compartment",
        )
    )  # fmt: skip
    return [
        Proposed(bank, list(batteries))
        for bank, batteries in groupby(found, key=lambda one: one.compartment.bank)
    ]


def reason(battery: Battery) -> str:
    """Say in words what a forecast rests on."""
    facts: dict[str, int] = battery.forecast_facts
    if not facts:
        return _("Nothing known of it says when.")
    if battery.forecast_by == ForecastBy.OPENINGS:
        words = _("%(openings)s of %(lasts_openings)s openings are used up.")
    elif battery.forecast_by == ForecastBy.DAYS:
        words = _("It lasts %(lasts_days)s days.")
    elif facts["last_mv"] <= facts["low_mv"]:
        words = _("It was read at %(last_mv)s mV; it is low from %(low_mv)s mV.")
    else:
        words = _("It sinks by %(sinks_mv)s mV a month: %(last_mv)s now, low from %(low_mv)s mV.")
    return words % facts


def voltages_of(battery: Battery) -> list[tuple[dt.datetime, int]]:
    """Return the newest readings since the replacement, oldest first."""
    rows = BatteryReading.objects.filter(compartment=battery.pk)
    since = battery.replaced_at or dt.datetime.combine(
        battery.replaced_on, dt.time(), battery.compartment.bank.site.zone
    )
    newest: Sequence[tuple[dt.datetime, int]] = list(
        rows.filter(at__gt=since).order_by("-at").values_list("at", "millivolts")[:_POINTS]
    )
    return list(reversed(newest))
