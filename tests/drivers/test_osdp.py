"""OSDP readers, by libosdp in a process of its own: whatever went away is used when it returns."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from lockers.drivers.base import Keyed, Reader, ReadError, ReaderSpec
from lockers.drivers.osdp import Bus, OsdpReader, parse_profile
from lockers.drivers.osdp import bus as bus_module
from lockers.drivers.osdp import reader as reader_module
from lockers.drivers.osdp.channel import Channel
from lockers.drivers.registry import open_reader
from lockers.drivers.wire import parse_line
from tests.drivers.peers.osdp import KEY, OTHER_KEY, OsdpPeer, card, keys

UNIT = 101
PERIOD_S = 1.0
FIRST, SECOND, THIRD = card(26, "bd88eb80"), card(26, "00000080"), card(34, "82696eea80")
TEXTS = ["BD88EB80", "00000080", "82696EEA80"]


@pytest.fixture(autouse=True)
def nothing_was_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the first reads of all for fresh ones."""
    monkeypatch.setattr(reader_module, "KEPT_S", 0.0)
    monkeypatch.setattr(bus_module, "_installed", set())


@pytest.fixture
async def peer(tmp_path: Path) -> AsyncIterator[OsdpPeer]:
    one = OsdpPeer(tmp_path)
    await one.start()
    yield one
    await one.stop()


class Listening:
    """Somebody who listens to one reader."""

    def __init__(self, reader: OsdpReader) -> None:
        self.reader = reader
        self.reads: list[str | Keyed | ReadError] = []

    async def listen(self) -> None:
        async with contextlib.aclosing(self.reader.scans()) as scans:
            async for read in scans:
                self.reads.append(read)

    async def has(self, *reads: str | Keyed | ReadError) -> None:
        await until(lambda: len(self.reads) >= len(reads))
        assert self.reads == list(reads)

    async def is_connected(self, *, connected: bool = True, seconds: float = 15) -> None:
        await until(lambda: self.reader.is_connected is connected, seconds)

    async def is_away_because(self, code: str, seconds: float = 15) -> None:
        await until(lambda: self.reader.health.code == code, seconds)
        assert not self.reader.is_connected


async def until(condition: Callable[[], bool], seconds: float = 15) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.005)


