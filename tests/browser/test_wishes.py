"""A pupil with a letter chooses on a phone; later the page says which door, and why."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, expect

from lockers.models import Area
from occupancy.models import Allotment, Allotted, Preference
from occupancy.services.allotting import applying, drawing, links
from tests.browser.upkeep_pages import OpenPage, looks_well, opening
from tests.factories.cast import SETUP, Estate
from tests.occupancy.allotting.conftest import August, prepared

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def open_page(chromium: Browser, server: str) -> Iterator[OpenPage]:
    with opening(chromium, server) as opened:
        yield opened


@pytest.fixture
def august(estate: Estate) -> August:
    made = prepared(estate)
    house = Area.objects.create(site=estate.site, name="Old house", kind="building")
    floor = Area.objects.create(site=estate.site, name="First floor", kind="floor", parent=house)
    made.north.area = floor
    made.north.save(update_fields=["area"])
    now = timezone.now()
    drawing.open_for_wishes(
        allotment=made.allotment, opens_at=now - dt.timedelta(days=1),
        closes_at=now + dt.timedelta(days=6), actor=SETUP, at=now - dt.timedelta(days=1),
    )  # fmt: skip
    return made


def test_a_pupil_chooses_by_link_and_code_and_is_told_why(
    open_page: OpenPage, august: August
) -> None:
    pupil = august.school.pupils[0]
    (slip,) = links.hand_out(allotment=august.allotment, people=[pupil.pk], at=timezone.now())
    page = open_page(f"/wishes/{slip.link}/")
    looks_well(page, "wishes_code")
    page.get_by_label("Code").fill(slip.code.lower())
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("heading", name="Your wishes, the best first")).to_be_visible()
    page.get_by_label("Wish 1").select_option(label="First floor (8 doors)")
    page.get_by_label("Wish 2").select_option(label="South (6 doors)")
    looks_well(page, "wishes")
    page.get_by_role("button", name="Hand in").click()
    expect(page.get_by_role("status")).to_contain_text("You can change it as often as you like")
    assert Preference.objects.filter(entry__person=pupil).count() == 2
    # A week later.
    Allotment.objects.update(closes_at=timezone.now() - dt.timedelta(seconds=1))
    august.allotment.refresh_from_db()
    drawing.freeze(allotment=august.allotment, actor=SETUP, at=timezone.now())
    applying.apply(allotment=august.allotment, actor=SETUP, at=timezone.now())
    page.reload()
    got = Allotted.objects.get(entry__person=pupil)
    assert got.compartment is not None
    expect(page.get_by_text(got.compartment.number, exact=True)).to_be_visible()
    expect(page.get_by_role("heading", name="Why")).to_be_visible()
    looks_well(page, "wishes_got")
    page.get_by_role("link", name="How the draw was done").click()
    expect(page.get_by_role("heading", name="The draw for")).to_be_visible()
    looks_well(page, "wishes_draw")
