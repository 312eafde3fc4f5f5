"""A claim with twenty policies at all levels over 10,000 doors, and with one."""

from __future__ import annotations

import time
from typing import Any

from django.db import connection
from django.utils import timezone

from audit.services.events import Actor
from lockers.models import Bank, Compartment, Controller, Door, Site, Size
from occupancy.models import Policy
from occupancy.services.claims.claiming import Wanted, claim
from tests import factories
from tests.benchmarks.figures import RUNS, median, percentile
from tests.benchmarks.place import Place

BANKS, DOORS_PER_BANK = 100, 100
POLICIES = 20
CLAIMS = 300


def measure(place: Place) -> dict[str, Any]:
    """Return p50 and p99 of a claim in milliseconds, and how many times the p50 of one policy."""
    banks, areas = _banks(place)
    _claims(place, banks, 100)
    one: list[list[float]] = []
    many: list[list[float]] = []
    for _run in range(RUNS):
        one.append(_claims(place, banks, CLAIMS))
        added = _policies(place, banks, areas)
        try:
            many.append(_claims(place, banks, CLAIMS))
        finally:
            place.empty()
            Policy.objects.filter(pk__in=[policy.pk for policy in added]).delete()
    p50 = [percentile(run, 0.5) for run in many]
    return {
        "claim_under_policies_ms": {
            "p50": median(p50),
            "p99": median(percentile(run, 0.99) for run in many),
            "policies": POLICIES,
            "compartments": BANKS * DOORS_PER_BANK,
            "one_policy_p50": median(percentile(run, 0.5) for run in one),
            "times_one_policy": median(
                much / percentile(little, 0.5) for much, little in zip(p50, one, strict=True)
            ),
        }
    }


def _claims(place: Place, banks: list[Bank], claims: int) -> list[float]:
    """Claim at one bank after another, each by somebody else; return milliseconds."""
    place.empty()
    latencies = []
    for number in range(-5, claims):
        # The first five read the policies, and are not counted.
        person = place.first_person + number % (claims + 5)
        begun = time.perf_counter()
        claim(
            person_id=person,
            bank_id=banks[number % len(banks)].pk,
            wanted=Wanted(),
            actor=Actor.person(person),
            at=timezone.now(),
        )
        if number >= 0:
            latencies.append((time.perf_counter() - begun) * 1000)
    return latencies


def _banks(place: Place) -> tuple[list[Bank], list[Any]]:
    """Add a hundred banks of a hundred doors in ten areas, behind the bridge of the first one."""
    # The objects themselves: for a bare id a factory would make another site.
    site = Site.objects.get(pk=place.site)
    size = Size.objects.get(organisation=place.organisation)
    bridge = Bank.objects.get(pk=place.banks[0]).bridge
    building = factories.AreaFactory(site=site, name="Building")
    areas = [
        factories.AreaFactory(site=site, name=f"Floor {n}", parent=building) for n in range(10)
    ]
    banks = [
        factories.BankFactory(
            site=site, bridge=bridge, name=f"Under policies {n}", area=areas[n % 10]
        )
        for n in range(BANKS)
    ]
    boards = Controller.objects.bulk_create(
        Controller(
            bridge=bridge, name=f"Policies {n}", driver="modbus_relay", unit=1, state="ok",
            address=f"tcp://127.0.0.1:{n + 1000}", channels=DOORS_PER_BANK,
        )
        for n in range(BANKS)
    )  # fmt: skip
    at = timezone.now()
    doors = Compartment.objects.bulk_create(
        Compartment(
            bank=bank, number=str(n + 1), size=size, column=n // 10 + 1, row=n % 10 + 1,
            x_mm=n // 10 * 300, y_mm=n % 10 * 180, width_mm=300, height_mm=180,
            floor_mm=100 + (9 - n % 10) * 180, controller=board, channel=n,
        )
        for bank, board in zip(banks, boards, strict=True)
        for n in range(DOORS_PER_BANK)
    )  # fmt: skip
    Door.objects.bulk_create(Door(compartment=d, state="closed", changed_at=at) for d in doors)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return banks, [building, *areas]


def _policies(place: Place, banks: list[Bank], areas: list[Any]) -> list[Policy]:
    """Attach policies to organisation, site, areas, banks and groups of doors across all banks."""
    from occupancy.models import CompartmentGroup

    site = Site.objects.select_related("organisation").get(pk=place.site)
    groups = []
    for row in range(5):
        group = CompartmentGroup.objects.create(
            organisation_id=place.organisation, name=f"Row {row} {timezone.now().timestamp()}"
        )
        group.compartments.set(
            Compartment.objects.filter(bank__in=banks, row=row + 1).values_list("pk", flat=True)
        )
        groups.append(group)
    where: list[dict[str, Any]] = [{}, {}, {"site": site}, {"site": site}]
    where += [{"area": area} for area in areas[:6]]
    where += [{"bank": bank} for bank in banks[:4]]
    where += [{"group": group} for group in groups]
    added = []
    for number, place_of_it in enumerate(where[: POLICIES - 1]):
        policy = factories.PolicyFactory(
            organisation=site.organisation,
            name=f"Measured {number}",
            limit_per_person=number % 3 + 1,
            person_kinds=["staff", "student"] if number % 4 else [],
            **place_of_it,
        )
        added.append(policy)
    return added
