"""WKLY lock boards: 7 to 50 channels on RS-485, which tell door changes unasked."""

from __future__ import annotations

from lockers.drivers.wkly.board import WklyBoard
from lockers.drivers.wkly.frames import WklyCodec
from lockers.drivers.wkly.profile import Profile, check_unit, parse_profile

__all__ = ["Profile", "WklyBoard", "WklyCodec", "check_unit", "parse_profile"]
