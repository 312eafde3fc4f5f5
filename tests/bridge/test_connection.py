from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import aiohttp
import pytest

from kiosk.bridge import protocol
from kiosk.bridge.screen import Screen
from tests.bridge.conftest import Box, config, running
from tests.bridge.server_end import ServerEnd, enrolled


async def test_it_reconnects_and_replays_what_the_server_missed(
    server: ServerEnd, box: Box
) -> None:
    port = server.port
    await server.stop()
    box.board().force_open(0)
    while "door_forced" not in [line.kind for line in await box.journal.after(0, 1000)]:
        await asyncio.sleep(0.01)
    await server.start(port)
    await server.until(lambda: "door_forced" in server.kinds())
    assert server.greetings == 2
    assert list(server.events) == list(range(1, len(server.events) + 1))


async def test_unacknowledged_lines_come_again(server: ServerEnd, box: Box) -> None:
    server.acknowledging = False
    command = await server.order(1)
    await server.until(lambda: "command_opened" in server.kinds(command))
    # The server forgets what it did not acknowledge, as a crash before its commit would.
    kept = {seq: event for seq, event in server.events.items() if event.command_id != command}
    server.events = {seq: kept[seq] for seq in range(1, len(kept) + 1) if seq in kept}
    server.acknowledging = True
    assert server.socket is not None
    await server.socket.close()
    await server.until(lambda: "command_opened" in server.kinds(command))


async def test_a_malformed_message_is_survived(
    server: ServerEnd, box: Box, caplog: pytest.LogCaptureFixture
) -> None:
    assert server.socket is not None
    late = '{"type":"open","command_id":"00000000-0000-0000-0000-000000000001","compartment_id":1,'
    frames = [
        "not json",
        '{"type":"nonsense"}',
        '{"type":"open","command_id":1}',
        "{}",
        "",
        "[" * 100_000,
        '{"type":"ack","seq":' + "9" * 40 + "}",
        late + '"deadline_ms":1e300}',
        late + '"deadline_ms":' + "9" * 30 + "}",
    ]
    for frame in frames:
        await server.socket.send_str(server.seal(frame))
    command = await server.order(1)
    await server.until(lambda: "command_opened" in server.kinds(command))
    assert caplog.text.count("the server sent what cannot be read") == len(frames)
    assert [pulse.channel for pulse in box.board().pulses] == [0]
    assert server.greetings == 1


async def test_a_refused_bridge_waits_long_before_it_asks_again(
    server: ServerEnd, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with running(server, tmp_path / "."):
        await server.until(lambda: server.greetings == 1)
        await server.send(protocol.Refused(code="device_revoked", message="Enrol it again."))
        while "Enrol it again." not in caplog.text:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.3)
        assert server.greetings == 1


async def test_new_wiring_is_taken_while_connected(server: ServerEnd, box: Box) -> None:
    config_without_door_5 = protocol.Config(
        config_hash="smaller",
        controllers=server.config.controllers[:1],
        compartments=server.config.compartments[:4],
    )
    await server.send(protocol.Configure(config=config_without_door_5))
    await server.until(lambda: len(server.doors()) == 4)
    assert box.agent.health().config_hash == "smaller"


async def test_a_wrong_setting_of_one_board_does_not_stop_the_other(tmp_path: Path) -> None:
    wrong = protocol.ControllerConfig(controller_id=9, driver="no_such", address="x")
    base = config(unit="wrong")
    server = ServerEnd(
        protocol.Config(
            config_hash="w",
            controllers=[wrong, *base.controllers],
            compartments=base.compartments,
        )
    )
    await server.start()
    async with running(server, tmp_path) as bridge:
        await server.until(lambda: server.boards().get(1) == "ok")
        assert server.boards()[9] == "offline"
        assert "no_such" in bridge.agent.pollers[9].detail
    await server.stop()


async def test_an_older_disk_gets_a_new_name_for_its_journal(tmp_path: Path) -> None:
    server = ServerEnd(config(unit="old"))
    await server.start()
    server.events = {
        900: protocol.Event(seq=900, kind="bridge_started", occurred_at_ms=server.now_ms())
    }
    async with running(server, tmp_path) as bridge:
        before = bridge.journal.journal_id
        await server.until(lambda: server.greetings == 1)
        server.events = {}
        await server.until(lambda: server.greetings >= 2 and len(server.events) > 0)
        assert bridge.journal.journal_id != before
    await server.stop()


async def test_a_bridge_killed_between_intent_and_pulse_never_fires_late(
    server: ServerEnd, tmp_path: Path
) -> None:
    """A real process: its journal has an intent without an end, then it is killed."""
    enrolled(tmp_path)

    def start() -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", "kiosk.bridge", "--server", server.url, "--state", str(tmp_path)]
        )

    process = start()
    await server.until(lambda: set(server.doors().values()) == {"closed"}, 15)
    command = await server.order(1, within_ms=60_000, not_before_ms=30_000)
    await server.until(lambda: "command_accepted" in server.kinds(command))
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    again = start()
    await server.until(lambda: "command_unknown" in server.kinds(command), 15)
    assert server.detail(command) == "bridge_restarted"
    await server.send(
        protocol.Open(command_id=command, compartment_id=1, deadline_ms=server.now_ms() + 60_000)
    )
    other = await server.order(2)
    await server.until(lambda: "command_opened" in server.kinds(other))
    assert "command_actuated" not in server.kinds(command)
    again.terminate()
    assert again.wait(5) == 0


async def test_the_screen_passes_kiosk_pages_and_nothing_else(server: ServerEnd, box: Box) -> None:
    async with (
        Screen(server.url, "127.0.0.1:0", box.connection, box.agent) as screen,
        aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as browser,
    ):
        base = f"http://127.0.0.1:{screen.port}"
        async with browser.get(f"{base}/kiosk/?a=1") as answer:
            assert await answer.text() == f"GET /kiosk/?a=1 for 127.0.0.1:{screen.port}"
            assert "terminal=t" in answer.headers["Set-Cookie"]
        for path in ("/admin/", "/api/v1/", "/map/"):
            async with browser.get(base + path) as answer:
                assert answer.status == 404
        async with browser.get(f"{base}/bridge/status") as answer:
            assert (await answer.json())["server"] is True


async def test_the_screen_has_its_own_page_while_the_server_is_away(
    server: ServerEnd, box: Box
) -> None:
    async with (
        Screen(server.url, "127.0.0.1:0", box.connection, box.agent) as screen,
        aiohttp.ClientSession() as browser,
    ):
        await server.stop()
        base = f"http://127.0.0.1:{screen.port}"
        async with browser.get(f"{base}/kiosk/", headers={"Accept": "text/html"}) as answer:
            assert (answer.status, answer.url.path) == (200, "/alone/")
        async with browser.post(f"{base}/kiosk/claim", json={}) as answer:
            assert (await answer.json())["code"] == "server_away"
        await server.start()


def test_the_bridge_imports_no_django() -> None:
    code = (
        "import sys, kiosk.bridge.__main__, access.hashing, access.decisions;"
        "sys.exit(any(name.split('.')[0] == 'django' for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
