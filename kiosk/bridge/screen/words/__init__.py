"""The words of our own page, a file for each language of the product.

The server is away when they are needed, so that they cannot come from its catalogues. A language is
a file beside en-gb.json with the same names, called like the server's (LANGUAGES): translators get
both together. Where a number decides, a text has the plural forms of its language by their names.
"""

from __future__ import annotations

import functools
import json
from importlib import resources
from typing import Any

FIRST = "en-gb"


@functools.cache
def languages() -> dict[str, dict[str, Any]]:
    """Return the words of every language."""
    files = (one for one in resources.files(__package__).iterdir() if one.name.endswith(".json"))
    return {one.name.removesuffix(".json"): json.loads(one.read_text("utf-8")) for one in files}


def chosen(*wanted: str) -> tuple[str, dict[str, Any]]:
    """Return the language that fits best, with its words: what was chosen there, else what the
    browser asks for, else English."""
    known = languages()
    for text in ",".join(wanted).lower().split(","):
        name = text.partition(";")[0].strip()
        if not name:
            continue
        for language in sorted(known):
            if language == name or language.partition("-")[0] == name.partition("-")[0]:
                return language, known[language]
    return FIRST, known[FIRST]
