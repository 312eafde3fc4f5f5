"""Plain relays behind a broker: Tasmota, ESPHome, Zigbee2MQTT and their like."""

from __future__ import annotations

from lockers.drivers.mqtt_relay.board import MqttRelayBoard
from lockers.drivers.mqtt_relay.profile import Profile, parse_profile

__all__ = ["MqttRelayBoard", "Profile", "parse_profile"]
