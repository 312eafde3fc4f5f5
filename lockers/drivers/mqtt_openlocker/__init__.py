"""Gateways that speak the Open-Locker MQTT contract; this side plays its backend."""

from __future__ import annotations

from lockers.drivers.mqtt_openlocker.board import OpenLockerBoard
from lockers.drivers.mqtt_openlocker.profile import Profile, parse_profile
from lockers.drivers.mqtt_openlocker.provisioning import Registrar

__all__ = ["OpenLockerBoard", "Profile", "Registrar", "parse_profile"]
