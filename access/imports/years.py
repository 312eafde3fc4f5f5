"""Which year a text means: “Year 7”, “7”, “Y07” and OneRoster's “07” are the same one. Pure."""

from __future__ import annotations

import re

# Before the first numbered year, as schools call it; OneRoster says KG and, in England, R.
_RECEPTION = {"reception", "r", "kg", "kindergarten"}
_NUMBER = re.compile(r"(?:(?:year|yr|y|grade|klasse|class)[\s._-]*)?0*([0-9]{1,2})", re.IGNORECASE)


def rank_of(text: str) -> int | None:
    """Return the place of a year among all years, or None where the text does not say."""
    plain = text.strip()
    if plain.lower() in _RECEPTION:
        return 0
    found = _NUMBER.fullmatch(plain)
    return int(found[1]) if found is not None else None


def name_of(text: str) -> str:
    """Return how a year that is made is called: a bare number is “Year 7”."""
    plain = text.strip()
    rank = rank_of(plain)
    return f"Year {rank}" if rank is not None and plain.isdigit() else plain
