"""Rounds in real browsers: planned at a desk, walked with a phone that loses its line."""

from __future__ import annotations

import datetime as dt
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone
from guardian.shortcuts import assign_perm
from playwright.sync_api import Browser, Page, expect

from access.models import User
from audit.actions import Action
from audit.models import Event
from kiosk.choices import SignedInBy
from kiosk.services.me import sessions
from lockers.models import BridgePresence
from maintenance.models import LateEntry, Round, RoundStop, StopCheck, Ticket
from occupancy.models import Claim, Policy
from occupancy.services.bookings.reservations import Wanted
from occupancy.services.claims import assignments
from tests import servers
from tests.browser.clocks import STOPPED, Clock
from tests.conftest import MORNING
from tests.factories.cast import SETUP, Estate
from tests.maintenance.rounds.walked import DAY, HOUR, checklist, do, planned, stop
from tests.pictures import picture

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PHONE, DESK = (390, 844), (1280, 900)


@dataclass
class Yard:
    """The estate, its server on a clock that stands still, and who looks at it."""

    estate: Estate
    clock: Clock
    url: str
    browser: Browser
    contexts: list[Any] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def page(
        self, cookie: tuple[str, str], size: tuple[int, int] = PHONE, **options: Any
    ) -> Page:  # fmt: skip
        context = self.browser.new_context(
            viewport={"width": size[0], "height": size[1]}, **options
        )
        context.add_cookies([{"name": cookie[0], "value": cookie[1], "url": self.url}])
        self.contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        return page

    def staff(self, user: User, size: tuple[int, int] = PHONE, **options: Any) -> Page:
        """Return a browser in which somebody is logged in."""
        client = Client()
        client.force_login(user)
        name = settings.SESSION_COOKIE_NAME
        return self.page((name, client.cookies[name].value), size, **options)

    def walk(self, page: Page, one: Round) -> None:
        """Open a round, its worker ready to go without a line."""
        page.goto(f"{self.url}/upkeep/rounds/{one.pk}/")
        page.evaluate("navigator.serviceWorker.ready.then(() => null)")
        page.wait_for_function("navigator.serviceWorker.controller !== null")
        # Read once more, now by the worker: it keeps what it reads.
        page.reload()
        expect(page.locator(".stop__number")).to_have_text("1")


@pytest.fixture
def yard(
    chromium: Browser, transactional_db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Yard]:
    clock = Clock(tmp_path / "clock", MORNING)
    monkeypatch.setattr(timezone, "now", clock.told)
    monkeypatch.setenv("STOPPED_CLOCK", str(clock.file))
    monkeypatch.setenv("LOCKWRIGHT_VAR", str(tmp_path / "var"))
    estate = Estate.build(at=MORNING)
    for user in (estate.olga, estate.max):
        assign_perm("maintain_site", user, estate.site)
    BridgePresence.objects.update(last_seen_at=MORNING.replace(year=2100))
    with servers.serving(STOPPED) as url:
        made = Yard(estate, clock, url, chromium)
        yield made
        for context in made.contexts:
            context.close()
    assert made.errors == []


def look(page: Page, name: str) -> None:
    """See that it fits the screen, and keep a picture where somebody asked for one."""
    if folder := os.environ.get("LOCKWRIGHT_PICTURES"):
        page.screenshot(path=Path(folder) / f"rounds-{name}.png")
    page.wait_for_function("document.documentElement.scrollWidth <= innerWidth")


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).filter(visible=True).first.click()


