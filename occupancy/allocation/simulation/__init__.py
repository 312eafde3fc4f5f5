"""A bank and its people, made up: what the engine would do with them over weeks. Pure."""

from __future__ import annotations
