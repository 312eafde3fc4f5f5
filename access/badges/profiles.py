"""How one kind of reader writes a badge down, and the canonical key that it means. Edge code.

A profile is settled once, by presenting a known card; a swipe is then read by it and in no other
way. What does not fit is a read error, never another card.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, replace
from typing import Final

from access.badges import uids, wiegand


class Kind(enum.StrEnum):
    """What stands behind the text of a reader."""

    TEXT = "text"
    UID = "uid"
    WIEGAND = "wiegand"


class Content(enum.StrEnum):
    """Which part of a Wiegand frame a reader writes."""

    FRAME = "frame"  # all bits, as one number
    LEFT = "left"  # all bits from the left of whole bytes, zeros after them, as OSDP does
    DATA = "data"  # facility and number as one number, without parities
    PAIR = "pair"  # facility, then number


class Base(enum.StrEnum):
    DECIMAL = "decimal"
    HEX = "hex"


class Order(enum.StrEnum):
    """Which byte comes first."""

    MSB = "msb"
    LSB = "lsb"


class Fault(enum.StrEnum):
    """Why a text is no reading of a profile."""

    CHARACTERS = "characters"
    LENGTH = "length"
    RANGE = "range"
    PARITY = "parity"
    TRUNCATED = "truncated"
    RANDOM = "random"


class BadReading(ValueError):
    """A text that a profile cannot read. Carries no part of the text."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.value)
        self.fault = fault


@dataclass(frozen=True)
class Profile:
    """The settings of one kind of reader; the usual one takes the text as it comes."""

    # Part of the canonical key of texts: it never changes.
    key: str = "main"
    kind: str = Kind.TEXT
    wiegand_format: str = ""
    content: str = ""
    base: str = Base.DECIMAL
    byte_order: str = Order.MSB
    uid_bytes: int = 0
    # Characters of the whole text; 0 is any number of them.
    digits: int = 0
    # Of a facility that is written before the number.
    facility_digits: int = 0
    separator: str = ""
    # How hard its cards are to copy; "" says nothing, so that the badge itself decides.
    assurance: str = ""

    @property
    def scheme(self) -> str:
        """Return the part of a canonical key that is no secret."""
        if self.kind == Kind.WIEGAND:
            return f"wiegand:{self.wiegand_format}"
        return "uid" if self.kind == Kind.UID else f"text:{self.key}"

    @property
    def bits(self) -> int:
        """Return how many bits its cards have; 0 where that is not known."""
        if self.kind == Kind.WIEGAND:
            return wiegand.FORMATS[self.wiegand_format].bits
        return 8 * self.uid_bytes


MAIN: Final = Profile()
_WEAKEST_FIRST = ["plain", "secure", "osdp"]


class Printed(enum.StrEnum):
    """How a list or a card writes badge numbers."""

    READER = "reader"
    PAIR = "pair"
    DECIMAL = "decimal"
    REVERSED_DECIMAL = "reversed_decimal"
    HEX = "hex"
    REVERSED_HEX = "reversed_hex"


def read(profile: Profile, text: str) -> str:
    """Return the canonical key of what a reader delivered; raises BadReading."""
    text = text.strip()
    if not text.isprintable() or not text:
        raise BadReading(Fault.CHARACTERS)
    if profile.digits and len(text) != profile.digits:
        raise BadReading(Fault.LENGTH)
    if profile.kind == Kind.TEXT:
        return f"{profile.scheme}:{text.upper()}"
    if profile.kind == Kind.UID:
        return f"{profile.scheme}:{_uid(profile, text)}"
    facility, number = _card(profile, wiegand.FORMATS[profile.wiegand_format], text)
    return f"{profile.scheme}:{facility}:{number}"


def weaker(one: str, other: str) -> str:
    """Return the assurance that is easier to copy; one that nobody knows is worth nothing."""
    known = {word: place for place, word in enumerate(_WEAKEST_FIRST)}
    return min(one, other, key=lambda word: known.get(word, -1))


def as_printed(profile: Profile, form: str) -> Profile:
    """Return the profile by which a list in a printed form names the cards of another profile.

    A text has no other form, and a UID no facility: raises BadReading.
    """
    if form == Printed.READER:
        return profile
    if profile.kind == Kind.TEXT or (form == Printed.PAIR and profile.kind != Kind.WIEGAND):
        raise BadReading(Fault.CHARACTERS)
    if form == Printed.PAIR:
        return replace(profile, content=Content.PAIR, base=Base.DECIMAL, byte_order=Order.MSB,
                       digits=0, facility_digits=0, separator=",")  # fmt: skip
    is_hex = form in {Printed.HEX, Printed.REVERSED_HEX}
    is_reversed = form in {Printed.REVERSED_DECIMAL, Printed.REVERSED_HEX}
    return replace(
        profile,
        content=Content.DATA if profile.kind == Kind.WIEGAND else "",
        base=Base.HEX if is_hex else Base.DECIMAL,
        byte_order=Order.LSB if is_reversed else Order.MSB,
        digits=0,
    )


