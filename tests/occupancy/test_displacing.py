"""A booking whose door is not going to be free: an equal door and a letter, or staff are told."""

from __future__ import annotations

import datetime as dt

import pytest
from django.test import Client
from time_machine import travel

from access.models import Notice, Person
from access.services import notices
from audit.models import Event
from config import waiting as what_waits
from lockers.choices import ServiceStatus
from lockers.models import Area, Compartment
from occupancy.errors.reservations import DoorIsPlanned
from occupancy.models import Claim, Policy, Quota
from occupancy.services.bookings import closures, displacing
from occupancy.services.custody import overrides
from occupancy.services.ending import recovery
from tests import factories
from tests.factories.cast import SETUP, Estate
from tests.occupancy.booked import (
    DAY,
    HOUR,
    MINUTE,
    book,
    bookable,
    check_in,
    door_of,
    second_bank,
)


@pytest.fixture
def held(estate: Estate, at: dt.datetime) -> Policy:
    """Doors are booked, and what is not given back stays with its holder."""
    for person in (estate.amira, estate.ben):
        Person.objects.filter(pk=person.pk).update(email=f"{person.given_name}@example.org")
    estate.olga.email = "olga@example.org"
    estate.olga.save(update_fields=["email"])
    return bookable(estate, at_end="hold", grace=10 * MINUTE)


def stays(estate: Estate, at: dt.datetime, door: int = 0, hours: float = 1) -> Claim:
    """Ben books a door, comes, and does not go."""
    got = book(estate, estate.ben, at, at, door=estate.doors[door], hours=hours)
    check_in(estate.ben, got, at)
    return Claim.objects.get(pk=got.claim_id)


def letters(kind: str) -> list[str]:
    return sorted(Notice.objects.filter(kind=kind).values_list("to", flat=True))


# Who stays past their time


def test_who_stays_past_their_time_displaces_the_next_before_it_starts(
    estate: Estate, held: Policy, at: dt.datetime
) -> None:
    stays(estate, at)
    # Until 10:00, with grace until 10:10; the next one begins with that very minute.
    following = book(estate, estate.amira, at + HOUR + 10 * MINUTE, at, door=estate.doors[0])
    assert displacing.displace_due(at + HOUR - 6 * MINUTE) == 0
    assert displacing.displace_due(at + HOUR + MINUTE) == 1
    assert door_of(following) == "2"
    letter = Notice.objects.get(kind="booking_moved")
    assert (letter.to, letter.facts["was"], letter.facts["number"]) == (
        "Amira@example.org", "1", "2",
    )  # fmt: skip
    moved = Event.objects.get(action="booking.moved")
    assert (moved.compartment_id, moved.data["was"]) == (estate.doors[1].pk, "1")
    assert displacing.displace_due(at + HOUR + 2 * MINUTE) == 0
    assert check_in(estate.amira, following, at + HOUR + 10 * MINUTE).number == "2"


def test_who_is_there_until_the_very_start_displaces_the_next_minutes_before(
    estate: Estate, held: Policy, at: dt.datetime
) -> None:
    Policy.objects.update(grace=dt.timedelta(0))
    stays(estate, at)
    following = book(estate, estate.amira, at + HOUR, at, door=estate.doors[0])
    assert displacing.displace_due(at + 54 * MINUTE) == 0
    assert displacing.displace_due(at + 55 * MINUTE) == 1
    assert door_of(following) == "2"


def test_staff_hear_nothing_of_who_is_still_in_their_time(
    estate: Estate, held: Policy, at: dt.datetime
) -> None:
    Policy.objects.update(grace=dt.timedelta(0))
    stays(estate, at)
    book(estate, estate.amira, at + HOUR, at, door=estate.doors[0])
    _take(estate.doors[1], at)
    assert displacing.displace_due(at + 56 * MINUTE) == 0
    assert letters("booking_unserved") == []
    displacing.displace_due(at + HOUR)
    assert letters("booking_unserved") == ["olga@example.org"]


def test_what_goes_back_by_itself_displaces_nobody(
    estate: Estate, held: Policy, at: dt.datetime
) -> None:
    Policy.objects.update(at_end="release", grace=dt.timedelta(0))
    stays(estate, at)
    following = book(estate, estate.amira, at + HOUR, at, door=estate.doors[0])
    for minute in (55, 60, 61):
        assert displacing.displace_due(at + minute * MINUTE) == 0
    assert door_of(following) == "1"


def test_who_booked_on_after_themselves_stays_where_their_things_are(
    estate: Estate, held: Policy, at: dt.datetime
) -> None:
    stays(estate, at)
    mine = book(estate, estate.ben, at + 2 * HOUR, at, door=estate.doors[0])
    assert displacing.displace_due(at + 2 * HOUR - MINUTE) == 0
    assert door_of(mine) == "1"


# What is equal


