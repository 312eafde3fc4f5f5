"""What an allotment is about, read in a few statements: doors, pupils, areas, who has what."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass

from django.db.models import Q

from access.choices import PersonKind, PersonStatus
from access.models import Hold, Person
from access.services import holds
from lockers.choices import ServiceStatus
from lockers.models import Area, Compartment
from occupancy import periods
from occupancy.allotment.walks import Place
from occupancy.choices import ClaimKind, KeepsDoor
from occupancy.models import Allotment, Claim


@dataclass(frozen=True)
class Facts:
    """The doors that can be given, and the pupils who are to get one."""

    doors: list[Compartment]
    pupils: list[Person]
    areas: dict[int, Place]
    # Whose door it is (of a pupil who takes part), by door; and the claim by which it is.
    held: dict[int, int]
    claims: dict[int, Claim]
    # Pupils whose year keeps its doors: they take no part, nor do their doors.
    keeping: dict[int, int]
    # Pupils who are on hold, as who was not cleared at the end of the year: they get none.
    on_hold: list[Person]


def ends_at(allotment: Allotment) -> dt.datetime:
    """Return when the doors of an allotment end: with the last day of its year, at the site."""
    day = allotment.session.ends_on + dt.timedelta(days=1)
    return periods.shown_at(dt.datetime.combine(day, dt.time()), allotment.site.zone)


def pupils_of(allotment: Allotment) -> list[Person]:
    """Return who takes part: pupils of its years who are here for some of the academic year."""
    session = allotment.session
    return list(
        Person.objects.filter(
            Q(starts_on__isnull=True) | Q(starts_on__lte=session.ends_on),
            Q(leaves_on__isnull=True) | Q(leaves_on__gte=session.starts_on),
            home_site=allotment.site_id,
            kind=PersonKind.STUDENT,
            status=PersonStatus.ACTIVE,
            year_group__in=allotment.years.values("year_group"),
        )
        .prefetch_related("registration_group")  # thirty pupils share one
        .order_by("pk")
    )


def doors_of(allotment: Allotment) -> list[Compartment]:
    """Return the doors of its banks that are in service, as they stand."""
    return list(
        Compartment.objects.filter(
            bank__in=allotment.banks.all(), service_status=ServiceStatus.IN_SERVICE
        )
        .prefetch_related("bank", "size")  # hundreds of doors share one
        .order_by("bank__position", "bank_id", "column", "row", "pk")
    )


def areas_of(allotment: Allotment) -> dict[int, Place]:
    """Return the areas of its site, by their number."""
    areas = Area.objects.filter(site_id=allotment.site_id)
    return {one.pk: Place(one.kind, one.parent_id) for one in areas}


def read(allotment: Allotment, at: dt.datetime) -> Facts:
    """Read what can be given to whom at an instant; as many statements for ten as for thousands."""
    pupils = pupils_of(allotment)
    keeps = {one.year_group_id: one.keeps for one in allotment.years.all()}
    year_of = {one.pk: one.year_group_id for one in pupils}
    doors = doors_of(allotment)
    claims: defaultdict[int, list[Claim]] = defaultdict(list)
    for claim in Claim.objects.filter(
        Q(started_at__isnull=False) | Q(ends_at__isnull=True) | Q(ends_at__gt=at),
        compartment__bank__in=allotment.banks.all(), closed_at__isnull=True,
        starts_at__lt=ends_at(allotment),
    ).order_by("pk"):  # fmt: skip
        claims[claim.compartment_id].append(claim)
    free: list[Compartment] = []
    held: dict[int, int] = {}
    its_claim: dict[int, Claim] = {}
    keeping: dict[int, int] = {}
    for door in doors:
        found = claims.get(door.pk, [])
        if not found:
            free.append(door)
            continue
        claim = found[0]
        year = year_of.get(claim.holder_id) if claim.holder_id is not None else None
        is_pupils = (
            len(found) == 1 and claim.kind == ClaimKind.ASSIGNMENT and claim.recovery_at is None
        )
        if year is None or not is_pupils or claim.holder_id is None:
            continue  # somebody else's, closed, booked, or being emptied
        its_claim[door.pk] = claim
        if keeps[year] == KeepsDoor.ALWAYS:
            keeping[claim.holder_id] = door.pk
            continue
        held[door.pk] = claim.holder_id
        free.append(door)
    stopped = set(
        Hold.objects.filter(holds.in_force(at), person__in=pupils).values_list(
            "person_id", flat=True
        )
    )
    on_hold = [one for one in pupils if one.pk in stopped and one.pk not in keeping]
    taking_part = [one for one in pupils if one.pk not in keeping and one.pk not in stopped]
    return Facts(free, taking_part, areas_of(allotment), held, its_claim, keeping, on_hold)
