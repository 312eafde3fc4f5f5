"""A badge reader that sends ``prefix + text + suffix`` in ASCII, over TCP or a serial port.

A badge number that lost a character may be another person's. So a read counts only whole:
the exact prefix, the exact suffix, exactly the agreed number of characters between them, all
within one short window. Anything else is handed on as a ReadError, without its characters. Only
a text that is signed may have any length: one that lost a character proves nothing any more.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from collections.abc import AsyncGenerator
from functools import partial

from pymodbus.transport.serialtransport import create_serial_connection

from lockers.drivers.base import SIGNED, ReaderHealth, ReadError
from lockers.drivers.errors import BadProfile
from lockers.drivers.modbus_relay.profile import parse_address
from lockers.drivers.trouble import trouble

logger = logging.getLogger(__name__)

WINDOW_S = 1.5
CONNECT_TIMEOUT_S = 3.0
FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 30.0
MAX_LENGTH = 512


class Framing:
    """Cut a stream of bytes into reads, with no port and no clock."""

    def __init__(self, *, prefix: str, suffix: str, length: int) -> None:
        self._prefix = _ascii(prefix, "prefix")
        self._suffix = _ascii(suffix, "suffix")
        if not self._suffix:
            raise BadProfile("a reader without a suffix cannot say when it is done", field="suffix")
        if not 0 <= length <= MAX_LENGTH:
            raise BadProfile(f"length is {length}; it must be 0 to {MAX_LENGTH}", field="length")
        self._length = length
        self._buffer = b""
        self._is_overlong = False

    @property
    def is_in_the_middle(self) -> bool:
        """Tell whether a read has begun and not ended."""
        return bool(self._buffer) or self._is_overlong

    def feed(self, data: bytes) -> list[str | ReadError]:
        """Take what arrived and return the reads that it completed."""
        self._buffer += data
        *frames, self._buffer = self._buffer.split(self._suffix)
        reads: list[str | ReadError] = []
        for frame in frames:
            if self._is_overlong:
                self._is_overlong = False
                reads.append(ReadError("length", len(frame)))
            else:
                reads.append(self._judge(frame))
        if len(self._buffer) > len(self._prefix) + MAX_LENGTH + len(self._suffix):
            # Keep a possible beginning of the suffix; the rest is noise already.
            self._buffer = self._buffer[-len(self._suffix) :]
            self._is_overlong = True
        return reads

    def give_up(self) -> ReadError:
        """Forget an unfinished read."""
        error = ReadError("unfinished", len(self._buffer))
        self._buffer = b""
        self._is_overlong = False
        return error

    def _judge(self, frame: bytes) -> str | ReadError:
        body = frame.removeprefix(self._prefix)
        if not frame.startswith(self._prefix):
            return ReadError("prefix", len(frame))
        # A prefix inside means that one read ran into the next.
        if self._prefix and self._prefix in body:
            return ReadError("prefix", len(frame))
        is_signed = body.startswith(SIGNED.encode())
        if (len(body) != self._length and not is_signed) or not body:
            return ReadError("length", len(body))
        if not all(0x20 <= byte <= 0x7E for byte in body):
            return ReadError("characters", len(body))
        return body.decode("ascii")


class AsciiReader:
    """One reader at ``tcp://host:port`` or a serial port (9600 8N1)."""

    def __init__(
        self, address: str, *, prefix: str = "", suffix: str = "\r\n", length: int = 0
    ) -> None:
        self.address = address
        self.is_connected = False
        self.health = ReaderHealth("connecting")
        self._where = parse_address(address)
        if self._where.kind == "rtu+tcp":
            raise BadProfile("a reader speaks no RTU: use tcp://host:port", field="address")
        self._new_framing = partial(Framing, prefix=prefix, suffix=suffix, length=length)
        self._new_framing()  # a bad rule shows now, not at the first badge

    async def show(self, accepted: bool) -> None:
        """Show nothing: such a reader only speaks."""

    async def scans(self) -> AsyncGenerator[str | ReadError, None]:
        """Yield every read for ever, connecting again by itself; never raises for the wire."""
        pause = FIRST_PAUSE_S
        while True:
            try:
                async with asyncio.timeout(CONNECT_TIMEOUT_S):
                    stream, line = await self._connect()
            except (OSError, TimeoutError) as error:
                logger.warning("reader at %s: %s", self.address, error or "no answer")
                self.health = ReaderHealth("offline", trouble(error), str(error))
            else:
                self.is_connected = True
                self.health = ReaderHealth("ok")
                pause = FIRST_PAUSE_S
                try:
                    async with contextlib.aclosing(self._reads(stream)) as reads:
                        async for read in reads:
                            yield read
                finally:
                    self.is_connected = False
                    self.health = ReaderHealth("offline", "connection_ended")
                    line.close()
            # The jitter keeps the readers of a building from returning in step.
            await asyncio.sleep(pause * random.uniform(0.8, 1.2))
            pause = min(pause * 2, LONGEST_PAUSE_S)

    async def _reads(self, stream: asyncio.StreamReader) -> AsyncGenerator[str | ReadError, None]:
        loop = asyncio.get_running_loop()
        framing = self._new_framing()
        until: float | None = None
        while True:
            try:
                async with asyncio.timeout_at(until):
                    data = await stream.read(1024)
            except TimeoutError:
                until = None
                yield framing.give_up()
                continue
            except OSError as error:
                logger.warning("reader at %s: %s", self.address, error)
                data = b""
            for read in framing.feed(data):
                until = None
                yield read
            if not data:
                if framing.is_in_the_middle:
                    yield framing.give_up()
                return
            if not framing.is_in_the_middle:
                until = None
            elif until is None:
                until = loop.time() + WINDOW_S

    async def _connect(
        self,
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter | asyncio.BaseTransport]:
        if self._where.kind == "tcp":
            return await asyncio.open_connection(self._where.host, self._where.port)
        loop = asyncio.get_running_loop()
        stream = asyncio.StreamReader()
        transport, _ = await create_serial_connection(
            loop,
            lambda: asyncio.StreamReaderProtocol(stream),
            self._where.host,
            baudrate=9600,
            bytesize=8,
            parity="N",
            stopbits=1,
            timeout=0,
        )
        return stream, transport


def _ascii(text: str, field: str) -> bytes:
    with contextlib.suppress(UnicodeEncodeError):
        return text.encode("ascii")
    raise BadProfile(f"{field} must be ASCII", field=field)
