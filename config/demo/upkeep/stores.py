"""Parts on a shelf, one of them running out, and batteries of which one sinks."""

from __future__ import annotations

import datetime as dt
import random
from decimal import Decimal

from config.demo.estate import Estate
from config.demo.upkeep import assets
from config.demo.upkeep.desk import DAY, Desk, local
from lockers.models import Compartment
from maintenance.models import BatteryReading, Part, Stock, Store
from maintenance.services import batteries, battery_forecasts, parts

STORE = "Workshop, cabinet 2"
SPRING, BOLT, CELLS, HINGE, CYLINDER = "LL-SPR", "LL-BOLT", "AA-L4", "HS-HNG", "C4-CYL"
SEED = 4600
# Number, name, cost of one, how many were bought, how few are too few, which of the models.
_PARTS = (
    (SPRING, "Bolt spring", "2.40", 24, 4, 1),
    (BOLT, "Bolt, complete", "19.80", 8, 3, 1),
    (CELLS, "Cells, set of four", "6.20", 30, 24, 2),
    (HINGE, "Hinge, left and right", "8.90", 12, 4, None),
    (CYLINDER, "Cylinder with two keys", "11.50", 6, 2, None),
    ("EL-20", "Lock EL-20", "64.00", 5, 2, 0),
)
# Millivolts that they sink in a month, door by door; the rest hardly do.
_SINKING = {0: 312, 5: 290, 11: 274}
_LOW = 17


def build(estate: Estate, desk: Desk, *, at: dt.datetime) -> None:
    """Fill a store: bought years ago, and again since."""
    store = Store.objects.create(site=estate.office.site, name=STORE)
    models = list(assets.lock_models(estate))
    for number, name, cost, many, minimum, fits in _PARTS:
        part = Part.objects.create(
            organisation=estate.organisation, number=number, name=name,
            supplier=assets.SUPPLIER, unit_cost=Decimal(cost),
        )  # fmt: skip
        if fits is not None:
            part.fits.add(models[fits])
        stock = Stock.objects.create(store=store, part=part, minimum=minimum)
        parts.receive(
            stock_id=stock.pk, count=many, actor=desk.first, at=at - 5 * 365 * DAY,
            note="First delivery",
        )  # fmt: skip


def stock(number: str) -> int:
    """Return the number of the stock of a part."""
    return Stock.objects.values_list("pk", flat=True).get(part__number=number, store__name=STORE)


def read_batteries(estate: Estate, desk: Desk, *, at: dt.datetime) -> None:
    """Put new cells into the bank with batteries five months ago, and measure them since."""
    office = estate.office
    doors = list(
        Compartment.objects.filter(bank__site=office.site, bank__name=assets.BATTERIES).order_by(
            "column", "row"
        )
    )
    battery_forecasts.adopt(at=at)
    begun = at - 150 * DAY
    for door in doors:
        batteries.replace(
            compartment_id=door.pk, on=local(office, begun), actor=desk.technician, at=begun,
            stock_id=stock(CELLS) if door.column <= 3 else None, reason="All of the bank",
        )  # fmt: skip
    rng = random.Random(SEED)
    BatteryReading.objects.bulk_create(
        BatteryReading(
            compartment=door,
            millivolts=_voltage(place, days, rng),
            at=begun + days * DAY,
        )
        for place, door in enumerate(doors)
        for days in range(1, 150, 21)
    )
    for place, door in enumerate(doors):
        if place == _LOW:
            batteries.record(
                compartment_id=door.pk, millivolts=4480, actor=desk.technician, at=at,
                measured_at=at - DAY,
            )  # fmt: skip
    battery_forecasts.forecast(at=at)


def _voltage(place: int, days: int, rng: random.Random) -> int:
    sinks = 240 if place == _LOW else _SINKING.get(place, 18)
    return 6350 - round(sinks * days / 30) - rng.randrange(25)
