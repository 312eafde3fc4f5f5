"""The bridge's end of a line to the server, for tests that speak to the server's end."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from django.utils import timezone

from kiosk.bridge import protocol
from kiosk.bridge.identity import Identity
from kiosk.bridge.protocol.signed import Context, Opener, Purpose, Signer, new_nonce
from lockers import introduction
from lockers.models import Bridge
from lockers.services import bridge_keys
from tests.factories.cast import BRIDGE_KEY

JOURNAL = uuid.UUID(int=7)


def bridge_identity(bridge_id: int) -> Identity:
    """Return what the cast's bridge has in its folder."""
    return Identity(bridge_id=bridge_id, key=BRIDGE_KEY, server_keys=bridge_keys.server_keys())


def enrol(code: str, at: dt.datetime, key: bytes = BRIDGE_KEY) -> Bridge:
    """Do what a box does with a code; return the bridge that it is now."""
    by_code, by_itself = introduction.request(code, key)
    bridge, _mac = bridge_keys.enrol(
        public_key=introduction.public_key(key), by_code=by_code, by_itself=by_itself, at=at
    )
    return bridge


class BridgeLine:
    """Greets with a bridge's key; seals what it says and opens what it hears."""

    def __init__(self, bridge_id: int, key: bytes = BRIDGE_KEY) -> None:
        self.bridge_id, self.key, self.nonce = bridge_id, key, new_nonce()
        self.challenge = b""

    def challenged(self, frame: str) -> None:
        """Take the server's first frame."""
        message = protocol.decode_from_server(frame)
        assert isinstance(message, protocol.Challenge), frame
        self.challenge = message.nonce
        self.signer = Signer(self.key, Context(Purpose.TO_SERVER, self.bridge_id, self.challenge))
        self.opener = Opener(
            bridge_keys.server_keys(), Context(Purpose.TO_BRIDGE, self.bridge_id, self.nonce)
        )

    def hello(self, **other: Any) -> protocol.Hello:
        told: dict[str, Any] = {
            "bridge_id": self.bridge_id,
            "nonce": self.nonce,
            "protocol_min": protocol.PROTOCOL_VERSION,
            "protocol_max": protocol.PROTOCOL_VERSION,
            "software": "test",
            "journal_id": JOURNAL,
            "boot_id": uuid.UUID(int=2),
            "last_seq": 0,
            "wall_clock_ms": int(timezone.now().timestamp() * 1000),
        }
        return protocol.Hello(**{**told, **other})

    def seal(self, message: str | protocol.Message) -> str:
        if isinstance(message, protocol.Message):
            message = protocol.encode(message)
        return self.signer.seal(message)

    def open(self, frame: str) -> protocol.FromServer:
        """Return what a frame says; before its welcome a server refuses unsigned."""
        if frame.startswith("{"):
            message = protocol.decode_from_server(frame)
            assert isinstance(message, protocol.Refused), frame
            return message
        return protocol.decode_from_server(self.opener.open(frame))