def test_a_cleaning_round_books_closures_and_a_reservation_across_it_is_refused_with_the_reason(
    yard: Yard,
) -> None:
    estate = yard.estate
    Policy.objects.update(books_ahead=7 * DAY)
    desk = yard.staff(estate.rosa, DESK)
    desk.goto(f"{yard.url}/admin/maintenance/roundplan/add/")
    desk.locator("#id_name").fill("Weekly cleaning")
    for name, value in {"site": estate.site.pk, "kind": "cleaning"}.items():
        desk.locator(f"#id_{name}").evaluate(
            "(one, value) => { one.value = value; one.dispatchEvent(new Event('change')); }",
            str(value),
        )
    desk.locator("#id_banks").select_option(str(estate.bank.pk))
    desk.locator("#id_rule").fill("FREQ=WEEKLY;BYDAY=TU")
    desk.locator("#id_first_day").fill("2026-11-17")
    desk.locator("#id_starts_at").fill("18:00")
    look(desk, "1-plan")
    desk.locator("button[name=_continue], input[name=_continue]").first.click()
    expect(desk.locator("#next-dates")).to_contain_text("Tue 17 Nov 2026, 18:00")
    look(desk, "2-planned")
    assert Claim.objects.filter(kind="closure", starts_at=MORNING + 9 * HOUR).count() == 3

    ben = yard.page(("phone", sessions.open_for(person=estate.ben, by=SignedInBy.LINK, at=MORNING)))
    ben.goto(f"{yard.url}/me/book/")
    for name, value in {"Day": "2026-11-17", "From": "17:30", "Until": "19:00"}.items():
        ben.get_by_label(name, exact=True).fill(value)
    ben.get_by_role("button", name="Book").click()
    refused = ben.get_by_role("alert").filter(has_text="closed")
    expect(refused).to_contain_text("Weekly cleaning")
    expect(refused).to_contain_text("18:15")
    look(ben, "3-refused")
    assert not Claim.objects.filter(kind="reservation").exists()

    # While the round is there, the map says why and until when.
    yard.clock.set(MORNING + 9 * HOUR + HOUR / 12)
    desk.goto(f"{yard.url}/map/{estate.site.pk}/")
    desk.locator('.door[aria-label^="Door 1,"]').click()
    expect(desk.locator("#map-story")).to_contain_text("Closed: Weekly cleaning")
    expect(desk.locator("#map-story")).to_contain_text("until Tue 17 Nov, 18:15")
    look(desk, "3b-map")


def test_what_is_entered_without_a_line_survives_a_reload_and_is_sent_once(yard: Yard) -> None:
    estate = yard.estate
    items = checklist(
        estate, {"text": "Inside is clean"}, {"text": "Hinge holds", "fault": "damaged"}
    )
    assignments.claim(
        person_id=estate.ben.pk, bank_id=estate.bank.pk, actor=SETUP, at=MORNING,
        wanted=Wanted(compartment_id=estate.doors[1].pk),
    )  # fmt: skip
    Claim.objects.filter(kind="assignment").update(at_end="hold")
    one = planned(estate, MORNING, checklist=items, name="Evening clean", days_ahead=1)
    yard.clock.set(MORNING + 9 * HOUR + HOUR / 12)
    page = yard.staff(estate.olga)
    page.goto(f"{yard.url}/upkeep/rounds/")
    expect(page.locator(".walk")).to_contain_text("10 minutes left")
    look(page, "4-mine")
    yard.walk(page, one)
    expect(page.locator(".stop__who")).to_have_text("Closed for this round until 18:15.")
    look(page, "5-door")

    page.context.set_offline(True)
    press(page, "Done, next door")
    expect(page.get_by_role("alert")).to_contain_text("Say of each item")
    press(page, "Inside is clean: All right")
    press(page, "Hinge holds: Not right")
    page.locator(".item__photo input").last.set_input_files(
        {"name": "hinge.jpg", "mimeType": "image/jpeg", "buffer": picture(size=(800, 600))}
    )
    expect(page.locator(".item__photo").last).to_have_text("Photo taken")
    page.get_by_label("Note").fill("Bent at the top")
    look(page, "6-filled")
    press(page, "Done, next door")
    expect(page.locator(".stop__number")).to_have_text("2")
    expect(page.locator(".stop__who")).to_contain_text("Somebody has it: they keep it")
    expect(page.locator("#waiting")).to_have_text("1 waiting to be sent")
    look(page, "7-waiting")
    press(page, "Could not be done")
    expect(page.locator("#waiting")).to_have_text("2 waiting to be sent")

    # A reload without a line: the page comes from the phone, and what was entered is still there.
    page.reload()
    expect(page.locator(".stop__number")).to_have_text("3")
    expect(page.locator("#waiting")).to_have_text("2 waiting to be sent")
    expect(page.locator("#no-line")).to_be_visible()
    assert not RoundStop.objects.exclude(done_at=None).exists()

    yard.clock.forward(hours=1)
    page.context.set_offline(False)
    expect(page.locator("#waiting")).to_be_hidden(timeout=20_000)
    assert stop(one, "1").result == "failed" and stop(one, "2").result == "skipped"
    assert StopCheck.objects.filter(is_passed=False).get().photo
    assert Ticket.objects.get().summary == "Hinge holds"
    assert Event.objects.filter(action=Action.ROUND_STOP_DONE).count() == 2
    # Sent again as a whole, with the same numbers: nothing comes twice.
    page.reload()
    press(page, "Inside is clean: All right")
    press(page, "Hinge holds: All right")
    press(page, "Done, next door")
    expect(page.locator(".stop__over")).to_be_visible()
    expect(page.locator("#waiting")).to_be_hidden()
    servers.until(lambda: Round.objects.get(pk=one.pk).closed_at is not None)
    assert Event.objects.filter(action=Action.ROUND_STOP_DONE).count() == 3
    look(page, "8-over")


