"""A whole bank opens door after door, and stops in the middle when it is told to.

Real processes: the shipped server, the bridge, and a Modbus board that nobody here wrote.
"""

from __future__ import annotations

import pytest
from django.utils import timezone

from audit.models import Event
from lockers.models import Command
from lockers.services import openings
from tests.bridge.test_restarts import Place, place
from tests.servers import until

__all__ = ["place"]
pytestmark = pytest.mark.django_db(transaction=True)


def open_all(place: Place, pause_ms: int) -> int:
    estate = place.estate
    estate.bank.opening_stagger_ms = pause_ms
    opening = openings.request(
        bank=estate.bank, reason="drill", user_id=estate.olga.pk, at=timezone.now()
    )
    openings.confirm(opening_id=opening.pk, user_id=estate.max.pk, at=timezone.now())
    return opening.pk


def statuses() -> list[str]:
    return list(Command.objects.order_by("not_before").values_list("status", flat=True))


def test_every_door_opens(place: Place) -> None:
    open_all(place, 200)
    until(lambda: statuses() == ["opened"] * 3)
    assert place.pulses() == [0, 1, 2]


def test_doors_that_have_not_opened_stay_shut_once_it_is_stopped(place: Place) -> None:
    opening = open_all(place, 3_000)
    until(lambda: statuses() == ["opened", "accepted", "accepted"])
    openings.cancel(opening_id=opening, user_id=place.estate.olga.pk, at=timezone.now())
    until(lambda: statuses() == ["opened", "cancelled", "cancelled"], 2)
    assert place.pulses() == [0]
    assert Event.objects.filter(action="door.open_cancelled").count() == 2
    place.nothing_is_lost_or_doubled()


def test_doors_of_an_opening_stopped_during_a_cut_stay_shut_too(place: Place) -> None:
    opening = open_all(place, 10_000)
    until(lambda: statuses() == ["opened", "accepted", "accepted"])
    place.stop_server()
    openings.cancel(opening_id=opening, user_id=place.estate.olga.pk, at=timezone.now())
    place.start_server()
    until(lambda: statuses() == ["opened", "cancelled", "cancelled"])
    assert place.pulses() == [0]
