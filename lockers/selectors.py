"""Everything at some banks that is not well, each with what to do: a constant number of queries."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from lockers import health
from lockers.choices import AT_THE_BRIDGE, BoardState, DoorState, ServiceStatus
from lockers.health import BridgeFacts, DoorFacts, Health, State, Told
from lockers.models import Bank, Bridge, BridgePresence, Compartment, Controller, Reader

# Whoever looks after a thousand doors begins with the worst ones.
DOORS_LISTED = 200
_IDLE = {ServiceStatus.OUT_OF_SERVICE, ServiceStatus.DECOMMISSIONED}


@dataclass(frozen=True)
class Fault:
    """One thing that is not well. ``about`` is its row, or the bridge of a wire."""

    health: Health
    kind: str
    name: str
    banks: tuple[Bank, ...]
    since: dt.datetime | None
    about: Any


@dataclass(frozen=True)
class Wire:
    """One wire of a bridge, with what went over it since the bridge started."""

    bridge: Bridge
    address: str
    health: Health
    figures: dict[str, int]


def of_bridge(bridge: Bridge, at: dt.datetime) -> Health:
    """Judge a bridge that was read with its presence."""
    found: BridgePresence | None = getattr(bridge, "presence", None)
    facts = BridgeFacts(
        is_enrolled=bridge.enrolled_at is not None or found is not None,
        is_revoked=bridge.revoked_at is not None,
        is_connected=found is not None and found.connection is not None,
    )
    if found is not None:
        facts = replace(
            facts,
            last_seen_at=found.last_seen_at,
            clock_offset_ms=found.clock_offset_ms,
            queue_depth=found.queue_depth,
            unacknowledged=found.unacknowledged,
            journal=found.health.get("journal", "ok"),
            journal_alarm=found.journal_alarm,
            access_list=found.health.get("access_list", "ok"),
        )
    return health.of_bridge(facts, at)


def of_board(board: Controller, at: dt.datetime) -> Health:
    """Judge a board that was read with its bridge's presence."""
    if is_silent(board.bridge, at):
        return health.behind_silence()
    code = _told(board.bridge, "boards").get(str(board.pk), "")
    return health.of_board(Told(board.state, code, board.state_detail, board.address))


def of_reader(reader: Reader, at: dt.datetime) -> Health:
    """Judge a reader that was read with its bank's bridge's presence."""
    if reader.transport not in AT_THE_BRIDGE:
        return health.at_a_terminal()
    bridge = reader.bank.bridge
    if bridge is None or is_silent(bridge, at):
        return health.behind_silence()
    told = _told(bridge, "readers").get(str(reader.pk), {})
    return health.of_reader(
        Told(told.get("state", ""), told.get("code", ""), told.get("detail", ""), reader.address)
    )


def is_silent(bridge: Bridge, at: dt.datetime) -> bool:
    """Say whether a bridge that was read with its presence tells nothing now."""
    return of_bridge(bridge, at).state in (State.BROKEN, State.UNUSED)


def wires(bridges: Iterable[Bridge], at: dt.datetime) -> list[Wire]:
    """Return the wires of bridges that were read with their presence."""
    return [
        Wire(
            bridge,
            address,
            health.of_bus(Told(**told, address=address)),
            bridge.presence.figures.get("buses", {}).get(address, {}),
        )
        for bridge in bridges
        if not is_silent(bridge, at)
        for address, told in _told(bridge, "buses").items()
    ]


def faults(banks: QuerySet[Bank], at: dt.datetime) -> list[Fault]:
    """Return what is not well at some banks, worst first, and of each trouble only its cause.

    A silent bridge says nothing of its boards, a broken wire nothing of the boards on it, and a
    silent board nothing of its doors.
    """
    found = _Faults(banks, at)
    return sorted(found.all(), key=lambda one: (-one.health.state, _ORDER.index(one.kind)))


def faults_of_door(door: Compartment, at: dt.datetime) -> list[Fault]:
    """Return what is not well with one door and with what it hangs on."""
    if door.controller is None:
        return []
    return [
        one
        for one in faults(Bank.objects.filter(pk=door.bank_id), at)
        if (one.kind == "bridge" and one.about.pk == door.controller.bridge_id)
        or (one.kind == "bus" and one.name == door.controller.address)
        or (one.kind == "board" and one.about.pk == door.controller_id)
        or (one.kind == "reader" and one.about.compartment_id == door.pk)
        or (one.kind == "door" and one.about.pk == door.pk)
    ]


_ORDER = ("bridge", "bus", "board", "reader", "door")


