"""What it takes to check a PIN through the service: right, wrong and nobody's take the same."""

from __future__ import annotations

import time
from typing import Any

from django.db import transaction
from django.utils import timezone

from access.models import Person
from access.services import identification, pins
from access.services.shown import Where
from audit.errors import Refusal
from audit.services.events import Actor
from tests.benchmarks.figures import RUNS, median
from tests.benchmarks.place import Place

CHECKS_A_RUN = 8
PIN, NUMBER = "730862", "90210"


def measure(place: Place) -> dict[str, Any]:
    """Return the median of one whole check in milliseconds, by what is typed."""
    person = Person.objects.get(pk=place.first_person)
    person.personal_number = NUMBER
    person.save(update_fields=["personal_number"])
    pins.set_pin(person=person, pin=PIN, actor=Actor.job("bench"), at=timezone.now())
    where = Where(Actor.terminal(1), place.organisation, place.site, place.banks[0])
    typed = {"right": (NUMBER, PIN), "wrong": (NUMBER, "999111"), "nobody": ("4711", "999111")}
    runs: dict[str, list[float]] = {name: [] for name in typed}
    for _run in range(RUNS):
        # In turns, so that what else the machine does slows all of them alike.
        delays: dict[str, list[float]] = {name: [] for name in typed}
        for _check in range(CHECKS_A_RUN):
            for name, (number, pin) in typed.items():
                delays[name].append(_check_once(where, number, pin))
        for name, found in delays.items():
            runs[name].append(median(found))
    return {"pin_check_ms": {name: median(found) for name, found in runs.items()}}


def _check_once(where: Where, number: str, pin: str) -> float:
    begun = time.perf_counter()
    try:
        with transaction.atomic():
            identification.by_pin(personal_number=number, pin=pin, where=where, at=timezone.now())
    except Refusal:
        # What it keeps is not written: the wrong ones are measured, not counted.
        pass
    return (time.perf_counter() - begun) * 1000
