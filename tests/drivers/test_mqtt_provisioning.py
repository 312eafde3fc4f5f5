"""Enrolment: a gateway that was never seen trades its one-time token for a password."""

from __future__ import annotations

import asyncio
import hashlib
import json
import threading
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from lockers.drivers.base import Board, BoardSpec
from lockers.drivers.mqtt_openlocker import OpenLockerBoard
from lockers.drivers.registry import open_boards
from tests.drivers.emulators.openlocker import Gateway
from tests.drivers.openlocker_schemas import check
from tests.drivers.patience import soon
from tests.drivers.peers.mosquitto import HOST, Mosquitto, connect
from tests.drivers.peers.mqtt_openlocker import locker

TOKEN = "a-token-that-is-used-once"


class Newcomer:
    """A client as it comes out of the box: it knows a token and may only register."""

    def __init__(self, broker: Mosquitto) -> None:
        self.name = f"newcomer-{uuid.uuid4().hex[:8]}"
        self.replies: list[dict[str, Any]] = []
        self._answered = threading.Event()
        ready = threading.Event()
        self._client = connect(broker, self.name, username="newcomer", password="public")
        self._client.on_connect = lambda c, *a: c.subscribe(
            f"locker/provisioning/reply/{self.name}", 1
        )
        self._client.on_subscribe = lambda *a: ready.set()
        self._client.on_message = lambda c, u, m: self._hear(m)
        self._client.connect(HOST, broker.port)
        self._client.loop_start()
        assert ready.wait(5)

    def register(self, token: str, *, copies: int = 1, message_id: str = "") -> dict[str, Any]:
        """Ask, and return the reply."""
        self._answered.clear()
        asked = {
            "message_id": message_id or str(uuid.uuid4()),
            "client_id": self.name,
            "timestamp": "2026-01-01T00:00:00Z",
        }
        for _ in range(copies):
            self._client.publish(f"locker/register/{token}", json.dumps(asked), 1)
        assert self._answered.wait(5)
        return self.replies[-1]

    def leave(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _hear(self, message: Any) -> None:
        self.replies.append(json.loads(message.payload))
        self._answered.set()


class Site:
    """A broker with passwords, a bridge, and one gateway that is expected."""

    def __init__(self, folder: Path) -> None:
        self.locker = locker(1)
        self.password = "handed-over-once"
        self.password_file = folder / "gateway-password"
        self.password_file.write_text(self.password + "\n")
        own = folder / "own-password"
        own.write_text("of-the-bridge")
        self.broker = Mosquitto(
            folder / "broker",
            passwords={
                "bridge": "of-the-bridge",
                "newcomer": "public",
                self.locker: self.password,
            },
        )
        self.spec = BoardSpec(
            1,
            "mqtt_openlocker",
            self.broker.address.replace("//", "//bridge@"),
            profile={
                "locker_uuid": self.locker,
                "heartbeat_interval_s": 1,
                "password_file": str(own),
                "provisioning_token_hash": hashlib.sha256(TOKEN.encode()).hexdigest(),
                "gateway_password_file": str(self.password_file),
            },
        )

    async def board(self) -> Board:
        board = open_boards([self.spec])[1]
        await board.safe_state(deadline=soon())
        return board


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    made = Site(tmp_path)
    made.broker.start()
    yield made
    made.broker.kill()


@pytest.fixture
async def board(site: Site) -> AsyncIterator[Board]:
    made = await site.board()
    yield made
    await made.close()


@pytest.fixture
async def newcomer(site: Site) -> AsyncIterator[Newcomer]:
    made = await asyncio.to_thread(Newcomer, site.broker)
    yield made
    await asyncio.to_thread(made.leave)


async def test_a_gateway_never_seen_before_is_enrolled_and_opens(
    site: Site, board: Board, newcomer: Newcomer
) -> None:
    reply = await asyncio.to_thread(newcomer.register, TOKEN)
    check("admission", reply)
    assert reply["data"] == {"mqtt_user": site.locker, "mqtt_password": site.password}
    gateway = Gateway(site.locker)
    login = connect(
        site.broker,
        "enrolled",
        username=reply["data"]["mqtt_user"],
        password=reply["data"]["mqtt_password"],
    )
    await asyncio.to_thread(gateway.run, login, HOST, site.broker.port)
    await board.open(2, pulse_ms=300, deadline=soon())
    assert gateway.pulses == [3]
    await asyncio.to_thread(gateway.end)


async def test_a_wrong_token_is_refused(site: Site, board: Board, newcomer: Newcomer) -> None:
    check("refusal", await asyncio.to_thread(newcomer.register, "another-token"))
    assert site.password_file.exists()


async def test_a_token_is_worth_something_once_even_after_a_restart(
    site: Site, newcomer: Newcomer
) -> None:
    for expected in ("admission", "refusal", "refusal"):
        board = await site.board()
        check(expected, await asyncio.to_thread(newcomer.register, TOKEN))
        await board.close()
    assert not site.password_file.exists()


async def test_a_registration_that_arrives_twice_is_answered_once(
    board: Board, newcomer: Newcomer
) -> None:
    await asyncio.to_thread(newcomer.register, TOKEN, copies=3, message_id="the same")
    # Whatever the copies brought about would have been answered before this.
    await asyncio.to_thread(newcomer.register, "another-token")
    assert [one["status"] for one in newcomer.replies] == ["success", "error"]


async def test_a_reply_goes_to_whoever_asked_only(
    site: Site, board: Board, newcomer: Newcomer
) -> None:
    other = await asyncio.to_thread(Newcomer, site.broker)
    await asyncio.to_thread(newcomer.register, TOKEN)
    await asyncio.to_thread(other.register, "another-token")
    assert [one["status"] for one in other.replies] == ["error"]
    await asyncio.to_thread(other.leave)


@pytest.mark.parametrize("name", ["#", "+", "a/b", "", " ", "x" * 300, "a\n", 5, None])
async def test_a_reply_is_never_sent_to_a_name_that_is_no_name(
    board: Board, newcomer: Newcomer, name: Any
) -> None:
    asked = {"message_id": "odd", "client_id": name, "timestamp": "2026-01-01T00:00:00Z"}
    newcomer._client.publish(f"locker/register/{TOKEN}", json.dumps(asked), 1)
    # The token was not spent on it.
    check("admission", await asyncio.to_thread(newcomer.register, TOKEN))


async def test_neither_token_nor_password_is_logged(
    board: Board, newcomer: Newcomer, site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    for token in (TOKEN, TOKEN):
        await asyncio.to_thread(newcomer.register, token)
    assert TOKEN not in caplog.text and site.password not in caplog.text
    assert isinstance(board, OpenLockerBoard)
    kept = str(list(board._connection.log))
    assert TOKEN not in kept and site.password not in kept
