"""Two boards of relays behind a real broker, and one that never answers."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

from lockers.drivers.base import Board, BoardSpec
from lockers.drivers.registry import open_boards
from tests.drivers.emulators.mqtt_relays import Relays
from tests.drivers.peers import ABSENT, CHANNELS, PRESENT
from tests.drivers.peers.mosquitto import HOST, Mosquitto, connect, sever

INTERVAL_S = 1


class MqttRelayPeer:
    def __init__(self, folder: Path) -> None:
        self.broker = Mosquitto(folder)
        self.boards = {unit: Relays(f"bank/{unit}") for unit in PRESENT}
        self.boards[ABSENT] = Relays(f"bank/{ABSENT}", is_mute=True)

    async def start(self) -> None:
        self.broker.start()
        await asyncio.gather(*(asyncio.to_thread(self.run, unit) for unit in self.boards))

    def run(self, unit: int) -> None:
        board = self.boards[unit]
        name = board.name.replace("/", "-")
        client = connect(self.broker, name, will=board.will, is_will_retained=True)
        board.run(client, HOST, self.broker.port)

    async def stop(self) -> None:
        for board in self.boards.values():
            await asyncio.to_thread(board.end, sever)
        self.broker.kill()

    def spec(self, unit: int, **options: Any) -> BoardSpec:
        name = self.boards[unit].name
        profile = {
            "pulse": "board",
            "command_topic": f"{name}/set/{{n}}",
            "state_topic": f"{name}/relay/{{n}}",
            "door_topic": f"{name}/door/{{n}}",
            "availability_topic": f"{name}/status",
            "heartbeat_topic": f"{name}/uptime",
            "heartbeat_interval_s": INTERVAL_S,
            **options,
        }
        profile = {name: value for name, value in profile.items() if value is not None}
        return BoardSpec(unit, "mqtt_relay", self.broker.address, unit, CHANNELS, profile)

    def connect(self, *units: int) -> list[Board]:
        boards = open_boards([self.spec(unit) for unit in units])
        return [boards[unit] for unit in units]

    async def pulses(self, unit: int) -> list[int]:
        return list(self.boards[unit].pulses)

    async def push(self, unit: int, channel: int, *, is_open: bool) -> None:
        await asyncio.to_thread(self.boards[unit].push, channel, is_open=is_open)

    async def answer_late(self, unit: int, *, is_late: bool) -> None:
        board = self.boards[unit]
        if not is_late:
            await asyncio.to_thread(board.catch_up)
            return
        board.is_late = True
        # A board is silent once a heartbeat is missed; only time brings that about.
        await asyncio.sleep(board.heartbeats_at[-1] + 1.6 * INTERVAL_S - time.monotonic())
