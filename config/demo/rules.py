"""Several policies that serve one bank at once, so that the administration has some to look at."""

from __future__ import annotations

import datetime as dt

from access.choices import PersonKind
from access.models import Department
from config.demo.estate import Estate
from lockers.models import Bank, Compartment, Site, Size
from occupancy.choices import UseModel
from occupancy.models import CompartmentGroup, Policy

BOOKED_AHEAD = "Booked ahead"


def add(estate: Estate) -> None:
    """Let visitors and a team share the office's second bank with everybody, and so at the pool.

    Some doors of the third are booked ahead. The sites' own policies go on serving staff for the
    day; at bank A nothing else is asked.
    """
    office, pool = estate.sites[0], estate.sites[2]
    # In the office a phone opens doors, for whoever scanned the label of the bank.
    Policy.objects.filter(pk=office.policy.pk).update(opens_by_phone=True)
    _office(estate, office.banks[1])
    _bookable(estate, office.banks[2])
    _pool(estate, pool.banks[-1])


def booked_ahead(site: Site) -> set[int]:
    """Return the doors of a site that are only had by booking."""
    doors = Compartment.objects.filter(
        bank__site=site, groups__policies__model=UseModel.RESERVATION
    )
    return set(doors.values_list("pk", flat=True))


def _office(estate: Estate, bank: Bank) -> None:
    visitors = Policy.objects.create(
        organisation=estate.organisation,
        bank=bank,
        name="Visitors until 18:00",
        model=UseModel.VISITOR,
        person_kinds=[PersonKind.VISITOR],
        ends_at_time=dt.time(18),
    )
    visitors.sizes.set(Size.objects.filter(organisation=estate.organisation).order_by("rank")[:1])
    row = CompartmentGroup.objects.create(
        organisation=estate.organisation, name=f"Bank {bank.name}: row 1"
    )
    row.compartments.set(bank.compartments.filter(row=1))
    team = Policy.objects.create(
        organisation=estate.organisation,
        group=row,
        name="Facilities' own row",
        is_exclusive=True,
    )
    team.departments.set(Department.objects.filter(name="Facilities"))


def _bookable(estate: Estate, bank: Bank) -> None:
    columns = CompartmentGroup.objects.create(
        organisation=estate.organisation, name=f"Bank {bank.name}: columns 1 and 2"
    )
    columns.compartments.set(bank.compartments.filter(column__lte=2))
    Policy.objects.create(
        organisation=estate.organisation,
        group=columns,
        name=BOOKED_AHEAD,
        model=UseModel.RESERVATION,
        books_ahead=dt.timedelta(days=14),
        opens_by_phone=True,
    )


def _pool(estate: Estate, bank: Bank) -> None:
    Policy.objects.create(
        organisation=estate.organisation,
        bank=bank,
        name="One swim",
        model=UseModel.SESSION,
        person_kinds=[PersonKind.MEMBER],
        lasts=dt.timedelta(hours=3),
    )
    Policy.objects.create(
        organisation=estate.organisation,
        bank=bank,
        name="Pool team, by shifts",
        model=UseModel.SHIFT,
        person_kinds=[PersonKind.STAFF],
        shifts=[dt.time(6), dt.time(14)],
        handover=dt.timedelta(minutes=30),
    )
