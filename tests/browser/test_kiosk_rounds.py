"""A round comes to somebody's door: they read so at the kiosk, on a screen of either shape."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from maintenance.choices import RoundKind
from maintenance.services.rounds import making
from tests.browser import looks
from tests.browser.conftest import OpenKiosk
from tests.browser.kiosk_screen import LYING, UPRIGHT, at_step, fits, has_a_door
from tests.factories.cast import SETUP, Estate

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("size", [UPRIGHT, LYING], ids=lambda size: f"{size[0]}")
def test_a_holder_reads_who_comes_and_that_they_keep_the_locker(
    open_kiosk: OpenKiosk, estate: Estate, size: tuple[int, int]
) -> None:
    at = timezone.now()
    making.of_doors(
        site=estate.site, kind=RoundKind.CLEANING, name="Cleaning, ground floor",
        door_ids=[door.pk for door in estate.doors], starts_at=at - dt.timedelta(minutes=5),
        minutes_per_door=20, actor=SETUP, at=at,
    )  # fmt: skip
    page = open_kiosk(size)
    has_a_door(page, estate)
    at_step(page, "yours")
    said = page.locator("#yours_visit")
    expect(said).to_contain_text("Cleaning, ground floor between")
    expect(said).to_contain_text("You keep the locker.")
    fits(page, "yours with a round")
    looks.look(page, f"kiosk-round-{size[0]}")
