"""Badge readers that speak OSDP: several on one wire, each with a secret of its own."""

from __future__ import annotations

from lockers.drivers.osdp.bus import Bus
from lockers.drivers.osdp.profile import Profile, parse_profile
from lockers.drivers.osdp.reader import OsdpReader

__all__ = ["Bus", "OsdpReader", "Profile", "parse_profile"]
