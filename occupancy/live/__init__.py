"""The live map: one hub per process hands every change to every open map."""

from __future__ import annotations

from occupancy.live.hub import Hub, hub

__all__ = ["Hub", "hub"]