def read_printed(profile: Profile, form: str, text: str) -> str:
    """Return the canonical key of a card of a profile that a list names; raises BadReading."""
    if profile.kind == Kind.UID and form in {Printed.HEX, Printed.REVERSED_HEX}:
        text = text.translate({ord(mark): None for mark in ":- "})
    return read(as_printed(profile, form), text)


def printed(canonical: str) -> dict[Printed, str]:
    """Return how cards and lists write a badge, by its canonical key."""
    scheme, _colon, rest = canonical.partition(":")
    if scheme == Kind.UID:
        uid = bytes.fromhex(rest)
        return {
            Printed.DECIMAL: f"{uids.to_number(uid):010d}",
            Printed.REVERSED_DECIMAL: f"{uids.to_number(uid, is_reversed=True):010d}",
            Printed.HEX: uid.hex().upper(),
            Printed.REVERSED_HEX: uid[::-1].hex().upper(),
        }
    if scheme == Kind.WIEGAND:
        name, facility, number = rest.split(":")
        layout = wiegand.FORMATS[name]
        data = wiegand.unsplit(layout, int(facility), int(number))
        raw = data.to_bytes(-(-layout.data_bits // 8), "big")
        widths = [0 if part is None else len(str(part.limit - 1))
                  for part in (layout.facility, layout.number)]  # fmt: skip
        pair = f"{int(facility):0{widths[0]}d},{int(number):0{widths[1]}d}"
        return {
            **({Printed.PAIR: pair} if layout.facility else {}),
            Printed.DECIMAL: f"{data:010d}",
            Printed.REVERSED_DECIMAL: f"{int.from_bytes(raw, 'little'):010d}",
            Printed.HEX: raw.hex().upper(),
            Printed.REVERSED_HEX: raw[::-1].hex().upper(),
        }
    return {Printed.READER: rest.partition(":")[2]}


def _number(profile: Profile, text: str) -> int:
    """Read digits; ``int`` alone would take underscores, signs and digits of other scripts."""
    if profile.base == Base.HEX:
        if not text or set(text) - set("0123456789abcdefABCDEF"):
            raise BadReading(Fault.CHARACTERS)
        return int(text, 16)
    if not (text.isascii() and text.isdigit()):
        raise BadReading(Fault.CHARACTERS)
    return int(text)


def _uid(profile: Profile, text: str) -> str:
    value = _number(profile, text)
    # Half a UID in hexadecimal is not one with zeros in front.
    if profile.base == Base.HEX and len(text) != 2 * profile.uid_bytes:
        raise BadReading(Fault.LENGTH)
    is_reversed = profile.byte_order == Order.LSB
    try:
        return uids.canonical(uids.from_number(value, profile.uid_bytes, is_reversed=is_reversed))
    except uids.TruncatedUid as error:
        raise BadReading(Fault.TRUNCATED) from error
    except uids.RandomUid as error:
        raise BadReading(Fault.RANDOM) from error
    except uids.UidError as error:
        raise BadReading(Fault.RANGE) from error


def _card(profile: Profile, layout: wiegand.Format, text: str) -> tuple[int, int]:
    try:
        if profile.content == Content.PAIR:
            return _pair(profile, layout, text)
        if profile.content == Content.DATA:
            return wiegand.split(layout, _ordered(profile, text, -(-layout.data_bits // 8)))
        frame = _ordered(profile, text, layout.size)
        if profile.content == Content.LEFT:
            padding = 8 * layout.size - layout.bits
            if frame & ((1 << padding) - 1):
                raise BadReading(Fault.RANGE)  # bits after the end: a longer format
            frame >>= padding
        return wiegand.decode(layout, frame)
    except wiegand.ParityError as error:
        raise BadReading(Fault.PARITY) from error
    except wiegand.FrameError as error:
        raise BadReading(Fault.RANGE) from error


def _pair(profile: Profile, layout: wiegand.Format, text: str) -> tuple[int, int]:
    if profile.separator:
        facility, mark, number = text.partition(profile.separator)
        if not mark:
            raise BadReading(Fault.CHARACTERS)
    else:
        facility, number = text[: profile.facility_digits], text[profile.facility_digits :]
    card = _number(profile, facility.strip()), _number(profile, number.strip())
    wiegand.unsplit(layout, *card)  # raises when one of them is too large
    return card


def _ordered(profile: Profile, text: str, size: int) -> int:
    value = _number(profile, text)
    if profile.byte_order == Order.MSB:
        return value
    try:
        return int.from_bytes(value.to_bytes(size, "little"), "big")
    except OverflowError as error:
        raise BadReading(Fault.RANGE) from error
