"""What whoever repairs has pages for: a ticket of the first door with a photo, and its label."""

from __future__ import annotations

import datetime as dt

from maintenance.models import Photo
from occupancy import photos
from tests.factories.cast import Estate
from tests.factories.upkeep import TicketFactory
from tests.pictures import picture


def made(estate: Estate, at: dt.datetime) -> dict[str, int]:
    """Open a ticket with a photo; return the numbers of both."""
    ticket = TicketFactory(
        compartment=estate.doors[0], opened_at=at, last_seen_at=at,
        due_at=at + dt.timedelta(days=1),
    )  # fmt: skip
    name = photos.save(picture(), of=photos.UPKEEP)
    photo = Photo.objects.create(ticket=ticket, name=name, taken_at=at)
    return {"ticket": ticket.pk, "photo": photo.pk}
