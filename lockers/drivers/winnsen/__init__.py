"""Winnsen lock boards: sixteen locks a station, and no check byte."""

from __future__ import annotations

from lockers.drivers.winnsen.board import WinnsenBoard
from lockers.drivers.winnsen.frames import Codec
from lockers.drivers.winnsen.profile import Profile, check_unit, parse_profile

__all__ = ["Codec", "Profile", "WinnsenBoard", "check_unit", "parse_profile"]
