"""Start the virtual cabinet as the separate process that it is."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import aiohttp

DOOR = {"width_mm": 300, "height_mm": 400}


def plan(**bank: Any) -> dict[str, Any]:
    """Make a small cabinet: bank A, two boards of 8 channels, a door on each channel."""
    doors = [
        {
            "number": str(number + 1),
            "unit": 1 + number // 8,
            "channel": number % 8,
            "x_mm": 300 * (number // 4),
            "y_mm": 400 * (number % 4),
            "hinge": "left",
            **DOOR,
        }
        for number in range(16)
    ]
    readers = [
        {"name": "Bank reader", "port": 0, "prefix": "~", "suffix": "\r", "length": 10},
        {"name": "Door 1", "port": 0, "prefix": "%", "suffix": "\r\n", "length": 4, "door": "1"},
    ]
    return {
        "title": "Bench",
        "banks": [
            {
                "bank": "A",
                "title": "Bank A",
                "modbus_port": 0,
                "width_mm": 1200,
                "height_mm": 1600,
                "boards": [{"unit": 1, "channels": 8}, {"unit": 2, "channels": 8}],
                "doors": doors,
                "readers": readers,
                **bank,
            }
        ],
        "badges": [{"label": "Amira, staff", "number": "0004215873"}],
    }


class CabinetProcess:
    """One running cabinet and its control API."""

    def __init__(self, folder: Path) -> None:
        self._config = folder / "cabinet.json"
        self._process: asyncio.subprocess.Process | None = None
        self._web: aiohttp.ClientSession | None = None
        self.page = ""
        self.banks: dict[str, Any] = {}

    async def start(self, config: dict[str, Any] | None = None) -> None:
        self._config.write_text(json.dumps(config or plan()))
        command = ["-m", "kiosk.cabinet", "--page-port", "0", "--config", str(self._config)]
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, *command, stdout=asyncio.subprocess.PIPE
        )
        assert self._process.stdout is not None
        where = json.loads(await asyncio.wait_for(self._process.stdout.readline(), 15))
        self.page, self.banks = where["page"], where["banks"]
        self._web = aiohttp.ClientSession(self.page)

    async def stop(self) -> None:
        if self._web is not None:
            await self._web.close()
        if self._process is not None and self._process.returncode is None:
            self._process.terminate()
            assert await asyncio.wait_for(self._process.wait(), 10) == 0

    async def post(self, path: str, body: dict[str, Any] | None = None) -> tuple[int, Any]:
        assert self._web is not None
        async with self._web.post(path, json=body) as response:
            return response.status, await response.json()

    async def door(self, number: str, bank: str = "A") -> dict[str, Any]:
        assert self._web is not None
        async with self._web.get("/state") as response:
            state = await response.json()
        doors = next(one["doors"] for one in state["banks"] if one["bank"] == bank)
        found: dict[str, Any] = next(door for door in doors if door["number"] == number)
        return found
