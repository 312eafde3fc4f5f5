"""What the bridge is told to drive, again whenever it changes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from kiosk import configuration
from kiosk.bridge import protocol
from kiosk.consumers.bridge.part import Line, Part, in_thread
from lockers.notify import WIRING

# Wiring is edited field by field: one new configuration for a burst of changes.
SETTLES_S = 0.3


class Configurations(Part):
    """Sends the configuration anew when it is another one."""

    def __init__(self, line: Line, config: protocol.Config, *, changed: Callable[[], None]) -> None:
        super().__init__(line)
        self._config, self._changed = config, changed
        self._rewired = asyncio.Event()
        self.works = [self._send]
        self.hears = {WIRING: self._on_wiring}

    def _on_wiring(self, payload: Any) -> None:
        self._rewired.set()

    async def _send(self) -> None:
        while True:
            await self._rewired.wait()
            await asyncio.sleep(SETTLES_S)
            self._rewired.clear()
            config = await in_thread(configuration.of, self.line.bridge)
            if configuration.alone(config) != configuration.alone(self._config):
                # Whether there is a lease, and what is told of holders, is agreed at the greeting.
                await self.line.greet_anew()
                return
            if config.config_hash != self._config.config_hash:
                self._config = config
                self._changed()
                await self.line.send(protocol.Configure(config=config))
