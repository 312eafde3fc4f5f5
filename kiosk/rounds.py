"""Rounds that come to doors which somebody has: told to them, so that nobody is surprised."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections.abc import Collection

from django.utils.translation import gettext as _

from kiosk import untils
from maintenance.choices import RoundKind
from maintenance.models import RoundStop

# Who comes to a locker thinks of today and tomorrow.
_AHEAD = dt.timedelta(hours=24)


def coming(
    compartment_ids: Collection[int], zone: zoneinfo.ZoneInfo, at: dt.datetime
) -> dict[int, str]:
    """Return for doors that a round is at, or comes to within a day, what their holders are told.

    One statement for all of them; what was done, and a round that is over, is not told of.
    """
    stops = (
        RoundStop.objects.filter(
            compartment__in=compartment_ids, done_at__isnull=True, round__closed_at__isnull=True,
            planned_from__lte=at + _AHEAD, planned_until__gt=at,
        )
        # Occupancy is counted without opening anything.
        .exclude(round__kind=RoundKind.OCCUPANCY_REVIEW)
        .select_related("round")
        .only("compartment_id", "planned_from", "planned_until", "round__name")
        .order_by("-planned_from", "-pk")
    )  # fmt: skip
    return {stop.compartment_id: _sentence(stop, zone, at) for stop in stops}


def _sentence(stop: RoundStop, zone: zoneinfo.ZoneInfo, at: dt.datetime) -> str:
    said = _("%(what)s between %(begins)s and %(ends)s. You keep the locker.")
    return said % {
        "what": stop.round.name,
        "begins": untils.when(stop.planned_from, zone, at),
        "ends": untils.when(stop.planned_until, zone, at),
    }
