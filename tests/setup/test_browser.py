"""The set-up in a real browser, by keyboard alone."""

from __future__ import annotations

import os
import shutil
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from playwright.async_api import Page, async_playwright, expect

from config.setup import codes
from lockers.models import Compartment

pytestmark = pytest.mark.browser


async def type_into(page: Page, label: str, text: str) -> None:
    """Tab to a field by its label, and type."""
    field = page.get_by_label(label, exact=True)
    for _step in range(60):
        if await field.evaluate("field => field === document.activeElement"):
            await page.keyboard.press("Control+A")
            await page.keyboard.type(text)
            return
        await page.keyboard.press("Tab")
    raise AssertionError(f"the keyboard does not reach {label}")


async def test_five_minutes_at_the_keyboard_leave_a_working_site(live_server: Any) -> None:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=shutil.which("chromium"),
            args=["--no-sandbox"] if os.getuid() == 0 else [],
        )
        page = await browser.new_page(viewport={"width": 390, "height": 800})
        problems: list[str] = []
        page.on("pageerror", lambda error: problems.append(str(error)))
        await page.goto(f"{live_server.url}/setup/")
        await type_into(page, "Set-up code", codes.code())
        await page.keyboard.press("Enter")

        await expect(page.get_by_role("heading", level=1)).to_have_text("Your place")
        await type_into(page, "Organisation", "Northwind")
        await type_into(page, "First site", "Harbour House")
        await expect(page.get_by_label("Opens at")).to_be_hidden()
        await page.get_by_label("Always").press("ArrowDown")
        await expect(page.get_by_label("Opens at")).to_be_visible()
        await page.keyboard.press("Enter")

        await expect(page.get_by_role("heading", level=1)).to_have_text("Your lockers")
        await page.get_by_role("button", name="Continue").press("Enter")
        await expect(page.get_by_role("heading", level=1)).to_have_text("How they are used")
        await page.get_by_role("button", name="Continue").press("Enter")
        await page.get_by_label("Only a personal number and a PIN").press("Space")
        await expect(page.get_by_label("Characters of a badge number")).to_be_hidden()
        await page.keyboard.press("Enter")

        # Modbus boards are chosen, but their address is missing: it is said where it is asked.
        await expect(page.get_by_role("heading", level=1)).to_have_text("Locks")
        await page.get_by_role("button", name="Continue").press("Enter")
        await expect(page.get_by_role("alert")).to_be_focused()
        await expect(page.get_by_text("This is needed.")).to_be_visible()
        await page.get_by_label("play the doors").press("Space")
        await page.keyboard.press("Enter")

        await type_into(page, "Log-in name", "ada")
        await type_into(page, "Password", "a long walk by the canal")
        await type_into(page, "The same password again", "a long walk by the canal")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("heading", level=1)).to_have_text("Is this right?")
        width = await page.evaluate("document.documentElement.scrollWidth")
        assert width <= 390, "a phone would have to scroll sideways"
        await page.get_by_role("button", name="Create it all").press("Enter")

        await expect(page.get_by_role("heading", level=1)).to_have_text("Harbour House is ready.")
        await expect(page.locator("#bridge-command")).to_contain_text("--enrolment-code")
        gone = await page.goto(f"{live_server.url}/setup/")
        assert gone is not None and gone.status == 404
        assert not problems
        await browser.close()
    assert await sync_to_async(Compartment.objects.count)() == 64
