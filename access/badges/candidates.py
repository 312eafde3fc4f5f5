"""Which settings of a reader fit a card that somebody knows. Edge code: no Django.

Only for finding a profile once, with the card in the hand; a swipe is never read this way.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product

from access.badges import uids, wiegand
from access.badges.profiles import (
    BadReading,
    Base,
    Content,
    Kind,
    Order,
    Printed,
    Profile,
    printed,
    read,
)


@dataclass(frozen=True)
class Known:
    """What is known of a card besides what the reader wrote; all of it, or a part."""

    facility: int | None = None
    number: str = ""
    uid: str = ""

    def fits(self, candidate: Candidate) -> bool:
        """Say whether a reading is the card that is known, in everything that is known."""
        return (
            self != Known()
            and (self.facility is None or candidate.facility == self.facility)
            and (not self.number or _plain(self.number) in map(_plain, candidate.numbers))
            and (not self.uid or candidate.canonical == self._uid())
        )

    def _uid(self) -> str:
        try:
            return f"uid:{uids.canonical(uids.from_hex(self.uid))}"
        except uids.UidError:
            return ""


@dataclass(frozen=True)
class Candidate:
    """One way to read the text, and the card that it makes of it."""

    profile: Profile
    canonical: str

    @property
    def facility(self) -> int | None:
        """Return the facility, where the format has one."""
        scheme, _colon, rest = self.canonical.partition(":")
        return int(rest.split(":")[1]) if scheme == Kind.WIEGAND else None

    @property
    def numbers(self) -> list[str]:
        """Return the numbers that may stand on the card.

        A number that the reader only repeats tells nothing of a format, so it is not among them.
        """
        forms = printed(self.canonical)
        if self.profile.kind == Kind.UID:
            return [forms[Printed.DECIMAL], forms[Printed.REVERSED_DECIMAL]]
        number = self.canonical.rpartition(":")[2]
        is_repeated = self.profile.content == Content.DATA and self.profile.base == Base.DECIMAL
        if self.profile.kind == Kind.TEXT or is_repeated:
            return [number]
        return [number, forms[Printed.DECIMAL]]


def readings(text: str) -> list[Candidate]:
    """Return every way in which a reader's text is a whole card."""
    text = text.strip()
    found = []
    for profile in _every(text):
        try:
            found.append(Candidate(profile, read(profile, text)))
        except BadReading:
            continue
    return found


def candidates(text: str, known: Known) -> list[Candidate]:
    """Return the transforms under which the text is the card that is known."""
    return [one for one in readings(text) if known.fits(one)]


def _every(text: str) -> Iterator[Profile]:
    """Yield what a text of this length can be, the surest first: parities prove a format."""
    digits = len(text)
    cards = [
        Profile(kind=Kind.WIEGAND, wiegand_format=name, digits=digits) for name in wiegand.FORMATS
    ]
    for card in cards:
        layout = wiegand.FORMATS[card.wiegand_format]
        for base, order in _numbers(digits, layout.bits):
            yield replace(card, content=Content.FRAME, base=base, byte_order=order)
        if digits == 2 * layout.size:
            yield replace(card, content=Content.LEFT, base=Base.HEX)
        if layout.facility is not None:
            yield from _pairs(card, layout.facility, text)
    for base, order in product(Base, Order):
        yield Profile(
            kind=Kind.UID, base=base, byte_order=order, uid_bytes=_size(text, base), digits=digits
        )
    yield Profile(digits=digits)
    for card in cards:
        layout = wiegand.FORMATS[card.wiegand_format]
        for base, order in _numbers(digits, layout.data_bits):
            yield replace(card, content=Content.DATA, base=base, byte_order=order)


def _numbers(digits: int, bits: int) -> Iterator[tuple[Base, Order]]:
    """Yield the bases and byte orders in which so many digits write so many bits."""
    for order in Order:
        yield Base.DECIMAL, order
    whole = 2 * -(-bits // 8)
    if digits in {-(-bits // 4), whole}:
        yield Base.HEX, Order.MSB
    if digits == whole:
        yield Base.HEX, Order.LSB


def _size(text: str, base: Base) -> int:
    """Return the bytes of the UID that a text is; a decimal number says it only by its size."""
    if base == Base.HEX:
        return len(text) // 2
    if not (text.isascii() and text.isdigit()):
        return 0
    return next((size for size in uids.SIZES if int(text) < 1 << 8 * size), 0)


def _pairs(card: Profile, facility: wiegand.Field, text: str) -> Iterator[Profile]:
    """Yield the ways to take facility and number apart."""
    for mark in ",:;-/":
        if mark in text:
            yield replace(card, content=Content.PAIR, separator=mark)
    yield replace(card, content=Content.PAIR, facility_digits=len(str(facility.limit - 1)))


def _plain(text: str) -> str:
    """Return a number without what is printed around it: zeros in front, spaces, separators."""
    return text.translate({ord(mark): None for mark in " :-,"}).upper().lstrip("0") or "0"
