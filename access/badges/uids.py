"""Serial numbers of contactless cards (ISO 14443). Edge code: no Django.

The canonical form is all bytes in the order the card sends them, in hexadecimal. Readers print
the same bytes forwards or backwards, as hexadecimal or as one decimal number.
"""

from __future__ import annotations

from typing import Final

SIZES: Final = (4, 7, 10)
# The first byte of a longer UID of which only the first part was read: not unique.
_CASCADE = 0x88
# A four-byte UID that the card draws anew each time.
_RANDOM = 0x08


class UidError(ValueError):
    """A UID by which no card can be known."""


class TruncatedUid(UidError):
    """Part of a longer UID: several cards share it."""


class RandomUid(UidError):
    """A UID that is another one at the next tap."""


def canonical(uid: bytes) -> str:
    """Return a whole UID as hexadecimal digits; raises UidError."""
    if len(uid) not in SIZES:
        raise UidError(len(uid))
    if uid[0] == _CASCADE:
        raise TruncatedUid
    if len(uid) == 4 and uid[0] == _RANDOM:
        raise RandomUid
    return uid.hex().upper()


def from_hex(text: str, *, is_reversed: bool = False) -> bytes:
    """Return the bytes of hexadecimal digits, which colons, hyphens or spaces may part."""
    digits = text.translate({ord(mark): None for mark in ":- "})
    try:
        uid = bytes.fromhex(digits)
    except ValueError as error:
        raise UidError(len(digits)) from error
    return uid[::-1] if is_reversed else uid


def from_number(value: int, size: int, *, is_reversed: bool = False) -> bytes:
    """Return the ``size`` bytes that a reader printed as one number; raises UidError."""
    try:
        return value.to_bytes(size, "little" if is_reversed else "big")
    except OverflowError as error:
        raise UidError(size) from error


def to_number(uid: bytes, *, is_reversed: bool = False) -> int:
    """Return the number that a reader prints for a UID."""
    return int.from_bytes(uid, "little" if is_reversed else "big")
