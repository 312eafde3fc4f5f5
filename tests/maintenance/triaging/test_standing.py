"""What stays open, unreadable or silent is one ticket, which closes by itself when it is over."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from lockers.models import (
    Bank,
    BankOpening,
    Bridge,
    BridgePresence,
    Commissioning,
    Compartment,
    Controller,
    Door,
)
from maintenance.models import Battery, BatteryReading, Ticket
from maintenance.services.tickets import closing, working
from maintenance.services.triaging import endings, standing
from tests import factories
from tests.factories.cast import SETUP, Estate
from tests.factories.upkeep import AssetFactory, AssetModelFactory
from tests.maintenance.tickets.making import DAY, HOUR, MINUTE, kinds
from tests.occupancy.ending.held import hold


def alive(at: dt.datetime) -> None:
    """Let every bridge be heard now."""
    BridgePresence.objects.update(last_seen_at=at)


def stands(estate: Estate, at: dt.datetime, state: str, place: int = 0) -> None:
    Door.objects.filter(compartment=estate.doors[place]).update(state=state, changed_at=at)


def board(estate: Estate, at: dt.datetime, state: str) -> None:
    Controller.objects.filter(pk=estate.controller.pk).update(state=state, state_at=at)


def look(at: dt.datetime, *, bridge: bool = True) -> int:
    """Run what the job runs about what stands."""
    if bridge:
        alive(at)
    found = standing.sweep(at=at)
    endings.sweep(at=at)
    return found


@pytest.fixture(autouse=True)
def well(estate: Estate, at: dt.datetime) -> None:
    """Let the board answer."""
    board(estate, at - DAY, "ok")


def one() -> Ticket:
    return Ticket.objects.get()


@pytest.mark.parametrize("is_held", [True, False])
def test_a_door_open_for_ten_minutes_is_left_open_whoever_has_it(
    estate: Estate, at: dt.datetime, is_held: bool
) -> None:
    if is_held:
        hold(estate, estate.policy, at - HOUR, at + HOUR)
    stands(estate, at, "open")
    assert look(at + 9 * MINUTE) == 0
    assert look(at + 10 * MINUTE) == 1
    assert (one().category, one().compartment) == ("held_open", estate.doors[0])


def test_what_stands_counts_once_however_often_it_is_looked_at(
    estate: Estate, at: dt.datetime
) -> None:
    stands(estate, at, "open")
    assert [look(at + n * MINUTE) for n in (10, 11, 60, 600)] == [1, 0, 0, 0]
    assert one().occurrences == 1


def test_shut_again_it_is_noted_and_closed_by_itself_where_nobody_has_begun(
    estate: Estate, at: dt.datetime
) -> None:
    stands(estate, at, "open")
    look(at + 10 * MINUTE)
    stands(estate, at + 12 * MINUTE, "closed")
    look(at + 13 * MINUTE)
    assert kinds(one()) == ["reported", "note"]
    look(at + 14 * MINUTE)
    assert kinds(one()) == ["reported", "note"], "noted once"
    look(at + 18 * MINUTE)
    assert (one().status, one().closed_at) == ("done", at + 18 * MINUTE)
    assert "by itself" in one().resolution
    assert look(at + HOUR) == 0


def test_where_somebody_has_begun_it_is_noted_and_theirs_to_close(
    estate: Estate, at: dt.datetime
) -> None:
    stands(estate, at, "open")
    look(at + 10 * MINUTE)
    working.start(ticket_id=one().pk, actor=SETUP, at=at + 11 * MINUTE)
    stands(estate, at + 12 * MINUTE, "closed")
    for minutes in (13, 20, 60):
        look(at + minutes * MINUTE)
    assert one().closed_at is None
    assert kinds(one()) == ["reported", "started", "note"]


def test_what_comes_and_goes_is_one_ticket_that_opens_again(
    estate: Estate, at: dt.datetime
) -> None:
    for hour in range(3):
        begins = at + hour * HOUR
        stands(estate, begins, "open")
        look(begins + 10 * MINUTE)
        stands(estate, begins + 15 * MINUTE, "closed")
        look(begins + 16 * MINUTE)
        look(begins + 22 * MINUTE)
    assert (one().status, one().occurrences, one().reopened) == ("done", 3, 2)


def test_what_flaps_faster_than_that_stays_open_and_is_counted(
    estate: Estate, at: dt.datetime
) -> None:
    for n in range(3):
        begins = at + n * 4 * MINUTE
        board(estate, begins, "offline")
        look(begins + 2 * MINUTE)
        board(estate, begins + 3 * MINUTE, "ok")
        look(begins + 3 * MINUTE)
    assert (one().status, one().occurrences, one().reopened) == ("open", 3, 0)
    assert kinds(one()) == ["reported", "note", "seen_again", "note", "seen_again", "note"]


def test_who_closes_it_while_it_stands_is_not_asked_again_before_it_happens_anew(
    estate: Estate, at: dt.datetime
) -> None:
    stands(estate, at, "open")
    look(at + 10 * MINUTE)
    closing.cancel(
        ticket_id=one().pk, reason="Drying out", actor=SETUP, at=at + 20 * MINUTE
    )  # fmt: skip
    assert look(at + HOUR) == 0
    stands(estate, at + 2 * HOUR, "closed")
    stands(estate, at + 3 * HOUR, "open")
    assert look(at + 3 * HOUR + 10 * MINUTE) == 1
    assert (one().status, one().reopened) == ("open", 1)


def test_a_door_that_cannot_be_read_while_its_board_answers_is_noted_and_stays_open(
    estate: Estate, at: dt.datetime
) -> None:
    stands(estate, at, "unknown")
    assert look(at + 4 * MINUTE) == 0
    assert look(at + 5 * MINUTE) == 1
    assert one().category == "unreadable"
    stands(estate, at + 6 * MINUTE, "closed")
    look(at + 7 * MINUTE)
    look(at + DAY)
    assert kinds(one()) == ["reported", "note"]
    assert one().closed_at is None, "a cable that comes and goes wants a look"


def test_a_door_has_a_moment_to_be_read_after_its_board_was_away(
    estate: Estate, at: dt.datetime
) -> None:
    stands(estate, at - HOUR, "unknown")
    board(estate, at, "ok")
    assert look(at + 4 * MINUTE) == 0
    assert look(at + 5 * MINUTE) == 1


def test_doors_without_a_sensor_and_of_a_silent_board_say_nothing(
    estate: Estate, at: dt.datetime
) -> None:
    stands(estate, at, "unknown")
    Compartment.objects.update(has_sensor=False)
    assert look(at + HOUR) == 0


@pytest.mark.parametrize("status", ["out_of_service", "decommissioned"])
def test_what_is_out_of_service_may_stand_open(
    estate: Estate, at: dt.datetime, status: str
) -> None:
    stands(estate, at, "open")
    Compartment.objects.filter(pk=estate.doors[0].pk).update(service_status=status)
    assert look(at + HOUR) == 0


def test_doors_that_were_opened_together_or_are_commissioned_stand_open_on_purpose(
    estate: Estate, at: dt.datetime
) -> None:
    opening = BankOpening.objects.create(
        bank=estate.bank, reason="Fire drill", status="confirmed", requested_by=1,
        requested_at=at - MINUTE, confirmed_by=2, confirmed_at=at - MINUTE,
    )  # fmt: skip
    for place in range(3):
        stands(estate, at, "open", place)
    assert look(at + HOUR) == 0
    BankOpening.objects.filter(pk=opening.pk).update(status="cancelled")
    running = Commissioning.objects.create(
        bank=estate.bank, bridge=estate.bridge, begun_at=at, begun_by=1
    )
    assert look(at + HOUR) == 0
    Commissioning.objects.filter(pk=running.pk).delete()
    assert look(at + HOUR) == 3


def test_a_board_that_is_silent_is_a_ticket_and_its_doors_are_none(
    estate: Estate, at: dt.datetime
) -> None:
    board(estate, at, "offline")
    stands(estate, at, "unknown")
    assert look(at + MINUTE) == 0
    assert look(at + 2 * MINUTE) == 1
    assert look(at + HOUR) == 0
    assert (one().category, one().controller) == ("silent", estate.controller)
    assert (one().compartment, one().bank) == (None, estate.bank)


def test_a_silent_bridge_swallows_its_boards_and_doors(estate: Estate, at: dt.datetime) -> None:
    alive(at)
    board(estate, at - MINUTE, "offline")
    stands(estate, at - MINUTE, "open", 1)
    assert look(at + MINUTE, bridge=False) == 0
    assert look(at + 2 * MINUTE, bridge=False) == 1
    assert look(at + HOUR, bridge=False) == 0
    assert (one().category, one().bridge) == ("silent", estate.bridge)


def test_a_bridge_that_is_back_closes_its_ticket_by_itself(estate: Estate, at: dt.datetime) -> None:
    alive(at)
    look(at + 2 * MINUTE, bridge=False)
    look(at + 10 * MINUTE)
    look(at + 16 * MINUTE)
    assert one().status == "done"
    assert "answers again" in one().resolution


def test_a_bridge_that_was_revoked_or_never_there_is_not_missed(
    estate: Estate, at: dt.datetime
) -> None:
    factories.BridgeFactory(site=estate.site, name="New")
    Bridge.objects.filter(pk=estate.bridge.pk).update(revoked_at=at)
    assert look(at + DAY, bridge=False) == 0


def battery(estate: Estate, at: dt.datetime, *readings: int) -> None:
    lock = AssetModelFactory(organisation=estate.organisation, battery_low_mv=4_400)
    Battery.objects.get_or_create(
        compartment=estate.doors[0],
        defaults={"model": lock, "replaced_on": (at - 90 * DAY).date()},
    )
    for n, millivolts in enumerate(readings):
        BatteryReading.objects.create(
            compartment=estate.doors[0], millivolts=millivolts, at=at + n * MINUTE
        )


def test_a_battery_below_the_limit_of_its_model_is_one_ticket_until_it_is_changed(
    estate: Estate, at: dt.datetime
) -> None:
    battery(estate, at, 5_000, 4_300, 4_399)
    assert [look(at + n * HOUR) for n in (1, 2)] == [1, 0]
    assert one().category == "low_battery"
    closing.close(
        ticket_id=one().pk, resolution="New battery", actor=SETUP, at=at + 3 * HOUR
    )  # fmt: skip
    Battery.objects.update(replaced_on=(at + 3 * HOUR).date())
    assert look(at + 4 * HOUR) == 0, "the reading is of the old one"
    battery(estate, at + 30 * DAY, 4_200)
    assert look(at + 30 * DAY + HOUR) == 1


def test_a_battery_that_came_with_its_lock_is_judged_by_the_limit_of_that_lock(
    estate: Estate, at: dt.datetime
) -> None:
    battery(estate, at, 4_300)
    lock = Battery.objects.get().model
    Battery.objects.update(model=None)
    assert look(at + HOUR) == 0, "nobody knows what is low"
    AssetFactory(
        organisation=estate.organisation, site=estate.site, model=lock, state="installed",
        compartment=estate.doors[0], bank=estate.bank, installed_on=at.date(),
    )  # fmt: skip
    assert look(at + HOUR) == 1


@pytest.mark.parametrize("readings", [(4_300, 4_500), (4_400,), ()])
def test_the_last_reading_counts(
    estate: Estate, at: dt.datetime, readings: tuple[int, ...]
) -> None:
    battery(estate, at, *readings)
    assert look(at + HOUR) == 0


def test_a_report_by_a_person_is_not_closed_by_a_sensor(estate: Estate, at: dt.datetime) -> None:
    stands(estate, at, "open")
    look(at + 10 * MINUTE)
    Ticket.objects.update(source="phone")
    stands(estate, at + 11 * MINUTE, "closed")
    for minutes in (12, 30):
        look(at + minutes * MINUTE)
    assert kinds(one()) == ["reported"]


def test_a_large_estate_where_all_is_well_costs_the_same_as_a_small_one(
    estate: Estate, at: dt.datetime
) -> None:
    def count() -> int:
        alive(at)
        with CaptureQueriesContext(connection) as queries:
            standing.sweep(at=at)
            endings.sweep(at=at)
        return len(queries)

    small = count()
    values: dict[str, Any] = {"size": estate.small, "row": 2}
    for n in range(1, 40):
        bank = Bank.objects.create(site=estate.site, bridge=estate.bridge, name=f"B{n}")
        door = factories.CompartmentFactory(
            bank=bank,
            number=f"x{n}",
            column=n,
            controller=estate.controller,
            channel=n + 9,
            **values,
        )
        factories.DoorFactory(compartment=door, changed_at=at)
    assert count() == small