def test_an_answer_that_was_lost_on_the_way_is_asked_for_again_and_counts_once(yard: Yard) -> None:
    one = planned(yard.estate, MORNING, days_ahead=1)
    # Without the worker, which the test could not come between.
    page = yard.staff(yard.estate.olga, service_workers="block")
    page.goto(f"{yard.url}/upkeep/rounds/{one.pk}/")
    sent: list[str] = []

    def lose(route: Any) -> None:
        sent.append(route.request.url)
        if len(sent) == 1:
            route.fetch()  # it arrives, but its answer does not
            route.abort()
        else:
            route.continue_()

    page.route("**/done/", lose)
    press(page, "All right")
    press(page, "Done, next door")
    expect(page.locator("#no-line")).to_be_visible()
    expect(page.locator("#waiting")).to_have_text("1 waiting to be sent")
    assert stop(one).result == "passed"
    page.evaluate("dispatchEvent(new Event('online'))")
    expect(page.locator("#waiting")).to_be_hidden()
    assert len(sent) == 2
    assert Event.objects.filter(action=Action.ROUND_STOP_DONE).count() == 1
    assert page.locator("#refused article").count() == 0


def test_what_the_server_refuses_is_shown_and_kept_until_it_is_read(yard: Yard) -> None:
    one = planned(yard.estate, MORNING, days_ahead=1)
    page = yard.staff(yard.estate.max)
    yard.walk(page, one)
    page.context.set_offline(True)
    press(page, "All right")
    press(page, "Done, next door")
    expect(page.locator("#waiting")).to_have_text("1 waiting to be sent")
    do(stop(one), yard.estate.olga.pk, MORNING)
    page.context.set_offline(False)
    card = page.locator("#refused article")
    expect(card).to_contain_text("olga did door 1", timeout=20_000)
    expect(page.locator("#progress")).to_have_text("1 of 3 done")
    look(page, "9-refused")
    page.reload()
    expect(card).to_contain_text("Door 1 was not taken down")
    press(page, "I have read it")
    expect(card).to_have_count(0)
    page.reload()
    expect(page.locator(".stop__number")).to_be_visible()
    expect(card).to_have_count(0)
    assert LateEntry.objects.get().sent_by == yard.estate.max.pk


def test_the_desk_sees_how_late_a_round_is_and_calls_it_off(yard: Yard) -> None:
    one = planned(yard.estate, MORNING, days_ahead=1)
    do(stop(one), yard.estate.olga.pk, MORNING + 9 * HOUR)
    yard.clock.set(MORNING + 11 * HOUR)
    desk = yard.staff(yard.estate.olga, DESK)
    desk.goto(f"{yard.url}/admin/maintenance/round/?late=yes")
    expect(
        desk.get_by_text("105 minutes late").or_(desk.get_by_text("1 hour late"))
    ).to_be_visible()
    look(desk, "10-late")
    desk.goto(f"{yard.url}/admin/maintenance/round/{one.pk}/change/")
    expect(desk.get_by_text(re.compile("not done yet .105 min late."))).to_have_count(2)
    look(desk, "11-round")
    desk.get_by_role("link", name=re.compile("Call it off$")).filter(visible=True).first.click()
    desk.locator("#id_reason").fill("The water is off")
    press(desk, "Call it off")
    expect(desk.get_by_text("called off").first).to_be_visible()
    assert Round.objects.get(pk=one.pk).is_cancelled
    assert dt.timedelta() < one.due_at - one.starts_at


def test_the_numbers_of_a_review_are_ready_when_it_is_walked(yard: Yard) -> None:
    estate = yard.estate
    one = Round.objects.create(
        site=estate.site, kind="occupancy_review", name="Use in autumn", day=MORNING.date(),
        starts_at=MORNING, due_at=MORNING + HOUR,
        report={"days": 30, "banks": [{
            "bank": "A", "doors": 3, "held": 1, "overdue": 0, "quiet": 1, "unused": 2,
            "unused_doors": ["1", "3"],
        }]},
    )  # fmt: skip
    page = yard.staff(estate.olga)
    page.goto(f"{yard.url}/upkeep/rounds/{one.pk}/")
    expect(page.locator(".facts")).to_contain_text("Not used in 30 days")
    expect(page.locator(".stop__over")).to_have_text("This round has no doors to go to.")
    look(page, "12-review")
    page.get_by_text("Close the round").first.click()
    press(page, "Close the round")
    expect(page.locator("h1")).to_have_text("My rounds")
    assert Round.objects.get().closed_at == MORNING
