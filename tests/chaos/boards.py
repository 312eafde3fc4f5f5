"""The cabinets: emulated boards that note when a lock moved, and hands that push doors shut."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.chaos.evidence import Pulse
from tests.chaos.journals import Journals
from tests.drivers.emulators import mqtt_relays, wkly
from tests.drivers.peers.mosquitto import HOST, Mosquitto, connect, sever

# How long a door stands open before somebody shuts it.
STANDS_OPEN_S = (0.5, 2.0)
Moved = Callable[[int, int], None]


class _Bus(wkly.Wire):
    """A wire of boards that tells of every pulse."""

    moved: Moved

    def _pulse(self, board: wkly.Board, channel: int) -> list[bytes]:
        self.moved(board.address, channel - 1)
        return super()._pulse(board, channel)


class _Relays(mqtt_relays.Relays):
    """Relays that tell of every pulse, and how all is whenever they reach their broker."""

    moved: Moved

    def _switch(self, place: int, is_on: bool) -> None:
        if is_on:
            self.moved(0, place)
        super()._switch(place, is_on)

    def _say(self, topic: str, text: str, *, retain: bool = False, wait: bool = True) -> None:
        # Without its broker, what it says is lost; it says it all again when it is back.
        with contextlib.suppress(RuntimeError, ValueError):
            super()._say(topic, text, retain=retain, wait=False)

    def tell_all(self) -> None:
        self._say("status", "online", retain=True)
        for place in range(self._count):
            self._tell_door(place)


class Cabinets:
    """A bank of WKLY boards on one wire, and a bank of relays behind a broker."""

    def __init__(self, folder: Path, chance: random.Random, journals: Journals) -> None:
        self._chance, self._journals = chance, journals
        self.broker = Mosquitto(folder / "broker")
        self.pulses: list[Pulse] = []
        # Which compartment hangs where: (kind, unit, channel).
        self.doors: dict[tuple[str, int, int], int] = {}
        # The bridge that drives the boards of a kind.
        self.bridges: dict[str, int] = {}
        self.bus_port = 0
        self._hands: set[asyncio.Task[None]] = set()

    async def start(self, units: list[int], channels: int, relays: int) -> None:
        """Switch all boards on."""
        self._loop = asyncio.get_running_loop()
        self._bus = _Bus([wkly.Board(unit, channels) for unit in units], None)
        self._bus.moved = lambda unit, channel: self._moved("wkly", unit, channel)
        self.bus_port = await wkly.serve_tcp(self._bus, 0)
        await asyncio.to_thread(self.broker.start)
        self._relays = _Relays("south", count=relays)
        self._relays.moved = lambda unit, place: self._moved("mqtt", unit, place)
        client = connect(self.broker, "south", will=self._relays.will, is_will_retained=True)
        await asyncio.to_thread(self._relays.run, client, HOST, self.broker.port)
        subscribe = client.on_connect
        assert subscribe is not None

        def reached(*about: Any) -> None:
            subscribe(*about)
            self._relays.tell_all()

        client.on_connect = reached

    async def stop(self) -> None:
        """Switch them off."""
        for hand in self._hands:
            hand.cancel()
        await asyncio.to_thread(self._relays.end, sever)
        self.broker.kill()

    def _moved(self, kind: str, unit: int, channel: int) -> None:
        """Note a pulse; the boards of the broker have threads of their own."""
        at = time.time()
        # Before anything else happens: why it moves must be on the disk by now.
        seq = self._journals.newest(self.bridges[kind])
        door = self.doors.get((kind, unit, channel), 0)
        self._loop.call_soon_threadsafe(self._note, Pulse(door, at, seq), kind, unit, channel)

    def _note(self, pulse: Pulse, kind: str, unit: int, channel: int) -> None:
        self.pulses.append(pulse)
        hand = asyncio.create_task(self._shut(kind, unit, channel))
        self._hands.add(hand)
        hand.add_done_callback(self._hands.discard)

    async def _shut(self, kind: str, unit: int, channel: int) -> None:
        await asyncio.sleep(self._chance.uniform(*STANDS_OPEN_S))
        if kind == "mqtt":
            await asyncio.to_thread(self._relays.push, channel, is_open=False)
            return
        for told in self._bus.move(self._bus.boards[unit], channel + 1, is_open=False):
            self._bus.write(told)


class Reader:
    """A badge reader that a bridge calls over TCP."""

    def __init__(self) -> None:
        self.port = 0
        self.taps = 0
        self._caller: asyncio.StreamWriter | None = None

    async def start(self) -> None:
        """Listen."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    def stop(self) -> None:
        """Listen no more."""
        self._server.close()
        if self._caller is not None:
            self._caller.transport.abort()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._caller = writer
        with contextlib.suppress(OSError):
            while await reader.read(100):
                pass
        if self._caller is writer:
            self._caller = None

    def show(self, badge: str) -> bool:
        """Hold a badge to it; False when it is dark."""
        if self._caller is None:
            return False
        self._caller.write(f"~{badge}\r".encode())
        self.taps += 1
        return True
