"""An exam morning or a trip: a door for each pupil of a form, all of them or none."""

from __future__ import annotations

import datetime as dt
import io
from typing import Any

import openpyxl
import pytest
from django.urls import reverse

from access.models import Person
from access.services import leaving
from audit.actions import Action
from audit.models import Event
from lockers.choices import LockKind
from lockers.models import Bank, BridgePresence
from occupancy.errors.booked_sets import NobodyToBook, OneCannotBook, SetGivenUp, TooFewDoors
from occupancy.errors.reservations import NotBookable, TooFarAhead
from occupancy.models import BookedSet, Claim, Policy
from occupancy.services.bookings import booked_sets, leaver_bookings, reservations
from tests import factories, paper
from tests.admin_pages import signed_in, verb
from tests.factories.cast import SETUP, Estate
from tests.factories.school_year import SchoolYear

DAY, HOUR = dt.timedelta(days=1), dt.timedelta(hours=1)


@pytest.fixture
def hall(year: SchoolYear, estate: Estate, at: dt.datetime) -> Bank:
    """A bank of four electronic doors by the hall that pupils book, one of them low."""
    BridgePresence.objects.update(last_seen_at=at.replace(year=at.year + 1))
    bank: Bank = factories.BankFactory(site=estate.site, bridge=estate.bridge, name="Hall")
    for number in range(1, 5):
        door = factories.CompartmentFactory(
            bank=bank, number=f"H{number}", column=number, lock_kind=LockKind.ELECTRONIC,
            controller=estate.controller, channel=10 + number, size=estate.small,
            is_accessible=number == 4,
        )  # fmt: skip
        factories.DoorFactory(compartment=door, changed_at=at)
    factories.PolicyFactory(
        organisation=estate.organisation, bank=bank, name="Exams", books_ahead=30 * DAY,
        person_kinds=["student"],
    )  # fmt: skip
    return bank


def book(hall: Bank, people: list[Person], user: Any, at: dt.datetime, **more: Any) -> BookedSet:
    asked = {"name": "Maths exam", "starts_at": at + DAY, "ends_at": at + DAY + 3 * HOUR, **more}
    return booked_sets.book(people=people, bank=hall, user_id=user.pk, at=at, **asked)


def standing(made: BookedSet) -> int:
    return Claim.objects.filter(booked_set_door__booked_set=made, closed_at__isnull=True).count()


def test_everybody_of_a_form_gets_a_door_for_the_morning(
    year: SchoolYear, hall: Bank, estate: Estate, at: dt.datetime
) -> None:
    pupils = year.school.of("7A")
    made = book(hall, pupils, estate.olga, at)
    claims = Claim.objects.filter(booked_set_door__booked_set=made)
    assert {claim.holder for claim in claims} == set(pupils)
    assert len({claim.compartment_id for claim in claims}) == 3
    assert {claim.kind for claim in claims} == {"reservation"}
    assert Event.objects.get(action=Action.SET_BOOKED).data == {"name": "Maths exam", "doors": 3}


def test_with_too_few_doors_nobody_gets_one_and_it_says_how_many_are_missing(
    year: SchoolYear, hall: Bank, estate: Estate, at: dt.datetime
) -> None:
    with pytest.raises(TooFewDoors) as refused:
        book(hall, [*year.school.of("7A"), *year.school.of("7B")], estate.olga, at)
    assert str(refused.value).startswith("2 of 6 doors are missing: 4 can be had then.")
    assert not BookedSet.objects.exists()
    assert not Claim.objects.filter(kind="reservation").exists()


def test_doors_that_are_booked_then_are_missing_and_free_at_another_time(
    year: SchoolYear, hall: Bank, estate: Estate, at: dt.datetime
) -> None:
    book(hall, year.school.of("7A"), estate.olga, at)
    with pytest.raises(TooFewDoors):
        book(hall, year.school.of("7B"), estate.olga, at)
    made = book(
        hall, year.school.of("7B"), estate.olga, at, starts_at=at + 2 * DAY,
        ends_at=at + 2 * DAY + HOUR,
    )  # fmt: skip
    assert standing(made) == 3


def test_one_who_may_not_book_is_named_and_nobody_is_booked(
    year: SchoolYear, hall: Bank, estate: Estate, at: dt.datetime
) -> None:
    pupils = year.school.of("7A")
    leaving.suspend(person=pupils[1], actor=SETUP, at=at)
    with pytest.raises(OneCannotBook) as refused:
        book(hall, pupils, estate.olga, at)
    assert str(refused.value).startswith("Pupil2 Of7A cannot have one: ")
    assert not Claim.objects.filter(kind="reservation").exists()


def test_a_time_that_nobody_may_book_is_refused_as_such(
    year: SchoolYear, hall: Bank, estate: Estate, at: dt.datetime
) -> None:
    with pytest.raises(TooFarAhead):
        book(hall, year.school.of("7A"), estate.olga, at, starts_at=at + 60 * DAY,
             ends_at=at + 60 * DAY + HOUR)  # fmt: skip
    Policy.objects.filter(name="Exams").update(books_ahead=None)
    with pytest.raises(NotBookable):
        book(hall, year.school.of("7A"), estate.olga, at)
    with pytest.raises(NobodyToBook):
        book(hall, [], estate.olga, at)