def test_an_equal_door_is_of_the_same_size_and_has_what_the_old_one_had(
    estate: Estate, held: Policy, at: dt.datetime
) -> None:
    charging = estate.doors[0]
    Compartment.objects.filter(pk=charging.pk).update(has_charging=True)
    far = second_bank(estate, has_charging=True)
    stays(estate, at)
    following = book(estate, estate.amira, at + 80 * MINUTE, at, door=charging)
    assert displacing.displace_due(at + 61 * MINUTE) == 1
    # Door 2 is nearer and charges nothing; door 3 is large.
    assert door_of(following) == far.number


def test_a_low_door_is_kept_for_who_needs_it_and_found_for_who_does(
    estate: Estate, held: Policy, at: dt.datetime
) -> None:
    Compartment.objects.filter(pk=estate.doors[0].pk).update(is_accessible=True)
    low = second_bank(estate, is_accessible=True)
    stays(estate, at)
    following = book(estate, estate.amira, at + 80 * MINUTE, at, door=estate.doors[0])
    Person.objects.filter(pk=estate.amira.pk).update(needs_low_door=True)
    assert displacing.displace_due(at + 61 * MINUTE) == 1
    assert door_of(following) == low.number


def test_the_own_bank_comes_first_then_the_others_of_the_area(
    estate: Estate, held: Policy, at: dt.datetime
) -> None:
    second_bank(estate)
    stays(estate, at)
    first = book(estate, estate.amira, at + 80 * MINUTE, at, door=estate.doors[0])
    assert displacing.displace_due(at + 61 * MINUTE) == 1
    assert door_of(first) == "2"
    _set(estate.doors[1], ServiceStatus.FAULT, at + 62 * MINUTE)
    assert door_of(first) == "21"
    assert check_in(estate.amira, first, at + 80 * MINUTE).number == "21"


def test_a_bank_of_another_area_is_too_far(estate: Estate, held: Policy, at: dt.datetime) -> None:
    there = second_bank(estate)
    there.bank.area = Area.objects.create(site=estate.site, name="Floor 9", kind="floor")
    there.bank.save(update_fields=["area"])
    stays(estate, at)
    following = book(estate, estate.amira, at + 80 * MINUTE, at, door=estate.doors[0])
    _take(estate.doors[1], at)
    assert displacing.displace_due(at + 61 * MINUTE) == 0
    assert (door_of(following), letters("booking_unserved")) == ("1", ["olga@example.org"])


def test_under_another_policy_it_goes_on_by_its_rules_and_counts_there(
    estate: Estate, held: Policy, at: dt.datetime
) -> None:
    there = second_bank(estate)
    other = factories.PolicyFactory(
        organisation=estate.organisation, bank=there.bank, name="Bank B", model="reservation",
        books_ahead=DAY, bookings_per_person=1, limit_per_person=1, at_end="release",
    )  # fmt: skip
    stays(estate, at)
    following = book(estate, estate.amira, at + 80 * MINUTE, at, door=estate.doors[0])
    _take(estate.doors[1], at)
    assert displacing.displace_due(at + 61 * MINUTE) == 1
    row = Claim.objects.get(pk=following.claim_id)
    assert (row.compartment, row.policy, row.at_end) == (there, other, "release")
    assert (row.due_at, row.ends_at) == (following.ends_at, following.ends_at)
    assert other.pk in Quota.objects.filter(claim=row, is_open=True).values_list(
        "policy", flat=True
    )
    assert check_in(estate.amira, following, following.starts_at).number == "21"


def test_nobody_is_put_to_a_door_whose_policy_says_nothing_of_booking(
    estate: Estate, held: Policy, at: dt.datetime
) -> None:
    there = second_bank(estate)
    factories.PolicyFactory(organisation=estate.organisation, bank=there.bank, name="Walk up")
    stays(estate, at)
    following = book(estate, estate.amira, at + 80 * MINUTE, at, door=estate.doors[0])
    _take(estate.doors[1], at)
    assert displacing.displace_due(at + 61 * MINUTE) == 0
    assert door_of(following) == "1"


# What takes a door away


def test_a_recovery_moves_the_bookings_of_the_next_day_at_once(
    estate: Estate, held: Policy, at: dt.datetime
) -> None:
    mine = stays(estate, at)
    soon = book(estate, estate.amira, at + 3 * HOUR, at, door=estate.doors[0])
    later = book(estate, estate.amira, at + 2 * DAY, at, door=estate.doors[0])
    recovery.begin(claim_id=mine.pk, actor=SETUP, at=at + MINUTE, reason="left behind")
    assert (door_of(soon), door_of(later)) == ("2", "1")
    assert letters("booking_moved") == ["Amira@example.org"]
    # Still being emptied then: half an hour before is the latest.
    assert displacing.displace_due(at + 2 * DAY - 31 * MINUTE) == 0
    assert displacing.displace_due(at + 2 * DAY - 30 * MINUTE) == 1


