"""A second site, of 10,000 doors in 20 banks, for what is planned and forecast for all of them."""

from __future__ import annotations

from django.db import connection

from tests.benchmarks.place import Place

NAME = "Site of many doors"
BANKS, DOORS = 20, 500


def build(place: Place) -> tuple[int, list[int]]:
    """Return the site and its banks in their order; they are made when first asked for."""
    from lockers.models import Bank, Compartment, Site, Size

    found = Site.objects.filter(name=NAME, organisation=place.organisation).first()
    if found is not None:
        return found.pk, list(found.banks.order_by("position").values_list("pk", flat=True))
    site = Site.objects.create(name=NAME, organisation_id=place.organisation)
    size = Size.objects.filter(organisation=place.organisation).first()
    banks = Bank.objects.bulk_create(
        Bank(site=site, name=f"Many {n}", position=n, works_alone=False) for n in range(BANKS)
    )
    Compartment.objects.bulk_create(
        Compartment(
            bank=bank, number=str(n + 1), size=size, column=n // 10 + 1, row=n % 10 + 1,
            x_mm=n // 10 * 300, y_mm=n % 10 * 180, width_mm=300, height_mm=180,
            floor_mm=100 + (9 - n % 10) * 180,
        )
        for bank in banks
        for n in range(DOORS)
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return site.pk, [bank.pk for bank in banks]
