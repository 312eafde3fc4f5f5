"""Every websocket of the product."""

from __future__ import annotations

from channels.auth import AuthMiddlewareStack
from channels.routing import URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from django.urls import path
from kiosk.consumers.terminal import TerminalConsumer

from kiosk.consumers.bridge import BridgeConsumer
from occupancy.consumers import MapConsumer

# Browsers must come from our own pages; a bridge is no browser and sends no Origin.
websockets = URLRouter(
    [
        path("ws/bridge/", BridgeConsumer.as_asgi()),
        path(
            "ws/map/",
            AllowedHostsOriginValidator(AuthMiddlewareStack(MapConsumer.as_asgi())),
        ),
        path("ws/kiosk/", AllowedHostsOriginValidator(TerminalConsumer.as_asgi())),
    ]
)
