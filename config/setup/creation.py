"""Everything that the answers ask for, created in one transaction or not at all."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction

from access.choices import PersonKind
from access.models import Group, User
from access.services import procedures
from audit.actions import Action
from audit.services import events
from audit.services.events import Actor
from config.setup import codes
from config.setup.forms import Answers
from kiosk.models import Terminal
from lockers.choices import DriverName, ReaderTransport
from lockers.models import (
    Bank,
    Bridge,
    Compartment,
    Controller,
    OpeningHours,
    Organisation,
    Reader,
    Site,
)
from lockers.services import bridge_keys, enrolment, estate
from occupancy.models import Policy

_SIMULATED_CHANNELS = 32


@dataclass(frozen=True)
class Made:
    """What was created, with the codes that are shown once."""

    administrator: User
    site: Site
    bank: Bank
    doors: int
    terminal_code: str
    bridge_code: str | None


def create(*, answers: Answers, at: dt.datetime) -> Made | None:
    """Create the installation and return it; None when somebody else just did."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            # Two browsers may finish at once; only the first finds an empty installation.
            cursor.execute(f"LOCK TABLE {Organisation._meta.db_table} IN SHARE ROW EXCLUSIVE MODE")
        if not codes.is_empty():
            return None
        administrator = _administrator(answers["administrator"])
        actor = Actor.staff(administrator.pk)
        site = _site(answers["place"])
        bridge = None
        if answers["boards"]["boards"] != "later":
            bridge = Bridge.objects.create(site=site, name=f"Bridge {answers['lockers']['bank']}")
        lockers = answers["lockers"]
        bank = estate.create_bank(
            site=site,
            name=lockers["bank"],
            layout=lockers["layout"],
            first_number=lockers["first_number"],
            bridge=bridge,
            directions=lockers["directions"],
            actor=actor,
            at=at,
        )
        doors = list(bank.compartments.order_by("column", "row"))
        if bridge is not None:
            _wire(answers["boards"], bridge, doors)
        _reader(answers["badges"], bank)
        _rules(answers["use"], site)
        procedures.add_usual(organisation=site.organisation)
        terminal = Terminal.objects.create(bank=bank, name=f"Kiosk {bank.name}")
        events.record(
            action=Action.SET_UP,
            actor=actor,
            at=at,
            organisation_id=site.organisation_id,
            site_id=site.pk,
            bank_id=bank.pk,
            data={"doors": len(doors), "boards": answers["boards"]["boards"]},
        )
        terminal_code = enrolment.make_code(
            device=terminal, subject=f"terminal:{terminal.pk}", site=site, actor=actor, at=at
        )
        bridge_code = None
        if bridge is not None:
            bridge_code = bridge_keys.make_code(bridge=bridge, actor=actor, at=at)
    return Made(administrator, site, bank, len(doors), terminal_code, bridge_code)


def _administrator(given: dict[str, Any]) -> User:
    return User.objects.create(
        username=given["username"],
        email=given["email"],
        password=given["verifier"],
        is_staff=True,
        is_superuser=True,
    )


def _site(given: dict[str, Any]) -> Site:
    organisation = Organisation.objects.create(name=given["organisation"])
    site = Site.objects.create(
        organisation=organisation,
        name=given["site"],
        kind=given["kind"],
        time_zone=given["time_zone"],
    )
    if given["hours"] == "set":
        OpeningHours.objects.bulk_create(
            OpeningHours(
                site=site,
                weekday=weekday,
                opens_at=given["opens_at"],
                closes_at=given["closes_at"],
            )
            for weekday in given["weekdays"]
        )
    return site


def _wire(given: dict[str, Any], bridge: Bridge, doors: list[Compartment]) -> None:
    """Give each door a channel, in the order of the numbers, and the bridge its boards."""
    simulated = given["boards"] == "simulator"
    channels = _SIMULATED_CHANNELS if simulated else given["channels"]
    has_sensor = simulated or given["contacts"] != "none"
    profile: dict[str, Any] = {}
    if not simulated:
        profile = {"closed_level": int(given["contacts"])} if has_sensor else {"door_sensor": False}
    for index in range(-(-len(doors) // channels)):
        board = Controller.objects.create(
            bridge=bridge,
            name=f"Board {index + 1}",
            driver=DriverName.SIMULATOR if simulated else DriverName.MODBUS_RELAY,
            address="simulator" if simulated else given["address"],
            unit=(1 if simulated else given["first_unit"]) + index,
            channels=channels,
            profile=profile,
        )
        for channel, door in enumerate(doors[index * channels : (index + 1) * channels]):
            door.controller, door.channel, door.has_sensor = board, channel, has_sensor
    Compartment.objects.bulk_update(doors, ["controller", "channel", "has_sensor"])


def _reader(given: dict[str, Any], bank: Bank) -> None:
    if given["reader"] == "none":
        return
    is_wedge = given["reader"] == ReaderTransport.WEDGE
    Reader.objects.create(
        bank=bank,
        name=f"Badge reader {bank.name}",
        transport=given["reader"],
        prefix=given["before"] if is_wedge else "",
        suffix={"enter": "\r", "tab": "\t"}[given["suffix"]],
        length=given["length"],
        address="" if is_wedge else given["address"],
    )


def _rules(given: dict[str, Any], site: Site) -> None:
    Policy.objects.create(
        organisation=site.organisation,
        site=site,
        name=f"Day use at {site.name}"[:80],
        ends_at_time=given["ends_at_time"],
        at_end=given["at_end"],
        limit_per_person=given["limit_per_person"],
    )
    Group.objects.bulk_create(
        Group(organisation=site.organisation, name=str(PersonKind(kind).label).capitalize())
        for kind in given["kinds"]
    )
