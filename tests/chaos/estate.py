"""Two banks and fifty people: one bank with a screen, one with nothing but a reader."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.utils import timezone

from access.services import credentials
from kiosk.bridge.identity import Identity
from kiosk.models import Terminal
from lockers import introduction
from lockers.choices import ReaderTransport
from lockers.models import Bank, Bridge, Compartment, Site, Size
from lockers.services import bridge_keys, enrolment
from tests import factories
from tests.factories.cast import SETUP

TOKEN = "terminal-token-of-the-chaos-run-0123456789"
LEASE_S = 6
PEOPLE = 50
UNITS = [1, 2]
CHANNELS = 7
RELAYS = 14
PROFILE = {
    "pulse": "board",
    "command_topic": "south/set/{n}",
    "state_topic": "south/relay/{n}",
    "door_topic": "south/door/{n}",
    "availability_topic": "south/status",
    "heartbeat_topic": "south/uptime",
    "heartbeat_interval_s": 1,
}


@dataclass
class Person:
    """Somebody with a badge."""

    id: int
    badge: str


@dataclass
class Estate:
    """What is set up in the database; ``north`` has no screen, ``south`` has one."""

    site: Site
    north: Bank
    south: Bank
    people: list[Person] = field(default_factory=list)
    # Which compartment hangs where, as boards.Cabinets has it.
    doors: dict[tuple[str, int, int], int] = field(default_factory=dict)
    bridges: list[Identity] = field(default_factory=list)


def build(*, bus_port: int, broker_port: int, readers: list[int]) -> Estate:
    """Make it all; ``readers`` are ports: north, south, and those of the south's first doors."""
    at = timezone.now()
    organisation = factories.OrganisationFactory(name="Northwind")
    site = factories.SiteFactory(organisation=organisation, name="Harbour House")
    size = factories.SizeFactory(organisation=organisation, name="Small", rank=1)
    factories.PolicyFactory(organisation=organisation, site=site, name="Day use")
    keys = [bytes([n + 1]) * 32 for n in range(2)]
    bridges = [
        factories.BridgeFactory(
            site=site, name=name, public_key=introduction.public_key(key).hex(), enrolled_at=at
        )
        for name, key in zip(("North", "South"), keys, strict=True)
    ]
    north, south = (
        factories.BankFactory(site=site, bridge=bridge, name=bridge.name, works_alone=True)
        for bridge in bridges
    )
    estate = Estate(site, north, south)
    for unit in UNITS:
        board = factories.ControllerFactory(
            bridge=bridges[0], name=f"Board {unit}", unit=unit, channels=CHANNELS, driver="wkly",
            address=f"tcp://127.0.0.1:{bus_port}", profile={"reply_timeout_ms": 300},
        )  # fmt: skip
        for channel in range(CHANNELS):
            estate.doors["wkly", unit, channel] = _door(north, board, channel, size)
    board = factories.ControllerFactory(
        bridge=bridges[1], name="Relays", unit=1, channels=RELAYS, driver="mqtt_relay",
        address=f"mqtt://127.0.0.1:{broker_port}", profile=PROFILE,
    )  # fmt: skip
    for channel in range(RELAYS):
        estate.doors["mqtt", 0, channel] = _door(south, board, channel, size)
    factories.TerminalFactory(
        bank=south, name="Kiosk", token_digest=enrolment.digest(TOKEN), enrolled_at=at
    )
    factories.ReaderFactory(bank=south, name="Screen's reader")
    _readers(north, south, readers)
    for number in range(PEOPLE):
        person = factories.PersonFactory(
            organisation=organisation, home_site=site, given_name=f"Person {number}",
            personal_number=str(1000 + number),
        )  # fmt: skip
        badge = f"{4_215_000 + number:010}"
        credentials.issue_badge(person=person, text=badge, actor=SETUP, at=at)
        estate.people.append(Person(person.pk, badge))
    estate.bridges = [_identity(bridge, key) for bridge, key in zip(bridges, keys, strict=True)]
    assert Terminal.objects.count() == 1
    return estate


def _door(bank: Bank, board: object, channel: int, size: Size) -> int:
    number = Compartment.objects.filter(bank=bank).count() + 1
    door = factories.CompartmentFactory(
        bank=bank, number=str(number), column=number, size=size, controller=board, channel=channel
    )
    factories.DoorFactory(compartment=door, state="unknown")
    return int(door.pk)


def _readers(north: Bank, south: Bank, ports: list[int]) -> None:
    doors = list(Compartment.objects.filter(bank=south).order_by("pk"))
    at_doors = [(south, door) for door in doors]
    places = [(north, None), (south, None), *at_doors]
    for port, (bank, door) in zip(ports, places, strict=False):
        factories.ReaderFactory(
            bank=bank, compartment=door, transport=ReaderTransport.WIRED,
            address=f"tcp://127.0.0.1:{port}",
        )  # fmt: skip


def _identity(bridge: Bridge, key: bytes) -> Identity:
    return Identity(bridge_id=bridge.pk, key=key, server_keys=bridge_keys.server_keys())
