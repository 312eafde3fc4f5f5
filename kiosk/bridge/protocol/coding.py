"""From messages to frames and back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

import msgspec

from kiosk.bridge.protocol.access_lists import (
    ListAsk,
    ListDeny,
    ListHas,
    ListKept,
    ListPut,
    ListSigned,
    ListStands,
)
from kiosk.bridge.protocol.alone import FinishedAlone, GivenAlone, OpenedAlone, WrongPin
from kiosk.bridge.protocol.authority import Handback, Held, Renew, Renewed, Take, Written
from kiosk.bridge.protocol.from_bridge import (
    Doors,
    Event,
    Events,
    Health,
    Hello,
    Live,
    NewKey,
    Ping,
    Scan,
    ScanRefused,
)
from kiosk.bridge.protocol.from_server import (
    Ack,
    Cancel,
    Challenge,
    Configure,
    Open,
    Pong,
    Refused,
    Roll,
    ScanAnswer,
    Welcome,
)
from kiosk.bridge.protocol.inquiries import Answer, Inquire
from kiosk.bridge.protocol.values import Message

MAX_FRAME_BYTES = 1024 * 1024
# A longer frame of lines would keep a door that opens now waiting behind it.
MAX_LINES_BYTES = 256 * 1024 - 200

FromBridge = Hello | NewKey | Ping | Events | Live | Doors | Health | Scan | Answer
FromBridge |= ListStands | ListHas | ListKept
FromBridge |= Renewed | Written | Handback
FromServer = (
    Challenge
    | Welcome
    | Refused
    | Roll
    | Configure
    | Open
    | Cancel
    | Ack
    | Pong
    | ScanAnswer
    | Inquire
)
FromServer |= ListAsk | ListDeny | ListPut | ListSigned
FromServer |= Renew | Held | Take

Detail = TypeVar("Detail", OpenedAlone, WrongPin, GivenAlone, FinishedAlone)


class MalformedMessage(ValueError):
    """A frame that is not a message of this protocol version."""


_encoder = msgspec.json.Encoder()
_from_bridge: msgspec.json.Decoder[Any] = msgspec.json.Decoder(FromBridge)
_from_server: msgspec.json.Decoder[Any] = msgspec.json.Decoder(FromServer)
_refused: msgspec.json.Decoder[ScanRefused] = msgspec.json.Decoder(ScanRefused)


def encode(message: Message) -> str:
    """Write a message as one JSON text frame."""
    return _encoder.encode(message).decode()


def fitting(lines: Sequence[Event]) -> list[Event]:
    """Return as many journal lines, from the first on, as one frame should hold."""
    while len(lines) > 1 and len(_encoder.encode(lines)) > MAX_LINES_BYTES:
        lines = lines[: len(lines) // 2]
    return list(lines)


def decode_from_bridge(frame: str | bytes) -> FromBridge:
    """Read a frame that a bridge sent; raises MalformedMessage."""
    message: FromBridge = _decode(_from_bridge, frame)
    return message


def decode_from_server(frame: str | bytes) -> FromServer:
    """Read a frame that the server sent; raises MalformedMessage."""
    message: FromServer = _decode(_from_server, frame)
    return message


def encode_refused(refused: ScanRefused) -> str:
    """Write the detail of a scan_refused line."""
    return _encoder.encode(refused).decode()


def encode_detail(told: OpenedAlone | WrongPin | GivenAlone | FinishedAlone) -> str:
    """Write the detail of a line that tells what was done alone."""
    return _encoder.encode(told).decode()


def decode_detail(detail: str, kind: type[Detail]) -> Detail:
    """Read the detail of a line that tells what was done alone; raises MalformedMessage."""
    try:
        return msgspec.json.decode(detail, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedMessage(str(error)) from error


def decode_refused(detail: str) -> ScanRefused:
    """Read the detail of a scan_refused line; raises MalformedMessage."""
    refused: ScanRefused = _decode(_refused, detail)
    return refused


def _decode(decoder: msgspec.json.Decoder[Any], frame: str | bytes) -> Any:
    if len(frame) > MAX_FRAME_BYTES:
        raise MalformedMessage(f"a frame of {len(frame)} bytes; at most {MAX_FRAME_BYTES} are read")
    try:
        return decoder.decode(frame)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedMessage(str(error)) from error
