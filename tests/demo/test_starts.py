"""Starting again, at the same port or another, and what the supervisor is told."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from pathlib import Path
from typing import Any

from django.db import connection

from config.demo import start
from kiosk.bridge import identity
from kiosk.cabinet import plan as plans
from kiosk.models import Terminal
from lockers.models import Bridge, Compartment, Controller, Reader
from lockers.services import enrolment
from tests.bridge_lines import bridge_identity, enrol
from tests.conftest import MORNING
from tests.demo.conftest import PORT

LATER = MORNING + dt.timedelta(hours=1)


def _contents() -> dict[str, str]:
    """Return a digest of every table, without the enrolment codes and the link to wish by."""
    codes = {"code_digest", "code_key", "code_expires_at", "link_digest"}
    digests = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            columns = [
                column.name
                for column in connection.introspection.get_table_description(cursor, table)
                if column.name not in codes
            ]
            quoted = ", ".join(f'"{column}"' for column in columns)
            cursor.execute(f'SELECT {quoted} FROM "{table}" ORDER BY 1')
            digests[table] = hashlib.sha256(repr(cursor.fetchall()).encode()).hexdigest()
    return digests


def test_the_supervisor_is_told_all_it_needs(demo: dict[str, Any], var: Path) -> None:
    table = dict(demo["table"])

    assert list(table) == [
        "Start here",
        "Live map",
        "Kiosk",
        "Phone page",
        "Admin",
        "Repairs, rounds",
        "School office",
        "A form's tutor",
        "A pupil's wishes",
        "A draw to check",
        "Virtual cabinet",
        "API",
        "Badges to try",
    ]
    assert table["Start here"] == f"http://127.0.0.1:{PORT}/"
    assert table["Virtual cabinet"] == f"http://127.0.0.1:{PORT + 1}/"
    assert "0004215873 (Amira, staff)" in table["Badges to try"]
    assert demo["cabinet"] == {
        "config": str(var / "run" / "cabinet.json"),
        "page_port": PORT + 1,
    }
    assert [bridge["screen_port"] for bridge in demo["bridges"]] == [PORT + 2, PORT + 3, PORT + 4]
    for bridge in demo["bridges"]:
        assert set(bridge) == {"name", "state", "screen_port", "enrolment_code"}
        assert bridge["state"] == str(var / "bridges" / bridge["name"])
        assert re.fullmatch(r"[A-Z2-9]{4}(-[A-Z2-9]{4}){3}", bridge["enrolment_code"])
    assert json.loads(json.dumps(demo)) == demo


def test_the_kiosk_address_carries_a_code_that_enrols_the_first_terminal(
    demo: dict[str, Any],
) -> None:
    address, code = dict(demo["table"])["Kiosk"].split("?code=")

    device, _token = enrolment.redeem(model=Terminal, code=code, at=MORNING)

    assert address == f"http://127.0.0.1:{PORT + 2}/kiosk/"
    assert device.bank.name == "A"


def test_a_second_start_changes_nothing_but_codes(demo: dict[str, Any], var: Path) -> None:
    before = _contents()

    again = start.prepare(var=var, port=PORT, at=LATER)

    changed = {table for table, digest in _contents().items() if digest != before[table]}
    assert changed == {"audit_event"}, "only that codes were made is recorded"
    assert again["cabinet"] == demo["cabinet"]


def _enrol(bridge: dict[str, Any]) -> Path:
    """Do what a bridge does at its first start; return its folder."""
    number = enrol(bridge["enrolment_code"], MORNING).pk
    state = Path(bridge["state"])
    state.mkdir(parents=True, exist_ok=True)
    identity.save(state / identity.FILE, bridge_identity(number))
    (state / "journal.sqlite").write_text("what happened")
    return state


def test_a_bridge_that_has_its_key_gets_no_new_code(demo: dict[str, Any], var: Path) -> None:
    state = _enrol(demo["bridges"][0])

    enrolled, *waiting = start.prepare(var=var, port=PORT, at=LATER)["bridges"]
    identity.remove(state / identity.FILE)
    lost, *_rest = start.prepare(var=var, port=PORT, at=LATER)["bridges"]

    assert enrolled["enrolment_code"] is None
    assert len(waiting) == 2
    assert all(bridge["enrolment_code"] for bridge in waiting)
    assert lost["enrolment_code"]
    assert (state / "journal.sqlite").exists(), "the same bridge keeps its journal"


def test_the_folder_of_another_databases_bridge_is_put_aside(
    demo: dict[str, Any], var: Path
) -> None:
    state = _enrol(demo["bridges"][1])
    Bridge.objects.update(public_key="")

    _first, second, _third = start.prepare(var=var, port=PORT, at=LATER)["bridges"]

    assert second["enrolment_code"]
    assert not (state / identity.FILE).exists()
    assert (state.with_name(f"{state.name}.old") / "journal.sqlite").exists()


def test_the_cabinet_plays_every_wired_door_on_its_own_channel(
    demo: dict[str, Any], var: Path
) -> None:
    plan = plans.load(Path(demo["cabinet"]["config"]))

    played = {
        (f"tcp://127.0.0.1:{bank.modbus_port}", door.unit, door.channel): door.number
        for bank in plan.banks
        for door in bank.doors
    }
    wired = {
        (address, unit, channel): number
        for address, unit, channel, number in Compartment.objects.filter(
            controller__isnull=False
        ).values_list("controller__address", "controller__unit", "channel", "number")
    }
    assert played == wired
    readers = {
        (f"tcp://127.0.0.1:{reader.port}", reader.door)
        for bank in plan.banks
        for reader in bank.readers
    }
    assert readers == set(
        Reader.objects.filter(transport="wired").values_list("address", "compartment__number")
    )
    assert {badge.number for badge in plan.badges} >= {"0004215873", "0004215874", "0004215875"}


def test_boards_readers_and_cabinet_follow_another_port(demo: dict[str, Any], var: Path) -> None:
    # One further: every new address is still another board's old one.
    moved = start.prepare(var=var, port=PORT + 1, at=LATER)

    plan = plans.load(Path(moved["cabinet"]["config"]))
    ports = [bank.modbus_port for bank in plan.banks]
    assert ports == list(range(PORT + 101, PORT + 101 + len(plan.banks)))
    assert set(Controller.objects.values_list("address", flat=True)) == {
        f"tcp://127.0.0.1:{port}" for port in ports
    }
    wired = Reader.objects.filter(transport="wired").order_by("pk")
    assert list(wired.values_list("address", flat=True)) == [
        f"tcp://127.0.0.1:{PORT + 151 + place}" for place in range(wired.count())
    ]
    assert moved["cabinet"]["page_port"] == PORT + 2


def test_a_real_board_keeps_its_address(demo: dict[str, Any], var: Path) -> None:
    board = Controller.objects.order_by("pk")[0]
    Controller.objects.filter(pk=board.pk).update(address="tcp://localhost:502")

    start.prepare(var=var, port=PORT, at=LATER)

    board.refresh_from_db()
    assert board.address == "tcp://localhost:502"


def test_a_renamed_demonstration_is_known_again(demo: dict[str, Any], var: Path) -> None:
    bridge = Bridge.objects.select_related("site__organisation").order_by("pk")[0]
    organisation = bridge.site.organisation
    organisation.name = "Our own words"
    organisation.save(update_fields=["name"])

    assert len(start.prepare(var=var, port=PORT, at=LATER)["bridges"]) == 3
