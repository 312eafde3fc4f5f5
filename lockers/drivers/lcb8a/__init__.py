"""Lock boards of the 8A/80 family: 8 to 50 channels, sold under many names."""

from __future__ import annotations

from lockers.drivers.lcb8a.board import Lcb8aBoard, read_as
from lockers.drivers.lcb8a.frames import Codec
from lockers.drivers.lcb8a.profile import VARIANTS, Profile, check_board, parse_profile

__all__ = [
    "VARIANTS",
    "Codec",
    "Lcb8aBoard",
    "Profile",
    "check_board",
    "parse_profile",
    "read_as",
]
