"""The one exchange by HTTP: a box gives its public key and learns who it is to the server."""

from __future__ import annotations

from typing import Annotated

import msgspec

from kiosk.bridge.protocol.values import Bytes32, Number, Short

Signature = Annotated[bytes, msgspec.Meta(min_length=64, max_length=64)]


class Enrol(msgspec.Struct, frozen=True, kw_only=True):
    """What a box asks: its public key, signed with the one-time code and with itself."""

    public_key: Bytes32
    by_code: Signature
    by_itself: Signature
    software: Short = ""


class Enrolled(msgspec.Struct, frozen=True, kw_only=True):
    """What the server answers, authenticated with the one-time code by ``mac``."""

    bridge_id: Number
    server_keys: Annotated[list[Bytes32], msgspec.Meta(min_length=1)]
    mac: Bytes32
