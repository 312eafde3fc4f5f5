"""What is booked on a phone: once, again and again, near a place; and the clock it is read by."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from access.models import Person
from lockers.models import Site
from occupancy.models import Claim, Occurrence, Policy, Series
from tests import factories
from tests.factories.cast import Estate
from tests.kiosk.phone import Phone

DAY = dt.timedelta(days=1)


@pytest.fixture(autouse=True)
def clock(estate: Estate, at: dt.datetime) -> Iterator[time_machine.Coordinates]:
    Policy.objects.update(books_ahead=7 * DAY)
    with time_machine.travel(at, tick=False) as coordinates:
        yield coordinates


@pytest.fixture
def phone(estate: Estate, at: dt.datetime) -> Phone:
    return Phone(estate.amira, at)


def wish(estate: Estate, **told: object) -> dict[str, object]:
    """Return a filled form: tomorrow from nine to five, at bank A."""
    return {
        "site": estate.site.pk, "place": f"bank-{estate.bank.pk}", "size": "", "desk": "",
        "day": "2026-11-18", "starts": "09:00", "ends": "17:00", "repeats": "", "last": "", **told,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("repeats", "days"),
    [
        ("daily", [18, 19, 20, 21, 22, 23]),
        ("weekdays", [18, 19, 20, 23]),
        ("weekly", [18]),
    ],
)
def test_it_repeats_as_chosen_until_the_last_day(
    phone: Phone, estate: Estate, repeats: str, days: list[int]
) -> None:
    Policy.objects.update(bookings_per_person=10)
    said = phone.do("me-reserve", **wish(estate, repeats=repeats, last="2026-11-23"))
    assert "Booked" in said
    assert [one.starts_at.day for one in Claim.objects.order_by("starts_at")] == days


def test_a_time_that_cannot_be_had_says_why_and_the_others_are_booked(
    phone: Phone, estate: Estate
) -> None:
    Policy.objects.update(bookings_per_person=2)
    said = phone.do("me-reserve", **wish(estate, repeats="daily", last="2026-11-20"))
    assert "Booked 2 times at bank A. 1 time could not be had: you have booked as many" in said
    assert "Not booked: you have booked as many as you may" in said


def test_nothing_is_kept_of_what_has_no_time_at_all(phone: Phone, estate: Estate) -> None:
    for door in estate.doors:
        door.service_status = "out_of_service"
        door.save(update_fields=["service_status"])
    said = phone.do("me-reserve", **wish(estate, repeats="daily", last="2026-11-20"))
    assert "None of these times can be had: no door was free." in said
    assert not Series.objects.exists()
    assert not Occurrence.objects.exists()


def test_a_repetition_needs_a_last_day_and_a_day_within(phone: Phone, estate: Estate) -> None:
    assert "up to which day" in phone.do("me-reserve", **wish(estate, repeats="daily"))
    early = wish(estate, repeats="daily", last="2026-11-17")
    assert "The last day is before the first." in phone.do("me-reserve", **early)
    weekend = wish(estate, day="2026-11-21", repeats="weekdays", last="2026-11-22")
    assert "There is no such day" in phone.do("me-reserve", **weekend)
    assert not Series.objects.exists()


@pytest.mark.parametrize(
    "nonsense",
    [
        {"day": "9999-12-31", "ends": "01:00"},
        {"day": "soon"},
        {"starts": "25:00"},
        {"site": "9" * 40},
        {"place": "bank-x"},
        {"size": "99999999"},
        {"repeats": "hourly", "last": "2026-11-20"},
        {"repeats": "daily", "last": "9999-12-31"},
    ],
)
def test_nonsense_is_refused_and_what_was_typed_stays(
    phone: Phone, estate: Estate, nonsense: dict[str, str]
) -> None:
    phone.do("me-reserve", **wish(estate, **nonsense))
    assert not Claim.objects.exists()
    assert not Series.objects.exists()


def test_what_is_out_of_reach_is_booked_once_it_can_be(phone: Phone, estate: Estate) -> None:
    later = wish(estate, day="2026-12-07", repeats="weekly", last="2026-12-31")
    said = phone.do("me-reserve", **later)
    assert "Nothing is within reach yet." in said
    assert "Every Monday, 09:00 – 17:00" in said
    assert "Every Monday" in phone.read("me")
    Series.objects.update(ended_at=dt.datetime.now(dt.UTC))
    assert "Every Monday" not in phone.read("me")


def test_where_nothing_is_booked_ahead_no_form_is_shown(phone: Phone, estate: Estate) -> None:
    Policy.objects.update(books_ahead=None)
    assert "no lockers are booked ahead" in phone.read("me-book")
    assert "Book one for later" not in phone.read("me-get")
    said = phone.do("me-reserve", **wish(estate, repeats="daily", last="2026-11-20"))
    assert "no lockers are booked ahead" in said
    assert not Series.objects.exists()


def test_somebody_elses_repetition_does_not_exist(
    phone: Phone, estate: Estate, at: dt.datetime
) -> None:
    phone.do("me-reserve", **wish(estate, repeats="daily", last="2026-11-20"))
    row = Series.objects.get()
    bens = Phone(estate.ben, at)
    assert bens.client.get(reverse("me-series", args=[row.pk])).status_code == 404
    bens.do("me-series-end", row.pk)
    row.refresh_from_db()
    assert row.ended_at is None
    assert "3 bookings are cancelled" in phone.do("me-series-end", row.pk)
    assert "was ended before" in phone.do("me-series-end", row.pk)


def test_the_first_page_takes_as_many_queries_for_many_times(phone: Phone, estate: Estate) -> None:
    Policy.objects.update(bookings_per_person=10)
    phone.do("me-reserve", **wish(estate, repeats="daily", last="2026-11-18"))
    with CaptureQueriesContext(connection) as one:
        phone.read("me")
    phone.do("me-reserve", **wish(estate, repeats="daily", last="2026-11-24", starts="18:00",
                                  ends="20:00"))  # fmt: skip
    with CaptureQueriesContext(connection) as many:
        phone.read("me")
    assert len(many) == len(one) <= 22


def test_near_a_desk_the_bank_beside_it_is_tried_first(phone: Phone, estate: Estate) -> None:
    far = factories.BankFactory(
        site=estate.site, bridge=estate.bridge, name="F", nearby="Desks 4.01 to 4.12", position=9
    )
    factories.CompartmentFactory(
        bank=far, number="77", size=estate.small, controller=estate.controller, channel=9
    )
    said = phone.do("me-reserve", **wish(estate, place="", desk="Desk 4.12"))
    assert "Door 77 in bank F is booked for you" in said
    read = phone.read("me-get", query="?near=4.12")
    assert read.index("Bank F") < read.index("Nearest") < read.index("Bank A")
    assert "Nothing close by is called" in phone.read("me-get", query="?near=basement")


def test_a_skipped_hour_is_the_next_there_is(
    estate: Estate, clock: time_machine.Coordinates
) -> None:
    clock.move_to(dt.datetime(2027, 3, 27, 12, tzinfo=dt.UTC))
    phone = Phone(estate.amira, dt.datetime.now(dt.UTC))
    phone.do("me-reserve", **wish(estate, day="2027-03-28", starts="01:30", ends="05:00"))
    booking = Claim.objects.get()
    assert booking.starts_at == dt.datetime(2027, 3, 28, 1, tzinfo=dt.UTC)
    assert booking.due_at == dt.datetime(2027, 3, 28, 4, tzinfo=dt.UTC)


def test_a_share_ends_by_the_clock_of_the_lockers(estate: Estate, at: dt.datetime) -> None:
    Site.objects.filter(pk=estate.site.pk).update(time_zone="Asia/Kathmandu")
    Person.objects.filter(pk=estate.ben.pk).update(email="ben@northwind.example")
    home = factories.SiteFactory(organisation=estate.organisation, time_zone="Europe/Berlin")
    Person.objects.filter(pk=estate.amira.pk).update(home_site=home)
    estate.amira.refresh_from_db()
    phone = Phone(estate.amira, at)
    claim = phone.claim(estate)
    told = {"address": "ben@northwind.example", "until": "2026-11-17T16:45"}
    assert "Give an e-mail address" in phone.do(
        "me-share", claim.pk, **{**told, "until": "9999-12-31T23:59"}
    )
    phone.do("me-share", claim.pk, **told)
    assert claim.shares.get().until == dt.datetime(2026, 11, 17, 11, tzinfo=dt.UTC)
