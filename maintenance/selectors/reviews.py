"""The figures of an occupancy review: four statements, however many doors."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict

from django.db import connection
from django.db.models import Count, Q

from audit.actions import Action
from audit.models import Event
from lockers.models import AcademicSession, Bank
from maintenance.models import Ticket
from maintenance.reviews import Asked, Door, Review, review
from occupancy.models import WaitingEntry

# What is refused because there is no door, not because of who asks.
_NO_DOOR = ["no_compartment_available", "others_wait"]
_DOORS = """
SELECT c.id, b.name, z.name, c.number, coalesce(x.uses, 0), coalesce(x.days, 0),
       CASE WHEN c.controller_id IS NULL THEN NULL ELSE coalesce(k.openings, 0) END
FROM lockers_compartment c
JOIN lockers_bank b ON b.id = c.bank_id
JOIN lockers_size z ON z.id = c.size_id
LEFT JOIN (
    SELECT compartment_id, count(*) AS uses,
           sum(extract(epoch FROM least(coalesce(closed_at, %(seen)s), %(seen)s)
                                  - greatest(started_at, %(begins)s))) / 86400 AS days
    FROM occupancy_claim
    WHERE kind = 'assignment' AND started_at < %(seen)s
      AND (closed_at IS NULL OR closed_at > %(begins)s)
    GROUP BY compartment_id) x ON x.compartment_id = c.id
LEFT JOIN (
    SELECT compartment_id, count(*) AS openings FROM lockers_command
    WHERE requested_at >= %(begins)s AND requested_at < %(seen)s
      AND status IN ('actuated', 'opened', 'closed')
    GROUP BY compartment_id) k ON k.compartment_id = c.id
WHERE b.site_id = %(site)s AND c.service_status <> 'decommissioned'
ORDER BY b.position, b.name, b.id, z.rank, c."column", c.row
"""


def review_of(session: AcademicSession, at: dt.datetime) -> Review:
    """Return what a session says of the lockers of its site, up to now while it goes on."""
    zone = session.site.zone
    begins = dt.datetime.combine(session.starts_on, dt.time(), zone)
    ends = dt.datetime.combine(session.ends_on + dt.timedelta(days=1), dt.time(), zone)
    seen = max(min(at, ends), begins)
    doors = _doors(session.site_id, begins, seen)
    asked = _asked(session.site_id, begins, seen)
    return review(doors, asked, (seen - begins) / dt.timedelta(days=1))


def _doors(site_id: int, begins: dt.datetime, seen: dt.datetime) -> list[Door]:
    faults: defaultdict[int, dict[str, int]] = defaultdict(dict)
    reported = (
        Ticket.objects.filter(
            compartment__isnull=False, site=site_id, opened_at__gte=begins, opened_at__lt=seen
        )
        .order_by()
        .values_list("compartment", "category")
        .annotate(count=Count("pk"))
    )
    for door_id, category, count in reported:
        faults[door_id][category] = count
    with connection.cursor() as cursor:
        cursor.execute(_DOORS, {"site": site_id, "begins": begins, "seen": seen})
        return [
            Door(bank, size, number, uses, float(days), openings, faults.get(pk, {}))
            for pk, bank, size, number, uses, days, openings in cursor.fetchall()
        ]


def _asked(site_id: int, begins: dt.datetime, seen: dt.datetime) -> list[Asked]:
    waited = (
        WaitingEntry.objects.filter(site=site_id, joined_at__gte=begins, joined_at__lt=seen)
        .order_by("bank__name", "size__rank")
        .values_list("bank__name", "size__name")
        .annotate(count=Count("pk"))
    )
    refused = (
        Event.objects.filter(
            Q(data__code__in=_NO_DOOR), site_id=site_id, action=Action.REFUSED,
            occurred_at__gte=begins, occurred_at__lt=seen, bank_id__isnull=False,
        )
        .order_by()
        .values_list("bank_id")
        .annotate(count=Count("pk"))
    )  # fmt: skip
    counts: dict[int, int] = dict(refused)
    names = Bank.objects.filter(site=site_id).order_by("position", "name").values_list("pk", "name")
    return [
        *(Asked(bank, size, waited=count) for bank, size, count in waited),
        *(Asked(name, "", refused=counts[pk]) for pk, name in names if pk in counts),
    ]
