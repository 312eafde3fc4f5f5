"""The kiosk browser's own origin: the server's pages while it is there, ours while it is not."""

from __future__ import annotations

import contextlib
from types import TracebackType
from typing import Self

from aiohttp import web

from kiosk.bridge.agent import Agent
from kiosk.bridge.connection import Connection, State
from kiosk.bridge.screen import guarding
from kiosk.bridge.screen.local import Local
from kiosk.bridge.screen.passing import Passing
from kiosk.bridge.screen.turns import Turns

BODY_BYTES = 1024 * 1024


class Screen:
    """A small web server on this machine for the browser beside the lockers."""

    def __init__(self, server: str, listen: str, connection: Connection, agent: Agent) -> None:
        self._connection, self._agent = connection, agent
        self._passing = Passing(server, connection)
        self.turns = Turns(agent, connection)
        self._local = Local(self.turns)
        host, _, port = listen.rpartition(":")
        self._host, self._port = host or "127.0.0.1", int(port)

    async def __aenter__(self) -> Self:
        self._stack = contextlib.AsyncExitStack()
        await self._stack.enter_async_context(self._passing)
        alone = web.Application(middlewares=[guarding.guard])
        alone.add_routes(self._local.routes())
        app = web.Application(client_max_size=BODY_BYTES)
        app.router.add_get("/", self._home)
        app.router.add_get("/bridge/status", self._status)
        app.add_subapp("/alone/", alone)
        app.router.add_route("*", "/{path:.*}", self._passing.handle)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        self._stack.push_async_callback(self._runner.cleanup)
        await self._runner.setup()
        await web.TCPSite(self._runner, self._host, self._port).start()
        self.port: int = self._runner.addresses[0][1]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._stack.aclose()

    async def _home(self, request: web.Request) -> web.StreamResponse:
        raise web.HTTPFound("/kiosk/")

    async def _status(self, request: web.Request) -> web.Response:
        return web.json_response(
            {
                "server": self._connection.state is State.READY,
                "boards": [
                    {"id": number, "state": poller.state}
                    for number, poller in self._agent.pollers.items()
                ],
            }
        )
