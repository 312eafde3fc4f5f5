"""The bridge's own pages: for the browser on this machine, and for nobody who leads it there."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from kiosk.bridge import screen
from kiosk.bridge.connection import State
from kiosk.bridge.screen import passing, words
from tests.bridge.local_screen import AMIRA_BADGE, Place, standing, typed, until
from tests.bridge.server_end import ServerEnd

ROOT = Path(__file__).resolve().parents[2]
PAGE = Path(screen.__file__).parent / "page"


@pytest.fixture
async def place(server: ServerEnd, tmp_path: Path) -> AsyncIterator[Place]:
    async with standing(server, tmp_path) as found:
        yield found


async def get(place: Place, path: str, **headers: str) -> tuple[int, Any, str]:
    asked = place.browser.session.get(
        place.browser.url + path, headers=headers, allow_redirects=False
    )
    async with asked as answer:
        return answer.status, answer.headers, await answer.text()


async def test_the_page_may_load_from_here_and_runs_no_script_within(place: Place) -> None:
    status, headers, text = await get(place, "/alone/")
    assert status == 200
    rules = dict(
        rule.strip().split(" ", 1) for rule in headers["Content-Security-Policy"].split(";")
    )
    assert rules["default-src"] == rules["frame-ancestors"] == "'none'"
    assert rules["script-src"] == rules["style-src"] == rules["connect-src"] == "'self'"
    assert headers["Cache-Control"] == "no-store"
    assert "Access-Control-Allow-Origin" not in headers
    assert not re.search(r"<script(?![^>]*(src=|application/json))", text)
    assert not re.search(r"\son\w+=|style=|https?:", text)
    for name in re.findall(r'(?:src|href)="(/[^"]+)"', text):
        status, headers, _text = await get(place, name)
        assert (status, headers["X-Content-Type-Options"]) == (200, "nosniff"), name


async def test_every_script_loads_only_what_is_there(place: Place) -> None:
    for script in PAGE.glob("*.js"):
        for name in re.findall(r'from "\./([^"]+)"', script.read_text()):
            assert (await get(place, f"/alone/page/{name}"))[0] == 200


@pytest.mark.parametrize("path", ["/alone/", "/alone/state", "/alone/page/alone.js"])
async def test_a_name_that_was_made_to_point_here_gets_nothing(place: Place, path: str) -> None:
    for host in ("lockers.example", f"evil.example:{place.screen.port}", "127.0.0.1.example"):
        status, _headers, text = await get(place, path, Host=host)
        assert (status, json.loads(text)["code"]) == (403, "not_this_host")
    assert (await get(place, path, Host=f"localhost:{place.screen.port}"))[0] == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "http://127.0.0.1:1"},
        {"Origin": "null"},
        {"X-Lockwright-Kiosk": ""},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
async def test_no_other_page_does_anything_here(place: Place, headers: dict[str, str]) -> None:
    place.browser.headers = headers
    status, told = await place.browser.post("badge", bank=1, badge=typed(AMIRA_BADGE))
    assert (status, told["code"]) == (403, "not_this_page")
    place.browser.headers = {}
    assert (await place.browser.post("badge", bank=1, badge=typed(AMIRA_BADGE)))[0] == 200


async def test_another_page_does_not_even_see_how_this_place_stands(place: Place) -> None:
    status, _headers, _text = await get(place, "/alone/state", **{"Sec-Fetch-Site": "cross-site"})
    assert status == 403


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (b"[]", 400),
        (b'{"bank": "1", "badge": "x"}', 400),
        (b'{"bank": 1}', 400),
        (b'{"bank": 1, "badge": "x", "person": 2}', 400),
        (b'{"bank": 2, "badge": "~0004215873\\r"}', 400),
        (b'{"bank": 99999999999999999999999, "badge": "x"}', 400),
        (b'{"bank": 1, "badge": "' + b"x" * 700 + b'"}', 400),
        (b"\xff\xfe", 400),
        (b"[" * 4000, 400),
        (b" " * 5000, 413),
    ],
)
async def test_what_is_malformed_or_too_large_is_refused(
    place: Place, body: bytes, status: int
) -> None:
    headers = {"Origin": place.browser.url, "X-Lockwright-Kiosk": "1"}
    asked = place.browser.session.post(
        f"{place.browser.url}/alone/badge", data=body, headers=headers
    )
    async with asked as answer:
        assert (answer.status, (await answer.json())["code"]) == (status, "malformed")


async def test_a_body_that_does_not_say_how_long_it_is_is_refused(place: Place) -> None:
    async def endless() -> AsyncIterator[bytes]:
        yield b'{"bank": 1,'

    headers = {"Origin": place.browser.url, "X-Lockwright-Kiosk": "1"}
    asked = place.browser.session.post(
        f"{place.browser.url}/alone/badge", data=endless(), headers=headers
    )
    async with asked as answer:
        assert answer.status == 411


async def test_while_the_server_is_away_its_page_leads_to_ours(place: Place) -> None:
    status, headers, _text = await get(place, "/kiosk/", Accept="text/html")
    assert (status, headers["Location"]) == (302, "/alone/")
    status, _headers, text = await get(place, "/kiosk/scan")
    assert (status, json.loads(text)["code"]) == (503, "server_away")


async def test_a_browser_that_is_not_at_this_machine_is_told_to_ask(place: Place) -> None:
    status, _headers, text = await get(place, "/kiosk/", Accept="text/html", Host="lockers.example")
    assert status == 503 and "Ask reception" in text


async def test_once_the_server_is_back_its_pages_come_again(
    place: Place, server: ServerEnd
) -> None:
    await server.start(server.port)
    status, _headers, text = await get(place, "/kiosk/", Accept="text/html")
    assert (status, text.startswith("GET /kiosk/")) == (200, True)


@pytest.mark.parametrize("copy", sorted(PAGE.glob("kiosk_*.js")) + [PAGE / "tokens.css"], ids=str)
def test_what_the_server_s_kiosk_has_too_is_the_same(copy: Path) -> None:
    folder = "css" if copy.suffix == ".css" else "js"
    assert copy.read_text() == (ROOT / "static" / folder / copy.name).read_text()


def names(told: dict[str, Any]) -> set[str]:
    return {name for name in told if name != "why"} | {f"why.{code}" for code in told["why"]}


def test_every_language_has_every_word_and_every_word_is_there() -> None:
    first = names(words.languages()[words.FIRST])
    assert all(names(told) == first for told in words.languages().values())
    page = (PAGE / "index.html").read_text()
    used = set(re.findall(r"\{\{(\w+)\}\}", page)) - {"language", "given"}
    for script in PAGE.glob("*.js"):
        used |= set(re.findall(r"\bwords\.(\w+)", script.read_text())) - {"why"}
    used |= {f"{verb}_{when}" for verb in ("claim", "finish") for when in ("in", "now", "never")}
    assert used <= first
    # And none is there for nothing.
    assert {name for name in first if not name.startswith("why.")} <= used


@pytest.mark.parametrize("wanted", [("",), ("en", ""), ("", "de-DE,de;q=0.9"), ("fr", "en-US")])
def test_a_language_that_is_not_there_is_english(wanted: tuple[str, ...]) -> None:
    assert words.chosen(*wanted)[0] == "en-gb"


async def test_a_screen_s_line_is_ended_when_the_bridge_has_lost_the_server_and_not_begun_anew(
    server: ServerEnd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As with a server that is frozen, or that only the bridge cannot reach."""
    monkeypatch.setattr(passing, "LOOKS_EVERY_S", 0.01)
    monkeypatch.setattr(passing, "LOST_FOR_S", 0.05)
    async with standing(server, tmp_path) as place:
        await server.start(server.port)
        await until(lambda: place.box.connection.state is State.READY)
        url = place.browser.url + "/ws/kiosk/"
        async with place.browser.session.ws_connect(url) as line:
            assert await line.receive_str() == "whole"
            monkeypatch.setattr(place.box.connection, "state", State.WAITING)
            assert (await line.receive()).type is aiohttp.WSMsgType.CLOSE
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await place.browser.session.ws_connect(url)
        monkeypatch.setattr(place.box.connection, "state", State.READY)
        async with place.browser.session.ws_connect(url) as line:
            assert await line.receive_str() == "whole"
