"""A serial port that would rather say nothing than say it late."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from pymodbus.transport.serialtransport import SerialTransport


class PunctualSerial(SerialTransport):
    """Drop what is still unwritten when its deadline has passed.

    The library's transport writes when the loop next finds the port ready; behind a stalled
    loop or a stuck adapter that can be any time later, and a late pulse opens a door.
    """

    not_after: float = 0.0
    was_too_late: bool = False

    def intern_write_ready(self) -> None:
        """Write what is due, or forget it."""
        if self.async_loop.time() >= self.not_after:
            self.was_too_late = True
            self.flush()
            return
        super().intern_write_ready()


async def open_port(
    protocol: Callable[[], asyncio.BaseProtocol], path: str, **line: Any
) -> tuple[PunctualSerial, asyncio.BaseProtocol]:
    """Open the port for this process alone; raises OSError (pyserial's own included)."""
    loop = asyncio.get_running_loop()
    made = protocol()
    transport = PunctualSerial(loop, made, path, timeout=0, **line)
    transport.setup()
    return transport, made
