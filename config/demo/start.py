"""What every start of the demonstration does after the tables are there."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

from config import schedules
from config.demo import cabinet, codes, later, people, seed, staff, wiring
from config.demo.school import allotments
from lockers.models import Bridge
from lockers.services import authority

HOST = "127.0.0.1"


def prepare(*, var: Path, port: int, at: dt.datetime) -> dict[str, Any]:
    """Build what is missing and return what the supervisor needs to know.

    Raises seed.ForeignData.
    """
    organisation_id = seed.organisation_id()
    if organisation_id is None:
        organisation_id = seed.build(at=at).organisation.pk
    else:
        # None of its bridges runs yet, so none gives out doors; each is told anew what it may.
        for bridge in Bridge.objects.filter(site__organisation=organisation_id):
            authority.entrust(bridge_id=bridge.pk, banks=())
        later.go_on(organisation_id, at=at)
    schedules.sync()
    played = wiring.follow(port)
    path = var / "run" / "cabinet.json"
    cabinet.write(played, path)
    bridges = codes.for_bridges(organisation_id, var=var, port=port, at=at)
    kiosk = codes.for_terminal(organisation_id, at=at)
    screens = {number: bridge["screen_port"] for number, bridge in bridges.items()}
    return {
        "table": [
            *_table(port, kiosk_url(port, screens, kiosk)),
            *_school(organisation_id, port, at),
            *_last(port),
        ],
        "cabinet": {"config": str(path), "page_port": port + wiring.PAGE_OFFSET},
        "bridges": list(bridges.values()),
    }


def kiosk_url(port: int, screens: dict[int, int], kiosk: tuple[str, int] | None) -> str:
    """Return the address of a kiosk at its bridge's local origin, with its one-time code."""
    if kiosk is None or kiosk[1] not in screens:
        return f"http://{HOST}:{port}/kiosk/"
    code, bridge_id = kiosk
    return f"http://{HOST}:{screens[bridge_id]}/kiosk/?code={code}"


def _table(port: int, kiosk: str) -> list[list[str]]:
    here = f"http://{HOST}:{port}"
    first, second, technician = (
        f"{one.username} / {one.password}" for one in (staff.FIRST, staff.SECOND, staff.TECHNICIAN)
    )
    return [
        ["Start here", f"{here}/"],
        ["Live map", f"{here}/map/  (log in: {first})"],
        ["Kiosk", kiosk],
        ["Phone page", f"{here}/me/  (logged in as {staff.FIRST.username}, you are Amira there)"],
        ["Admin", f"{here}/admin/  ({first}; a second person: {second})"],
        ["Repairs, rounds", f"{here}/upkeep/  (log in: {technician}, on a phone)"],
    ]


def _school(organisation_id: int, port: int, at: dt.datetime) -> list[list[str]]:
    """Return what there is of the school: the links of a database that is not ours may be none."""
    here = f"http://{HOST}:{port}"
    office, tutor = (
        f"log in: {one.username} / {one.password}" for one in (staff.SCHOOL_OFFICE, staff.TUTOR)
    )
    rows = [
        ["School office", f"{here}/admin/  ({office}; menu: School)"],
        ["A form's tutor", f"{here}/form/  ({tutor})"],
    ]
    if (wish := allotments.wish_link(organisation_id, at=at)) is not None:
        link, code = wish
        rows.append(["A pupil's wishes", f"{here}/wishes/{link}/  (code: {code}, good once)"])
    if (drawn := allotments.drawn_code(organisation_id)) is not None:
        rows.append(["A draw to check", f"{here}/wishes/draw/{drawn}/"])
    return rows


def _last(port: int) -> list[list[str]]:
    badges = " · ".join(f"{badge.number} ({badge.label})" for badge in people.TO_TRY)
    return [
        ["Virtual cabinet", f"http://{HOST}:{port + wiring.PAGE_OFFSET}/"],
        ["API", f"http://{HOST}:{port}/api/v1/schema/"],
        ["Badges to try", badges],
    ]
