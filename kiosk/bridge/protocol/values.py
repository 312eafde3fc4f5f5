"""What the values of messages may be, so that the other end can store them."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

# Numbers of 64 bits, instants before the year 10000 (a clock that was never set may say anything
# below), text without NUL.
Number = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
Count = Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)]
Instant = Annotated[int, msgspec.Meta(ge=0, le=253_402_214_400_000)]
Span = Annotated[int, msgspec.Meta(ge=-253_402_214_400_000, le=253_402_214_400_000)]
Text = Annotated[str, msgspec.Meta(pattern=r"^[^\x00]*$")]
Short = Annotated[Text, msgspec.Meta(max_length=300)]
# A nonce or a public key.
Bytes32 = Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]

DoorState = Literal["open", "closed", "unknown"]
BoardState = Literal["ok", "suspect", "offline"]
BusState = Literal["connecting", "up", "degraded", "down"]
ReaderState = Literal["connecting", "ok", "offline", "misconfigured"]
JournalState = Literal[
    "ok",
    "full",  # no room on the disk: only staff open doors
    "failing",  # the disk cannot be written or read: the same
]
ListState = Literal[
    "none",  # no access list yet
    "ok",
    "refused",  # what is on the disk is not what the server signed: it opens nothing
]
EventKind = Literal[
    "command_accepted",  # the bridge wrote its intent to the journal and queued the command
    "command_actuated",  # the board acknowledged the pulse; says nothing about the door. Never
    # said for a board that acknowledges nothing: there the sensor alone knows.
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
    "battery_level",  # a lock told the voltage of its battery; detail is that in mV
    "open_alone",  # opened without the server: the intent; detail is an OpenedAlone
    "alone_began",  # the doors are given here from now on; detail is the term
    "given_alone",  # somebody has a door from now on; detail is a GivenAlone
    "finished_alone",  # somebody gave their door back; detail is a FinishedAlone
    "pin_wrong",  # typed without the server; detail is a WrongPin
    "scan_refused",  # refused here, without the server; detail is a ScanRefused
    "bridge_started",  # detail is where a damaged journal was put aside, if it was
    "lines_lost",  # detail is how many lines could not be kept while the disk was full
    "frame_refused",  # what came as from the server was not signed by it, or not here and now
]

# The detail of a command that failed with its pulse given: the sensor saw the door stay shut.
DID_NOT_OPEN = "did_not_open"


class Message(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", omit_defaults=True):
    """The root of all messages; unknown fields are ignored so that a newer peer may add some."""
