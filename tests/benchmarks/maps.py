"""How many SQL statements a map takes, whatever its size."""

from __future__ import annotations

from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from lockers.models import Bank, Compartment, Site, Size
from occupancy import selectors
from tests.benchmarks.place import Place


def measure(place: Place) -> dict[str, Any]:
    """Return the statements for a map of 1,000 and of 10,000 compartments."""
    return {"map_queries": {str(count): _statements(place, count) for count in (1_000, 10_000)}}


def _statements(place: Place, count: int) -> int:
    site = Site.objects.create(organisation_id=place.organisation, name=f"Map of {count}")
    size = Size.objects.filter(organisation_id=place.organisation).first()
    for first in range(0, count, 500):
        bank = Bank.objects.create(site=site, name=f"From {first}")
        Compartment.objects.bulk_create(
            Compartment(
                bank=bank,
                number=str(first + n),
                size=size,
                column=n // 10 + 1,
                row=n % 10 + 1,
                x_mm=n // 10 * 300,
                y_mm=n % 10 * 180,
                width_mm=300,
                height_mm=180,
                floor_mm=100,
            )
            for n in range(500)
        )
    with CaptureQueriesContext(
        connection,
    ) as captured:
        selectors.site_map(site.pk, at=timezone.now())
    return len(captured)
