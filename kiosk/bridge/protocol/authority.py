"""Who gives out the doors: the lease, who has which door, and the way back."""

from __future__ import annotations

import msgspec

from kiosk.bridge.protocol.values import Instant, Message, Number, Text


class HeldGrant(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A grant of a claim's holder, as the access list has it a moment later."""

    id: Number
    begins_ms: Instant
    ends_ms: Instant | None = None


class Hold(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An open claim: who has a door, will have it, or that nobody may."""

    claim_id: Number
    kind: Text
    compartment_id: Number
    starts_at_ms: Instant
    has_begun: bool
    ends_at_ms: Instant | None = None
    person_id: Number | None = None
    role_id: Number | None = None
    department_id: Number | None = None
    # The policies under whose limits it counts.
    counts: list[Number] = []
    # Whether it has the door after its end, until it is emptied.
    stays: bool = False
    # The grant that lets its holder open.
    grant: HeldGrant | None = None


# ---- server to bridge ---------------------------------------------------------------------


class Renew(Message, frozen=True, tag="renew"):
    """The server goes on giving doors if this is answered."""

    term: Number
    number: Number
    # Up to which number it knows to be written down what it said of holders.
    known: Number = 0


class Held(Message, frozen=True, tag="held"):
    """Claims that changed, and the numbers of those that ended: to be written down."""

    term: Number
    number: Number
    holds: list[Hold]
    gone: list[Number] = []
    # These are all: whatever else it has ended while they did not see each other.
    is_all: bool = False
    # The rest of it comes next.
    has_more: bool = False


class Take(Message, frozen=True, tag="take"):
    """The server has the doors back, in this term."""

    term: Number


# ---- bridge to server ---------------------------------------------------------------------


class Renewed(Message, frozen=True, tag="renewed"):
    """The bridge goes on leaving the doors to the server."""

    term: Number
    number: Number


class Written(Message, frozen=True, tag="written"):
    """What was told under this number is in the journal."""

    term: Number
    number: Number


class Handback(Message, frozen=True, tag="handback"):
    """The bridge gives no more doors; its journal up to ``last_seq`` says what it did."""

    term: Number
    last_seq: Number
