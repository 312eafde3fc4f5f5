"""Every websocket of the product."""

from __future__ import annotations

from typing import Any

from channels.auth import AuthMiddlewareStack
from channels.routing import URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from django.urls import path as _path

from kiosk.consumers.bridge import BridgeConsumer
from kiosk.consumers.terminal import TerminalConsumer
from occupancy.consumers import MapConsumer

# django-stubs knows path() for pages; Channels documents it for consumers too.
path: Any = _path

# Browsers must come from our own pages; a bridge is no browser and sends no Origin.
_routes: list[Any] = [
    path("ws/bridge/", BridgeConsumer.as_asgi()),
    path(
        "ws/map/",
        AllowedHostsOriginValidator(AuthMiddlewareStack(MapConsumer.as_asgi())),
    ),
    path("ws/kiosk/", AllowedHostsOriginValidator(TerminalConsumer.as_asgi())),
]
websockets = URLRouter(_routes)
