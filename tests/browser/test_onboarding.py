"""A contractor comes for two days: the checklist, and a badge that ends by itself."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from access.models import Credential, Person, Run, TemporaryAccess
from access.services import procedures
from tests import factories
from tests.factories.cast import Estate


@pytest.fixture(params=[(1280, 800), (390, 844)], ids=["desk", "phone"])
def admin_page(
    request: pytest.FixtureRequest, chromium: Browser, server: str, estate: Estate
) -> Iterator[Page]:
    """Return the administration as Max, at a desk and on a phone."""
    client = Client()
    client.force_login(estate.max)
    width, height = request.param
    context = chromium.new_context(viewport={"width": width, "height": height}, base_url=server)
    context.add_cookies(
        [{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": server}]
    )
    page = context.new_page()
    page.set_default_timeout(10_000)
    yield page
    context.close()


def test_a_contractor_gets_a_badge_that_ends_by_itself(admin_page: Page, estate: Estate) -> None:
    page = admin_page
    procedures.add_usual(organisation=estate.organisation)
    person: Person = factories.PersonFactory(
        organisation=estate.organisation, home_site=estate.site, given_name="Eve",
        kind="contractor",
    )  # fmt: skip
    guide = f"/admin/access/person/{person.pk}/onboarding/"
    page.goto(guide)
    expect(page.get_by_text("Onboarding of contractors")).to_be_visible()
    page.get_by_role("button", name="Start", exact=True).click()
    expect(page.get_by_text("0 of 4 steps are done.")).to_be_visible()

    page.get_by_role("link", name="Give access").click()
    expect(page.get_by_label("Site")).to_have_value(str(estate.site.pk))
    end = timezone.now() + dt.timedelta(days=2)
    page.get_by_label("Until").fill(f"{end:%Y-%m-%d}T18:00")
    page.get_by_label("Reason").fill("order 4711")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("1 of 4 steps are done.")).to_be_visible()
    expect(page.locator("li[data-verb=access]")).to_have_attribute("data-done", "yes")
    access = TemporaryAccess.objects.get(person=person)
    assert (access.site, access.revoked_at) == (estate.site, None)
    assert access.ends_at.astimezone(estate.site.zone).strftime("%d %H:%M") == f"{end:%d} 18:00"

    page.get_by_role("link", name="Issue a badge").click()
    page.get_by_label("Badge number").fill("0004299999")
    last_day = timezone.now() + dt.timedelta(days=2)
    page.locator("[name=valid_until_0], [name=ends_at_0]").first.fill(f"{last_day:%Y-%m-%d}")
    page.locator("[name=valid_until_1], [name=ends_at_1]").first.fill("18:00:00")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Save").click()

    expect(page.get_by_text("2 of 4 steps are done.")).to_be_visible()
    expect(page.locator("li[data-verb=card]")).to_have_attribute("data-done", "yes")
    for verb in ("other", "induction"):
        page.locator(f"li[data-verb={verb}]").get_by_role("button", name="Done").click()
    page.get_by_role("button", name="Finish").click()
    expect(page.get_by_text("was finished on")).to_be_visible()
    assert Run.objects.get(person=person).finished_at is not None
    badge = Credential.objects.get(person=person)
    assert badge.valid_until is not None
    assert badge.valid_until.date() == last_day.date()
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= page.viewport_size["width"], "nothing is wider than the screen"
