"""The bytes of a wire as libosdp wants them: never an exception, which would end its thread."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable

import osdp
import serial

from lockers.drivers.wire import Line

# So long libosdp's thread waits for a wire that takes nothing.
_WRITES_S = 0.5
_START_OF_MESSAGE = 0x53
_IS_REPLY = 0x80


class Channel(osdp.Channel):
    """One open port. The first error is its last: ``why`` keeps it, and ``on_end`` is called."""

    def __init__(self, device: serial.SerialBase, on_end: Callable[[], None]) -> None:
        super().__init__()
        self.why = ""
        # When each reader was last heard (of time.monotonic()), by its unit, secure or not.
        self.heard: dict[int, float] = {}
        self._device = device
        self._on_end = on_end
        self._last = b""

    def read(self, max_bytes: int) -> bytes:
        """Return what has arrived, or nothing."""
        if self.why:
            return b""
        try:
            data: bytes = self._device.read(max_bytes)
        # A port that is pulled out fails in many ways, some of them mistakes of pyserial.
        except Exception as error:  # noqa: BLE001
            self._end(error)
            return b""
        self._listen(data)
        return data

    def write(self, buf: bytes) -> int:
        """Send all of it, or say that nothing went."""
        if self.why:
            return 0
        try:
            return int(self._device.write(buf) or 0)
        except Exception as error:  # noqa: BLE001
            self._end(error)
            return 0

    def flush(self) -> None:
        """Forget what has arrived."""
        if not self.why:
            try:
                self._device.reset_input_buffer()
            except Exception as error:  # noqa: BLE001
                self._end(error)

    def close(self) -> None:
        """Close the port; only when libosdp's thread has ended."""
        self.why = self.why or "closed"
        with contextlib.suppress(Exception):
            self._device.close()

    def _listen(self, data: bytes) -> None:
        data = self._last + data
        for start, unit in zip(data, data[1:], strict=False):
            if start == _START_OF_MESSAGE and unit & _IS_REPLY:
                self.heard[unit & ~_IS_REPLY] = time.monotonic()
        self._last = data[-1:]

    def _end(self, error: Exception) -> None:
        self.why = str(error) or type(error).__name__
        self._on_end()


async def open_channel(line: Line, on_end: Callable[[], None]) -> Channel:
    """Open the port of a line for this process alone; raises OSError or ValueError."""
    opening = asyncio.get_running_loop().run_in_executor(None, _opened, line)
    try:
        return Channel(await asyncio.shield(opening), on_end)
    except asyncio.CancelledError:
        # The thread goes on: what it opens after all is kept by nobody.
        opening.add_done_callback(_close_again)
        raise


def _close_again(opening: asyncio.Future[serial.SerialBase]) -> None:
    if opening.exception() is None:
        opening.result().close()


def _opened(line: Line) -> serial.SerialBase:
    given = {"baudrate": line.baudrate, "timeout": 0, "write_timeout": _WRITES_S}
    if line.is_serial:
        given["exclusive"] = True
    return serial.serial_for_url(line.url, **given)
