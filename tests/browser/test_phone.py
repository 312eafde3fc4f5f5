"""A pass on a phone: it fits, and a camera reads it."""

from __future__ import annotations

import datetime as dt
import io

import pytest
import zxingcpp
from django.utils import timezone
from PIL import Image
from playwright.sync_api import Browser, expect

from access import passes as texts
from access.services import passes
from tests.browser import looks
from tests.factories.cast import SETUP, Estate

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [(390, 844), (320, 640), (844, 390)])
def test_a_pass_fits_every_phone_and_a_camera_reads_it(
    chromium: Browser, server: str, estate: Estate, size: tuple[int, int], scheme: str
) -> None:
    at = timezone.now()
    given = passes.issue(
        person=estate.amira,
        compartment=estate.doors[0],
        starts_at=at,
        ends_at=at + dt.timedelta(days=1),
        is_single_use=True,
        actor=SETUP,
        at=at,
    )
    context = chromium.new_context(
        viewport={"width": size[0], "height": size[1]},
        color_scheme="dark" if scheme == "dark" else "light",
        device_scale_factor=2,
    )
    page = context.new_page()
    page.goto(f"{server}/pass/{passes.link_of(given)}/")
    expect(page.get_by_role("heading", level=1)).to_have_text("1")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate(looks.FAINT_WORDS) == []
    code = page.locator(".pass__code")
    code.scroll_into_view_if_needed()
    image = Image.open(io.BytesIO(code.screenshot()))
    # Its dots may look like a bar code of another kind, too.
    (seen,) = zxingcpp.read_barcodes(image, zxingcpp.BarcodeFormat.QRCode)
    assert seen.text == passes.text_of(given)
    assert texts.read(seen.text, passes.public_keys()).id == given.pk
    button = page.get_by_role("button", name="Print").bounding_box()
    assert button is not None
    assert button["height"] >= 48
    # On paper only the pass is left.
    page.emulate_media(media="print")
    expect(page.get_by_role("button", name="Print")).to_be_hidden()
    expect(code).to_be_visible()
    context.close()
