"""The estate and its devices in the administration."""

from __future__ import annotations

from lockers.admin import bridges, devices, estate, readers, sessions

__all__ = ["bridges", "devices", "estate", "readers", "sessions"]
