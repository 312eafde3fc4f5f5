"""UHPPOTE network controllers for one, two or four doors."""

from __future__ import annotations

from lockers.drivers.uhppote.board import UhppoteBoard
from lockers.drivers.uhppote.network import Ears, make_bus
from lockers.drivers.uhppote.profile import Profile, check_channels, parse_profile

__all__ = ["Ears", "Profile", "UhppoteBoard", "check_channels", "make_bus", "parse_profile"]
