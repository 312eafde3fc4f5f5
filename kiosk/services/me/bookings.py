"""Doors booked from a phone: at a bank, or at the nearest one that has a door."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from audit.errors import Refusal
from audit.services.events import Actor
from kiosk.errors import NotAtTheBank
from kiosk.models import PhoneSession
from kiosk.services.me import choices, doors, sessions
from lockers.models import Area, Bank, Site
from occupancy.errors.claims import NoCompartmentAvailable, NoSuchCompartment, NotTheHolder
from occupancy.models import Claim, Policy
from occupancy.services.bookings import reservations
from occupancy.services.bookings.reservations import Reserved
from occupancy.services.claims.assignments import Claimed, Wanted

# Further away nobody would walk for it.
_BANKS_TRIED = 8


@dataclass(frozen=True)
class Place:
    """Where a door is wanted: at a bank, or near an area or a desk."""

    bank_id: int | None = None
    area_id: int | None = None
    desk: str = ""


def places(site: Site) -> list[tuple[str, Any]]:
    """Return what can be chosen at a site: anywhere, near one of its areas, at one of its banks."""
    areas = Area.objects.filter(site=site).order_by("position", "name", "pk")
    banks = Bank.objects.filter(site=site).order_by("position", "name", "pk")
    told: list[tuple[str, Any]] = [("", _("Anywhere"))]
    if near := [(f"area-{one.pk}", one.name) for one in areas]:
        told.append((_("Near"), near))
    if at := [(f"bank-{one.pk}", _("Bank %(bank)s") % {"bank": one.name}) for one in banks]:
        told.append((_("At"), at))
    return told


def place_of(chosen: str, desk: str = "") -> Place:
    """Return the place of a choice that ``places`` offered, and of a desk that was typed."""
    kind, _dash, pk = chosen.partition("-")
    if kind == "bank":
        return Place(bank_id=int(pk))
    return Place(area_id=int(pk) if pk else None, desk=desk)


def banks_at(place: Place, site: Site) -> list[Bank]:
    """Return the banks to try, the nearest first."""
    if place.bank_id is not None:
        return list(Bank.objects.filter(pk=place.bank_id, site=site).select_related("site"))
    return choices.banks_near(place.area_id, site, place.desk)[:_BANKS_TRIED]


def are_possible(site: Site) -> bool:
    """Say whether any door of a site can be booked ahead at all."""
    anywhere = Q(site__isnull=True, area__isnull=True, bank__isnull=True)
    there = Q(site=site) | Q(area__site=site) | Q(bank__site=site) | anywhere
    return Policy.objects.filter(
        there, organisation=site.organisation_id, is_active=True, books_ahead__isnull=False
    ).exists()


def reserve(
    *,
    session: PhoneSession,
    site: Site,
    place: Place,
    size_id: int | None,
    starts_at: dt.datetime,
    ends_at: dt.datetime,
    at: dt.datetime,
) -> tuple[Reserved, Bank]:
    """Book a door at the nearest bank that has one. Raises as reservations.reserve."""
    near = choices.area_path(place.area_id, site)
    first: Refusal | None = None
    for bank in banks_at(place, site):
        try:
            with transaction.atomic():
                got = reservations.reserve(
                    person_id=session.person_id,
                    bank_id=bank.pk,
                    wanted=Wanted(size_id=size_id, near=near),
                    starts_at=starts_at,
                    ends_at=ends_at,
                    actor=Actor.person(session.person_id),
                    at=at,
                    credential=doors.SHOWN,
                )
            return got, bank
        except Refusal as refusal:
            # What failed at the nearest is what they can do most about.
            first = first or refusal
            if not isinstance(refusal, NoCompartmentAvailable | NoSuchCompartment):
                break
    raise first or NoSuchCompartment()


def check_in(*, session: PhoneSession, claim_id: int, at: dt.datetime) -> tuple[Claimed, bool]:
    """Begin to use what was booked, before its door; say whether that was asked to open.

    To check in is to be there: raises NotAtTheBank without a scan of the bank's label a moment
    ago, and as reservations.check_in.
    """
    booking = (
        Claim.objects.filter(pk=claim_id, holder=session.person_id)
        .select_related("compartment__bank", "policy")
        .first()
    )
    if booking is None:
        raise NotTheHolder
    here = sessions.stands_at(session, at)
    if here is None or here.pk != booking.compartment.bank_id:
        raise NotAtTheBank(bank=booking.compartment.bank.name)
    opens = booking.policy is not None and booking.policy.opens_by_phone
    claimed = reservations.check_in(
        claim_id=claim_id,
        person_id=session.person_id,
        actor=Actor.person(session.person_id),
        at=at,
        via={"phone": session.pk},
        credential=doors.SHOWN,
        opens=opens,
    )
    return claimed, opens
