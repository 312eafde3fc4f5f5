"""Which port plays which board and reader: addresses follow PORT from start to start.

Every board and wired reader at 127.0.0.1 is played by the virtual cabinet and gets its port here,
in a fixed order. A board of your own on this machine keeps its address when it says ``localhost``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db import transaction

from lockers.choices import DriverName, ReaderTransport
from lockers.models import Bank, Compartment, Controller, Door, Reader

PAGE_OFFSET = 1
SCREENS_OFFSET = 2
BOARDS_OFFSET = 100
READERS_OFFSET = 150
# The highest port that a demonstration at PORT may use lies this far above it.
HIGHEST_OFFSET = 250
_PLAYED = "tcp://127.0.0.1:"


@dataclass
class PlayedBank:
    """A bank that the cabinet plays: its wired doors, boards and readers, and its port."""

    bank: Bank
    port: int
    boards: dict[int, Controller] = field(default_factory=dict)
    doors: list[Compartment] = field(default_factory=list)
    readers: list[tuple[Reader, int]] = field(default_factory=list)
    # Doors that were forced and have not been closed since: they still stand open.
    forced: set[int] = field(default_factory=set)


def follow(port: int) -> list[PlayedBank]:
    """Give every played board and reader its address for this PORT; return the played banks.

    Writes only the rows that change, so that a start at the same port changes nothing.
    """
    played = _banks(port)
    by_bank = {one.bank.pk: one for one in played}
    readers = Reader.objects.filter(
        transport=ReaderTransport.WIRED, address__startswith=_PLAYED, bank__in=by_bank
    ).select_related("compartment")
    for place, reader in enumerate(readers.order_by("pk")):
        by_bank[reader.bank_id].readers.append((reader, port + READERS_OFFSET + place))
    forced = Door.objects.filter(is_forced=True, compartment__bank__in=by_bank)
    for door_id, bank_id in forced.values_list("compartment_id", "compartment__bank_id"):
        by_bank[bank_id].forced.add(door_id)
    with transaction.atomic():
        _move(Controller, [(board, one.port) for one in played for board in one.boards.values()])
        _move(Reader, [row for one in played for row in one.readers])
    return played


def _banks(port: int) -> list[PlayedBank]:
    """Return the banks in their order; a board serves the first bank that has a door on it."""
    played: dict[int, PlayedBank] = {}
    owner: dict[int, int] = {}
    doors = (
        Compartment.objects.filter(
            controller__driver=DriverName.MODBUS_RELAY, controller__address__startswith=_PLAYED
        )
        .select_related("bank__site", "controller")
        .order_by("bank_id", "column", "row")
    )
    for door in doors:
        board = door.controller
        assert board is not None  # the filter asks for it
        if owner.setdefault(board.pk, door.bank_id) != door.bank_id:
            continue
        one = played.setdefault(
            door.bank_id, PlayedBank(door.bank, port + BOARDS_OFFSET + len(played))
        )
        one.boards.setdefault(board.pk, board)
        one.doors.append(door)
    return list(played.values())


def _move(
    model: type[Controller] | type[Reader], wanted: Sequence[tuple[Controller | Reader, int]]
) -> None:
    """Change what stands at another port, by way of no port: two may swap, and each is unique."""
    moving = [(row, f"{_PLAYED}{port}") for row, port in wanted]
    moving = [(row, address) for row, address in moving if row.address != address]
    for row, _address in moving:
        model._default_manager.filter(pk=row.pk).update(address=f"moving:{row.pk}")
    for row, address in moving:
        model._default_manager.filter(pk=row.pk).update(address=address)
        row.address = address
