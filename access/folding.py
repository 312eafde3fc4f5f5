"""Words as people type them who have no accents on their keyboard."""

from __future__ import annotations

import unicodedata

# What Unicode does not take apart into a letter and a mark.
_WHOLE = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d",
     "’": "'"}
)  # fmt: skip


def fold(text: str) -> str:
    """Return a text without capitals, accents and needless spaces: "Björk" as "bjork"."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(letter for letter in apart if not unicodedata.combining(letter))
    return " ".join(bare.translate(_WHOLE).split())
