"""What a reader that types like a keyboard delivered: whole, or nothing. Pure."""

from __future__ import annotations

from typing import Any

from access.access_list.entries import Reader
from access.access_list.index import AccessList
from lockers.drivers.base import SIGNED


def framings(known: AccessList, bank_id: int) -> list[dict[str, Any]]:
    """Return how the readers at the screens of a bank mark a whole badge number."""
    return [
        {"prefix": one.types.prefix, "suffix": one.types.suffix, "length": one.types.length}
        for one in _readers(known, bank_id)
        if one.types is not None
    ]


def whole(known: AccessList, bank_id: int, raw: str) -> tuple[Reader, str] | None:
    """Return the reader that typed this, and the text between its marks.

    None unless prefix, suffix and length fit a reader. Two readers that mark alike and read
    otherwise would leave it to a guess, so that is None too.
    """
    found: list[tuple[Reader, str]] = []
    for reader in _readers(known, bank_id):
        types = reader.types
        if types is None or not types.prefix or not types.suffix:
            continue
        if not raw.startswith(types.prefix) or not raw.endswith(types.suffix):
            continue
        text = raw[len(types.prefix) : -len(types.suffix)]
        if is_pass(text):
            # Its signature tells whether it is whole.
            return reader, text
        if len(text) == types.length and text.isascii() and text.isprintable() and " " not in text:
            found.append((reader, text))
    different = {(text, reader.profile) for reader, text in found}
    return found[0] if len(different) == 1 else None


def is_pass(text: str) -> bool:
    """Say whether it is the text of a pass."""
    return text.startswith(SIGNED)


def _readers(known: AccessList, bank_id: int) -> list[Reader]:
    return sorted(known.find(Reader, "types", bank_id), key=lambda one: one.id)
