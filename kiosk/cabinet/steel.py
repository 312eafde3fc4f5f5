"""Doors, locks and contacts as they behave in steel, with no wire and no page."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from kiosk.cabinet.plan import BankPlan, BoardPlan, DoorPlan, Plan

# A tired spring: the lock lets go at once, the leaf comes out later.
SLOW_DOOR_S = 2.5
# A slow board answers only now, which is later than most masters wait.
SLOW_BOARD_S = 1.5


@dataclass(slots=True)
class Door:
    """One leaf with its lock, its contact and what was done to it."""

    plan: DoorPlan
    is_open: bool = False
    is_lit: bool = False
    is_jammed: bool = False
    is_slow: bool = False
    pulses: int = 0

    def picture(self) -> dict[str, Any]:
        """Describe what changes about the door."""
        return {
            "number": self.plan.number,
            "open": self.is_open,
            "relay": self.is_lit,
            "jammed": self.is_jammed,
            "slow": self.is_slow,
            "pulses": self.pulses,
        }


@dataclass(slots=True)
class Board:
    """One lock board: relays, contacts, and two ways of misbehaving on the wire."""

    plan: BoardPlan
    doors: dict[int, Door]
    tell: Callable[[Door | None], None]
    relays: list[bool] = field(default_factory=list)
    is_silent: bool = False
    is_slow: bool = False
    _timers: dict[int, asyncio.TimerHandle] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.relays = [False] * self.plan.channels
        self.is_silent = self.plan.silent

    def picture(self) -> dict[str, Any]:
        """Describe what changes about the board."""
        return {"unit": self.plan.unit, "silent": self.is_silent, "slow": self.is_slow}

    def switch(self, channel: int, *, on: bool) -> None:
        """Set one relay; a relay that comes on lets its lock go."""
        timer = self._timers.pop(channel, None)
        if timer is not None:
            timer.cancel()
        was_on, self.relays[channel] = self.relays[channel], on
        door = self.doors.get(channel)
        if door is None or was_on == on:
            return
        door.is_lit = on
        if on:
            door.pulses += 1
            self._let_go(door)
        self.tell(door)

    def flash(self, channel: int, seconds: float) -> None:
        """Set one relay and clear it after a while, by the board's own clock."""
        self.switch(channel, on=True)
        loop = asyncio.get_running_loop()
        self._timers[channel] = loop.call_later(seconds, lambda: self.switch(channel, on=False))

    def contacts(self) -> list[bool]:
        """Read the inputs: a contact is made (1) while its door is closed."""
        return [
            not self.doors[channel].is_open if channel in self.doors else False
            for channel in range(self.plan.channels)
        ]

    def _let_go(self, door: Door) -> None:
        if door.is_jammed:
            return
        if door.is_slow:
            asyncio.get_running_loop().call_later(SLOW_DOOR_S, self._swing, door)
        else:
            door.is_open = True

    def _swing(self, door: Door) -> None:
        if not door.is_jammed:
            door.is_open = True
            self.tell(door)


class Bank:
    """One block of doors and its boards."""

    def __init__(self, plan: BankPlan, tell: Callable[[Bank, Door | None], None]) -> None:
        self.plan = plan
        self._tell = tell
        self.doors = {door.number: Door(door, is_open=door.open) for door in plan.doors}
        self.boards = {
            board.unit: Board(
                board,
                {
                    door.plan.channel: door
                    for door in self.doors.values()
                    if door.plan.unit == board.unit
                },
                self.changed,
            )
            for board in plan.boards
        }

    def changed(self, door: Door | None = None) -> None:
        """Announce a change of one door, or of the boards."""
        self._tell(self, door)

    def act_on_door(self, number: str, action: str) -> None:
        """Do what a hand or a fault does to a door; raises KeyError for an unknown word."""
        door = self.doors[number]
        attribute, value = {
            "close": ("is_open", False),
            "force": ("is_open", True),
            "jam": ("is_jammed", True),
            "unjam": ("is_jammed", False),
            "slow": ("is_slow", True),
            "unslow": ("is_slow", False),
        }[action]
        setattr(door, attribute, value)
        self.changed(door)

    def act_on_board(self, unit: int, action: str) -> None:
        """Make a board misbehave or behave; raises KeyError for an unknown word."""
        board = self.boards[unit]
        attribute, value = {
            "silence": ("is_silent", True),
            "unsilence": ("is_silent", False),
            "slow": ("is_slow", True),
            "unslow": ("is_slow", False),
        }[action]
        setattr(board, attribute, value)
        self.changed()


class Cabinet:
    """All banks, and who wants to hear of changes."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.listeners: set[Callable[[Bank, Door | None], None]] = set()
        self.banks = {bank.bank: Bank(bank, self._tell) for bank in plan.banks}

    def _tell(self, bank: Bank, door: Door | None) -> None:
        for listener in tuple(self.listeners):
            listener(bank, door)
