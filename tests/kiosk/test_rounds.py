"""A round that comes to a door is told to whoever has it, at the screen."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from kiosk import rounds
from maintenance.choices import RoundKind
from maintenance.models import Round
from maintenance.services.rounds import closing, making
from tests.factories.cast import AMIRA_BADGE, SETUP, Estate
from tests.kiosk.conftest import Kiosk
from tests.maintenance.rounds.walked import do, stop

HOUR = dt.timedelta(hours=1)


@pytest.fixture
def cleaning(estate: Estate, at: dt.datetime) -> Round:
    """A round of all doors, from an hour from now on."""
    one: Round = making.of_doors(
        site=estate.site, kind=RoundKind.CLEANING, name="Cleaning",
        door_ids=[door.pk for door in estate.doors], starts_at=at + HOUR, minutes_per_door=20,
        actor=SETUP, at=at,
    )  # fmt: skip
    return one


def told(kiosk: Kiosk) -> str:
    [held] = kiosk.scan(AMIRA_BADGE)["holds"]
    words: str = held["visit"]
    return words


def test_whoever_has_a_door_is_told_when_somebody_comes_and_that_they_keep_it(
    kiosk: Kiosk, cleaning: Round
) -> None:
    kiosk.claim(AMIRA_BADGE)
    assert told(kiosk) == "Cleaning between 10:00 and 11:00. You keep the locker."


def test_what_is_done_called_off_or_over_is_not_told(
    kiosk: Kiosk, estate: Estate, cleaning: Round, at: dt.datetime,
    clock: time_machine.Coordinates,
) -> None:  # fmt: skip
    kiosk.claim(AMIRA_BADGE)
    assert told(kiosk)
    do(stop(cleaning, "1"), estate.olga.pk, at)
    assert told(kiosk) == ""
    Round.objects.all().delete()
    later = making.of_doors(
        site=estate.site, kind=RoundKind.CLEANING, name="Again",
        door_ids=[estate.doors[0].pk], starts_at=at + HOUR, minutes_per_door=20,
        actor=SETUP, at=at,
    )  # fmt: skip
    assert told(kiosk).startswith("Again")
    closing.call_off(round_id=later.pk, actor=SETUP, at=at, reason="Nobody is there")
    assert told(kiosk) == ""


def test_what_is_far_ahead_or_opens_nothing_is_not_told(
    estate: Estate, cleaning: Round, at: dt.datetime
) -> None:
    doors, zone = [door.pk for door in estate.doors], estate.site.zone
    assert set(rounds.coming(doors, zone, at)) == set(doors)
    assert rounds.coming(doors, zone, at - 24 * HOUR) == {}
    assert rounds.coming(doors, zone, at + 3 * HOUR) == {}
    Round.objects.update(kind=RoundKind.OCCUPANCY_REVIEW)
    assert rounds.coming(doors, zone, at) == {}


def test_it_is_one_statement_for_all_doors(
    estate: Estate, cleaning: Round, at: dt.datetime
) -> None:
    with CaptureQueriesContext(connection) as statements:
        rounds.coming([door.pk for door in estate.doors], estate.site.zone, at)
    assert len(statements) == 1
