"""Wiegand card formats: where facility, number and parities stand. Edge code: no Django.

A frame is an int whose highest bit is the one that is sent first; positions count from it, from
0. Layouts are public knowledge, gathered from unrelated open tools. Formats whose
``has_vectors`` is true are checked against frames that others computed; of D10202 and BQT34 no
such frame was found (their layout follows the public definition only), and of C1k48s none either,
though two unrelated descriptions of its three parities agree to the bit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


class FrameError(ValueError):
    """A frame or a number that this format cannot have."""


class ParityError(FrameError):
    """A frame with a wrong parity bit: it was misread, and is no card at all."""


@dataclass(frozen=True)
class Field:
    """Consecutive bits, the first one the most significant."""

    start: int
    length: int

    @property
    def limit(self) -> int:
        """Return the first value that does not fit."""
        return 1 << self.length


@dataclass(frozen=True)
class Parity:
    """A bit that makes the count of ones over itself and ``over`` even, or odd."""

    at: int
    over: tuple[int, ...]
    is_odd: bool


@dataclass(frozen=True)
class Format:
    """One layout. Parities are computed in their order: a later one may cover an earlier one."""

    name: str
    bits: int
    facility: Field | None
    number: Field
    parities: tuple[Parity, ...]
    has_vectors: bool

    @property
    def data_bits(self) -> int:
        """Return how many bits facility and number have together."""
        return (self.facility.length if self.facility else 0) + self.number.length

    @property
    def size(self) -> int:
        """Return how many bytes a frame fills."""
        return -(-self.bits // 8)


def _run(first: int, last: int) -> tuple[int, ...]:
    return tuple(range(first, last + 1))


def _pairs(first: int, last: int) -> tuple[int, ...]:
    """Two positions, leave one out, two positions, and so on."""
    return tuple(at for at in range(first, last + 1) if (at - first) % 3 != 2)


def _even(at: int, over: tuple[int, ...]) -> Parity:
    return Parity(at, over, is_odd=False)


def _odd(at: int, over: tuple[int, ...]) -> Parity:
    return Parity(at, over, is_odd=True)


_THIRTY_FOUR = (_even(0, _run(1, 16)), _odd(33, _run(17, 32)))
# Both halves of 18 share the bit in the middle.
_THIRTY_SEVEN = (_even(0, _run(1, 18)), _odd(36, _run(18, 35)))

FORMATS: Final[dict[str, Format]] = {
    one.name: one
    for one in (
        Format("H10301", 26, Field(1, 8), Field(9, 16),
               (_even(0, _run(1, 12)), _odd(25, _run(13, 24))), has_vectors=True),
        # N10002 is the same layout under another name: one format, so that one card is one key.
        Format("H10306", 34, Field(1, 16), Field(17, 16), _THIRTY_FOUR, has_vectors=True),
        Format("BQT34", 34, Field(1, 8), Field(9, 24), _THIRTY_FOUR, has_vectors=False),
        Format("D10202", 33, Field(1, 7), Field(8, 24),
               (_even(0, _run(1, 16)), _odd(32, _run(16, 31))), has_vectors=False),
        Format("C1k35s", 35, Field(2, 12), Field(14, 20),
               (_even(1, _pairs(2, 33)), _odd(34, _pairs(1, 32)), _odd(0, _run(1, 34))),
               has_vectors=True),
        Format("H10302", 37, None, Field(1, 35), _THIRTY_SEVEN, has_vectors=True),
        Format("H10304", 37, Field(1, 16), Field(17, 19), _THIRTY_SEVEN, has_vectors=True),
        Format("C1k48s", 48, Field(2, 22), Field(24, 23),
               (_even(1, _pairs(3, 46)), _odd(47, _pairs(2, 45)), _odd(0, _run(1, 47))),
               has_vectors=False),
    )
}  # fmt: skip


def encode(layout: Format, facility: int, number: int) -> int:
    """Return the frame of a card, with its parities; raises FrameError when it does not fit."""
    return _with_parities(layout, unsplit(layout, facility, number))


def decode(layout: Format, frame: int) -> tuple[int, int]:
    """Return facility and number (facility 0 where there is none); raises ParityError."""
    if not 0 <= frame < 1 << layout.bits:
        raise FrameError(layout.name)
    facility = _get(layout, frame, layout.facility) if layout.facility else 0
    number = _get(layout, frame, layout.number)
    # Every bit is data or parity, so a frame is right when its data makes it again.
    if encode(layout, facility, number) != frame:
        raise ParityError(layout.name)
    return facility, number


def unsplit(layout: Format, facility: int, number: int) -> int:
    """Return facility and number as one value, as many readers deliver them, without parities."""
    limit = layout.facility.limit if layout.facility else 1
    if not (0 <= facility < limit and 0 <= number < layout.number.limit):
        raise FrameError(layout.name)
    return facility << layout.number.length | number


def split(layout: Format, data: int) -> tuple[int, int]:
    """Return facility and number of one value without parities; raises FrameError."""
    if not 0 <= data < 1 << layout.data_bits:
        raise FrameError(layout.name)
    return data >> layout.number.length, data & (layout.number.limit - 1)


def _with_parities(layout: Format, data: int) -> int:
    # Facility and number stand side by side in every layout.
    frame = data << (layout.bits - layout.number.start - layout.number.length)
    for parity in layout.parities:
        ones = sum(frame >> (layout.bits - 1 - at) & 1 for at in parity.over)
        if ones % 2 != parity.is_odd:
            frame |= 1 << (layout.bits - 1 - parity.at)
    return frame


def _get(layout: Format, frame: int, field: Field) -> int:
    return frame >> (layout.bits - field.start - field.length) & (field.limit - 1)
