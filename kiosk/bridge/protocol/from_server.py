"""What the server tells the bridge."""

from __future__ import annotations

from uuid import UUID

from kiosk.bridge.protocol.configuration import Config
from kiosk.bridge.protocol.values import Bytes32, Count, Instant, Message, Number


class Challenge(Message, frozen=True, tag="challenge"):
    """First frame of the server, unsigned: the bridge signs over ``nonce``."""

    nonce: Bytes32


class Welcome(Message, frozen=True, tag="welcome"):
    """The server's answer to Hello; events after ``acknowledged_seq`` are wanted again.

    That line was written at ``acknowledged_at_ms``; if the bridge's own was not, its journal is
    another one under the same name (a disk that was copied back).

    ``server_keys`` are the public keys to believe from now on, the present one first.
    """

    protocol: int
    server_keys: list[Bytes32]
    server_time_ms: Instant
    acknowledged_seq: Number
    config: Config
    term: Number = 0
    lease_s: Count = 60
    acknowledged_at_ms: Instant = 0  # 0: not known


class Refused(Message, frozen=True, tag="refused"):
    """The server will not talk to this bridge; ``message`` tells the operator what to do.

    Unsigned before Welcome, when all it does is to end the connection.
    """

    code: str
    message: str


class Roll(Message, frozen=True, tag="roll"):
    """The bridge should make itself a new key and send it."""


class Configure(Message, frozen=True, tag="configure"):
    config: Config


class Open(Message, frozen=True, tag="open"):
    """Open one door, not before ``not_before_ms`` and never after ``deadline_ms``.

    ``staff`` asked for it: it is opened even while the journal cannot be written. The pulse comes
    at least ``apart_ms`` after the one before it at the same bank that was asked to keep apart.
    One that answers the read ``scan_id`` opens nothing when the bridge has decided on that by now.
    """

    command_id: UUID
    compartment_id: Number
    deadline_ms: Instant
    not_before_ms: Instant = 0
    staff: bool = False
    apart_ms: Count = 0
    scan_id: UUID | None = None


class Cancel(Message, frozen=True, tag="cancel"):
    command_id: UUID


class Ack(Message, frozen=True, tag="ack"):
    """Everything up to and including ``seq`` of this journal is stored."""

    seq: Number


class Pong(Message, frozen=True, tag="pong"):
    sent_ms: Number
    server_time_ms: Instant


class ScanAnswer(Message, frozen=True, tag="scan_answer"):
    """What the reader should show: accepted or not, with a sentence for readers with a display.

    Where the badge is good and its PIN is to be typed now, ``wants_pin`` says so.
    """

    scan_id: UUID
    accepted: bool
    sentence: str = ""
    wants_pin: bool = False
