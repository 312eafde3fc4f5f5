"""Modbus boards with relays for the locks and discrete inputs for the door contacts."""

from __future__ import annotations

from lockers.drivers.modbus_relay.board import ModbusRelayBoard
from lockers.drivers.modbus_relay.bus import Bus
from lockers.drivers.modbus_relay.profile import Address, Profile, parse_address, parse_profile

__all__ = ["Address", "Bus", "ModbusRelayBoard", "Profile", "parse_address", "parse_profile"]
