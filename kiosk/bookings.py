"""What waits for somebody at a bank: a door offered from the waiting list, or one they booked."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from typing import Any

from django.utils.translation import gettext as _

from kiosk import places, untils
from kiosk.authentication import Here
from occupancy import selectors as occupancy
from occupancy.models import Claim, Offer
from occupancy.services.bookings import no_shows
from occupancy.services.queue import offers

# A booking that begins later than this is not spoken of.
_SOON = dt.timedelta(hours=12)


def ahead(here: Here, person_id: int, at: dt.datetime) -> dict[str, Any]:
    """Return the door that is kept for somebody at this bank, and the one they booked, if any."""
    planned = Claim.objects.filter(
        holder=person_id, compartment__bank=here.bank_id, closed_at=None, started_at=None
    )
    offer = (
        Offer.objects.filter(offers.standing(at), claim__in=planned)
        .select_related("claim__compartment")
        .order_by("claim__ends_at")
        .first()
    )
    booking = (
        planned.filter(no_shows.stands(at), starts_at__lte=at + _SOON)
        .select_related("compartment", "policy")
        .order_by("starts_at")
        .first()
    )
    return {
        "offered": _offered(here, offer, at) if offer else None,
        "booked": _booked(here, booking, at) if booking else None,
    }


def _offered(here: Here, offer: Offer, at: dt.datetime) -> dict[str, Any]:
    claim = offer.claim
    assert claim.ends_at is not None  # an offer is for a while
    until = untils.when(claim.ends_at, zoneinfo.ZoneInfo(here.time_zone), at)
    said = _("It is kept for you until %(time)s.") % {"time": until}
    return {"offer": offer.pk, **_told(here, claim, said, at), "ready": True}


def _booked(here: Here, claim: Claim, at: dt.datetime) -> dict[str, Any]:
    assert claim.policy is not None and claim.ends_at is not None  # a booking has both
    zone = zoneinfo.ZoneInfo(here.time_zone)
    from_at = claim.starts_at - claim.policy.checks_in_before
    facts = {
        "start": untils.when(claim.starts_at, zone, at),
        "end": untils.when(claim.due_at or claim.ends_at, zone, at),
        "from": untils.when(from_at, zone, at),
    }
    if at >= from_at:
        said = _("It is yours from %(start)s until %(end)s.") % facts
    else:
        said = _("It is yours from %(start)s until %(end)s. Check in from %(from)s.") % facts
    return {**_told(here, claim, said, at), "ready": at >= from_at}


def _told(here: Here, claim: Claim, until: str, at: dt.datetime) -> dict[str, Any]:
    where = places.words(occupancy.bank_states([here.bank_id], at))
    return {
        "claim": claim.pk,
        "compartment": claim.compartment_id,
        "number": claim.compartment.number,
        "here": True,
        "where": where[claim.compartment_id],
        "until": until,
    }
