"""Faults of the hardware on the map: at their bank, and with what to do in its panel."""

from __future__ import annotations

import datetime as dt
import json

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from lockers.choices import BoardState, ReaderTransport
from lockers.models import BridgePresence, Controller, Door, Reader
from occupancy import selectors
from occupancy.live import frames
from tests.factories.cast import Estate

pytestmark = pytest.mark.django_db
DOWN = {"state": "down", "code": "port_missing", "detail": "no such file"}


def tell(estate: Estate, **health: object) -> None:
    BridgePresence.objects.filter(bridge=estate.bridge).update(health=health)


def has_fault(estate: Estate, at: dt.datetime) -> bool:
    [bank] = selectors.banks_of(at, bank_ids=[estate.bank.pk])
    told = json.loads(frames.bank_text(bank, bank.is_online(at), at))
    return told.get("fault", False)


def panel(estate: Estate, name: str, number: int, at: dt.datetime) -> str:
    client = Client()
    client.force_login(estate.olga)
    with time_machine.travel(at, tick=False):
        answer = client.get(reverse(name, args=[number]))
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_a_bank_whose_hardware_works_has_no_fault(estate: Estate, at: dt.datetime) -> None:
    tell(estate, buses={estate.controller.address: {"state": "up", "code": "", "detail": ""}})
    assert not has_fault(estate, at)


@pytest.mark.parametrize("code", ["noise", "timeouts"])
def test_a_bad_wire_is_a_fault_of_its_bank(estate: Estate, at: dt.datetime, code: str) -> None:
    bad = {"state": "degraded", "code": code, "detail": ""}
    tell(estate, buses={estate.controller.address: bad})
    assert has_fault(estate, at)


def test_a_wire_of_another_bank_is_none_of_this_one(estate: Estate, at: dt.datetime) -> None:
    tell(estate, buses={"/dev/ttyOther": DOWN})
    assert not has_fault(estate, at)


def test_a_silent_board_is_a_fault_of_its_bank(estate: Estate, at: dt.datetime) -> None:
    Controller.objects.filter(pk=estate.controller.pk).update(state=BoardState.OFFLINE)
    assert has_fault(estate, at)


def test_a_reader_that_is_away_is_a_fault_of_its_bank(estate: Estate, at: dt.datetime) -> None:
    reader = Reader.objects.create(
        bank=estate.bank, name="Wired", transport=ReaderTransport.WIRED, address="tcp://h:1"
    )
    tell(estate, readers={str(reader.pk): {"state": "offline", "code": "silent", "detail": ""}})
    assert has_fault(estate, at)


def test_a_silent_bridge_says_it_by_itself(estate: Estate, at: dt.datetime) -> None:
    Controller.objects.filter(pk=estate.controller.pk).update(state=BoardState.OFFLINE)
    assert not has_fault(estate, at + dt.timedelta(seconds=20))


def test_the_banks_of_a_map_are_still_one_statement(estate: Estate, at: dt.datetime) -> None:
    with CaptureQueriesContext(connection) as statements:
        selectors.banks_of(at, site_ids=[estate.site.pk])
    assert len(statements) == 1


def test_the_banks_panel_says_what_to_do(estate: Estate, at: dt.datetime) -> None:
    tell(estate, buses={estate.controller.address: DOWN})
    shown = panel(estate, "map-bank", estate.bank.pk, at)
    assert f"The port {estate.controller.address} does not exist." in shown
    assert "Plug in the adapter or correct the address." in shown


def test_a_door_that_did_not_open_twice_is_an_exception_with_what_to_do(
    estate: Estate, at: dt.datetime
) -> None:
    door = estate.doors[0]
    Door.objects.filter(compartment=door).update(failed_opens=2)
    state = next(
        one.state(at) for one in selectors.bank_states([estate.bank.pk], at) if one.id == door.pk
    )
    assert (state.shown, state.reason) == ("exception", "stuck")
    shown = panel(estate, "map-door", door.pk, at)
    assert "It did not open when it was asked to" in shown
    assert "Look whether something blocks it" in shown


def test_a_doors_panel_says_nothing_of_other_doors(estate: Estate, at: dt.datetime) -> None:
    Door.objects.filter(compartment=estate.doors[1]).update(failed_opens=2)
    assert "blocks it" not in panel(estate, "map-door", estate.doors[0].pk, at)
