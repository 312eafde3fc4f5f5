"""What counts as a signature: a line drawn on the pad, or a name typed instead."""

from __future__ import annotations

import re
from dataclasses import dataclass

from access.choices import SignedHow

# Lines of whole numbers, as static/js/signature.js writes them: nothing else gets into an SVG.
_LINES = re.compile(r"(?:M\d{1,4} \d{1,4}(?: L\d{1,4} \d{1,4})*(?: |$))+")
MAX_LENGTH = 20_000
# Fewer steps than this are a touch by accident.
_FEWEST_STEPS = 5


@dataclass(frozen=True)
class Signature:
    """The text of a signature, and how it came about."""

    text: str
    how: SignedHow

    @property
    def counts(self) -> bool:
        """Whether somebody can have meant it."""
        if self.how == SignedHow.TYPED:
            return 2 <= len(self.text.strip()) <= 120
        if self.how == SignedHow.DRAWN:
            return (
                len(self.text) <= MAX_LENGTH
                and self.text.count("L") >= _FEWEST_STEPS
                and _LINES.fullmatch(self.text) is not None
            )
        return False


# Somebody else brought the key back, or it was found.
ABSENT = Signature("", SignedHow.ABSENT)
