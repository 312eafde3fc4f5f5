"""ASGI entry: pages, API and websockets in one process, which listens to the database once."""

from __future__ import annotations

import os
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.base")
# Every request has its own thread here: connections come from a pool.
os.environ.setdefault("LOCKWRIGHT_DATABASE_POOL", "1")

from django.core.asgi import get_asgi_application  # noqa: E402  (the settings come first)

_pages = get_asgi_application()

from channels.routing import ProtocolTypeRouter  # noqa: E402  (needs the apps to be loaded)

from config import body_limit  # noqa: E402
from config.routing import websockets  # noqa: E402
from lockers.notify import listener  # noqa: E402
from occupancy.live import hub  # noqa: E402


async def _lifespan(scope: Any, receive: Any, send: Any) -> None:
    """Start listening when the server starts and stop when it stops."""
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            listener.start()
            hub.start()
            await send({"type": "lifespan.startup.complete"})
        elif message["type"] == "lifespan.shutdown":
            await hub.stop()
            await listener.stop()
            await send({"type": "lifespan.shutdown.complete"})
            return


application = ProtocolTypeRouter(
    {"http": body_limit.asgi(_pages), "websocket": websockets, "lifespan": _lifespan}
)