async def until_told(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(15):
        while not await condition():
            await asyncio.sleep(0.02)


@contextlib.asynccontextmanager
async def listening(bus: Bus, unit: int = UNIT, **changes: Any) -> AsyncIterator[Listening]:
    key = changes.pop("key", KEY)
    one = Listening(OsdpReader(bus, parse_profile(unit=unit, key=key, options=changes)))
    task = asyncio.create_task(one.listen())
    yield one
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


def bus_at(peer: OsdpPeer, period: float = PERIOD_S) -> Bus:
    return Bus(parse_line(peer.address), period=period)


async def test_a_reader_comes_up_in_secret_and_reads_cards(peer: OsdpPeer) -> None:
    await peer.on(UNIT)
    async with listening(bus_at(peer)) as one:
        assert isinstance(one.reader, Reader)
        await one.is_connected()
        assert one.reader.health.state == "ok"
        assert (await peer.tell())["secure"] == [UNIT]
        await peer.read(UNIT, FIRST, SECOND, THIRD)
        await one.has(*TEXTS)


async def test_it_is_the_same_over_tcp(tmp_path: Path) -> None:
    peer = OsdpPeer(tmp_path, is_tcp=True)
    await peer.start()
    await peer.on(UNIT)
    async with listening(bus_at(peer)) as one:
        await one.is_connected()
        await peer.read(UNIT, FIRST)
        await one.has(TEXTS[0])
    await peer.stop()


async def test_keys_are_told_apart_from_cards(peer: OsdpPeer) -> None:
    await peer.on(UNIT)
    async with listening(bus_at(peer)) as one:
        await one.is_connected()
        await peer.read(UNIT, keys(b"12"), keys(b"34#"), FIRST, keys(b"9*77\r"))
        await one.has(Keyed("1234"), TEXTS[0], Keyed("77"))


async def test_several_readers_share_one_wire(peer: OsdpPeer) -> None:
    await peer.on(5)
    await peer.on(6, key=OTHER_KEY)
    bus = bus_at(peer)
    async with listening(bus, 5) as five, listening(bus, 6, key=OTHER_KEY) as six:
        await five.is_connected()
        await six.is_connected()
        await peer.read(6, SECOND)
        await peer.read(5, FIRST)
        await five.has(TEXTS[0])
        await six.has(TEXTS[1])
        await peer.off(6)
        await six.is_connected(connected=False, seconds=6)
        await peer.read(5, THIRD)
        await five.has(TEXTS[0], TEXTS[2])


async def test_a_reader_that_joins_later_is_asked_too(peer: OsdpPeer) -> None:
    await peer.on(5)
    await peer.on(6)
    bus = bus_at(peer)
    async with listening(bus, 5) as five:
        await five.is_connected()
        async with listening(bus, 6) as six:
            await six.is_connected()
            await peer.read(5, FIRST)
            await five.has(TEXTS[0])


async def test_the_answer_is_shown_by_light_and_buzzer(peer: OsdpPeer) -> None:
    await peer.on(UNIT)
    async with listening(bus_at(peer)) as one:
        await one.is_connected()
        await one.reader.show(True)
        await until_told(lambda: _has_commands(peer, 2))
        await one.reader.show(False)
        await until_told(lambda: _has_commands(peer, 4))
        good, beep, bad, beeps = await peer.commands(UNIT)
        assert (good["temporary"], good["on_color"], good["off_count"]) == (True, 2, 0)
        assert (bad["temporary"], bad["on_color"], bad["off_count"]) == (True, 1, 2)
        assert (beep["rep_count"], beeps["rep_count"]) == (1, 3)


async def _has_commands(peer: OsdpPeer, count: int) -> bool:
    return len(await peer.commands(UNIT)) >= count


async def test_a_reader_that_can_show_nothing_is_not_lost_by_asking_it_to(peer: OsdpPeer) -> None:
    await peer.on(UNIT, can_show=False)
    async with listening(bus_at(peer, period=60)) as one:
        await one.is_connected()
        await one.reader.show(True)
        await peer.read(UNIT, FIRST)
        await one.has(TEXTS[0])
        assert one.reader.is_connected
        assert await peer.commands(UNIT) == []


async def test_nothing_is_shown_at_a_reader_that_is_away(peer: OsdpPeer) -> None:
    async with listening(bus_at(peer)) as one:
        await one.reader.show(True)
        await one.is_away_because("silent")
        await one.reader.show(False)


async def test_a_reader_with_another_key_is_never_believed(peer: OsdpPeer) -> None:
    await peer.on(UNIT, key=OTHER_KEY)
    async with listening(bus_at(peer)) as one:
        await one.is_away_because("insecure")
        await peer.read(UNIT, FIRST)
        # Asked again and again, and never believed.
        one.reader.health = one.reader.health.__class__("connecting")
        await one.is_away_because("insecure")
        assert one.reads == []


async def test_a_reader_that_speaks_plainly_is_refused(peer: OsdpPeer) -> None:
    await peer.on(UNIT, key="", secure="plain")
    async with listening(bus_at(peer)) as one:
        await one.is_away_because("insecure")
        await peer.read(UNIT, FIRST)
        one.reader.health = one.reader.health.__class__("connecting")
        await one.is_away_because("insecure")
        assert one.reads == []


async def test_a_new_reader_is_given_its_key_once_and_keeps_it(peer: OsdpPeer) -> None:
    await peer.on(UNIT, key="", secure="install")
    async with listening(bus_at(peer), secure="install") as one:
        await until(lambda: one.reader.health.code == "installed")
        assert one.reader.is_connected
        await peer.read(UNIT, FIRST)
        await one.has(TEXTS[0])
    (keyset,) = await peer.commands(UNIT)
    assert keyset["data"] == KEY
    async with listening(bus_at(peer)) as one:
        await one.is_connected()
    # Another new reader in its place is not the one that was set up.
    await peer.off(UNIT)
    await peer.on(UNIT, key="", secure="install")
    async with listening(bus_at(peer), secure="install") as one:
        await one.is_away_because("insecure")
    assert len(await peer.commands(UNIT)) == 1


async def test_a_reader_with_a_foreign_key_is_not_read_in_plain_while_it_is_set_up(
    peer: OsdpPeer,
) -> None:
    await peer.on(UNIT, key=OTHER_KEY, secure="plain")
    async with listening(bus_at(peer), secure="install") as one:
        await peer.read(UNIT, FIRST)
        await one.is_away_because("insecure")
        assert one.reads == []


async def test_a_reader_that_was_off_is_used_within_a_period_of_its_return(
    peer: OsdpPeer,
) -> None:
    await peer.on(UNIT)
    async with listening(bus_at(peer)) as one:
        await one.is_connected()
        await peer.off(UNIT)
        # libosdp by itself would notice after eight seconds, and look again after five minutes.
        await one.is_connected(connected=False, seconds=6)
        await one.is_away_because("silent")
        await peer.on(UNIT)
        await one.is_connected(seconds=3 * PERIOD_S + 1)
        await peer.read(UNIT, FIRST)
        await one.has(TEXTS[0])


async def test_a_port_that_was_pulled_out_is_used_again(peer: OsdpPeer) -> None:
    await peer.on(UNIT)
    async with listening(bus_at(peer)) as one:
        await one.is_connected()
        await peer.tell(is_plugged=False)
        await one.is_away_because("port_missing", seconds=4)
        await peer.tell(is_plugged=True)
        await one.is_connected(seconds=3 * PERIOD_S + 1)
        await peer.read(UNIT, FIRST)
        await one.has(TEXTS[0])


async def test_noise_on_the_wire_costs_no_card(peer: OsdpPeer) -> None:
    await peer.on(UNIT)
    async with listening(bus_at(peer)) as one:
        await one.is_connected()
        await peer.tell(noise="00ff5353e5ff0b" * 5)
        await peer.read(UNIT, FIRST)
        await one.has(TEXTS[0])


async def test_cards_of_a_moment_without_us_are_read_afterwards(peer: OsdpPeer) -> None:
    await peer.on(UNIT)
    bus = bus_at(peer)
    async with listening(bus) as one:
        await one.is_connected()
        reader = one.reader
    await peer.read(UNIT, FIRST, SECOND, THIRD)
    again = Listening(reader)
    task = asyncio.create_task(again.listen())
    await again.has(*TEXTS)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_cards_from_before_our_time_are_late(
    peer: OsdpPeer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader_module, "KEPT_S", 5.0)
    await peer.on(UNIT)
    await peer.read(UNIT, FIRST, keys(b"1#"), SECOND)
    async with listening(bus_at(peer)) as one:
        await one.has(ReadError("late", 26), ReadError("late", 26))


async def test_a_connection_on_which_nothing_is_heard_is_made_anew() -> None:
    connections = 0

    async def count(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1

    box = await asyncio.start_server(count, "127.0.0.1", 0)
    bus = Bus(parse_line(f"tcp://127.0.0.1:{box.sockets[0].getsockname()[1]}"), period=0.1)
    async with listening(bus) as one:
        await until(lambda: connections >= 2)
        assert not one.reader.is_connected
    box.close()


async def test_libosdp_is_started_again_when_its_thread_dies(
    peer: OsdpPeer, monkeypatch: pytest.MonkeyPatch
) -> None:
    await peer.on(UNIT)
    async with listening(bus_at(peer)) as one:
        await one.is_connected()
        with monkeypatch.context() as broken:
            # More than was asked for is a mistake that libosdp does not survive.
            broken.setattr(Channel, "read", lambda _self, most: bytes(most + 1))
            await until(lambda: one.reader.health.detail == "libosdp stopped")
            assert not one.reader.is_connected
        await one.is_connected()
        await peer.read(UNIT, FIRST)
        await one.has(TEXTS[0])


async def test_the_port_is_free_when_nobody_listens(peer: OsdpPeer) -> None:
    await peer.on(UNIT)
    for _ in range(2):
        # Opened for one process and one bus alone.
        async with listening(bus_at(peer, period=60)) as one:
            await one.is_connected()


async def test_the_configuration_makes_readers_that_share_a_wire(peer: OsdpPeer) -> None:
    await peer.on(7)
    spec = ReaderSpec(1, "osdp", peer.address, unit=7, key=KEY)
    reader = open_reader(spec, {})
    assert isinstance(reader, OsdpReader)
    one = Listening(reader)
    task = asyncio.create_task(one.listen())
    await one.is_connected()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
