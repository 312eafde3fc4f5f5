"""The shipped simulator, which has no wire to cut: its boards go silent instead."""

from __future__ import annotations

from lockers.drivers.base import Board, BoardSpec
from lockers.drivers.registry import open_boards
from lockers.drivers.simulator import SimulatedBoard
from tests.drivers.peers import ABSENT, CHANNELS, PRESENT


class SimulatedPeer:
    def __init__(self) -> None:
        made = open_boards([self.spec(unit) for unit in (*PRESENT, ABSENT)])
        self._boards = {
            unit: board for unit, board in made.items() if isinstance(board, SimulatedBoard)
        }
        self._boards[ABSENT].is_silent = True

    async def start(self) -> None:
        for unit in PRESENT:
            self._boards[unit].is_silent = False

    async def stop(self) -> None:
        for unit in PRESENT:
            self._boards[unit].is_silent = True

    def spec(self, unit: int) -> BoardSpec:
        return BoardSpec(unit, "simulator", "sim://bench", unit, CHANNELS)

    def connect(self, *units: int) -> list[Board]:
        return [self._boards[unit] for unit in units]

    async def pulses(self, unit: int) -> list[int]:
        return [pulse.channel for pulse in self._boards[unit].pulses]

    async def push(self, unit: int, channel: int, *, is_open: bool) -> None:
        board = self._boards[unit]
        if is_open:
            board.force_open(channel)
        else:
            board.push_shut(channel)

    async def answer_late(self, unit: int, *, is_late: bool) -> None:
        self._boards[unit].reply_s = 5.0 if is_late else 0.0
