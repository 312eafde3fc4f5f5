"""Two gateways of the Open-Locker contract behind a real broker, and one that never answers."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

from lockers.drivers.base import Board, BoardSpec
from lockers.drivers.registry import open_boards
from tests.drivers.emulators.openlocker import Gateway
from tests.drivers.peers import ABSENT, CHANNELS, PRESENT
from tests.drivers.peers.mosquitto import HOST, Mosquitto, connect, sever

INTERVAL_S = 1


def locker(unit: int) -> str:
    return f"00000000-0000-4000-8000-{unit:012d}"


class OpenLockerPeer:
    def __init__(self, folder: Path) -> None:
        self.broker = Mosquitto(folder)
        self.gateways = {unit: Gateway(locker(unit)) for unit in PRESENT}
        self.gateways[ABSENT] = Gateway(locker(ABSENT), is_mute=True)

    async def start(self) -> None:
        self.broker.start()
        await asyncio.gather(*(asyncio.to_thread(self.run, unit) for unit in self.gateways))

    def run(self, unit: int) -> None:
        gateway = self.gateways[unit]
        client = connect(self.broker, gateway.locker, is_kept=True, will=gateway.will)
        gateway.run(client, HOST, self.broker.port)

    async def stop(self) -> None:
        for gateway in self.gateways.values():
            await asyncio.to_thread(gateway.end, sever)
        self.broker.kill()

    def spec(self, unit: int, **options: Any) -> BoardSpec:
        profile = {
            "locker_uuid": locker(unit),
            "heartbeat_interval_s": INTERVAL_S,
            **options,
        }
        return BoardSpec(unit, "mqtt_openlocker", self.broker.address, unit, CHANNELS, profile)

    def connect(self, *units: int) -> list[Board]:
        boards = open_boards([self.spec(unit) for unit in units])
        return [boards[unit] for unit in units]

    async def pulses(self, unit: int) -> list[int]:
        return [number - 1 for number in self.gateways[unit].pulses]

    async def push(self, unit: int, channel: int, *, is_open: bool) -> None:
        state = "open" if is_open else "closed"
        await asyncio.to_thread(self.gateways[unit].push, channel + 1, state)

    async def answer_late(self, unit: int, *, is_late: bool) -> None:
        gateway = self.gateways[unit]
        if not is_late:
            await asyncio.to_thread(gateway.catch_up)
            return
        gateway.is_late = True
        # A gateway is silent once a heartbeat is missed; only time brings that about.
        await asyncio.sleep(gateway.heartbeats_at[-1] + 1.6 * INTERVAL_S - time.monotonic())
