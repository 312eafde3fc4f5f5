"""The estate and its devices in the administration."""

from __future__ import annotations

from lockers.admin import devices, estate

__all__ = ["devices", "estate"]
