"""From configuration to boards and readers: the one list of drivers, closed to guesses."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from lockers.drivers.ascii_reader import AsciiReader
from lockers.drivers.base import Board, BoardSpec, ReaderSpec
from lockers.drivers.errors import BadProfile, UnknownDriver
from lockers.drivers.modbus_relay import Address, Bus, ModbusRelayBoard
from lockers.drivers.modbus_relay.profile import check_unit, parse_address, parse_profile
from lockers.drivers.simulator import SimulatedBoard, check_profile
from lockers.drivers.turns import Turns


@dataclass(slots=True)
class _Wires:
    """The wires of one configuration, so that boards at one address share one."""

    buses: dict[Address, Bus] = field(default_factory=dict)
    turns: dict[str, Turns] = field(default_factory=dict)


def open_boards(specs: Sequence[BoardSpec]) -> dict[int, Board]:
    """Make every board of a configuration, by controller id; no wire is touched yet.

    All or nothing: raises UnknownDriver or BadProfile, whose ``field`` names the culprit.
    """
    wires = _Wires()
    boards: dict[int, Board] = {}
    taken: set[tuple[str, int]] = set()
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
        try:
            boards[spec.controller_id] = make(spec, wires)
        except BadProfile as error:
            raise BadProfile(
                f"controller {spec.controller_id}: {error}", field=error.field
            ) from error
    return boards


def open_reader(spec: ReaderSpec) -> AsciiReader:
    """Make one badge reader; raises UnknownDriver or BadProfile like ``open_boards``."""
    if spec.driver != "ascii_reader":
        raise UnknownDriver(f"reader {spec.reader_id}: no driver is called {spec.driver!r}")
    return AsciiReader(spec.address, prefix=spec.prefix, suffix=spec.suffix, length=spec.length)


def _modbus_relay(spec: BoardSpec, wires: _Wires) -> Board:
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


def _simulator(spec: BoardSpec, wires: _Wires) -> Board:
    check_unit(spec.unit, spec.channels)
    return SimulatedBoard(
        address=spec.address,
        unit=spec.unit,
        channels=spec.channels,
        turns=wires.turns.setdefault(spec.address, Turns()),
        **check_profile(spec.profile),
    )


_BOARDS: dict[str, Callable[[BoardSpec, _Wires], Board]] = {
    "modbus_relay": _modbus_relay,
    "simulator": _simulator,
}
