"""The words that server and bridge exchange over their websocket: typed, versioned, identified.

Every frame is one JSON text object whose ``type`` names the message. All instants are
milliseconds of Unix time as the *server* tells it, whatever the bridge's own clock says.
Redelivery is normal on both sides: a command id answers with its first result, and a journal
sequence number is stored once.
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec

PROTOCOL_VERSION = 1
MAX_FRAME_BYTES = 1024 * 1024

# What the other end can store: numbers of 64 bits, instants before the year 10000 (a clock that was
# never set may say anything below), text without NUL.
Number = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
Count = Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)]
Instant = Annotated[int, msgspec.Meta(ge=0, le=253_402_214_400_000)]
Span = Annotated[int, msgspec.Meta(ge=-253_402_214_400_000, le=253_402_214_400_000)]
Text = Annotated[str, msgspec.Meta(pattern=r"^[^\x00]*$")]
Short = Annotated[Text, msgspec.Meta(max_length=300)]

DoorState = Literal["open", "closed", "unknown"]
BoardState = Literal["ok", "suspect", "offline"]
EventKind = Literal[
    "command_accepted",  # the bridge wrote its intent to the journal and queued the command
    "command_actuated",  # the board acknowledged the pulse; says nothing about the door
    "command_opened",  # a sensor saw the door open after the pulse
    "command_closed",  # a sensor saw it closed again
    "command_failed",  # it will not open; detail says why
    "command_expired",  # the deadline passed before the pulse; nothing fired
    "command_unknown",  # the pulse may or may not have reached the lock
    "command_cancelled",
    "door_opened",  # with a command running: that command opened it
    "door_closed",
    "door_forced",  # it opened and nobody asked
    "door_unknown",  # it can no longer be read
    "board_state",  # detail is a BoardState
    "scan_refused",  # refused here, without the server; detail is a ScanRefused
    "bridge_started",
]


class MalformedMessage(ValueError):
    """A frame that is not a message of this protocol version."""


class Message(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", omit_defaults=True):
    """The root of all messages; unknown fields are ignored so that a newer peer may add some."""


# ---- configuration: what the bridge drives -----------------------------------------------


class ControllerConfig(msgspec.Struct, frozen=True, kw_only=True):
    """One board: which driver speaks to it, where, and how."""

    controller_id: int
    driver: str
    address: str  # "tcp://host:port" or a pyserial URL such as "/dev/serial/by-id/..."
    unit: int = 1
    channels: int = 8
    profile: dict[str, Any] = {}


class CompartmentConfig(msgspec.Struct, frozen=True, kw_only=True):
    """One door and where it hangs on the wire (channels count from 0)."""

    compartment_id: int
    number: str
    bank_id: int
    controller_id: int
    channel: int
    has_sensor: bool = True
    pulse_ms: int = 500


class ReaderConfig(msgspec.Struct, frozen=True, kw_only=True):
    """One badge reader wired to the bridge; ``compartment_id`` is set when it sits on one door."""

    reader_id: int
    bank_id: int
    driver: str
    address: str
    compartment_id: int | None = None
    prefix: str = ""
    suffix: str = "\r\n"
    length: int = 0  # characters between prefix and suffix; 0 refuses every scan


class BankConfig(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a bank asks of whoever stands before it, as far as a bridge judges that."""

    bank_id: int
    pin_rule: str = "never"
    curfew: tuple[dt.time, dt.time] | None = None  # shut from-until, in local time
    time_zone: str = "UTC"
    undriven: list[int] = []  # its doors that this bridge does not open


