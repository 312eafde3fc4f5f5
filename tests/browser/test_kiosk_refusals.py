"""What the kiosk says when something is in the way, and which reads it accepts."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from audit.models import Event
from lockers.models import BridgePresence, Command
from lockers.services import enrolment, openings
from occupancy.models import Assignment
from occupancy.services.claims import assignments
from occupancy.services.claims.assignments import Wanted
from tests import factories
from tests.browser.kiosk_screen import PlayedBridge, at_step, has_a_door, press, tap
from tests.factories.cast import AMIRA_BADGE, SETUP, Estate
from tests.servers import until

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def ben_takes(estate: Estate, place: int) -> None:
    """Give a door to Ben, as if he had chosen it at the screen beside this one."""
    assignments.claim(
        person_id=estate.ben.pk,
        bank_id=estate.bank.pk,
        wanted=Wanted(compartment_id=estate.doors[place].pk),
        actor=SETUP,
        at=timezone.now(),
    )


def open_all(estate: Estate) -> None:
    at = timezone.now()
    asked = openings.request(bank=estate.bank, reason="fire drill", user_id=estate.max.pk, at=at)
    openings.confirm(opening_id=asked.pk, user_id=estate.rosa.pk, at=at)


def test_a_door_that_somebody_took_a_moment_ago_is_said_so(page: Page, estate: Estate) -> None:
    tap(page)
    at_step(page, "choose")
    press(page, "Choose on the drawing")
    drawing = at_step(page, "drawing")
    # The touch is on its way while the other one's claim is written.
    page.route("**/kiosk/claim", lambda route: (ben_takes(estate, 1), route.continue_()))
    press(page, "Door 2, Small")
    expect(drawing.get_by_role("alert")).to_have_text(
        "Somebody took that door a moment ago. Choose another."
    )
    expect(page.get_by_role("button", name=re.compile("^Door 2"))).to_have_count(0)
    page.unroute("**/kiosk/claim")
    press(page, "Door 1, Small")
    expect(at_step(page, "door").locator("[data-number]")).to_have_text("1")
    assert Event.objects.filter(data__code="compartment_taken").count() == 1


def test_no_free_door_of_a_size_is_said_and_another_size_offered(
    page: Page, estate: Estate
) -> None:
    tap(page)
    choose = at_step(page, "choose")
    page.route("**/kiosk/claim", lambda route: (ben_takes(estate, 2), route.continue_()))
    choose.get_by_role("button", name=re.compile("^Large")).click()
    note = choose.get_by_role("alert")
    expect(note).to_have_text("No locker of that size is free any more. Free here: Small.")
    large = choose.get_by_role("button", name=re.compile("^Large"))
    expect(large).to_be_disabled()
    expect(large).to_contain_text("None free")
    page.unroute("**/kiosk/claim")
    choose.get_by_role("button", name=re.compile("^Small")).click()
    at_step(page, "door")
    assert Assignment.objects.filter(holder=estate.amira).count() == 1


def test_a_bank_that_goes_silent_is_said_on_every_step(page: Page, estate: Estate) -> None:
    other = factories.BridgeFactory(site=estate.site)
    factories.BridgePresenceFactory(bridge=other, last_seen_at=timezone.now().replace(year=2100))
    factories.BankFactory(site=estate.site, bridge=other, name="B")
    sentence = (
        "These lockers cannot be reached right now. Ask reception, or use bank B on this floor."
    )
    tap(page)
    choose = at_step(page, "choose")
    expect(choose.get_by_role("button", name=re.compile("^Any"))).to_be_enabled()
    BridgePresence.objects.filter(bridge=estate.bridge).update(connection=None)
    expect(choose.get_by_text(sentence)).to_be_visible()
    expect(choose.get_by_role("button", name=re.compile("^Any"))).to_be_disabled()
    press(page, "Cancel")
    expect(at_step(page, "attract").get_by_text(sentence)).to_be_visible()
    expect(page.locator("#welcome")).to_be_hidden()
    # Where it is can be told all the same.
    press(page, "Where is my locker?")
    tap(page)
    expect(at_step(page, "nowhere").get_by_text(sentence)).to_be_visible()


def test_a_bridge_that_went_in_the_same_moment_refuses_with_a_sentence(
    page: Page, estate: Estate
) -> None:
    tap(page)
    at_step(page, "choose")
    page.route(
        "**/kiosk/claim",
        lambda route: (BridgePresence.objects.update(connection=None), route.continue_()),
    )
    press(page, "Any")
    expect(at_step(page, "refused").get_by_role("alert")).to_contain_text("cannot be reached")
    assert not Assignment.objects.exists()


def revoke(estate: Estate) -> None:
    enrolment.revoke(
        device=estate.terminal, subject="terminal", site=estate.site, actor=SETUP, at=timezone.now()
    )


def test_a_token_that_is_revoked_is_noticed_without_a_touch(page: Page, estate: Estate) -> None:
    tap(page)
    at_step(page, "choose")
    revoke(estate)
    expect(page.locator("body")).to_have_attribute("data-step", "revoked", timeout=15_000)
    expect(page.locator("#who")).to_be_hidden()


def test_a_token_revoked_while_a_door_is_held_fills_the_screen(page: Page, estate: Estate) -> None:
    has_a_door(page, estate)
    page.route("**/kiosk/open", lambda route: (revoke(estate), route.continue_()))
    press(page, "Open again")
    revoked = at_step(page, "revoked")
    expect(revoked).to_contain_text("This screen is not set up any more.")
    expect(revoked).to_contain_text("Your locker is safe, and everything in it.")
    expect(page.locator("#who")).to_be_hidden()
    assert Command.objects.count() == 1
    # The reader does nothing any more.
    tap(page)
    at_step(page, "revoked")


def test_an_opening_of_the_whole_bank_is_announced_and_shuts_the_keys(
    page: Page, estate: Estate
) -> None:
    banner = page.locator("#banner")
    expect(banner).to_be_hidden()
    tap(page)
    choose = at_step(page, "choose")
    open_all(estate)
    expect(banner).to_have_text("Every door in bank A is being opened by staff.")
    expect(banner).to_have_role("alert")
    for name in ("Any", "Small", "Choose on the drawing"):
        expect(choose.get_by_role("button", name=re.compile(f"^{name}"))).to_be_disabled()
    press(page, "Cancel")
    at_step(page, "attract")
    expect(banner).to_be_visible()


def test_a_door_that_stays_open_is_asked_to_be_closed(page: Page, estate: Estate) -> None:
    tap(page)
    at_step(page, "choose")
    press(page, "Any")
    live = at_step(page, "door").get_by_role("status")
    PlayedBridge(estate).report("command_opened")
    expect(live).to_have_text("Door 1 is open. Close it when you are done.")
    page.clock.fast_forward(21_000)
    expect(live).to_have_text("Please close door 1: it is still open.")


@pytest.mark.parametrize(
    ("kind", "sentence", "may_take_another"),
    [
        ("command_expired", "Door 1 was not opened in time. Try again.", True),
        ("command_failed", "Door 1 did not open. Try again, or take another.", True),
        (
            "command_unknown",
            "Nobody knows whether door 1 opened. Look at it, then try again.",
            False,
        ),
    ],
)
def test_a_door_that_was_not_seen_to_open_is_said_and_tried_again(
    page: Page, estate: Estate, kind: str, sentence: str, may_take_another: bool
) -> None:
    tap(page)
    at_step(page, "choose")
    press(page, "Any")
    live = at_step(page, "door").get_by_role("status")
    bridge = PlayedBridge(estate)
    bridge.report(kind)
    expect(live).to_have_text(sentence)
    expect(page.get_by_role("button", name="Take another")).to_be_visible(visible=may_take_another)
    press(page, "Try again")
    expect(live).to_have_text("Door 1 is opening.")
    # It stands open by now: no pulse is needed, and none is claimed.
    bridge.report("command_opened")
    expect(live).to_have_text("Door 1 is open. Close it when you are done.")
    assert Assignment.objects.get().holder == estate.amira


def test_a_command_without_a_word_is_said_to_be_unknown(page: Page, estate: Estate) -> None:
    tap(page)
    at_step(page, "choose")
    press(page, "Any")
    live = at_step(page, "door").get_by_role("status")
    expect(live).to_have_text("Door 1 is opening.")
    page.clock.fast_forward(16_000)
    expect(live).to_have_text("Nobody knows whether door 1 opened. Look at it, then try again.")
    expect(page.get_by_role("button", name="Try again")).to_be_visible()
    # It may have sprung open, with things in it: no other door is offered.
    expect(page.get_by_role("button", name="Take another")).to_be_hidden()
    # Late news that is not the last word changes nothing; the sensor's word does.
    bridge = PlayedBridge(estate)
    bridge.report("command_accepted", "command_actuated")
    expect(page.locator("#ladder li").nth(1)).to_have_attribute("data-done", "")
    expect(live).to_have_text("Nobody knows whether door 1 opened. Look at it, then try again.")
    expect(page.get_by_role("button", name="Try again")).to_be_visible()
    bridge.report("command_opened")
    expect(live).to_have_text("Door 1 is open. Close it when you are done.")


# ---- what counts as a read ---------------------------------------------------------------------


def _stop_the_clock(page: Page, hours: int = 1) -> None:
    """Let keys arrive as slowly as a busy machine brings them without running out of time."""
    page.clock.pause_at(timezone.now() + dt.timedelta(hours=hours))


def test_a_badge_that_was_not_read_whole_is_refused_with_a_sentence(page: Page) -> None:
    _stop_the_clock(page)
    no_prefix, too_short, too_long = AMIRA_BADGE, f"~{AMIRA_BADGE[1:]}", f"~{AMIRA_BADGE}1"
    for typed in (no_prefix, too_short, too_long, f"#{AMIRA_BADGE}", "~", "~~"):
        page.keyboard.type(typed)
        page.keyboard.press("Enter")
        expect(page.locator("#toast")).to_have_text(
            "The badge was not read whole. Hold it flat on the reader and try again."
        )
        page.clock.fast_forward(7_000)
        expect(page.locator("#toast")).to_be_hidden()
        at_step(page, "attract")
    assert not Event.objects.filter(action="person.identified").exists()
    bad_reads = Event.objects.filter(action="request.refused", data__code="bad_read")
    # What a busy server did not answer is sent again after a pause, which takes a clock that runs.
    page.clock.resume()
    until(lambda: bad_reads.count() >= 6)
    assert bad_reads.count() == 6
    # The next whole one counts.
    _stop_the_clock(page, hours=2)
    tap(page)
    at_step(page, "choose")


def test_a_read_whose_suffix_never_came_is_refused(page: Page) -> None:
    _stop_the_clock(page)
    page.keyboard.type(f"~{AMIRA_BADGE}")
    page.clock.fast_forward(1_600)
    expect(page.locator("#toast")).to_contain_text("not read whole")
    # An Enter much later does not make it whole.
    page.keyboard.press("Enter")
    at_step(page, "attract")
    assert not Event.objects.filter(action="person.identified").exists()


def test_ordinary_typing_is_no_read(page: Page) -> None:
    _stop_the_clock(page)
    page.keyboard.type("hello 0004215873")
    page.clock.fast_forward(1_600)
    expect(page.locator("#toast")).to_be_hidden()
    for key in f"~{AMIRA_BADGE}":
        page.keyboard.press(key)
        page.clock.fast_forward(400)
    page.keyboard.press("Enter")
    at_step(page, "attract")
    assert not Event.objects.filter(action="person.identified").exists()
