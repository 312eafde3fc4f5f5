"""The cabinet's configuration file, read strictly: what is wrong is named by its place."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import msgspec

Millimetres = Annotated[float, msgspec.Meta(ge=0, le=100_000)]
Size = Annotated[float, msgspec.Meta(gt=0, le=100_000)]
Port = Annotated[int, msgspec.Meta(ge=0, le=65535)]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=80)]
Ascii = Annotated[str, msgspec.Meta(max_length=64, pattern=r"^[\x00-\x7F]*$")]


class BadPlan(ValueError):
    """The configuration file cannot be used; the message names the field."""


class _Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of the plan; an unknown name is an error, not a wish."""


class BoardPlan(_Part, frozen=True, kw_only=True):
    """One lock board on the bank's wire; a silent one has no power until the page gives it some."""

    unit: Annotated[int, msgspec.Meta(ge=1, le=247)]
    channels: Annotated[int, msgspec.Meta(ge=1, le=255)]
    silent: bool = False


class DoorPlan(_Part, frozen=True, kw_only=True):
    """One door, its place on the front (``y_mm`` from the top), its lock and contact, its leaf."""

    number: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9._-]{1,12}$")]
    unit: int
    channel: Annotated[int, msgspec.Meta(ge=0)]
    x_mm: Millimetres
    y_mm: Millimetres
    width_mm: Size
    height_mm: Size
    hinge: Literal["left", "right"] = "left"
    open: bool = False


class ReaderPlan(_Part, frozen=True, kw_only=True):
    """One badge reader; ``door`` is the number of the door it sits on, or null for the bank."""

    name: Name
    port: Port
    prefix: Ascii = ""
    suffix: Annotated[Ascii, msgspec.Meta(min_length=1)] = "\r\n"
    length: Annotated[int, msgspec.Meta(ge=0, le=64)] = 0
    door: str | None = None


class BankPlan(_Part, frozen=True, kw_only=True):
    """One block of doors behind one Modbus TCP address."""

    bank: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9._-]{1,24}$")]
    title: str
    modbus_port: Port
    width_mm: Size
    height_mm: Size
    boards: Annotated[list[BoardPlan], msgspec.Meta(min_length=1)]
    doors: Annotated[list[DoorPlan], msgspec.Meta(min_length=1)]
    readers: list[ReaderPlan] = []


class BadgePlan(_Part, frozen=True, kw_only=True):
    """One sample badge that the page offers."""

    label: Name
    number: Annotated[Ascii, msgspec.Meta(min_length=1)]


class Plan(_Part, frozen=True, kw_only=True):
    """The whole cabinet."""

    title: str
    banks: Annotated[list[BankPlan], msgspec.Meta(min_length=1)]
    badges: list[BadgePlan] = []


def load(path: Path) -> Plan:
    """Read the configuration file; raises BadPlan with the place of the first mistake."""
    try:
        plan = msgspec.json.decode(path.read_bytes(), type=Plan)
    except OSError as error:
        raise BadPlan(f"{path}: {error.strerror}") from error
    except msgspec.DecodeError as error:
        raise BadPlan(f"{path}: {error}") from error
    _check(plan)
    return plan


def _check(plan: Plan) -> None:
    """Check what no single field can say by itself."""
    _unique([bank.bank for bank in plan.banks], "$.banks[{}].bank")
    ports = [
        (port, where)
        for place, bank in enumerate(plan.banks)
        for port, where in [
            (bank.modbus_port, f"$.banks[{place}].modbus_port"),
            *(
                (reader.port, f"$.banks[{place}].readers[{order}].port")
                for order, reader in enumerate(bank.readers)
            ),
        ]
    ]
    seen: dict[int, str] = {}
    for port, where in ports:
        if port and port in seen:
            raise BadPlan(f"port {port} is taken by {seen[port]} - at `{where}`")
        seen[port] = where
    for place, bank in enumerate(plan.banks):
        _check_bank(bank, f"$.banks[{place}]")


def _check_bank(bank: BankPlan, at: str) -> None:
    _unique([board.unit for board in bank.boards], at + ".boards[{}].unit")
    _unique([door.number for door in bank.doors], at + ".doors[{}].number")
    _unique([reader.name for reader in bank.readers], at + ".readers[{}].name")
    channels = {board.unit: board.channels for board in bank.boards}
    wires: set[tuple[int, int]] = set()
    for place, door in enumerate(bank.doors):
        here = f"{at}.doors[{place}]"
        if door.unit not in channels:
            raise BadPlan(f"no board is unit {door.unit} - at `{here}.unit`")
        if door.channel >= channels[door.unit]:
            raise BadPlan(
                f"unit {door.unit} has channels 0 to {channels[door.unit] - 1}"
                f" - at `{here}.channel`"
            )
        if (door.unit, door.channel) in wires:
            raise BadPlan(f"this channel already has a door - at `{here}.channel`")
        wires.add((door.unit, door.channel))
        if door.x_mm + door.width_mm > bank.width_mm + 0.5:
            raise BadPlan(f"the door is beyond the bank's side - at `{here}.width_mm`")
        if door.y_mm + door.height_mm > bank.height_mm + 0.5:
            raise BadPlan(f"the door is below the bank's foot - at `{here}.height_mm`")
    numbers = {door.number for door in bank.doors}
    for place, reader in enumerate(bank.readers):
        if reader.door is not None and reader.door not in numbers:
            raise BadPlan(f"no door is number {reader.door!r} - at `{at}.readers[{place}].door`")


def _unique(values: list[str] | list[int], place: str) -> None:
    for order, value in enumerate(values):
        if value in values[:order]:
            raise BadPlan(f"{value!r} is there twice - at `{place.format(order)}`")
