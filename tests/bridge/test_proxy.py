"""Somebody between bridge and server reads everything, and opens no door."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from kiosk.bridge import protocol
from kiosk.bridge.protocol.signed import Context, Purpose, Signer, unproven
from tests.bridge.conftest import Box, running
from tests.bridge.proxy import Proxy
from tests.bridge.server_end import BRIDGE_ID, ServerEnd


@pytest.fixture
async def proxy(server: ServerEnd) -> AsyncIterator[Proxy]:
    async with Proxy(server.url) as between:
        yield between


@pytest.fixture
async def box(server: ServerEnd, proxy: Proxy, tmp_path: Path) -> AsyncIterator[Box]:
    """A bridge whose line goes through the proxy, and that has read its doors closed."""
    async with running(proxy, tmp_path) as bridge:
        await server.until(lambda: set(server.doors().values()) == {"closed"})
        yield bridge


def is_open(frame: str) -> bool:
    """Say whether a frame tells to open a door: everything can be read in between."""
    return '"type":"open"' in frame


def opening(server: ServerEnd, door: int = 1) -> str:
    """Return the words that would open a door."""
    return protocol.encode(
        protocol.Open(
            command_id="00000000-0000-0000-0000-000000000001",  # type: ignore[arg-type]  # as JSON
            compartment_id=door,
            deadline_ms=server.now_ms() + 60_000,
        )
    )


async def until(condition: Callable[[], bool], within_s: float = 8) -> None:
    async with asyncio.timeout(within_s):
        while not condition():
            await asyncio.sleep(0.01)


async def was_refused(server: ServerEnd, box: Box, pulses: list[int]) -> None:
    """Wait for what the bridge does about it: a new connection, and a line in its journal."""
    await server.until(lambda: "frame_refused" in server.kinds())
    assert server.greetings >= 2
    # The new line works, and nothing else had fired.
    command = await server.order(4)
    await server.until(lambda: "command_opened" in server.kinds(command))
    assert [pulse.channel for pulse in box.board().pulses] == [*pulses, 3]


async def test_relayed_as_they_are_commands_open_doors(
    server: ServerEnd, proxy: Proxy, box: Box
) -> None:
    command = await server.order(1)
    await server.until(lambda: "command_opened" in server.kinds(command))
    assert [pulse.channel for pulse in box.board().pulses] == [0]
    assert (proxy.connections, box.connection.forged) == (1, 0)
    assert len([frame for frame in proxy.down if is_open(frame)]) == 1


@pytest.mark.parametrize("how", ["unsigned", "another key", "as if from the bridge", "bytes"])
async def test_an_invented_command_opens_nothing(
    server: ServerEnd, proxy: Proxy, box: Box, how: str
) -> None:
    text = opening(server)
    if how == "bytes":
        assert proxy.bridge is not None
        await proxy.bridge.send_bytes(text.encode())
    elif how == "unsigned":
        await proxy.send_down(text)
    else:
        # It knows all that is signed besides the text: only the key is missing.
        hello = protocol.decode_from_bridge(unproven(proxy.up[0]))
        assert isinstance(hello, protocol.Hello)
        is_down = how == "another key"
        purpose = Purpose.TO_BRIDGE if is_down else Purpose.TO_SERVER
        signer = Signer(b"t" * 32, Context(purpose, BRIDGE_ID, hello.nonce))
        await proxy.send_down([signer.seal(text) for _sent in range(len(proxy.down))][-1])
    await was_refused(server, box, [])


async def test_a_command_that_comes_twice_by_wire_fires_once(
    server: ServerEnd, proxy: Proxy, box: Box
) -> None:
    proxy.on_down = lambda frame: [frame, frame] if is_open(frame) else [frame]
    command = await server.order(1)
    await server.until(lambda: "frame_refused" in server.kinds())
    proxy.on_down = lambda frame: [frame]
    # The first was genuine.
    await server.until(lambda: "command_actuated" in server.kinds(command))
    await was_refused(server, box, [0])


async def test_a_recorded_command_is_worth_nothing_later_on_the_line(
    server: ServerEnd, proxy: Proxy, box: Box
) -> None:
    command = await server.order(1)
    await server.until(lambda: "command_opened" in server.kinds(command))
    (recorded,) = [frame for frame in proxy.down if is_open(frame)]
    await proxy.send_down(recorded)
    await was_refused(server, box, [0])


async def test_a_recorded_command_is_worth_nothing_on_a_later_line(
    server: ServerEnd, proxy: Proxy, box: Box
) -> None:
    """Kept back, so that the bridge never saw it: its journal cannot know the command."""
    kept: list[str] = []

    def keep(frame: str) -> list[str]:
        kept.append(frame)
        return []

    proxy.on_down = lambda frame: keep(frame) if is_open(frame) else [frame]
    command = await server.order(1, within_ms=60_000)
    await until(lambda: bool(kept))
    # The next frame comes in the place of the one that was kept: this line is over.
    await server.until(lambda: server.greetings == 2)
    proxy.on_down = lambda frame: [frame]
    await proxy.send_down(kept[0])
    await was_refused(server, box, [])
    assert server.kinds(command) == []


async def test_all_of_an_old_line_played_again_greets_nobody(
    server: ServerEnd, proxy: Proxy, box: Box
) -> None:
    """The server is not even asked: its part, with the challenge, comes from the recording."""
    command = await server.order(1)
    await server.until(lambda: "command_opened" in server.kinds(command))
    recorded, greeted = list(proxy.down), server.greetings
    played = iter(recorded)
    proxy.on_up = lambda frame: []
    proxy.on_down = lambda frame: list(played)
    assert server.socket is not None
    await server.socket.close()
    await until(lambda: box.connection.forged > 0)
    assert server.greetings == greeted
    proxy.on_up = proxy.on_down = lambda frame: [frame]
    await was_refused(server, box, [0])


async def test_a_changed_deadline_opens_nothing(server: ServerEnd, proxy: Proxy, box: Box) -> None:
    later = re.compile(r'"deadline_ms":\d+')
    proxy.on_down = lambda frame: [later.sub(f'"deadline_ms":{server.now_ms() + 60_000}', frame)]
    command = await server.order(1, within_ms=-1_000)
    await server.until(lambda: "frame_refused" in server.kinds())
    proxy.on_down = lambda frame: [frame]
    await was_refused(server, box, [])
    assert server.kinds(command) == []


@pytest.mark.parametrize("field", ["compartment_id", "command_id", "not_before_ms"])
async def test_no_part_of_a_command_can_be_changed(
    server: ServerEnd, proxy: Proxy, box: Box, field: str
) -> None:
    digit = re.compile(rf'("{field}":"?[^,]*)([0-9a-f])([",}}])')

    def another(found: re.Match[str]) -> str:
        return f"{found[1]}{'3' if found[2] == '2' else '2'}{found[3]}"

    proxy.on_down = lambda frame: [digit.sub(another, frame) if is_open(frame) else frame]
    command = await server.order(1, not_before_ms=1)
    changed = proxy.on_down
    await server.until(lambda: "frame_refused" in server.kinds())
    (sent,) = [frame for frame in proxy.down if is_open(frame)]
    assert changed(sent) != [sent]
    proxy.on_down = lambda frame: [frame]
    await was_refused(server, box, [])
    assert server.kinds(command) == []


async def test_a_dropped_command_ends_the_line_and_no_door_opens(
    server: ServerEnd, proxy: Proxy, box: Box
) -> None:
    proxy.on_down = lambda frame: [] if is_open(frame) else [frame]
    command = await server.order(1)
    await server.until(lambda: "frame_refused" in server.kinds())
    proxy.on_down = lambda frame: [frame]
    await was_refused(server, box, [])
    assert server.kinds(command) == []


async def test_a_dropped_cancellation_ends_the_line_too(
    server: ServerEnd, proxy: Proxy, box: Box
) -> None:
    proxy.on_down = lambda frame: [] if '"type":"cancel"' in frame else [frame]
    command = await server.order(1, within_ms=60_000, not_before_ms=30_000)
    await server.until(lambda: "command_accepted" in server.kinds(command))
    await server.send(protocol.Cancel(command_id=command))
    await server.until(lambda: server.greetings == 2)
    assert box.board().pulses == []


async def test_the_bridges_own_frames_come_back_as_nothing(
    server: ServerEnd, proxy: Proxy, box: Box
) -> None:
    await proxy.send_down(proxy.up[-1])
    await was_refused(server, box, [])


async def test_an_event_that_was_invented_is_not_stored(
    server: ServerEnd, proxy: Proxy, box: Box
) -> None:
    await server.until(lambda: len(server.events) > 0)
    last = max(server.events)
    line = protocol.Event(seq=last + 1, kind="door_forced", occurred_at_ms=1, compartment_id=1)
    await proxy.send_up("A" * 86 + "." + protocol.encode(protocol.Events(after=last, lines=[line])))
    await server.until(lambda: server.greetings == 2)
    assert server.forged == 1
    assert "door_forced" not in server.kinds()


async def test_forging_again_and_again_does_not_fill_the_journal(
    server: ServerEnd, proxy: Proxy, box: Box
) -> None:
    for times in range(1, 4):
        greeted = server.greetings
        await proxy.send_down(opening(server))
        await server.until(lambda: server.greetings > greeted)  # noqa: B023  (called at once)
        assert box.connection.forged == times
    await server.until(lambda: "frame_refused" in server.kinds())
    assert server.kinds().count("frame_refused") == 1


async def test_a_server_with_another_key_is_not_believed(server: ServerEnd, tmp_path: Path) -> None:
    server.server_keys = [b"the-key-of-a-false-server-------"]
    async with running(server, tmp_path) as bridge:
        await until(lambda: bridge.connection.forged >= 2)
        assert bridge.agent.pollers == {}
        assert server.events == {}


async def test_a_refusal_that_nobody_signed_only_ends_the_line(
    server: ServerEnd, proxy: Proxy, box: Box
) -> None:
    await proxy.send_down(
        protocol.encode(protocol.Refused(code="device_revoked", message="Go away."))
    )
    await was_refused(server, box, [])


async def test_a_new_key_of_the_server_is_learnt_while_the_old_one_signs(
    server: ServerEnd, tmp_path: Path
) -> None:
    old, new = server.server_keys[0], b"the-next-key-of-the-server------"
    server.server_keys = [old, new]
    async with running(server, tmp_path) as bridge:
        await server.until(lambda: server.greetings == 1)
        await until(lambda: len(bridge.connection._me.told.server_keys) == 2)
        kept = bridge.connection._me
    server.server_keys = [new]
    async with running(server, tmp_path, kept):
        await server.until(lambda: server.greetings == 2)
        await until(lambda: kept.told.server_keys == server.public_keys)
    server.server_keys = [old]
    async with running(server, tmp_path, kept) as bridge:
        await until(lambda: bridge.connection.forged >= 1)
