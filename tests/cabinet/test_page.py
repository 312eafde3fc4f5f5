"""The page of drawn doors in a real browser."""

from __future__ import annotations

import asyncio
import re
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from playwright.async_api import Page, async_playwright, expect

from tests.cabinet.process import CabinetProcess, plan

pytestmark = pytest.mark.browser


@pytest.fixture
async def cabinet(tmp_path: Path) -> AsyncIterator[CabinetProcess]:
    config = plan()
    config["banks"].append({**config["banks"][0], "bank": "B", "title": "Bank B"})
    made = CabinetProcess(tmp_path)
    await made.start(config)
    yield made
    await made.stop()


@pytest.fixture
async def page(cabinet: CabinetProcess) -> AsyncIterator[Page]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=shutil.which("chromium"),
            args=["--no-sandbox", "--disable-background-networking"],
        )
        page = await browser.new_page(viewport={"width": 1280, "height": 800})
        mistakes: list[str] = []
        page.on("pageerror", lambda error: mistakes.append(str(error)))
        await page.goto(cabinet.page)
        await expect(page.locator(".door")).to_have_count(16)
        yield page
        assert not mistakes
        await browser.close()


async def test_a_pulse_opens_the_drawn_door_and_a_click_closes_it(
    cabinet: CabinetProcess, page: Page
) -> None:
    door = page.get_by_role("button", name=re.compile(r"^Door 12, "))
    await expect(door).to_have_attribute("aria-label", "Door 12, closed")
    port = cabinet.banks["A"]["modbus_port"]
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(bytes.fromhex("0001 0000 0006 02 05 0203 0005"))
    await expect(door).to_have_attribute("data-relay", "on")
    await expect(door).to_have_attribute("aria-label", "Door 12, open")
    await expect(door).to_have_attribute("data-relay", "off")
    await door.click()
    await expect(door).to_have_attribute("aria-label", "Door 12, closed")
    assert not (await cabinet.door("12"))["open"]
    writer.close()


@pytest.mark.parametrize("key", ["Enter", "Space"])
async def test_a_key_closes_a_door(cabinet: CabinetProcess, page: Page, key: str) -> None:
    await cabinet.post("/doors/A/3/force")
    door = page.get_by_role("button", name="Door 3, open")
    await door.focus()
    await page.keyboard.press(key)
    await expect(page.get_by_role("button", name="Door 3, closed")).to_be_visible()


async def test_a_click_on_a_closed_door_moves_nothing_and_shows_its_switches(
    cabinet: CabinetProcess, page: Page
) -> None:
    await page.get_by_role("button", name="Door 5, closed").click()
    await expect(page.get_by_role("heading", name="Door 5")).to_be_visible()
    await page.get_by_text("Jam: stays shut").click()
    await expect(page.get_by_role("button", name="Door 5, closed, jammed")).to_be_visible()
    await page.get_by_role("button", name="Force open").click()
    await expect(page.get_by_role("button", name="Door 5, open, jammed")).to_be_visible()


async def test_the_arrow_keys_walk_the_doors_and_j_jams_one(page: Page) -> None:
    await page.get_by_role("button", name="Door 1, closed").focus()
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("ArrowRight")
    await page.keyboard.press("j")
    await expect(page.get_by_role("button", name="Door 6, closed, jammed")).to_be_focused()


async def test_banks_are_tabs(cabinet: CabinetProcess, page: Page) -> None:
    await page.get_by_role("tab", name="Bank B").click()
    await expect(page.get_by_role("heading", name="Bank B")).to_be_visible()
    await cabinet.post("/doors/B/1/force")
    await expect(page.get_by_role("button", name="Door 1, open")).to_be_visible()
    await page.get_by_role("tab", name="Bank A").click()
    await expect(page.get_by_role("button", name="Door 1, closed")).to_be_visible()


async def test_a_sample_badge_reaches_the_wire(cabinet: CabinetProcess, page: Page) -> None:
    port = cabinet.banks["A"]["readers"]["Bank reader"]
    stream, writer = await asyncio.open_connection("127.0.0.1", port)
    await page.get_by_role("button", name="Amira, staff").click()
    assert await asyncio.wait_for(stream.readexactly(12), 5) == b"~0004215873\r"
    await expect(page.get_by_text("Bank reader: badge read.")).to_be_visible()
    await page.get_by_label("Another number").fill("12")
    await page.get_by_role("button", name="Present").click()
    assert await asyncio.wait_for(stream.readexactly(4), 5) == b"~12\r"
    writer.close()


async def test_another_site_cannot_move_the_doors(cabinet: CabinetProcess) -> None:
    async with (
        aiohttp.ClientSession(headers={"Origin": "http://elsewhere.example"}) as web,
        web.post(cabinet.page + "doors/A/1/force") as answer,
    ):
        assert answer.status == 403
    assert not (await cabinet.door("1"))["open"]
