"""Everything that runs: database, servers, bridges, a broker, boards, and cables between."""

from __future__ import annotations

import asyncio
import os
import random
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

from asgiref.sync import sync_to_async

from config.postgres.server import EmbeddedPostgres
from tests import servers
from tests.bridge.server_end import enrolled
from tests.chaos import estate as estates
from tests.chaos.boards import Cabinets, Reader
from tests.chaos.children import Child, Database
from tests.chaos.clock import WallClock
from tests.chaos.faults import Fault
from tests.chaos.journals import Journals
from tests.chaos.wires import Cable

DELAY_S = 0.2
# Time for bytes to gather that reach the server after their sender called again.
GATHERS_S = 0.7
DOOR_READERS = 2
NAMES, SERVER_NAMES = ("north", "south"), ("1", "2")
# How far a clock jumps.
JUMPS_S = (20.0, 1800.0)


class Stage:
    """What people use, and what is broken under their hands."""

    def __init__(self, folder: Path, database: EmbeddedPostgres, seed: int) -> None:
        self._chance = chance = random.Random(f"stage {seed}")
        self.folder = folder
        self.ports = [servers.free_port() for _each in range(2)]
        # Which server a bridge is led to when it connects.
        self.led_to = [0, 1]
        self.lines = [
            Cable(lambda: self.ports[self.led_to[0]], chance, loses=False),
            Cable(lambda: self.ports[self.led_to[1]], chance, loses=False),
        ]
        self.journals = Journals()
        self.cabinets = Cabinets(folder, chance, self.journals)
        self.buses = [
            Cable(lambda: self.cabinets.bus_port, chance, loses=True),
            Cable(lambda: self.cabinets.broker.port, chance, loses=True),
        ]
        self.readers = [Reader() for _each in range(2 + DOOR_READERS)]
        self.database = Database(database)
        self._suffering: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        # The time of day as the machines have it.
        self.clocks = {
            name: WallClock(folder / f"clock-{name}") for name in (*NAMES, *SERVER_NAMES)
        }
        self.servers = [
            Child(
                ["tests.chaos.clock", str(self.clocks[name].path), *servers.ASGI]
                + ["--host", "127.0.0.1", "--port", str(port), "--log-level", "warning"],
                folder / f"server{name}.log",
            )
            for name, port in zip(SERVER_NAMES, self.ports, strict=True)
        ]
        self.bridges: list[Child] = []
        # Where the bridge's own screen is at the bank that has one.
        self.screen_port = servers.free_port()

    async def start(self) -> None:
        """Start everything; returns when both servers answer."""
        os.environ["LOCKWRIGHT_BRIDGE_LEASE"] = str(estates.LEASE_S)
        for part in (*self.lines, *self.buses, *self.readers):
            await part.start()
        await self.cabinets.start(estates.UNITS, estates.CHANNELS, estates.RELAYS)
        self.estate = await sync_to_async(estates.build)(
            bus_port=self.buses[0].port,
            broker_port=self.buses[1].port,
            readers=[reader.port for reader in self.readers],
        )
        self.cabinets.doors = self.estate.doors
        north, south = (identity.bridge_id for identity in self.estate.bridges)
        self.cabinets.bridges = {"wkly": north, "mqtt": south}
        for name, line, identity in zip(NAMES, self.lines, self.estate.bridges, strict=True):
            state = self.state(name)
            state.mkdir(mode=0o700)
            enrolled(state, identity)
            command = ["tests.chaos.clock", str(self.clocks[name].path), "kiosk.bridge"]
            command += ["--state", str(state), "--server", f"http://127.0.0.1:{line.port}"]
            if name == "south":
                command += ["--screen", f"127.0.0.1:{self.screen_port}"]
            self.bridges.append(Child(command, self.folder / f"bridge-{name}.log"))
        for child in (*self.servers, *self.bridges):
            child.start()

    def watch(self) -> None:
        """Look at the bridges' journals from now on."""
        self.journals.start(
            {
                identity.bridge_id: self.state(name) / "journal.sqlite"
                for name, identity in zip(NAMES, self.estate.bridges, strict=True)
            }
        )

    def state(self, name: str) -> Path:
        """Return the folder of a bridge."""
        return self.folder / f"state-{name}"

    @property
    def urls(self) -> list[str]:
        """The addresses of the servers."""
        return [f"http://127.0.0.1:{port}" for port in self.ports]

    async def stop(self) -> None:
        """End everything but the database."""
        for child in (*self.bridges, *self.servers):
            child.kill()
        for reader in self.readers:
            reader.stop()
        for cable in (*self.lines, *self.buses):
            await cable.stop()
        await self.cabinets.stop()
        self.journals.stop()

    async def suffer(self, fault: Fault) -> None:
        """Let one thing go wrong, and be well again after its time."""
        begin, end = self._ways(fault)
        # A database that was killed may still be starting.
        async with self._suffering[fault.whom]:
            await self._do(begin)
            try:
                await asyncio.sleep(fault.lasts_s)
            finally:
                await self._do(end)

    async def _do(self, way: Callable[[], None]) -> None:
        # Starting the database waits for it; cables belong to this thread.
        if getattr(way, "__self__", None) in self._slow:
            await asyncio.to_thread(way)
        else:
            way()

    @property
    def _slow(self) -> list[object]:
        return [self.database, self.cabinets.broker]

    def _ways(self, fault: Fault) -> tuple[Callable[[], None], Callable[[], None]]:
        kind, _space, which = fault.whom.partition(" ")
        number = {"north": 0, "south": 1, "1": 0, "2": 1}.get(which, 0)
        if kind in ("server", "bridge"):
            child = (self.servers if kind == "server" else self.bridges)[number]
            return getattr(child, fault.what), child.mend
        if kind == "clock":
            clock, by_s = self.clocks[which], self._chance.uniform(*JUMPS_S)
            ahead_s = by_s if fault.what == "ahead" else -by_s
            # What sets it right again lets it jump back.
            return lambda: clock.set(ahead_s), lambda: clock.set(0.0)
        if kind == "database":
            return getattr(self.database, fault.what), self.database.mend
        if kind == "broker":
            broker = self.cabinets.broker
            return getattr(broker, fault.what), (
                broker.thaw if fault.what == "freeze" else broker.start
            )
        cable = (self.lines if kind == "line" else self.buses)[number]
        return self._breaks(cable, number, fault), cable.mend

    def _breaks(self, cable: Cable, number: int, fault: Fault) -> Callable[[], None]:
        def delay() -> None:
            cable.delay_s = DELAY_S

        def noise() -> None:
            cable.is_noisy = True

        def reroute() -> None:
            self.led_to[number] = 1 - self.led_to[number]
            cable.drop()

        def duplicate() -> None:
            """Hold back what the bridge says; then it calls again, and both lines are open."""
            cable.freeze("up")
            asyncio.get_running_loop().call_later(GATHERS_S, again)

        def again() -> None:
            self.led_to[number] = 1 - self.led_to[number]
            cable.hang()
            asyncio.get_running_loop().call_later(GATHERS_S, cable.thaw)

        breaks: dict[str, Callable[[], None]] = {
            "cut": cable.cut,
            "freeze": lambda: cable.freeze("up", "down"),
            "freeze up": lambda: cable.freeze("up"),
            "freeze down": lambda: cable.freeze("down"),
            "delay": delay,
            "noise": noise,
            "reroute": reroute,
            "duplicate": duplicate,
        }
        return breaks[fault.what]
