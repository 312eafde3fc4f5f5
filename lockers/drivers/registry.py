"""From configuration to boards and readers: the one list of drivers, closed to guesses."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from lockers.drivers import kerong_cu16, lcb8a, mqtt, osdp, uhppote, winnsen, wire, wkly
from lockers.drivers.ascii_reader import AsciiReader
from lockers.drivers.base import Board, BoardSpec, Reader, ReaderSpec
from lockers.drivers.errors import BadProfile, UnknownDriver
from lockers.drivers.modbus_relay import Address, Bus, ModbusRelayBoard
from lockers.drivers.modbus_relay.profile import check_unit, parse_address, parse_profile
from lockers.drivers.mqtt.address import check_unit as check_gateway
from lockers.drivers.mqtt_openlocker import OpenLockerBoard, Registrar
from lockers.drivers.mqtt_openlocker import parse_profile as parse_openlocker
from lockers.drivers.mqtt_relay import MqttRelayBoard
from lockers.drivers.mqtt_relay import parse_profile as parse_relays
from lockers.drivers.simulator import SimulatedBoard, check_profile
from lockers.drivers.turns import Turns


@dataclass(slots=True)
class Wires:
    """The wires of one configuration, so that boards at one address share one."""

    speaks: dict[str, str] = field(default_factory=dict)
    buses: dict[Address, Bus] = field(default_factory=dict)
    lines: dict[str, wire.Bus] = field(default_factory=dict)
    turns: dict[str, Turns] = field(default_factory=dict)
    brokers: dict[tuple[mqtt.Broker, mqtt.Will | None], mqtt.Connection] = field(
        default_factory=dict
    )
    connections: dict[str, set[mqtt.Connection]] = field(default_factory=dict)
    registrars: dict[mqtt.Broker, Registrar] = field(default_factory=dict)
    ears: dict[str, uhppote.Ears] = field(default_factory=dict)

    def log(self, address: str) -> Sequence[wire.Logged]:
        """Return what was last said on a wire, oldest first; nothing where no log is kept."""
        if self.speaks.get(address) == "mqtt":
            logs = [one.log for one in self.connections.get(address, ())]
            return sorted(chain(*logs), key=lambda one: one.at)
        bus: wire.Bus | Bus | None = self.lines.get(address)
        if bus is None and self.speaks.get(address) == "modbus_relay":
            bus = self.buses.get(parse_address(address))
        return tuple(bus.log) if bus is not None else ()

    def connection(
        self, address: str, broker: mqtt.Broker, will: mqtt.Will | None = None
    ) -> mqtt.Connection:
        """Return the connection to a broker; who needs a last will has one of its own."""
        made = self.brokers.setdefault((broker, will), mqtt.Connection(broker, will))
        self.connections.setdefault(address, set()).add(made)
        return made


def open_boards(specs: Sequence[BoardSpec], wires: Wires | None = None) -> dict[int, Board]:
    """Make every board of a configuration, by controller id; no wire is touched yet.

    All or nothing: raises UnknownDriver or BadProfile, whose ``field`` names the culprit. With
    the ``wires`` of boards that are there already, no port gets a second owner.
    """
    wires = wires or Wires()
    boards: dict[int, Board] = {}
    taken: set[tuple[str, object]] = set()
    for spec in specs:
        make = _BOARDS.get(spec.driver)
        if make is None:
            raise UnknownDriver(
                f"controller {spec.controller_id}: no driver is called {spec.driver!r}"
            )
        if spec.controller_id in boards:
            raise BadProfile(
                f"controller {spec.controller_id} is named twice", field="controller_id"
            )
        if (spec.address, spec.unit) in taken:
            raise BadProfile(
                f"two controllers are unit {spec.unit} at {spec.address}", field="unit"
            )
        taken.add((spec.address, spec.unit))
        # Behind a broker every board has its own topics; on a wire all hear the same bytes.
        language = "mqtt" if spec.driver.startswith("mqtt_") else spec.driver
        if wires.speaks.setdefault(spec.address, language) != language:
            raise BadProfile(
                f"controller {spec.controller_id}: {spec.address} has boards of the driver"
                f" {wires.speaks[spec.address]} already; a wire speaks one language",
                field="driver",
            )
        try:
            boards[spec.controller_id] = make(spec, wires)
        except BadProfile as error:
            raise BadProfile(
                f"controller {spec.controller_id}: {error}", field=error.field
            ) from error
        if option := _NAMED_BY.get(spec.driver):
            name = str(spec.profile[option]).lower()
            if (option, name) in taken:
                raise BadProfile(f"two controllers have the {option} {name}", field=option)
            taken.add((option, name))
    return boards


def is_numbered(driver: str) -> bool:
    """Tell whether boards of a driver are told apart by a number that is set on them."""
    return driver not in {*_NAMED_BY, "mqtt_relay"}


def open_reader(spec: ReaderSpec, buses: dict[str, osdp.Bus]) -> Reader:
    """Make one badge reader, on the bus that the others at its address have.

    Raises UnknownDriver or BadProfile like ``open_boards``; no wire is touched yet.
    """
    if spec.driver == "osdp":
        profile = osdp.parse_profile(unit=spec.unit, key=spec.key, options=spec.options)
        line = wire.parse_line(spec.address, baudrate=profile.baudrate)
        bus = buses.setdefault(spec.address, osdp.Bus(line))
        bus.take(profile.unit, line)
        return osdp.OsdpReader(bus, profile)
    if spec.driver != "ascii_reader":
        raise UnknownDriver(f"reader {spec.reader_id}: no driver is called {spec.driver!r}")
    for name in spec.options:
        raise BadProfile(f"option {name!r} is not known", field=name)
    return AsciiReader(spec.address, prefix=spec.prefix, suffix=spec.suffix, length=spec.length)


def _modbus_relay(spec: BoardSpec, wires: Wires) -> Board:
    check_unit(spec.unit, spec.channels)
    address = parse_address(spec.address)
    profile = parse_profile(spec.profile, channels=spec.channels)
    bus = wires.buses.setdefault(address, Bus(address, profile))
    if bus.line != profile.line:
        raise BadProfile(
            "boards on one wire must agree about baudrate, parity, stopbits and local_echo",
            field="baudrate",
        )
    return ModbusRelayBoard(
        bus, address=spec.address, unit=spec.unit, channels=spec.channels, profile=profile
    )


def _uhppote(spec: BoardSpec, wires: Wires) -> Board:
    uhppote.check_channels(spec.channels)
    profile = uhppote.parse_profile(spec.profile)
    bus = wires.lines.get(spec.address) or uhppote.make_bus(spec.address)
    wires.lines[spec.address] = bus
    listen = profile.listen
    ears = wires.ears.setdefault(listen, uhppote.Ears(listen)) if listen else None
    return uhppote.UhppoteBoard(
        bus,
        ears,
        address=spec.address,
        unit=spec.unit,
        channels=spec.channels,
        profile=profile,
    )


def _simulator(spec: BoardSpec, wires: Wires) -> Board:
    check_unit(spec.unit, spec.channels)
    return SimulatedBoard(
        address=spec.address,
        unit=spec.unit,
        channels=spec.channels,
        turns=wires.turns.setdefault(spec.address, Turns()),
        **check_profile(spec.profile),
    )


def _mqtt_openlocker(spec: BoardSpec, wires: Wires) -> Board:
    check_gateway(spec.unit, spec.channels)
    login, options = mqtt.split_profile(spec.profile)
    broker = mqtt.parse_broker(spec.address, login)
    profile = parse_openlocker(options, channels=spec.channels)
    connection = wires.connection(spec.address, broker)
    return OpenLockerBoard(
        connection,
        wires.registrars.setdefault(broker, Registrar(connection)),
        address=spec.address,
        unit=spec.unit,
        channels=spec.channels,
        profile=profile,
    )


def _mqtt_relay(spec: BoardSpec, wires: Wires) -> Board:
    check_gateway(spec.unit, spec.channels)
    login, options = mqtt.split_profile(spec.profile)
    broker = mqtt.parse_broker(spec.address, login)
    profile = parse_relays(options, channels=spec.channels)
    return MqttRelayBoard(
        wires.connection(spec.address, broker, profile.will),
        address=spec.address,
        unit=spec.unit,
        channels=spec.channels,
        profile=profile,
    )


@dataclass(frozen=True)
class _Family:
    """Boards that speak bytes on a wire of their own."""

    board: Callable[..., Board]
    codec: Callable[[], wire.Codec]
    check: Callable[[int, int], None]
    profile: Callable[..., Any]

    def __call__(self, spec: BoardSpec, wires: Wires) -> Board:
        """Make one board, on the bus that the others at its address have."""
        self.check(spec.unit, spec.channels)
        profile = self.profile(spec.profile)
        line = wire.parse_line(
            spec.address, baudrate=profile.baudrate, local_echo=profile.local_echo
        )
        bus = wires.lines.setdefault(spec.address, wire.Bus(line, self.codec))
        if bus.line != line:
            raise BadProfile(
                "boards on one wire must agree about baudrate and local_echo", field="baudrate"
            )
        return self.board(
            bus, address=spec.address, unit=spec.unit, channels=spec.channels, profile=profile
        )


# What the world knows such a board by, wherever it is: no two can have it.
_NAMED_BY = {"uhppote": "serial", "mqtt_openlocker": "locker_uuid"}
_BOARDS: dict[str, Callable[[BoardSpec, Wires], Board]] = {
    "modbus_relay": _modbus_relay,
    "lcb8a": _Family(lcb8a.Lcb8aBoard, lcb8a.Codec, lcb8a.check_board, lcb8a.parse_profile),
    "kerong_cu16": _Family(
        kerong_cu16.KerongCu16Board,
        kerong_cu16.KerongCodec,
        kerong_cu16.check_unit,
        kerong_cu16.parse_profile,
    ),
    "wkly": _Family(wkly.WklyBoard, wkly.WklyCodec, wkly.check_unit, wkly.parse_profile),
    "winnsen": _Family(
        winnsen.WinnsenBoard, winnsen.Codec, winnsen.check_unit, winnsen.parse_profile
    ),
    "uhppote": _uhppote,
    "mqtt_openlocker": _mqtt_openlocker,
    "mqtt_relay": _mqtt_relay,
    "simulator": _simulator,
}
