"""What the drivers behind an MQTT broker share: its address, one connection, signs of life."""

from __future__ import annotations

from lockers.drivers.mqtt.address import Broker, parse_broker, split_profile
from lockers.drivers.mqtt.connection import Connection, Will
from lockers.drivers.mqtt.life import Life, News

__all__ = ["Broker", "Connection", "Life", "News", "Will", "parse_broker", "split_profile"]
