"""A chaos run: everything is killed, frozen, cut and duplicated while people use their lockers."""

from __future__ import annotations
