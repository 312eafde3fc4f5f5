"""The lists of the desk: bookings by day, offers, shares, phones; each of own places only."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from access.models import Person, User
from audit.models import Event
from config import menu
from kiosk.choices import SignedInBy
from kiosk.models import PhoneSession
from kiosk.services.me import sessions
from lockers.models import Site
from occupancy.models import Claim, Offer, Share, WaitingEntry
from tests import factories
from tests.admin_pages import signed_in
from tests.factories.cast import Estate

HOUR = dt.timedelta(hours=1)


@pytest.fixture(autouse=True)
def morning(at: dt.datetime) -> Iterator[None]:
    with time_machine.travel(at, tick=False):
        yield


def a_door(estate: Estate) -> Any:
    number = estate.bank.compartments.count() + 1
    return factories.CompartmentFactory(
        bank=estate.bank, size=estate.small, number=str(number), column=number
    )


def booking(estate: Estate, starts_at: dt.datetime, hours: float = 1) -> Claim:
    return Claim.objects.create(
        compartment=a_door(estate), kind="reservation", policy=estate.policy,
        holder=factories.PersonFactory(organisation=estate.organisation),
        starts_at=starts_at, ends_at=starts_at + hours * HOUR,
    )  # fmt: skip


def share(estate: Estate, at: dt.datetime) -> Share:
    held = Claim.objects.create(
        compartment=a_door(estate), kind="assignment", policy=estate.policy,
        holder=factories.PersonFactory(organisation=estate.organisation),
        starts_at=at, started_at=at, ends_at=at + 8 * HOUR,
    )  # fmt: skip
    other = factories.PersonFactory(organisation=estate.organisation)
    return Share.objects.create(claim=held, person=other, starts_at=at, until=at + 2 * HOUR)


def offer(estate: Estate, at: dt.datetime) -> Offer:
    person = factories.PersonFactory(organisation=estate.organisation)
    entry = WaitingEntry.objects.create(
        person=person, site=estate.site, size=estate.small, bank=estate.bank, joined_at=at - HOUR
    )
    kept = Claim.objects.create(
        compartment=a_door(estate), kind="offer", holder=person, starts_at=at, ends_at=at + HOUR,
        policy=estate.policy,
    )  # fmt: skip
    return Offer.objects.create(entry=entry, claim=kept, made_at=at)


def phone(estate: Estate, at: dt.datetime, person: Person | None = None) -> PhoneSession:
    person = person or factories.PersonFactory(
        organisation=estate.organisation, home_site=estate.site
    )
    sessions.open_for(person=person, by=SignedInBy.LINK, at=at)
    return PhoneSession.objects.latest("pk")


MAKE: dict[str, Callable[[Estate, dt.datetime], Any]] = {
    "occupancy_reservation": booking,
    "occupancy_share": share,
    "occupancy_offer": offer,
    "kiosk_phonesession": phone,
}


def listed(user: User, name: str, **asked: str) -> list[int]:
    answer = signed_in(user).get(reverse(f"admin:{name}_changelist"), asked)
    assert answer.status_code == 200
    return sorted(row.pk for row in answer.context["cl"].result_list)


@pytest.fixture
def desk(estate: Estate) -> Estate:
    User.objects.update(is_staff=True)
    for name in ("olga", "nina", "max"):
        getattr(estate, name).refresh_from_db()
    return estate


@pytest.mark.parametrize("name", MAKE)
def test_each_list_is_in_the_menu_shows_ones_own_and_asks_as_much_for_many(
    desk: Estate, at: dt.datetime, name: str, rf: Any
) -> None:
    first = MAKE[name](desk, at)
    assert listed(desk.olga, name) == [first.pk]
    assert listed(desk.nina, name) == []
    request = rf.get("/admin/")
    request.user = desk.olga
    links = [item["link"] for group in menu.sidebar(request) for item in group["items"]]
    assert reverse(f"admin:{name}_changelist") in links
    client, address = signed_in(desk.olga), reverse(f"admin:{name}_changelist")

    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            client.get(address)
        return len(asked)

    client.get(address)
    few = queries()
    for _each in range(12):
        MAKE[name](desk, at)
    assert queries() == few
    page = reverse(f"admin:{name}_change", args=[first.pk])
    assert client.get(page).status_code == 200
    assert signed_in(desk.nina).get(page).status_code == 404
    # History is read here, and changed by its verbs.
    assert client.post(page, {}).status_code in (403, 404)


def test_bookings_are_listed_by_the_days_of_their_own_site(desk: Estate, at: dt.datetime) -> None:
    Site.objects.filter(pk=desk.site.pk).update(time_zone="Asia/Kathmandu")
    # 18:30 in London on the 17th is 00:15 in Kathmandu on the 18th.
    late = booking(desk, at.replace(hour=18, minute=30))
    early = booking(desk, at.replace(hour=10))
    long = booking(desk, at.replace(hour=10), hours=48)
    assert listed(desk.olga, "occupancy_reservation", day="2026-11-17") == [early.pk, long.pk]
    assert listed(desk.olga, "occupancy_reservation", day="2026-11-18") == [late.pk, long.pk]
    assert listed(desk.olga, "occupancy_reservation", day="2026-11-19") == [long.pk]
    assert listed(desk.olga, "occupancy_reservation", day="2026-11-20") == []
    # What is no day is no filter.
    assert len(listed(desk.olga, "occupancy_reservation", day="soon")) == 3


def test_the_week_around_the_chosen_day_is_offered(desk: Estate) -> None:
    client = signed_in(desk.olga)
    page = client.get(reverse("admin:occupancy_reservation_changelist"), {"day": "2026-12-01"})
    text = page.content.decode()
    assert "Today, Tue 17 Nov" in text
    for day in ("Mon 30 Nov", "Tue 1 Dec", "Sun 6 Dec"):
        assert day in text


def test_a_share_is_ended_at_the_desk(desk: Estate, at: dt.datetime) -> None:
    found = share(desk, at)
    address = reverse("admin:occupancy_share_end", args=[found.pk])
    assert signed_in(desk.nina).post(address).status_code == 404
    assert signed_in(desk.olga).post(address).status_code == 302
    found.refresh_from_db()
    assert found.ended_at == at
    again = signed_in(desk.olga).post(address)
    assert "That had ended before." in again.content.decode()


def test_a_phone_is_signed_out_for_a_reason(desk: Estate, at: dt.datetime) -> None:
    token = sessions.open_for(person=desk.amira, by=SignedInBy.LINK, at=at)
    found = PhoneSession.objects.get()
    browser = Client()
    browser.cookies["phone"] = token
    assert browser.get("/me/").status_code == 200
    address = reverse("admin:kiosk_phonesession_sign_out", args=[found.pk])
    assert signed_in(desk.nina).post(address, {"reason": "x"}).status_code == 404
    assert signed_in(desk.olga).post(address).status_code == 200  # asks why
    assert signed_in(desk.olga).post(address, {"reason": "Lost on a train"}).status_code == 302
    assert browser.get("/me/").status_code == 302
    event = Event.objects.filter(action="phone.signed_out").get()
    assert event.actor_id == str(desk.olga.pk)
    assert "Lost on a train" in str(event.data)


def test_what_lapsed_is_called_so_before_a_job_has_run(desk: Estate, at: dt.datetime) -> None:
    offer(desk, at)
    share(desk, at)
    with time_machine.travel(at + 3 * HOUR, tick=False):
        for name, word in (("occupancy_offer", "lapsed"), ("occupancy_share", "over")):
            page = signed_in(desk.olga).get(reverse(f"admin:{name}_changelist"))
            assert word in page.content.decode()