def test_a_door_out_of_service_moves_all_its_bookings_at_once(
    estate: Estate, held: Policy, at: dt.datetime
) -> None:
    got = [
        book(estate, estate.amira, at + days * DAY + HOUR, at, door=estate.doors[0])
        for days in (0, 5)
    ]
    _set(estate.doors[0], ServiceStatus.OUT_OF_SERVICE, at)
    assert [door_of(one) for one in got] == ["2", "2"]


def test_what_cannot_be_moved_is_told_at_once_and_is_well_again_when_the_door_is(
    estate: Estate, held: Policy, at: dt.datetime
) -> None:
    _take(estate.doors[1], at)
    got = book(estate, estate.amira, at + 3 * HOUR, at, door=estate.doors[0])
    _set(estate.doors[0], ServiceStatus.OUT_OF_SERVICE, at)
    assert letters("booking_unserved") == ["olga@example.org"]
    displacing.displace_due(at + MINUTE)
    assert letters("booking_unserved") == ["olga@example.org"]
    _set(estate.doors[0], ServiceStatus.IN_SERVICE, at + 2 * MINUTE)
    displacing.displace_due(at + 3 * MINUTE)
    assert Claim.objects.get(pk=got.claim_id).unserved_since is None
    assert Event.objects.filter(action="booking.served").count() == 1
    # And the letter, if it has not gone yet, goes no more.
    sent = Notice.objects.get(kind="booking_unserved")
    notices.send_due(at=at + 4 * MINUTE)
    sent.refresh_from_db()
    assert sent.sent_at is None


def test_a_booking_without_a_door_gets_the_first_equal_one_that_is_given_back(
    estate: Estate, held: Policy, at: dt.datetime
) -> None:
    taken = _take(estate.doors[1], at)
    got = book(estate, estate.amira, at + 3 * HOUR, at, door=estate.doors[0])
    _set(estate.doors[0], ServiceStatus.OUT_OF_SERVICE, at)
    taken.delete()
    assert displacing.displace_due(at + MINUTE) == 1
    assert (door_of(got), letters("booking_moved")) == ("2", ["Amira@example.org"])


def test_a_closure_moves_what_is_booked_then_or_is_refused(
    estate: Estate, held: Policy, at: dt.datetime
) -> None:
    got = book(estate, estate.amira, at + 3 * HOUR, at, door=estate.doors[0])
    after = book(estate, estate.amira, at + 6 * HOUR, at, door=estate.doors[0])
    plan = {
        "starts_at": at + 2 * HOUR, "ends_at": at + 4 * HOUR, "actor": SETUP, "at": at,
        "reason": "new lock",
    }  # fmt: skip
    assert closures.plan(compartment_id=estate.doors[0].pk, **plan).claim_id
    assert (door_of(got), door_of(after)) == ("2", "1")
    with pytest.raises(DoorIsPlanned):
        closures.plan(compartment_id=estate.doors[1].pk, **plan)
    assert door_of(got) == "2"


# Who is told


def test_what_waits_names_the_bookings_without_a_door(
    estate: Estate, held: Policy, at: dt.datetime
) -> None:
    _take(estate.doors[1], at)
    got = book(estate, estate.amira, at + 3 * HOUR, at, door=estate.doors[0])
    _set(estate.doors[0], ServiceStatus.OUT_OF_SERVICE, at)
    estate.olga.is_staff = True
    estate.olga.save(update_fields=["is_staff"])
    client = Client()
    client.force_login(estate.olga)
    one = next(one for one in what_waits.TABLE if one.label == "occupancy.Reservation")
    with travel(at + MINUTE, tick=False):
        page = client.get("/admin/").content.decode()
        assert "Bookings without a door" in page
        shown = client.get(f"/admin/occupancy/reservation/?{one.query}").content.decode()
    assert f"/admin/occupancy/reservation/{got.claim_id}/change/" in shown
    assert Claim.objects.filter(one.which(at + MINUTE)).count() == 1
    assert not Claim.objects.filter(one.which(got.lapses_at)).exists()


def test_nobody_is_sent_to_a_door_that_the_booking_has_left_again(
    estate: Estate, held: Policy, at: dt.datetime
) -> None:
    second_bank(estate)
    book(estate, estate.amira, at + 3 * HOUR, at, door=estate.doors[0])
    _set(estate.doors[0], ServiceStatus.OUT_OF_SERVICE, at)
    _set(estate.doors[1], ServiceStatus.OUT_OF_SERVICE, at)
    notices.send_due(at=at + MINUTE)
    sent = Notice.objects.filter(kind="booking_moved", sent_at__isnull=False)
    assert [one.facts["number"] for one in sent] == ["21"]


def _take(door: Compartment, at: dt.datetime) -> Claim:
    """Close a door for everybody, for good."""
    return Claim.objects.create(compartment=door, kind="closure", starts_at=at)


def _set(door: Compartment, status: ServiceStatus, at: dt.datetime) -> None:
    overrides.set_service_status(
        compartment_id=door.pk, status=status, actor=SETUP, reason="test", at=at
    )
