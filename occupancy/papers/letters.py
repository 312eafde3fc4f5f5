"""Names in every script as they are drawn, letter by letter from the left. Pure.

A PDF draws glyphs where it is told to: Arabic letters have to be joined, and what is written from
the right to be turned round, before they are drawn.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from functools import cache

from fpdf import bidi

_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]")
# Between letters these change nothing about how they join.
_MARKS = re.compile("[\u064b-\u065f\u0670\u06d6-\u06ed]")
_LAM = "\u0644"


@cache
def _forms() -> dict[str, dict[str, str]]:
    """Return the drawn forms of Arabic letters: isolated, initial, medial and final."""
    found: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for code in (*range(0xFB50, 0xFC00), *range(0xFE70, 0xFEFD)):
        drawn = chr(code)
        how, _space, written = unicodedata.decomposition(drawn).partition("> ")
        if how and not written.startswith("0020"):
            letters = "".join(chr(int(one, 16)) for one in written.split())
            found[letters].setdefault(how[1:], drawn)
    return dict(found)


def drawn(text: str) -> str:
    """Return a line as it is drawn from left to right."""
    text = unicodedata.normalize("NFC", text)
    if not _RIGHT_TO_LEFT.search(text):
        return text
    turned: str = bidi.BidiParagraph(text=_joined(text)).get_reordered_string()
    return turned


def _joined(text: str) -> str:
    """Return a text with each Arabic letter in the form it has between its neighbours."""
    forms = _forms()
    # What has no form at the beginning joins only to what is before it.
    letters: list[str] = []
    for one in text:
        if letters and letters[-1] == _LAM and _LAM + one in forms:
            letters[-1] += one
        else:
            letters.append(one)
    answer = []
    for place, letter in enumerate(letters):
        has = forms.get(letter, {})
        before = _neighbour(letters, place, -1)
        after = _neighbour(letters, place, 1)
        joins_before = "final" in has and "initial" in forms.get(before, {})
        joins_after = "initial" in has and "final" in forms.get(after, {})
        form = {
            (True, True): "medial", (True, False): "final", (False, True): "initial",
        }.get((joins_before, joins_after), "isolated")  # fmt: skip
        answer.append(has.get(form, letter))
    return "".join(answer)


def _neighbour(letters: list[str], place: int, step: int) -> str:
    place += step
    while 0 <= place < len(letters):
        if not _MARKS.fullmatch(letters[place]):
            return letters[place]
        place += step
    return ""
