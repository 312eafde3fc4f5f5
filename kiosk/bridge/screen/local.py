"""Our own page and what it asks, under /alone/."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Awaitable, Callable, Iterable
from importlib import resources
from typing import Annotated, Any, TypeVar

import msgspec
from aiohttp import web

from kiosk.bridge.screen import words
from kiosk.bridge.screen.turn import Refused
from kiosk.bridge.screen.turns import Turns

TURN = "X-Lockwright-Turn"
_TYPES = {".css": "text/css", ".js": "text/javascript"}
_PLACEHOLDER = re.compile(r"\{\{(\w+)\}\}")
_STATUS = {"turn_over": 410, "malformed": 400, "no_list": 503}

_Text = Annotated[str, msgspec.Meta(max_length=600)]
_Digits = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
_Id = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]


class _Body(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    pass


class _Badge(_Body, frozen=True, kw_only=True):
    bank: _Id
    badge: _Text


class _Number(_Body, frozen=True, kw_only=True):
    bank: _Id
    number: _Digits
    pin: _Digits


class _Pin(_Body, frozen=True, kw_only=True):
    turn: _Text
    pin: _Digits


class _Of(_Body, frozen=True, kw_only=True):
    turn: _Text


class _Door(_Body, frozen=True, kw_only=True):
    turn: _Text
    door: _Id


_B = TypeVar("_B", bound=_Body)
_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Local:
    """Turns requests into what somebody does, and answers in JSON."""

    def __init__(self, turns: Turns) -> None:
        self._turns = turns
        folder = resources.files(__package__).joinpath("page")
        self._index = folder.joinpath("index.html").read_text("utf-8")
        self._files = {
            one.name: (one.read_bytes(), _TYPES[one.name[one.name.rindex(".") :]])
            for one in folder.iterdir()
            if one.name.endswith(tuple(_TYPES))
        }

    def routes(self) -> Iterable[web.AbstractRouteDef]:
        """Yield the addresses."""
        yield web.get("/", self._page)
        yield web.get("/page/{name}", self._file)
        yield web.get("/state", self._state)
        verbs: dict[str, _Handler] = {
            "badge": self._badge,
            "number": self._number,
            "pin": self._pin,
            "more": self._more,
            "claim": self._claim,
            "open": self._open,
            "finish": self._finish,
            "end": self._end,
        }
        for name, verb in verbs.items():
            yield web.post(f"/{name}", _answering(verb))

    async def _page(self, request: web.Request) -> web.Response:
        language, told = words.chosen(
            request.cookies.get("django_language", ""), request.headers.get("Accept-Language", "")
        )
        # "<" must not end the element that the words stand in.
        given = json.dumps(told, ensure_ascii=False).replace("<", "\\u003c")
        texts = {name: html.escape(text) for name, text in told.items() if isinstance(text, str)}
        filled = _PLACEHOLDER.sub(
            lambda found: {"language": language, "given": given, **texts}[found[1]], self._index
        )
        return web.Response(text=filled, content_type="text/html")

    async def _file(self, request: web.Request) -> web.Response:
        found = self._files.get(request.match_info["name"])
        if found is None:
            return web.Response(status=404)
        body, content_type = found
        return web.Response(body=body, content_type=content_type, charset="utf-8")

    async def _state(self, request: web.Request) -> web.Response:
        state = self._turns.state()
        if turn_id := request.headers.get(TURN, ""):
            try:
                state["turn"] = self._turns.told(self._turns.get(turn_id))
            except Refused:
                state["turn"] = None
        return web.json_response(state)

    async def _badge(self, request: web.Request) -> web.Response:
        asked = await _asked(request, _Badge)
        turn = await self._turns.by_badge(asked.bank, asked.badge)
        return web.json_response(self._turns.told(turn))

    async def _number(self, request: web.Request) -> web.Response:
        asked = await _asked(request, _Number)
        turn = await self._turns.by_number(asked.bank, asked.number, asked.pin)
        return web.json_response(self._turns.told(turn))

    async def _pin(self, request: web.Request) -> web.Response:
        asked = await _asked(request, _Pin)
        turn = await self._turns.with_pin(asked.turn, asked.pin)
        return web.json_response(self._turns.told(turn))

    async def _more(self, request: web.Request) -> web.Response:
        turn = self._turns.more((await _asked(request, _Of)).turn)
        return web.json_response(self._turns.told(turn))

    async def _claim(self, request: web.Request) -> web.Response:
        turn = await self._turns.claim((await _asked(request, _Of)).turn)
        return web.json_response(self._turns.told(turn))

    async def _open(self, request: web.Request) -> web.Response:
        asked = await _asked(request, _Door)
        turn = await self._turns.open(asked.turn, asked.door)
        return web.json_response(self._turns.told(turn))

    async def _finish(self, request: web.Request) -> web.Response:
        asked = await _asked(request, _Door)
        turn = await self._turns.finish(asked.turn, asked.door)
        return web.json_response(self._turns.told(turn))

    async def _end(self, request: web.Request) -> web.Response:
        self._turns.end((await _asked(request, _Of)).turn)
        return web.json_response({})


def _answering(verb: _Handler) -> _Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        try:
            return await verb(request)
        except Refused as refused:
            told: dict[str, Any] = {"code": refused.code, "facts": refused.facts}
            return web.json_response(told, status=_STATUS.get(refused.code, 409))

    return handle


async def _asked(request: web.Request, kind: type[_B]) -> _B:
    try:
        return msgspec.json.decode(await request.read(), type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Refused("malformed") from error