class _Faults:
    def __init__(self, banks: QuerySet[Bank], at: dt.datetime) -> None:
        self._at = at
        self._banks = list(banks.select_related("site", "bridge__presence").order_by("pk"))
        self._bridges = {bank.bridge_id: bank.bridge for bank in self._banks if bank.bridge}
        self._silent: set[int | None] = set()
        self._broken: set[tuple[int, str]] = set()

    def all(self) -> Iterator[Fault]:
        yield from self._of_bridges()
        yield from self._of_wires()
        yield from self._of_boards()
        yield from self._of_readers()
        yield from self._of_doors()

    @cached_property
    def _boards(self) -> list[tuple[Controller, tuple[Bank, ...]]]:
        """Boards that drive a door of these banks, with those banks."""
        pairs = set(
            Compartment.objects.filter(
                bank__in=self._banks, controller__bridge__in=self._bridges
            ).values_list("controller_id", "bank_id")
        )
        boards = Controller.objects.filter(pk__in={board for board, _bank in pairs})
        for board in boards:
            board.bridge = self._bridges[board.bridge_id]
        return [
            (board, tuple(bank for bank in self._banks if (board.pk, bank.pk) in pairs))
            for board in boards
            if board.bridge_id not in self._silent
        ]

    def _of_bridges(self) -> Iterator[Fault]:
        for number, bridge in self._bridges.items():
            judged = of_bridge(bridge, self._at)
            if is_silent(bridge, self._at):
                self._silent.add(number)
            seen = getattr(bridge, "presence", None)
            since = seen.last_seen_at if seen and judged.state is State.BROKEN else None
            banks = tuple(bank for bank in self._banks if bank.bridge_id == number)
            yield from _fault(judged, "bridge", bridge.name, banks, since, bridge)

    def _of_wires(self) -> Iterator[Fault]:
        wires: dict[tuple[int, str], dict[Bank, None]] = {}
        for board, banks in self._boards:
            wires.setdefault((board.bridge_id, board.address), {}).update(dict.fromkeys(banks))
        for (number, address), at_banks in wires.items():
            bridge = self._bridges[number]
            told = _told(bridge, "buses").get(address)
            if told is None:
                continue
            judged = health.of_bus(Told(**told, address=address))
            if judged.state is State.BROKEN:
                self._broken.add((number, address))
            # Its boards are named one by one.
            if told["code"] != "boards_missing":
                yield from _fault(judged, "bus", address, tuple(at_banks), None, bridge)

    def _of_boards(self) -> Iterator[Fault]:
        for board, banks in self._boards:
            if (board.bridge_id, board.address) not in self._broken:
                judged = of_board(board, self._at)
                yield from _fault(judged, "board", board.name, banks, board.state_at, board)

    def _of_readers(self) -> Iterator[Fault]:
        by_bank = {bank.pk: bank for bank in self._banks}
        wired = Reader.objects.filter(bank__in=self._banks, transport__in=AT_THE_BRIDGE)
        for reader in wired:
            bank = reader.bank = by_bank[reader.bank_id]
            if bank.bridge_id not in self._silent:
                judged = of_reader(reader, self._at)
                yield from _fault(judged, "reader", reader.name, (bank,), None, reader)

    def _of_doors(self) -> Iterator[Fault]:
        by_bank = {bank.pk: bank for bank in self._banks}
        wrong = (
            Q(door__failed_opens__gte=health.STUCK_AFTER)
            | Q(door__is_forced=True)
            | Q(has_sensor=True, door__state=DoorState.UNKNOWN)
        )
        doors = (
            Compartment.objects.filter(
                wrong, bank__in=[b for b in self._banks if b.bridge_id not in self._silent],
                controller__isnull=False,
            )
            .exclude(service_status__in=_IDLE)
            .exclude(controller__state=BoardState.OFFLINE)
            .select_related("door")
            .order_by("bank_id", "pk")[:DOORS_LISTED]
        )  # fmt: skip
        for door in doors:
            facts = DoorFacts(
                state=door.door.state,
                has_sensor=door.has_sensor,
                is_forced=door.door.is_forced,
                failed_opens=door.door.failed_opens,
            )
            banks = (by_bank[door.bank_id],)
            name, judged = _("Door %(number)s") % {"number": door.number}, health.of_door(facts)
            yield from _fault(judged, "door", name, banks, door.door.changed_at, door)


def _fault(
    judged: Health,
    kind: str,
    name: str,
    banks: tuple[Bank, ...],
    since: dt.datetime | None,
    about: Any,
) -> Iterator[Fault]:
    if judged.state in (State.LOOK, State.BROKEN, State.UNUSED):
        yield Fault(judged, kind, name, banks, since, about)


def _told(bridge: Bridge | None, what: str) -> dict[str, Any]:
    found: BridgePresence | None = getattr(bridge, "presence", None)
    told: dict[str, Any] = found.health.get(what, {}) if found is not None else {}
    return told
