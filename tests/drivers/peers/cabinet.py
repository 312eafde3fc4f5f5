"""The virtual cabinet in its own process, over Modbus TCP."""

from __future__ import annotations

from pathlib import Path

from tests.cabinet.process import CabinetProcess, plan
from tests.drivers.peers import CHANNELS, WirePeer


class CabinetPeer(WirePeer):
    def __init__(self, folder: Path) -> None:
        self._process = CabinetProcess(folder)
        self._folder = folder
        self._port = 0

    async def start(self) -> None:
        await self._process.start(plan(modbus_port=self._port))
        self._port = self._process.banks["A"]["modbus_port"]
        self.address = f"tcp://127.0.0.1:{self._port}"

    async def stop(self) -> None:
        await self._process.stop()
        self._process = CabinetProcess(self._folder)

    async def pulses(self, unit: int) -> list[int]:
        numbers = range(CHANNELS)
        doors = [await self._process.door(self._number(unit, one)) for one in numbers]
        return [one for one, door in enumerate(doors) for _ in range(door["pulses"])]

    async def push(self, unit: int, channel: int, *, is_open: bool) -> None:
        action = "force" if is_open else "close"
        await self._process.post(f"/doors/A/{self._number(unit, channel)}/{action}")

    async def answer_late(self, unit: int, *, is_late: bool) -> None:
        await self._process.post(f"/boards/A/{unit}/{'slow' if is_late else 'unslow'}")

    @staticmethod
    def _number(unit: int, channel: int) -> str:
        return str((unit - 1) * CHANNELS + channel + 1)
