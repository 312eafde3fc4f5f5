"""The doors of a layout text, as the set-up counts and creates them."""

from __future__ import annotations

from typing import Any


def read(text: str) -> list[Any]:
    """Return every door of a layout, in the order of their numbers; raises UnknownLayout."""
    from lockers import layouts

    return list(layouts.parse(text))
