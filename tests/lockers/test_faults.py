"""What is not well at some banks: of each trouble its cause alone, and who sees it."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from lockers import selectors
from lockers.choices import BoardState, CommandStatus, DoorState, ReaderTransport
from lockers.health import State
from lockers.models import Bank, BridgePresence, Command, Controller, Door, Reader
from lockers.services import connections, journal
from lockers.services.journal import Line
from tests.cut_off import answer, works_alone
from tests.factories.cast import Estate

pytestmark = pytest.mark.django_db
PORT_MISSING = {"state": "down", "code": "port_missing", "detail": "no such file"}


@pytest.fixture
def banks(estate: Estate) -> Any:
    """Our bank, with everything well."""
    Controller.objects.update(state=BoardState.OK)
    return Bank.objects.filter(pk=estate.bank.pk)


def tell(estate: Estate, **health: Any) -> None:
    BridgePresence.objects.filter(bridge=estate.bridge).update(health=health)


def seen(banks: Any, at: dt.datetime) -> list[tuple[str, str]]:
    return [(one.kind, one.health.sentence) for one in selectors.faults(banks, at)]


def test_where_all_is_well_nothing_is_said(banks: Any, at: dt.datetime) -> None:
    assert seen(banks, at) == []


def test_a_silent_bridge_is_the_only_thing_said(
    estate: Estate, banks: Any, at: dt.datetime
) -> None:
    tell(estate, buses={estate.controller.address: PORT_MISSING})
    BridgePresence.objects.filter(bridge=estate.bridge).update(connection=None)
    [(kind, sentence)] = seen(banks, at)
    assert kind == "bridge" and "silent" in sentence


def test_a_missing_port_is_said_once_for_all_its_boards_and_doors(
    estate: Estate, banks: Any, at: dt.datetime
) -> None:
    board = estate.controller
    tell(estate, buses={board.address: PORT_MISSING})
    Controller.objects.filter(pk=board.pk).update(state=BoardState.OFFLINE)
    Door.objects.filter(compartment__controller=board).update(state=DoorState.UNKNOWN)
    [(kind, sentence)] = seen(banks, at)
    assert kind == "bus" and board.address in sentence


def test_a_silent_board_is_said_instead_of_its_doors(
    estate: Estate, banks: Any, at: dt.datetime
) -> None:
    board = estate.controller
    tell(estate, buses={}, boards={str(board.pk): "bad_reply"})
    Controller.objects.filter(pk=board.pk).update(state=BoardState.OFFLINE)
    Door.objects.filter(compartment__controller=board).update(state=DoorState.UNKNOWN)
    [(kind, sentence)] = seen(banks, at)
    assert kind == "board" and "something else" in sentence


def test_a_reader_is_judged_by_what_its_bridge_says(
    estate: Estate, banks: Any, at: dt.datetime
) -> None:
    reader = Reader.objects.create(
        bank=estate.bank, name="Wired", transport=ReaderTransport.WIRED, address="tcp://h:1"
    )
    tell(estate, readers={str(reader.pk): {"state": "offline", "code": "no_route", "detail": ""}})
    assert ("reader", "There is no way to tcp://h:1.") in seen(banks, at)


def test_the_worst_comes_first(estate: Estate, banks: Any, at: dt.datetime) -> None:
    doors = list(estate.bank.compartments.filter(controller__isnull=False)[:2])
    Door.objects.filter(compartment=doors[0]).update(is_forced=True, state=DoorState.OPEN)
    Door.objects.filter(compartment=doors[1]).update(failed_opens=2)
    found = selectors.faults(banks, at)
    assert [one.health.state for one in found] == [State.BROKEN, State.LOOK]
    assert [one.about.pk for one in found] == [doors[1].pk, doors[0].pk]


def test_a_door_is_told_what_it_hangs_on_and_nothing_of_others(
    estate: Estate, banks: Any, at: dt.datetime
) -> None:
    first, second = estate.bank.compartments.filter(controller__isnull=False)[:2]
    Door.objects.filter(compartment=second).update(failed_opens=2)
    assert selectors.faults_of_door(first, at) == []
    assert [one.about.pk for one in selectors.faults_of_door(second, at)] == [second.pk]


def test_it_takes_as_many_queries_whatever_is_wrong(
    estate: Estate, banks: Any, at: dt.datetime
) -> None:
    with CaptureQueriesContext(connection) as few:
        selectors.faults(banks, at)
    Door.objects.update(failed_opens=3)
    with CaptureQueriesContext(connection) as many:
        assert len(selectors.faults(Bank.objects.all(), at)) >= 3
    assert len(many) == len(few) <= 5


# ---- a door that does not open -------------------------------------------------------------------


def _opens(estate: Estate, door: Any, outcome: str, detail: str, at: dt.datetime) -> None:
    seq = BridgePresence.objects.get(bridge=estate.bridge).last_seq
    name = BridgePresence.objects.get(bridge=estate.bridge).journal
    assert name is not None
    command = Command.objects.create(
        compartment=door, bridge=estate.bridge, purpose="claim", actor_kind="job",
        status=CommandStatus.ACCEPTED, requested_at=at, deadline=at + dt.timedelta(seconds=5),
    )  # fmt: skip
    line = Line(seq + 1, outcome, at, compartment_id=door.pk, command_id=command.pk, detail=detail)
    journal.receive(bridge=estate.bridge, journal=name, lines=[line], at=at)


def test_a_door_is_stuck_when_it_did_not_open_twice_and_well_once_it_did(
    estate: Estate, banks: Any, at: dt.datetime
) -> None:
    door = estate.bank.compartments.filter(controller__isnull=False)[0]
    Door.objects.filter(compartment=door).update(state=DoorState.CLOSED)
    _opens(estate, door, "command_failed", "did_not_open", at)
    assert seen(banks, at) == []
    _opens(estate, door, "command_failed", "board_silent", at)
    assert seen(banks, at) == [], "that was the board, not the lock"
    _opens(estate, door, "command_failed", "did_not_open", at)
    assert [kind for kind, _sentence in seen(banks, at)] == ["door"]
    _opens(estate, door, "command_opened", "", at)
    assert seen(banks, at) == []


# ---- what a heartbeat writes ---------------------------------------------------------------------


def test_a_heartbeat_is_one_statement(estate: Estate, at: dt.datetime) -> None:
    told = BridgePresence.objects.get(bridge=estate.bridge)
    assert told.connection is not None
    with CaptureQueriesContext(connection) as statements:
        assert connections.hear(
            bridge=estate.bridge, connection=told.connection, config_hash="abc",
            clock_offset_ms=7, queue_depth=1, unacknowledged=2, at=at,
            health={"buses": {}}, figures={"buses": {}},
        )  # fmt: skip
    assert len(statements) == 1
    told.refresh_from_db()
    assert (told.unacknowledged, told.health) == (2, {"buses": {}})


# ---- the page ------------------------------------------------------------------------------------


def page(user: Any, at: dt.datetime) -> str:
    client = Client()
    client.force_login(user)
    with time_machine.travel(at, tick=False):
        answer = client.get(reverse("admin:lockers_controller_health"))
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_the_page_says_what_is_wrong_and_what_to_do(
    estate: Estate, banks: Any, at: dt.datetime
) -> None:
    tell(estate, buses={estate.controller.address: PORT_MISSING})
    shown = page(estate.olga, at)
    assert f"The port {estate.controller.address} does not exist." in shown
    assert "Plug in the adapter or correct the address." in shown
    assert "does not work" in shown


def test_the_page_says_that_everything_works(estate: Estate, banks: Any, at: dt.datetime) -> None:
    assert "Everything works." in page(estate.olga, at)


def test_the_page_shows_nothing_of_other_sites(estate: Estate, banks: Any, at: dt.datetime) -> None:
    Door.objects.update(failed_opens=2)
    assert "Door 1" in page(estate.olga, at)
    shown = page(estate.nina, at)
    assert "Everything works." in shown
    assert "Bridge A" not in shown


def test_the_page_says_since_when_lockers_give_out_their_doors_by_themselves(
    estate: Estate, banks: Any, at: dt.datetime
) -> None:
    assert "by themselves" not in page(estate.olga, at)
    works_alone(estate)
    assert "may still be giving them out by themselves" in page(estate.olga, at)
    BridgePresence.objects.update(last_seen_at=at - dt.timedelta(hours=1))
    shown = page(estate.olga, at)
    assert "were last heard Tue 17 Nov, 08:00 and may be giving out" in shown
    answer(estate)
    assert "by themselves" not in page(estate.olga, at)


def test_a_list_says_how_each_of_its_rows_is(estate: Estate, banks: Any, at: dt.datetime) -> None:
    Controller.objects.update(state=BoardState.OFFLINE)
    client = Client()
    client.force_login(estate.olga)
    with time_machine.travel(at, tick=False):
        shown = client.get(reverse("admin:lockers_controller_changelist")).content.decode()
    assert "Check its power, its plug and the number set on it." in shown
