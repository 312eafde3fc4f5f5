"""Pages to write on: letters of every script, each text as large as its place allows."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from fpdf import FPDF
from fpdf.line_break import Fragment

FONTS = Path(__file__).resolve().parents[2] / "static" / "fonts"
_FONT = "paper"
_SIZE = 10.0
# Unless told otherwise letters get smaller down to this, then a text is cut.
_SMALLEST = 6.0
# A text that would have to be smaller than this is broken into two lines, where there is room.
_BROKEN = 8.0


class Page(FPDF):
    """A4 sheets with letters of many scripts; a text is made to fit its place."""

    def __init__(
        self, title: str = "", more_fonts: Sequence[str] = (), *, is_across: bool = False
    ) -> None:
        super().__init__("landscape" if is_across else "portrait", unit="mm", format="A4")
        self.lacks = False
        self.set_auto_page_break(False)
        self.set_margin(0)
        self.set_creator("Lockwright")
        if title:
            self.set_title(title)
        for style, name in (("", ""), ("B", "-Bold")):
            self.add_font(_FONT, style, FONTS / f"DejaVuSansCondensed{name}.ttf")
        others = []
        for number, file in enumerate(more_fonts):
            others.append(f"more{number}")
            for style in ("", "B"):
                self.add_font(others[-1], style, file)
        if others:
            self.set_fallback_fonts(others, exact_match=False)
        self.known: set[int] = set()
        for font in self.fonts.values():
            self.known |= set(getattr(font, "cmap", {}))

    def text_in(
        self,
        text: str,
        x: float,
        y: float,
        width: float,
        height: float,
        *,
        size: float = _SIZE,
        smallest: float = _SMALLEST,
        bold: bool = False,
        align: str = "L",
    ) -> None:
        """Write a line as large as fits; what is still too long is cut and shows it."""
        line = unicodedata.normalize("NFC", text)
        if any(ord(one) not in self.known for one in line if not one.isspace()):
            self.lacks = True
            line = "".join(
                one if ord(one) in self.known or one.isspace() else "\u25a1" for one in line
            )
        # Shaping takes several times as long, and leaves what needs none as it is.
        self.set_text_shaping(any(map(_needs_shaping, line)))
        self.set_font(_FONT, "B" if bold else "", size)
        while size > smallest and self.get_string_width(line) > width:
            size -= 0.5
            self.set_font_size(size)
        if self.get_string_width(line) > width:
            while line and self.get_string_width(line + "\u2026") > width:
                line = line[:-1]
            line += "\u2026"
        self.set_xy(x, y)
        self.cell(width, height, line, align=align)

    def text_in_two(
        self, text: str, x: float, y: float, width: float, height: float, *, bold: bool = False
    ) -> None:
        """Write a line, or two smaller ones between words where one would be too small."""
        self.set_font(_FONT, "B" if bold else "", _BROKEN)
        words, fit = text.split(), 0
        if self.get_string_width(text) > width:
            while fit < len(words) and self.get_string_width(" ".join(words[: fit + 1])) <= width:
                fit += 1
        if fit in (0, len(words)):
            self.text_in(text, x, y, width, height, bold=bold)
            return
        for at, line in enumerate((" ".join(words[:fit]), " ".join(words[fit:]))):
            self.text_in(line, x, y + at * height / 2, width, height / 2, size=_BROKEN, bold=bold)

    def _parse_chars(self, *what: Any, **more: Any) -> Iterator[Fragment]:
        """Keep words together that fpdf2 cuts before and after each vowel sign."""
        before: Fragment | None = None
        for fragment in super()._parse_chars(*what, **more):
            if before is None:
                before = fragment
            elif before.font is fragment.font and _is_seam(before.string, fragment.string):
                before.characters.extend(fragment.characters)
            else:
                yield before
                before = fragment
        if before is not None:
            yield before


def _is_seam(before: str, after: str) -> bool:
    """Say whether a text was cut at a mark, which belongs to the letters on both sides."""
    return unicodedata.category(before[-1])[0] == "M" or unicodedata.category(after[0])[0] == "M"


def _needs_shaping(letter: str) -> bool:
    """Say whether letters are joined, turned round or put on top of each other here."""
    return (
        unicodedata.bidirectional(letter) in {"R", "AL", "AN"}
        or unicodedata.category(letter)[0] == "M"
    )