class Config(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """All that a bridge needs to drive its banks, with the hash that it reports back."""

    config_hash: str
    controllers: list[ControllerConfig] = []
    compartments: list[CompartmentConfig] = []
    readers: list[ReaderConfig] = []
    banks: list[BankConfig] = []
    # None: a server that leaves every pass to itself.
    organisation_id: int | None = None
    pass_keys: dict[str, str] = {}  # public keys by key id, both in hex


# ---- bridge to server ---------------------------------------------------------------------


class Hello(Message, frozen=True, tag="hello"):
    """First frame of the bridge: which versions it speaks and where its journal stands."""

    protocol_min: Number
    protocol_max: Number
    software: Text
    journal_id: UUID
    boot_id: UUID
    last_seq: Number
    wall_clock_ms: Instant
    config_hash: Text = ""


class Ping(Message, frozen=True, tag="ping"):
    """Clock probe; ``sent_ms`` is the bridge's monotonic clock and comes back in the Pong."""

    sent_ms: Number


class Event(Message, frozen=True, tag="event"):
    """One journal line; the server stores (journal_id, seq) once and acknowledges it."""

    seq: Number
    kind: EventKind
    occurred_at_ms: Instant
    clock_ok: bool = True
    compartment_id: Number | None = None
    controller_id: Number | None = None
    command_id: UUID | None = None
    detail: Text = ""


class ScanRefused(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the bridge refused by itself; the JSON of it is the detail of a scan_refused line."""

    code: Short
    reader_id: Number
    pass_id: UUID | None = None
    why: Annotated[list[Short], msgspec.Meta(max_length=20)] = []


class DoorReading(msgspec.Struct, frozen=True, kw_only=True):
    compartment_id: Number
    state: DoorState


class Doors(Message, frozen=True, tag="doors"):
    """What every door reads right now; sent after Welcome and whenever a board returns."""

    readings: list[DoorReading]


class BoardReading(msgspec.Struct, frozen=True, kw_only=True):
    controller_id: Number
    state: BoardState
    detail: Text = ""


class Health(Message, frozen=True, tag="health"):
    """A heartbeat with what staff would ask: boards, clock, queue."""

    boards: list[BoardReading]
    config_hash: Text
    clock_offset_ms: Span = 0  # bridge wall clock minus server clock
    queue_depth: Count = 0
    unacknowledged: Count = 0


class Scan(Message, frozen=True, tag="scan"):
    """A badge was read at a wired reader; ``text`` is what stood between prefix and suffix."""

    scan_id: UUID
    reader_id: Number
    text: Text
    occurred_at_ms: Instant


FromBridge = Hello | Ping | Event | Doors | Health | Scan

# ---- server to bridge ---------------------------------------------------------------------


class Welcome(Message, frozen=True, tag="welcome"):
    """The server's answer to Hello; events after ``acknowledged_seq`` are wanted again."""

    protocol: int
    bridge_id: int
    server_time_ms: Instant
    acknowledged_seq: Number
    config: Config


class Refused(Message, frozen=True, tag="refused"):
    """The server will not talk to this bridge; ``message`` tells the operator what to do."""

    code: str
    message: str


class Configure(Message, frozen=True, tag="configure"):
    config: Config


class Open(Message, frozen=True, tag="open"):
    """Open one door, not before ``not_before_ms`` and never after ``deadline_ms``."""

    command_id: UUID
    compartment_id: Number
    deadline_ms: Instant
    not_before_ms: Instant = 0


class Cancel(Message, frozen=True, tag="cancel"):
    command_id: UUID


class Ack(Message, frozen=True, tag="ack"):
    """Everything up to and including ``seq`` of this journal is stored."""

    seq: Number


class Pong(Message, frozen=True, tag="pong"):
    sent_ms: Number
    server_time_ms: Instant


class ScanAnswer(Message, frozen=True, tag="scan_answer"):
    """What the reader should show: accepted or not, with a sentence for readers with a display."""

    scan_id: UUID
    accepted: bool
    sentence: str = ""


FromServer = Welcome | Refused | Configure | Open | Cancel | Ack | Pong | ScanAnswer

_encoder = msgspec.json.Encoder()
_from_bridge: msgspec.json.Decoder[Any] = msgspec.json.Decoder(FromBridge)
_from_server: msgspec.json.Decoder[Any] = msgspec.json.Decoder(FromServer)
_refused: msgspec.json.Decoder[ScanRefused] = msgspec.json.Decoder(ScanRefused)


def encode(message: Message) -> str:
    """Write a message as one JSON text frame."""
    return _encoder.encode(message).decode()


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
