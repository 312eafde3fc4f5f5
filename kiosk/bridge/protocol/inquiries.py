"""What the server may ask a bridge about its wires, and what the bridge finds out."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec

from kiosk.bridge.protocol.values import Instant, Message, Number, Short, Text

Units = Annotated[list[Annotated[int, msgspec.Meta(ge=0, le=255)]], msgspec.Meta(max_length=64)]


class BoardAt(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A board that need not be in the configuration: where it is and how to speak to it."""

    driver: str
    address: str
    unit: int = 1
    channels: int = 8
    profile: dict[str, Any] = {}


class ScanBus(msgspec.Struct, frozen=True, kw_only=True, tag="scan_bus"):
    """Which of these units answer at the address of a board that is like them."""

    board: BoardAt
    units: Units


class ReadBoard(msgspec.Struct, frozen=True, kw_only=True, tag="read_board", omit_defaults=True):
    """How the doors of a board stand; ``unlike`` waits until they stand otherwise."""

    board: BoardAt
    unlike: list[Text] = []


class TryDoor(msgspec.Struct, frozen=True, kw_only=True, tag="try_door"):
    """Read a board, give one lock a pulse, and read again."""

    board: BoardAt
    channel: int
    pulse_ms: int


class ReadFrames(msgspec.Struct, frozen=True, kw_only=True, tag="read_frames"):
    """What was last said on a wire."""

    address: str


Question = ScanBus | ReadBoard | TryDoor | ReadFrames


class Inquire(Message, frozen=True, tag="inquire"):
    """Find something out, never after ``deadline_ms``; a repeated id gets the first answer."""

    inquiry_id: UUID
    deadline_ms: Instant
    question: Question


class FoundBoard(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A board that answered; ``problem`` when not as it was asked."""

    unit: Number
    raw: Text = ""  # in hex
    problem: Short = ""


class Found(msgspec.Struct, frozen=True, kw_only=True, tag="found"):
    boards: list[FoundBoard]


class View(msgspec.Struct, frozen=True, kw_only=True):
    """One reading as one variant of the board means it: c, o or ? for each channel."""

    options: dict[str, Any]
    doors: Text


class Reading(msgspec.Struct, frozen=True, kw_only=True, tag="reading"):
    """The bytes of one reading in hex, and what they say under every variant."""

    raw: Text
    views: list[View]


class Tried(msgspec.Struct, frozen=True, kw_only=True, tag="tried"):
    """The readings before and after a pulse."""

    before: Reading
    after: Reading


class LoggedFrame(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    at_ms: Instant
    what: Literal["sent", "frame", "noise", "echo", "open", "end"]
    data: Text = ""  # in hex
    note: Short = ""


class Frames(msgspec.Struct, frozen=True, kw_only=True, tag="frames"):
    frames: list[LoggedFrame]


Finding = Found | Reading | Tried | Frames


class Answer(Message, frozen=True, tag="answer"):
    """What an inquiry found, or in one word why nothing."""

    inquiry_id: UUID
    finding: Finding | None = None
    error: Short = ""
    detail: Short = ""
    may_have_fired: bool = False
