"""What the bridge tells the server."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import msgspec

from kiosk.bridge.protocol.values import (
    BoardState,
    BusState,
    Bytes32,
    Count,
    DoorState,
    EventKind,
    Instant,
    JournalState,
    ListState,
    Message,
    Number,
    ReaderState,
    Short,
    Span,
    Text,
)


class Hello(Message, frozen=True, tag="hello"):
    """First frame of the bridge: who it is, which versions it speaks, where its journal stands.

    Signed over the nonce of the Challenge; the server signs over ``nonce`` from then on. A journal
    that was named anew begins behind ``starts_after``; what it tells may be known by its old name.
    """

    bridge_id: Number
    nonce: Bytes32
    protocol_min: Number
    protocol_max: Number
    software: Text
    journal_id: UUID
    boot_id: UUID
    last_seq: Number
    wall_clock_ms: Instant
    term: Number = 0
    is_alone: bool = False
    config_hash: Text = ""
    starts_after: Number | None = None


class Ping(Message, frozen=True, tag="ping"):
    """Clock probe; ``sent_ms`` is the bridge's monotonic clock and comes back in the Pong."""

    sent_ms: Number


class NewKey(Message, frozen=True, tag="new_key"):
    """The answer to Roll: the old key signs this frame, the new one ``proof``."""

    public_key: Bytes32
    proof: Text


class Event(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One journal line."""

    seq: Number
    kind: EventKind
    occurred_at_ms: Instant
    clock_ok: bool = True
    compartment_id: Number | None = None
    controller_id: Number | None = None
    command_id: UUID | None = None
    detail: Text = ""


class Events(Message, frozen=True, tag="events"):
    """Journal lines in order; the server stores (journal_id, seq) once and acknowledges it.

    The first one is the next that the journal has behind ``after``: numbers that are left out are
    not there any more.
    """

    after: Number
    lines: list[Event]


class Live(Message, frozen=True, tag="live"):
    """Lines that somebody may be waiting for, ahead of those that were written before them.

    They move commands and doors at once; stored are they when they come again as Events.
    """

    lines: list[Event]


class ScanRefused(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the bridge refused by itself; the JSON of it is the detail of a scan_refused line."""

    code: Short
    reader_id: Number | None = None  # None: at a screen
    pass_id: UUID | None = None
    person_id: Number | None = None  # whom a badge was of
    why: Annotated[list[Short], msgspec.Meta(max_length=20)] = []


class DoorReading(msgspec.Struct, frozen=True, kw_only=True):
    compartment_id: Number
    state: DoorState


class Doors(Message, frozen=True, tag="doors"):
    """What every door reads right now; sent after Welcome and whenever a board returns.

    It is newer than the journal's line ``seq`` and what was written before.
    """

    readings: list[DoorReading]
    seq: Number = 0


class BoardReading(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How a board is; ``code`` says in one word why it is not well, ``detail`` in its driver's."""

    controller_id: Number
    state: BoardState
    detail: Text = ""
    code: Short = ""
    misses: Count = 0
    answered_at_ms: Instant = 0  # 0: not since the bridge started


class BusReading(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How a wire is, and what went over it since the bridge started."""

    address: Short
    state: BusState
    code: Short = ""
    detail: Short = ""
    transactions: Count = 0
    timeouts: Count = 0
    noise_bytes: Count = 0
    echoes: Count = 0
    reopened: Count = 0
    p95_ms: Count = 0


class ReaderReading(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How a wired badge reader is."""

    reader_id: Number
    state: ReaderState
    code: Short = ""
    detail: Short = ""


class Health(Message, frozen=True, tag="health"):
    """A heartbeat with what staff would ask: boards, wires, readers, clock, queue."""

    boards: list[BoardReading]
    config_hash: Text
    buses: list[BusReading] = []
    readers: list[ReaderReading] = []
    clock_offset_ms: Span = 0  # bridge wall clock minus server clock
    queue_depth: Count = 0
    unacknowledged: Count = 0
    journal: JournalState = "ok"
    access_list: ListState = "none"
    list_version: Number = 0
    # The banks that it would give out when it is alone: by its orders, or by those on its disk.
    gives: list[Number] = []


class Scan(Message, frozen=True, tag="scan"):
    """A badge was read at a wired reader; ``text`` is what stood between prefix and suffix.

    It comes again with the ``pin`` that was typed after it where the server asked for that.
    """

    scan_id: UUID
    reader_id: Number
    text: Text
    occurred_at_ms: Instant
    pin: Text = ""

    def __repr__(self) -> str:
        """Leave badge and PIN out, wherever this is written."""
        return f"Scan(scan_id={self.scan_id!r}, reader_id={self.reader_id!r})"