def test_whoever_needs_a_low_door_comes_first(
    year: SchoolYear, hall: Bank, estate: Estate, at: dt.datetime
) -> None:
    pupils = [*year.school.of("7A"), year.school.of("7B")[0]]
    Person.objects.filter(pk=pupils[-1].pk).update(needs_low_door=True)
    pupils[-1].refresh_from_db()
    made = book(hall, pupils, estate.olga, at)
    claim = Claim.objects.get(booked_set_door__booked_set=made, holder=pupils[-1])
    assert claim.compartment.number == "H4"


def test_they_are_given_up_together_but_not_what_is_in_use(
    year: SchoolYear, hall: Bank, estate: Estate, at: dt.datetime
) -> None:
    made = book(hall, year.school.of("7A"), estate.olga, at)
    first = Claim.objects.filter(booked_set_door__booked_set=made).earliest("pk")
    assert first.holder_id is not None
    later = at + DAY
    reservations.check_in(
        claim_id=first.pk, person_id=first.holder_id, actor=SETUP, at=later
    )  # fmt: skip
    gone = booked_sets.give_up(
        set_id=made.pk, reason="the exam is moved", user_id=estate.olga.pk, at=later
    )
    assert gone == 2
    assert standing(made) == 1
    with pytest.raises(SetGivenUp):
        booked_sets.give_up(set_id=made.pk, reason="again", user_id=estate.olga.pk, at=later)


def test_a_leaver_loses_only_their_own(
    year: SchoolYear, hall: Bank, estate: Estate, at: dt.datetime
) -> None:
    pupils = year.school.of("7A")
    made = book(hall, pupils, estate.olga, at)
    leaving.leave(person=pupils[0], actor=SETUP, at=at)
    leaver_bookings.cancel_of(person_ids=[pupils[0].pk], at=at)
    assert standing(made) == 2


# The pages


def page(user: Any, **posted: Any) -> Any:
    address = reverse("admin:occupancy_bookedset_book_set")
    client = signed_in(user)
    return client.post(address, posted) if posted else client.get(address)


def asked(hall: Bank, **more: Any) -> dict[str, Any]:
    return {
        "name": "Trip to Kew", "bank": hall.pk, "whose": "", "listed": "",
        "starts_at": "2026-11-18T08:00", "ends_at": "2026-11-18T16:00", **more,
    }  # fmt: skip


def test_the_office_books_for_a_form_and_prints_the_list(
    year: SchoolYear, hall: Bank, estate: Estate
) -> None:
    assert "All" not in page(estate.olga).context["form"].fields["whose"].choices
    form = year.school.form("7A")
    answer = page(estate.olga, **asked(hall, whose=f"form:{form.pk}"))
    made = BookedSet.objects.get()
    assert answer["Location"] == reverse("admin:occupancy_bookedset_change", args=[made.pk])
    text = paper.text(verb(estate.olga, "print_list", made).content)
    for told in ("Form 7A", "Pupil1 Of7A", "Hall", "H1", "Badge", "Trip to Kew"):
        assert told in text
    book_ = openpyxl.load_workbook(io.BytesIO(verb(estate.olga, "list_xlsx", made).content))
    assert len(list(book_.active.iter_rows())) == 4
    assert "Pupil3 Of7A" in signed_in(estate.olga).get(answer["Location"]).content.decode()


def test_a_picked_list_is_booked_by_admission_numbers(
    year: SchoolYear, hall: Bank, estate: Estate
) -> None:
    picked = [year.school.of("7A")[0], year.school.of("8B")[2]]
    listed = "\n".join(one.personal_number for one in picked)
    page(estate.olga, **asked(hall, listed=listed))
    made = BookedSet.objects.get()
    assert set(made.doors.values_list("claim__holder", flat=True)) == {one.pk for one in picked}


def test_a_number_that_nobody_has_is_named(year: SchoolYear, hall: Bank, estate: Estate) -> None:
    text = page(estate.olga, **asked(hall, listed="999999")).content.decode()
    assert "Nobody here has the number or address “999999”." in text
    assert not BookedSet.objects.exists()


def test_too_few_doors_is_said_on_the_page(year: SchoolYear, hall: Bank, estate: Estate) -> None:
    text = page(estate.olga, **asked(hall, whose=f"year:{year.school.years[0].pk}"))
    assert "2 of 6 doors are missing" in text.content.decode()


def test_they_are_given_up_from_the_page(
    year: SchoolYear, hall: Bank, estate: Estate, at: dt.datetime
) -> None:
    made = book(hall, year.school.of("7A"), estate.olga, at)
    assert verb(estate.olga, "give_up", made, reason="snow").status_code == 302
    assert standing(made) == 0
    assert verb(estate.nina, "give_up", made, reason="snow").status_code == 404
