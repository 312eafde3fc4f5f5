"""A port that is read all the time by a thread of its own, and would rather not write than late."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import serial

from lockers.drivers.errors import BoardUnreachable, DeadlinePassed
from lockers.drivers.wire.datagrams import Datagrams
from lockers.drivers.wire.line import Line

# How long the reading thread waits for a byte before it looks whether the port is still wanted.
_LISTENS_S = 0.1
_WRITES_S = 1.0
# pyserial takes 0.3 s to close a socket.
_GOES_S = 1.0


class Port:
    """One open port. What arrives is handed to the loop that opened it, and so is its end."""

    def __init__(
        self,
        device: serial.SerialBase,
        on_bytes: Callable[[bytes], None],
        on_end: Callable[[str], None],
    ) -> None:
        self._device = device
        self._loop = asyncio.get_running_loop()
        self._on_bytes = on_bytes
        self._on_end = on_end
        self._is_open = True
        self._writer = ThreadPoolExecutor(1, "port-writer")
        self._thread = threading.Thread(target=self._listen, name="port", daemon=True)
        self._thread.start()

    @classmethod
    async def open(
        cls, line: Line, on_bytes: Callable[[bytes], None], on_end: Callable[[str], None]
    ) -> Port:
        """Open the port of a line for this process alone; raises BoardUnreachable."""
        opening = asyncio.get_running_loop().run_in_executor(None, _opened, line)
        try:
            device = await asyncio.shield(opening)
        except (OSError, ValueError) as error:
            raise BoardUnreachable(f"cannot open {line.address}: {error}") from error
        except asyncio.CancelledError:
            # The thread goes on: what it opens after all is kept by nobody.
            opening.add_done_callback(_close_again)
            raise
        return cls(device, on_bytes, on_end)

    async def write(self, data: bytes, *, not_after: float, on_write: Callable[[], None]) -> None:
        """Write all of it, or nothing once ``not_after`` (of time.monotonic) has passed.

        ``on_write`` is called in the writing thread, just before. Raises DeadlinePassed when
        nothing was written, BoardUnreachable when the port broke.
        """
        if not self._is_open:
            raise _closed()
        is_wanted = threading.Event()
        is_wanted.set()
        try:
            await self._loop.run_in_executor(
                self._writer, self._write, data, not_after, is_wanted, on_write
            )
        except OSError as error:
            raise BoardUnreachable(f"the port broke: {error}", may_have_fired=True) from error
        finally:
            is_wanted.clear()

    def _write(
        self,
        data: bytes,
        not_after: float,
        is_wanted: threading.Event,
        on_write: Callable[[], None],
    ) -> None:
        if not self._is_open:
            raise _closed()
        # Here, in the very thread that writes: a stalled loop makes nothing late.
        if time.monotonic() >= not_after or not is_wanted.is_set():
            raise DeadlinePassed("the deadline passed before the request was written")
        on_write()
        try:
            self._device.write(data)
        except TypeError as error:
            # The listening thread closed it under the write: pyserial finds no descriptor any more.
            raise OSError("closed under a write") from error

    def close(self) -> None:
        """Close the port; nothing that arrives after it is told. ``gone`` waits for the rest."""
        self._is_open = False
        # What is queued is not cancelled, but refused: nobody cancelled its caller.
        self._writer.shutdown(wait=False)
        # The listening thread closes the device, once it reads no more: a descriptor is not closed
        # under a read, and pyserial takes 0.3 s to close a socket, which the loop has no time for.
        with contextlib.suppress(OSError, AttributeError):
            self._device.cancel_read()

    async def gone(self) -> None:
        """Wait until a closed port is free for somebody else."""
        await asyncio.to_thread(self._thread.join, _GOES_S)

    def _listen(self) -> None:
        why = "the board closed the connection"
        while self._is_open:
            try:
                data = self._device.read(1)
                while data and self._device.in_waiting:
                    data += self._device.read(1)
            # A port that is pulled out or closed under a read fails in many ways, also by itself.
            except Exception as error:  # noqa: BLE001
                why = str(error)
                break
            if data:
                self._tell(self._on_bytes, data)
        with contextlib.suppress(OSError):
            self._device.close()
        self._tell(self._on_end, why)

    def _tell(self, what: Callable[..., None], told: object) -> None:
        # Closed meanwhile, or the loop is gone: nobody wants to know.
        if self._is_open:
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._pass_on, what, told)

    def _pass_on(self, what: Callable[..., None], told: object) -> None:
        if self._is_open:
            what(told)


def _closed() -> BoardUnreachable:
    return BoardUnreachable("the port was closed before the request was written")


def _close_again(opening: asyncio.Future[serial.SerialBase]) -> None:
    if opening.exception() is None:
        opening.result().close()


def _opened(line: Line) -> serial.SerialBase | Datagrams:
    scheme, _, rest = line.address.partition("://")
    if scheme == "udp":
        host, _, port = rest.rpartition(":")
        return Datagrams(host, int(port), timeout=_LISTENS_S)
    given = {
        "baudrate": line.baudrate,
        "parity": line.parity,
        "stopbits": line.stopbits,
        "timeout": _LISTENS_S,
        "write_timeout": _WRITES_S,
    }
    if line.is_serial:
        given["exclusive"] = True
    return serial.serial_for_url(line.url, **given)
