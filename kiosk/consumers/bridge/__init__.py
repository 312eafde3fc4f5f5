"""The server's end of a bridge: its journal in, commands out, a part for each concern."""

from __future__ import annotations

from kiosk.consumers.bridge.consumer import BridgeConsumer

__all__ = ["BridgeConsumer"]
