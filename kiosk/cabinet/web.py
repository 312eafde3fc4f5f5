"""The page of drawn doors, its live wire, and a small control API for tests."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
from aiohttp import WSMsgType, web

from kiosk.cabinet.readers import Reader
from kiosk.cabinet.steel import Bank, Cabinet, Door

PAGE = Path(__file__).parent / "page"
MAX_TEXT = 64
# A page that has not read this many changes is given up; it comes back for a fresh picture.
MAX_UNREAD = 1000
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Page:
    """Serve the cabinet; every change goes to every open page at once."""

    def __init__(
        self, cabinet: Cabinet, readers: dict[str, list[Reader]], ports: dict[str, int]
    ) -> None:
        self._cabinet = cabinet
        self._readers = readers
        self._ports = ports

    def application(self) -> web.Application:
        """Make the web application."""
        app = web.Application(client_max_size=16 * 1024, middlewares=[_same_site])
        app.router.add_get("/", self._index)
        app.router.add_get("/state", self._state)
        app.router.add_get("/live", self._live)
        app.router.add_post("/doors/{bank}/{number}/{action}", self._door)
        app.router.add_post("/boards/{bank}/{unit}/{action}", self._board)
        app.router.add_post("/readers/{bank}/present", self._present)
        app.router.add_static("/page/", PAGE)
        return app

    def picture(self) -> dict[str, Any]:
        """Describe the whole cabinet as it is now, plan included."""
        return {
            "type": "cabinet",
            "title": self._cabinet.plan.title,
            "badges": msgspec.to_builtins(self._cabinet.plan.badges),
            "banks": [self._bank_picture(bank) for bank in self._cabinet.banks.values()],
        }

    def _bank_picture(self, bank: Bank) -> dict[str, Any]:
        plan = bank.plan
        return {
            "bank": plan.bank,
            "title": plan.title,
            "modbus_port": self._ports[plan.bank],
            "width_mm": plan.width_mm,
            "height_mm": plan.height_mm,
            "boards": [board.picture() for board in bank.boards.values()],
            "doors": [
                {**msgspec.to_builtins(door.plan), **door.picture()} for door in bank.doors.values()
            ],
            "readers": [
                {
                    "name": reader.plan.name,
                    "port": reader.port,
                    "door": reader.plan.door,
                    "length": reader.plan.length,
                    "listeners": reader.listeners,
                }
                for reader in self._readers[plan.bank]
            ],
        }

    async def _index(self, request: web.Request) -> web.StreamResponse:
        return web.FileResponse(PAGE / "index.html", headers={"Cache-Control": "no-store"})

    async def _state(self, request: web.Request) -> web.Response:
        return web.json_response(self.picture())

    async def _live(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(heartbeat=20)
        await socket.prepare(request)
        unread: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue(MAX_UNREAD)

        def note(bank: Bank, door: Door | None) -> None:
            if unread.full():
                sender.cancel()
            elif door is None:
                boards = [board.picture() for board in bank.boards.values()]
                unread.put_nowait({"type": "boards", "bank": bank.plan.bank, "boards": boards})
            else:
                unread.put_nowait({"type": "door", "bank": bank.plan.bank, "door": door.picture()})

        async def send() -> None:
            await socket.send_json(self.picture())
            while True:
                await socket.send_json(await unread.get())

        sender = asyncio.create_task(send())
        sender.add_done_callback(lambda _: asyncio.ensure_future(socket.close()))
        self._cabinet.listeners.add(note)
        try:
            async for message in socket:
                if message.type is WSMsgType.ERROR:
                    break
        finally:
            self._cabinet.listeners.discard(note)
            sender.cancel()
        return socket

    async def _door(self, request: web.Request) -> web.Response:
        bank = self._bank(request)
        number, action = request.match_info["number"], request.match_info["action"]
        if number not in bank.doors:
            raise _missing(f"there is no door {number} in bank {bank.plan.bank}")
        try:
            bank.act_on_door(number, action)
        except KeyError as error:
            raise _missing(f"nobody can {action} a door") from error
        return web.json_response(bank.doors[number].picture())

    async def _board(self, request: web.Request) -> web.Response:
        bank = self._bank(request)
        unit, action = request.match_info["unit"], request.match_info["action"]
        if not unit.isdecimal() or int(unit) not in bank.boards:
            raise _missing(f"there is no board {unit} in bank {bank.plan.bank}")
        try:
            bank.act_on_board(int(unit), action)
        except KeyError as error:
            raise _missing(f"nobody can {action} a board") from error
        return web.json_response(bank.boards[int(unit)].picture())

    async def _present(self, request: web.Request) -> web.Response:
        bank = self._bank(request)
        try:
            body = json.loads(await request.text())
            text, door = body["text"], body.get("door")
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise _bad('send {"text": "...", "door": null}') from error
        if not isinstance(text, str) or not 0 < len(text) <= MAX_TEXT or not text.isascii():
            raise _bad(f"text: 1 to {MAX_TEXT} ASCII characters")
        if not text.isprintable():
            raise _bad("text: a badge has only printable characters")
        for reader in self._readers[bank.plan.bank]:
            if reader.plan.door == door:
                told = await reader.present(text)
                return web.json_response({"reader": reader.plan.name, "delivered": told})
        where = "this bank" if door is None else f"door {door}"
        raise _missing(f"there is no reader on {where}")

    def _bank(self, request: web.Request) -> Bank:
        name = request.match_info["bank"]
        if name not in self._cabinet.banks:
            raise _missing(f"there is no bank {name}")
        return self._cabinet.banks[name]


@web.middleware
async def _same_site(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Keep other web pages' hands off the doors: a browser says where a request comes from."""
    origin = request.headers.get("Origin")
    if origin is not None and origin.partition("://")[2] != request.host:
        raise web.HTTPForbidden(text="this page only answers itself")
    response = await handler(request)
    if not response.prepared:
        response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def _missing(sentence: str) -> web.HTTPNotFound:
    return web.HTTPNotFound(text=json.dumps({"error": sentence}), content_type="application/json")


def _bad(sentence: str) -> web.HTTPBadRequest:
    return web.HTTPBadRequest(text=json.dumps({"error": sentence}), content_type="application/json")
