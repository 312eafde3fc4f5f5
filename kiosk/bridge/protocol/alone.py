"""What a bridge did by itself, as the detail of a line in its journal tells it."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import msgspec

from kiosk.bridge.protocol.values import Instant, Number, Short


class OpenedAlone(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Who a door was opened for, by what right, and why; it stands before the pulse.

    Without a reader it was asked for at a screen, with what was typed there.
    """

    reader_id: Number | None = None
    person_id: Number
    kind: Short = ""  # of what was shown
    credential_id: Number | None = None
    pass_id: UUID | None = None
    grant_id: Number | None = None
    # The use that it is, the server's or one that was given here.
    claim_id: Number | None = None
    ref: UUID | None = None
    # The log-in of a member of staff who opened a door that is not theirs.
    user_id: Number | None = None
    # The PIN that was shown besides.
    pin_id: Number | None = None
    why: Annotated[list[Short], msgspec.Meta(max_length=40)] = []


class GivenAlone(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A door that somebody was given, and for how long."""

    ref: UUID
    person_id: Number
    policy_id: Number
    due_at_ms: Instant
    ends_at_ms: Instant
    # The policies under whose limits it counts.
    counts: list[Number] = []
    kind: Short = ""  # of what was shown
    credential_id: Number | None = None
    why: Annotated[list[Short], msgspec.Meta(max_length=40)] = []


class FinishedAlone(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A use that its holder ended: one that was given here, or the server's claim."""

    person_id: Number
    ref: UUID | None = None
    claim_id: Number | None = None


class WrongPin(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A PIN that did not fit; without a reader it was typed at a screen."""

    reader_id: Number | None = None
    person_id: Number
