"""KERONG boards with up to 16 locks (CU16, NCU16L, CU12), on RS-485 or over TCP."""

from __future__ import annotations

from lockers.drivers.kerong_cu16.board import KerongCu16Board
from lockers.drivers.kerong_cu16.frames import KerongCodec
from lockers.drivers.kerong_cu16.profile import Profile, check_unit, parse_profile

__all__ = ["KerongCodec", "KerongCu16Board", "Profile", "check_unit", "parse_profile"]
