"""What we add to allauth's pages: our words, each session by itself, and when it was last used."""

from __future__ import annotations
