"""What an access list says, entry by entry, and the key by which each is known.

All of a person stands under ``person:<id>``, all of the place under ``place:``, so that either can
be made anew without the other. A kind that a bridge does not know yet is kept and says nothing.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec

from access.badges.profiles import MAIN, Profile

# What of an entry it is found by besides its key.
Slot = tuple[str, Any]
PLACE = "place:"


class Entry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="is"):
    """The root of all entries."""

    @property
    def key(self) -> str:
        """Under which it stands, once in a list."""
        raise NotImplementedError

    @property
    def slots(self) -> Sequence[Slot]:
        return ()

    def refused(self) -> Entry | None:
        """Return the same as somebody who may nothing any more; None: as if it were not there."""
        return None

    def refuses(self, at: dt.datetime) -> bool:
        """Say whether it takes something from somebody, so that it counts before the rest."""
        return False


class Window(msgspec.Struct, frozen=True, array_like=True):
    """From when until when (None: without end)."""

    begins: dt.datetime
    ends: dt.datetime | None = None

    def holds(self, at: dt.datetime) -> bool:
        return self.begins <= at and (self.ends is None or at < self.ends)


class Access(msgspec.Struct, frozen=True, array_like=True):
    """Time that somebody was given at a bank, or at all of the list (None)."""

    bank_id: int | None
    window: Window


class Person(Entry, frozen=True, tag="person"):
    id: int
    status: str
    role_id: int | None = None
    department_id: int | None = None
    # The keyed hash of the personal number.
    number: str = ""
    holds: tuple[Window, ...] = ()
    needs_access: bool = False
    access: tuple[Access, ...] = ()

    @property
    def key(self) -> str:
        return f"person:{self.id}"

    @property
    def slots(self) -> Sequence[Slot]:
        return [("number", self.number)] if self.number else []

    def refused(self) -> Entry:
        return msgspec.structs.replace(self, status="suspended")

    def refuses(self, at: dt.datetime) -> bool:
        return self.status != "active" or self.is_held(at)

    def is_held(self, at: dt.datetime) -> bool:
        """Say whether any hold stops this person."""
        return any(window.holds(at) for window in self.holds)


class _Credential(Entry, frozen=True, kw_only=True):
    """Something that is shown: whose, how it stands, and from when until when it counts."""

    id: int
    person_id: int
    status: str = "active"
    begins: dt.datetime | None = None
    ends: dt.datetime | None = None

    def refused(self) -> Entry:
        return msgspec.structs.replace(self, status="revoked")

    def refuses(self, at: dt.datetime) -> bool:
        return self.status != "active" or (self.ends is not None and at >= self.ends)


class Badge(_Credential, frozen=True, kw_only=True, tag="badge"):
    """A badge, wristband or phone."""

    digest: str
    kind: str = "badge"
    assurance: str = "plain"

    @property
    def key(self) -> str:
        return f"person:{self.person_id}:badge:{self.id}"

    @property
    def slots(self) -> Sequence[Slot]:
        return [("badge", self.digest)]


class Pin(_Credential, frozen=True, kw_only=True, tag="pin"):
    verifier: str
    purpose: str = "personal"

    @property
    def key(self) -> str:
        return f"person:{self.person_id}:pin:{self.id}"

    @property
    def slots(self) -> Sequence[Slot]:
        return [("pins", self.person_id)]


class Code(_Credential, frozen=True, kw_only=True, tag="code"):
    """A code that a visitor types."""

    digest: str

    @property
    def key(self) -> str:
        return f"person:{self.person_id}:code:{self.id}"

    @property
    def slots(self) -> Sequence[Slot]:
        return [("code", self.digest)]


class SpentPass(Entry, frozen=True, tag="pass"):
    """A pass that proves itself and counts no more: revoked, or for one use and used."""

    id: UUID
    person_id: int
    status: str = "revoked"

    @property
    def key(self) -> str:
        return f"person:{self.person_id}:pass:{self.id}"

    @property
    def slots(self) -> Sequence[Slot]:
        return [("pass", self.id)]

    def refused(self) -> Entry:
        return self

    def refuses(self, at: dt.datetime) -> bool:
        return True


class Claim(msgspec.Struct, frozen=True, array_like=True):
    """The use that a grant comes from; it has the door until a time, or until it is closed."""

    id: int
    since: dt.datetime
    until: dt.datetime | None = None


class Granted(Entry, frozen=True, tag="grant"):
    """A person, a role or a department may open a compartment."""

    id: int
    compartment_id: int
    begins: dt.datetime
    ends: dt.datetime | None = None
    person_id: int | None = None
    role_id: int | None = None
    department_id: int | None = None
    claim: Claim | None = None
    # By whoever has the door: it is over with its own end, though the use goes on.
    is_shared: bool = False
    is_one_opening: bool = False

    @property
    def key(self) -> str:
        return self.key_of(self.id)

    @staticmethod
    def key_of(number: int) -> str:
        """Return the key of the grant with a number."""
        return f"{PLACE}grant:{number}"

    @property
    def slots(self) -> Sequence[Slot]:
        to = {
            "person": self.person_id, "role": self.role_id, "department": self.department_id,
        }  # fmt: skip
        whose = [(name, pk) for name, pk in to.items() if pk is not None]
        return [*whose, ("on", self.compartment_id)]

    def refuses(self, at: dt.datetime) -> bool:
        return self.ends is not None and at >= self.ends

    def is_in_force(self, at: dt.datetime) -> bool:
        """Say whether it lets somebody open."""
        return self.begins <= at and (self.ends is None or at < self.ends)

    def holds(self, at: dt.datetime) -> bool:
        """Say whether the use that it comes from still has the door, for who was granted it."""
        if self.is_shared and not self.is_in_force(at):
            return False
        return self.claim is not None and (self.claim.until is None or at < self.claim.until)


class Door(Entry, frozen=True, tag="door"):
    id: int
    bank_id: int
    number: str
    service_status: str

    @property
    def key(self) -> str:
        return f"{PLACE}door:{self.id}"

    @property
    def slots(self) -> Sequence[Slot]:
        return [("door", (self.bank_id, self.number))]


class Bank(Entry, frozen=True, tag="bank"):
    """The rules of a bank."""

    id: int
    name: str = ""
    pin_rule: str = "never"
    curfew: tuple[dt.time, dt.time] | None = None
    time_zone: str = "UTC"
    max_offline_h: int = 72

    @property
    def key(self) -> str:
        return f"{PLACE}bank:{self.id}"


class Day(msgspec.Struct, frozen=True, array_like=True):
    """A use that begins from then on is due then, and has the door until then."""

    begins: dt.datetime
    due: dt.datetime
    ends: dt.datetime


class Offer(Entry, frozen=True, tag="offer"):
    """Doors of a bank that some people may be given there, the best first."""

    number: int
    bank_id: int
    policy_id: int
    people: tuple[int, ...]
    doors: tuple[int, ...]
    # How many of a policy's uses somebody may have, for each policy that limits.
    limits: tuple[tuple[int, int], ...] = ()
    # Kinds of credential, one of which has to be shown; none: any.
    credentials: frozenset[str] = frozenset()
    days: tuple[Day, ...] = ()

    @property
    def key(self) -> str:
        return f"{PLACE}offer:{self.bank_id}:{self.number}"

    @property
    def slots(self) -> Sequence[Slot]:
        return [("offer", self.bank_id)]


class Typing(msgspec.Struct, frozen=True, array_like=True):
    """How a reader that types like a keyboard marks a whole badge number, and at which bank."""

    bank_id: int
    prefix: str
    suffix: str
    length: int


class Reader(Entry, frozen=True, tag="reader"):
    """How a reader writes badges down: a wired one, or one that types at the screen of a bank."""

    id: int
    profile: Profile = MAIN
    types: Typing | None = None

    @property
    def key(self) -> str:
        return f"{PLACE}reader:{self.id}"

    @property
    def slots(self) -> Sequence[Slot]:
        return [("types", self.types.bank_id)] if self.types is not None else []


class Staff(Entry, frozen=True, tag="staff"):
    """A member of staff who may open any door of a bank, and the person whose badge they show."""

    person_id: int
    bank_id: int
    user_id: int
    until: dt.datetime | None = None

    @property
    def key(self) -> str:
        return f"{PLACE}staff:{self.bank_id}:{self.person_id}"

    def refuses(self, at: dt.datetime) -> bool:
        return self.until is not None and at >= self.until


class Organisation(Entry, frozen=True, tag="organisation"):
    """Whose list it is, and the key that its badges are hashed with."""

    id: int
    badge_key: bytes

    @property
    def key(self) -> str:
        return f"{PLACE}organisation"


class Wiring(Entry, frozen=True, tag="wiring"):
    """The configuration as the bridge was last told it, to start by when nobody tells it."""

    text: str

    @property
    def key(self) -> str:
        return f"{PLACE}wiring"


Any_ = (
    Person | Badge | Pin | Code | SpentPass | Granted | Door | Bank | Reader | Staff | Organisation
    | Wiring | Offer
)  # fmt: skip
_decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(Any_)
_encoder = msgspec.json.Encoder()


def written(entry: Entry) -> bytes:
    """Write an entry down; what is the same is written the same."""
    return _encoder.encode(entry)


def read(text: bytes) -> Entry | None:
    """Return what was written; None for what only a newer server says."""
    try:
        entry: Entry = _decoder.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return entry
