"""Where doors are, in words: read from the estate, whatever state they are in."""

from __future__ import annotations

from collections.abc import Collection

from kiosk import places
from lockers.models import Compartment


def of_doors(bank_id: int, doors: Collection[int]) -> dict[int, str]:
    """Return for these doors of a bank where somebody in front of it finds each."""
    rows = Compartment.objects.filter(bank=bank_id).order_by()
    drawn = rows.values_list("id", "column", "row", "height_mm", "floor_mm", named=True)
    return places.words(drawn, doors)
