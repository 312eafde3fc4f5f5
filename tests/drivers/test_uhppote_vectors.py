"""What others captured on the network of UHPPOTE controllers, said by emulator and driver alike."""

from __future__ import annotations

import asyncio
import socket
import tomllib
from pathlib import Path
from typing import Any

import pytest

from lockers.drivers.registry import open_boards
from lockers.drivers.uhppote import Ears, UhppoteBoard
from tests.drivers.patience import soon
from tests.drivers.peers.uhppote import UhppotePeer

VECTORS = tomllib.loads((Path(__file__).parent / "vectors" / "uhppote.toml").read_text())


@pytest.mark.parametrize("vector", VECTORS["exchange"], ids=lambda one: str(one["source"]))
async def test_what_others_captured_is_what_both_sides_say(
    vector: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    sent, answer = (bytes.fromhex(vector[one]).ljust(64, b"\0") for one in ("sent", "answer"))
    peer = UhppotePeer()
    await peer.start(vector["serial"])
    try:
        await peer.tell(keep={str(vector["serial"]): vector.get("keeps", {})})
        await said_by_the_driver(peer, vector, monkeypatch)
        assert sent.rstrip(b"\0").hex(" ") in await peer.heard()
        assert await replayed(peer.port, sent) == answer
    finally:
        await peer.stop()


async def said_by_the_driver(
    peer: UhppotePeer, vector: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    options: dict[str, Any] = {"serial": vector["serial"], "reply_timeout_ms": 1500}
    if vector["does"] == "listen":
        options["listen"] = vector["listen"]
        monkeypatch.setattr(Ears, "open", deaf)  # the captured address is not of this machine
    board = open_boards([peer.spec(1, **options)])[1]
    assert isinstance(board, UhppoteBoard)
    if vector["does"] == "open":
        await board.open(vector["door"] - 1, pulse_ms=300, deadline=soon())
    elif vector["does"] == "keep":
        # By hand: one captured delay is longer than any that an open may ask for.
        await board._keep_delay(vector["door"], vector["seconds"], soon())
    else:
        await board.read(deadline=soon())
    await board.close()


async def deaf(ears: Ears, *_: object) -> None:
    """Listen to nothing."""


async def replayed(port: int, sent: bytes) -> bytes:
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.connect(("127.0.0.1", port))
        one.setblocking(False)
        await loop.sock_sendall(one, sent)
        async with asyncio.timeout(2):
            return await loop.sock_recv(one, 100)
