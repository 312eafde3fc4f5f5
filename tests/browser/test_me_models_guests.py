"""On the phone, models of guests and of who comes at an hour: visitor, contractor, booked, waited.

Booked once, again and again, near a desk; the waiting list from joining to the answer.
"""

from __future__ import annotations

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from access.choices import PersonKind, RequestSource
from access.models import Person, Visit
from access.services import arrivals, temporary, visits
from kiosk.services.me import sign_ins
from lockers.models import Bank
from occupancy.choices import UseModel
from occupancy.models import Claim, Policy
from occupancy.services.queue import waiting
from tests.browser.model_phone import ALL_TAKEN, Journey, Phone, journey
from tests.factories.cast import SETUP

__all__ = ["journey"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def visit(journey: Journey, name: str, until: dt.datetime) -> Visit:
    """Let a visitor arrive who is here until then."""
    estate, at = journey.estate, timezone.now()
    made = visits.expect(
        site=estate.site, host=estate.amira, given_name=name, family_name="Rossi", company="",
        email=f"{name.lower()}@guests.example", expected_from=at, expected_until=until,
        source=RequestSource.STAFF, actor=SETUP, at=at,
    )  # fmt: skip
    arrivals.arrive(visit=made, actor=SETUP, at=at)
    return made


def come_by_link(journey: Journey, guest: Visit) -> Phone:
    """Open the link of a visit on a phone that nobody is signed in on."""
    phone = journey.phone(guest.visitor)
    phone.context.clear_cookies()
    phone.go(reverse("me-visit", args=[sign_ins.visit_link_of(guest)]))
    phone.page.get_by_role("button", name="Go on").click()
    expect(phone.page.get_by_role("heading", level=1)).to_have_text("My lockers")
    return phone


def fill(phone: Phone, **fields: str) -> None:
    """Fill the form of a booking in."""
    for label, value in fields.items():
        phone.page.get_by_label(label, exact=True).fill(value)


def test_a_visitor_has_a_door_no_longer_than_the_visit(journey: Journey) -> None:
    journey.under(
        model=UseModel.VISITOR, ends_at_time=dt.time(18, 0), person_kinds=[PersonKind.VISITOR]
    )
    enzo, lia = visit(journey, "Enzo", journey.at(16)), visit(journey, "Lia", journey.at(20))
    first, second = come_by_link(journey, enzo), come_by_link(journey, lia)
    first.take()
    first.reads("Door 1 is yours until 16:00.")
    first.use()
    second.is_refused(ALL_TAKEN)
    journey.clock.set(journey.at(15, 55))
    assert "until Tue 17 Nov 2026, 16:00" in journey.letter(enzo.visitor)
    first.reads("Door 1 is yours for 5 more minutes. Take everything out in time.")
    journey.clock.set(journey.at(16, 1))
    # The visit is over, and with it the phone.
    expect(first.go()).to_contain_text("Your lockers, on your phone")
    # Whose visit lasts longer has it until the policy's own hour.
    second.take()
    second.reads("Door 1 is yours until 18:00.")


def test_a_contractor_has_a_door_as_long_as_the_access(journey: Journey) -> None:
    journey.under(model=UseModel.CONTRACTOR, person_kinds=[PersonKind.CONTRACTOR])
    estate = journey.estate
    for person, until in (
        (estate.amira, journey.at(12, day=1)),
        (estate.ben, journey.at(9, day=2)),
    ):
        Person.objects.filter(pk=person.pk).update(kind=PersonKind.CONTRACTOR)
        person.refresh_from_db()
        temporary.give(
            person=person, site=estate.site, starts_at=timezone.now(), ends_at=until,
            actor=SETUP, at=timezone.now(),
        )  # fmt: skip
    amira, ben = journey.amira, journey.ben
    amira.take()
    amira.reads("Door 1 is yours until 12:00 on 18 Nov 2026.")
    amira.use()
    journey.clock.set(journey.at(11, 46, day=1))
    assert "until Wed 18 Nov 2026, 12:00" in journey.letter(estate.amira)
    amira.reads("Door 1 is yours for 14 more minutes. Take everything out in time.")
    journey.clock.set(journey.at(12, 1, day=1))
    amira.reads("ended at 12:00", "You have no locker now.")
    expect(amira.go(reverse("me-get"))).to_contain_text("There are no lockers that you may use.")
    ben.take()
    assert journey.holds(estate.ben)


def test_what_was_booked_is_begun_at_its_hour(journey: Journey) -> None:
    journey.under(
        model=UseModel.RESERVATION, books_ahead=dt.timedelta(days=7),
        checks_in_before=dt.timedelta(minutes=15), no_show_after=dt.timedelta(minutes=30),
    )  # fmt: skip
    amira, ben = journey.amira, journey.ben
    for phone, start, end in ((amira, "10:00", "12:00"), (ben, "12:00", "14:00")):
        phone.bank()
        phone.page.get_by_role("link", name="Book one for later").click()
        fill(phone, Day="2026-11-17", From=start, Until=end)
        phone.press("Book", f"Door 1 in bank A is booked for you, from {start}.")
    amira.reads("Tue 17 Nov, 10:00 – 12:00", "Check in from Tue 17 Nov, 09:45.")
    journey.clock.set(journey.at(9, 50))
    amira.reads("Check in at the lockers", "It is kept for you until 10:30.")
    expect(amira.key("Check in")).to_have_count(0)
    amira.scan()
    amira.press("Check in", "Door 1 is yours and opening.")
    journey.opened_and_shut(amira)
    amira.reads("Door 1 is yours until 12:00.")
    journey.clock.set(journey.at(11, 50))
    assert "until Tue 17 Nov 2026, 12:00" in journey.letter(journey.estate.amira)
    amira.reads("Door 1 is yours for 10 more minutes. Take everything out in time.")
    journey.clock.set(journey.at(12, 1))
    amira.has_nothing()
    ben.scan()
    ben.press("Check in", "Door 1 is yours and opening.")
    journey.opened_and_shut(ben)
    ben.reads("Door 1 is yours until 14:00.")
    assert journey.holds(journey.estate.ben)


def test_nobody_comes_for_a_booking_and_the_next_one_has_the_door(journey: Journey) -> None:
    journey.under(books_ahead=dt.timedelta(days=7))
    amira, ben = journey.amira, journey.ben
    amira.go(reverse("me-book"))
    fill(amira, Day="2026-11-17", From="09:00", Until="12:00")
    amira.press("Book", "Door 1 in bank A is booked for you, from 09:00.")
    ben.is_refused(ALL_TAKEN)
    journey.clock.set(journey.at(9, 10))
    amira.has_nothing()
    expect(amira.go("/me/history/")).to_contain_text("Booked, not used: nobody came")
    ben.take()
    assert journey.holds(journey.estate.ben)


def test_who_is_refused_a_booking_changes_one_thing_of_it(journey: Journey) -> None:
    journey.under(books_ahead=dt.timedelta(days=7), longest_booking=dt.timedelta(hours=4))
    Bank.objects.filter(pk=journey.estate.bank.pk).update(nearby="Desks 4.01 to 4.12, Oslo")
    amira = journey.amira
    expect(amira.go(f"{reverse('me-get')}?near=oslo")).to_contain_text("Nearest")
    amira.go(reverse("me-book"))
    fill(amira, Day="2026-11-18", From="09:00", Until="18:00")
    amira.page.get_by_label("Near which desk or room?").fill("Oslo")
    amira.press("Book", "That is longer than these lockers can be booked for.")
    expect(amira.page.get_by_label("Near which desk or room?")).to_have_value("Oslo")
    fill(amira, Until="13:00")
    amira.press("Book", "Door 1 in bank A is booked for you, from 09:00 on 18 Nov 2026.")
    amira.press("Cancel the booking", "The booking is cancelled.")
    assert Claim.objects.get().closed_how == "cancelled"


def test_a_booking_repeats_on_working_days_until_a_day(journey: Journey) -> None:
    journey.under(books_ahead=dt.timedelta(days=7), bookings_per_person=4)
    amira = journey.amira
    amira.go(reverse("me-book"))
    last = amira.page.get_by_label("Last day")
    expect(last).to_be_hidden()
    fill(amira, Day="2026-11-18", From="09:00", Until="17:00")
    amira.page.get_by_label("How often").select_option("Monday to Friday")
    amira.press("Book", "Say up to which day it repeats.")
    last.fill("2026-12-11")
    amira.press("Book", "Booked 4 times at bank A. 1 time could not be had")
    main = amira.page.locator("main")
    expect(main.get_by_role("heading", level=1)).to_have_text("Monday to Friday, 09:00 – 17:00")
    expect(main).to_contain_text("Until Fri 11 Dec 2026")
    expect(main).to_contain_text("Mon 23 Nov, 09:00")
    expect(main).to_contain_text("Not booked: you have booked as many as you may")
    # The first page shows the next time alone, and how it goes on.
    amira.reads("Wed 18 Nov, 09:00 – 17:00", "Monday to Friday, 09:00 – 17:00")
    expect(amira.key("Cancel the booking")).to_have_count(1)
    amira.page.get_by_role("link", name="Monday to Friday").click()
    amira.press("Cancel Thu 19 Nov", "The booking is cancelled.")
    amira.go()
    amira.page.get_by_role("link", name="Monday to Friday").click()
    amira.unfold("Repeat it no more")
    amira.press("Yes, end it", "It repeats no more. 3 bookings are cancelled.")
    expect(amira.page.locator("main")).not_to_contain_text("Monday to Friday")
    assert not Claim.objects.filter(closed_at=None).exists()


def test_who_waits_is_offered_the_door_for_a_quarter_of_an_hour(journey: Journey) -> None:
    journey.under(model=UseModel.DAY_USE)
    amira, ben = journey.amira, journey.ben
    amira.take()
    ben.is_refused(ALL_TAKEN)
    ben.press("Small: nobody waits yet", "You are on the list.")
    ben.reads("Waiting: Small, Harbour House", "You are number 1 on the list.")
    expect(ben.bank().get_by_role("button", name="Small:")).to_have_count(0)
    amira.door()
    amira.unfold("Finish with this door")
    amira.press("Yes, finish", "Finished. Changed your mind?")
    journey.clock.forward(minutes=2)
    waiting.offer_due(timezone.now())
    assert "is held for you until Tue 17 Nov 2026, 09:1" in journey.letter(journey.estate.ben)
    journey.clock.forward(minutes=10)
    ben.reads("Door 1 in bank A is held for you", "Until 09:16: 4 minutes left.")
    amira.is_refused(ALL_TAKEN)
    ben.go()
    ben.press("Take it", "Door 1 is yours.")
    assert journey.holds(journey.estate.ben)


def test_an_offer_that_is_declined_goes_to_the_next(journey: Journey) -> None:
    journey.under(model=UseModel.DAY_USE)
    amira, ben = journey.amira, journey.ben
    third = journey.phone(
        Person.objects.create(
            organisation=journey.estate.organisation, home_site=journey.estate.site,
            given_name="Chen", family_name="Wu", email="chen@northwind.example",
        )
    )  # fmt: skip
    amira.take()
    for phone in (ben, third):
        phone.bank()
        phone.press("Small:", "You are on the list.")
    third.reads("You are number 2 on the list.")
    amira.door()
    amira.unfold("Finish with this door")
    amira.press("Yes, finish", "Finished.")
    journey.clock.forward(minutes=2)
    waiting.offer_due(timezone.now())
    ben.go()
    ben.unfold("No, thank you")
    ben.press("Decline it", "The next one on the list is offered this door.")
    ben.has_nothing()
    expect(ben.page.locator("main")).not_to_contain_text("on the list")
    waiting.offer_due(timezone.now())
    third.scan()
    third.press("Take it", "Door 1 is yours and opening.")
    journey.opened_and_shut(third)


def test_where_the_policy_says_no_the_phone_opens_nothing(journey: Journey) -> None:
    journey.under(model=UseModel.DAY_USE, opens_by_phone=False)
    amira = journey.amira
    amira.take()
    expect(amira.scan()).to_contain_text("Open it with your badge or your pass at the lockers.")
    expect(amira.key("Open door")).to_have_count(0)
    Policy.objects.update(opens_by_phone=True)
    expect(amira.scan().get_by_role("button", name="Open door 1")).to_be_visible()
    journey.clock.forward(minutes=2)
    expect(amira.door()).to_contain_text("scan the label at the lockers with your camera")
    expect(amira.key("Open door")).to_have_count(0)
