"""The ways to UHPPOTE controllers and back: one socket for questions, one for what they push."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable

from lockers.drivers.errors import BadProfile, BoardUnreachable
from lockers.drivers.uhppote import frames
from lockers.drivers.uhppote.frames import Contacts, DatagramCodec, StreamCodec
from lockers.drivers.uhppote.profile import endpoint
from lockers.drivers.wire import Bus, Line

_ADDRESS = re.compile(r"(?P<scheme>udp|tcp)://[\w.-]+:(?P<port>\d{1,5})")
# Ethernet is not timed by the byte as a serial wire is; this keeps such pauses next to nothing.
_BITS_A_SECOND = 10_000_000


def make_bus(address: str) -> Bus:
    """Make the way to ``udp://host:port`` or ``tcp://host:port``; raises BadProfile.

    Answers carry no number, so one failure is enough to ask anew from another port: what comes
    late finds nobody. The host of UDP may be a broadcast address with many controllers.
    """
    found = _ADDRESS.fullmatch(address)
    if found is None or not 0 < int(found["port"]) < 0x10000:
        raise BadProfile(
            f"address {address!r} is neither udp://host:port nor tcp://host:port", field="address"
        )
    codec = DatagramCodec if found["scheme"] == "udp" else StreamCodec
    return Bus(Line(address, _BITS_A_SECOND), codec, patience=1)


class Ears(asyncio.DatagramProtocol):
    """One UDP port to which controllers push, shared by the boards that name it."""

    def __init__(self, listen: str) -> None:
        self.host, self.port = endpoint(listen)
        self._hearers: dict[Callable[[Contacts], None], int] = {}
        self._transport: asyncio.DatagramTransport | None = None
        self._opening = asyncio.Lock()

    async def open(self, serial: int, hear: Callable[[Contacts], None]) -> None:
        """Tell ``hear`` what this controller pushes from now on; raises BoardUnreachable."""
        async with self._opening:
            if self._transport is None:
                here = (str(self.host), self.port)
                loop = asyncio.get_running_loop()
                try:
                    made, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=here)
                except OSError as error:
                    raise BoardUnreachable(f"cannot listen on {here}: {error}") from error
                self._transport = made
            self._hearers[hear] = serial

    def leave(self, hear: Callable[[Contacts], None]) -> None:
        """Tell it no more; the last one closes the port."""
        self._hearers.pop(hear, None)
        if not self._hearers and self._transport is not None:
            self._transport.close()
            self._transport = None

    def datagram_received(self, data: bytes, addr: object) -> None:
        """Hand on what one of the controllers says; everything else is nobody's."""
        told = frames.event(data)
        for hear, serial in list(self._hearers.items()):
            if told is not None and told.serial == serial:
                hear(told)
