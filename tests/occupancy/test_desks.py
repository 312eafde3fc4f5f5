"""A desk booking of another system, followed by its number whatever comes in which order."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from audit.services.events import Actor
from lockers.models import Area, Compartment
from occupancy.choices import ClosedHow
from occupancy.errors.custody import BookedByOthers
from occupancy.errors.reservations import BadWindow, BookingTooLong, DeskWasCancelled
from occupancy.models import Assignment, Claim, DeskBooking
from occupancy.services.bookings import desks
from occupancy.services.bookings.reservations import Reserved, Wanted
from occupancy.services.claims import assignments
from tests.factories.cast import SETUP, Estate
from tests.occupancy.booked import DAY, HOUR, MINUTE, book, bookable, check_in, second_bank


@pytest.fixture
def far(estate: Estate, at: dt.datetime) -> Compartment:
    """Bank A is on the first floor, bank B with one small door on the second, desk D-20's."""
    bookable(estate, at_end="hold", grace=10 * MINUTE)
    floors = [Area.objects.create(site=estate.site, name=f"Floor {n}", kind="floor") for n in "12"]
    estate.bank.area = floors[0]
    estate.bank.nearby = "Desks D-10 to D-19"
    estate.bank.save(update_fields=["area", "nearby"])
    door = second_bank(estate)
    door.bank.area = floors[1]
    door.bank.nearby = "Desks D-20 to D-29"
    door.bank.save(update_fields=["area", "nearby"])
    return door


def put(estate: Estate, at: dt.datetime, desk: str = "D-10", **more: Any) -> Reserved:
    """Say what the other system says: Amira has a desk from 10:00 to 12:00, unless said else."""
    values = {
        "person_id": estate.amira.pk, "starts_at": _nine(at) + HOUR, "ends_at": _nine(at) + 3 * HOUR
    } | more  # fmt: skip
    return desks.put(
        organisation_id=estate.organisation.pk, external_id="desk-1", wanted=Wanted(),
        bank_ids=desks.banks_near(site_id=estate.site.pk, desk=desk), actor=SETUP, at=at,
        desk=desk, **values,
    )  # fmt: skip


def remove(estate: Estate, at: dt.datetime) -> bool:
    return desks.remove(
        organisation_id=estate.organisation.pk, external_id="desk-1", actor=SETUP, at=at
    )


def _nine(at: dt.datetime) -> dt.datetime:
    return at.replace(hour=9, minute=0)


def open_claims() -> list[tuple[str, str]]:
    rows = Claim.objects.filter(closed_at=None).order_by("pk")
    return [(row.kind, row.compartment.number) for row in rows]


def test_the_same_again_is_nothing_whatever_became_of_it(
    estate: Estate, far: Compartment, at: dt.datetime
) -> None:
    first = put(estate, at)
    assert put(estate, at + MINUTE) == first
    claimed = check_in(estate.amira, first, at + HOUR)
    assert put(estate, at + 2 * HOUR).claim_id == first.claim_id
    assignments.release(
        claim_id=claimed.claim_id, how=ClosedHow.FINISHED, actor=SETUP, at=at + 2 * HOUR
    )
    # Whoever has finished early does not get another one for the rest of it.
    assert put(estate, at + 2 * HOUR + MINUTE).claim_id == first.claim_id
    assert (DeskBooking.objects.count(), Claim.objects.count()) == (1, 1)


def test_another_time_keeps_the_door_where_it_is_free(
    estate: Estate, far: Compartment, at: dt.datetime
) -> None:
    first = put(estate, at)
    later = put(estate, at, ends_at=at + 5 * HOUR)
    assert (later.claim_id, later.number) == (first.claim_id, first.number)
    for door in estate.doors:
        Claim.objects.create(
            compartment=door, kind="closure", starts_at=at + DAY, ends_at=at + 2 * DAY
        )
    moved = put(estate, at, starts_at=at + DAY, ends_at=at + DAY + HOUR)
    assert moved.number == far.number
    assert open_claims().count(("reservation", far.number)) == 1


def test_another_desk_gets_the_door_that_is_nearest_to_it(
    estate: Estate, far: Compartment, at: dt.datetime
) -> None:
    put(estate, at)
    there = put(estate, at, desk="D-20")
    assert (there.number, open_claims()) == ("21", [("reservation", "21")])
    # Left out, the desk is as it was.
    assert put(estate, at, desk="").claim_id == there.claim_id
    book(estate, estate.ben, at + HOUR, at, door=estate.doors[0])
    back = put(estate, at, desk="D-11")
    assert back.number == "2"


def test_another_desk_without_a_nearer_door_keeps_the_one_it_has(
    estate: Estate, far: Compartment, at: dt.datetime
) -> None:
    first = put(estate, at)
    book(estate, estate.ben, at + HOUR, at, door=far)
    kept = put(estate, at, desk="D-20")
    assert (kept.claim_id, kept.number) == (first.claim_id, "1")
    # Asked again it is not tried again; with another end too it follows where it is.
    assert put(estate, at, desk="D-20", ends_at=at + 4 * HOUR).claim_id == first.claim_id
    assert DeskBooking.objects.get().desk == "D-20"


def test_somebody_else_at_the_desk_gets_a_booking_of_their_own(
    estate: Estate, far: Compartment, at: dt.datetime
) -> None:
    put(estate, at)
    put(estate, at, person_id=estate.ben.pk)
    assert [one.holder for one in Claim.objects.filter(closed_at=None)] == [estate.ben]


def test_cancelled_it_is_gone_and_made_again_it_is_booked_again(
    estate: Estate, far: Compartment, at: dt.datetime
) -> None:
    first = put(estate, at)
    assert [remove(estate, at), remove(estate, at)] == [True, False]
    assert open_claims() == []
    again = put(estate, at + MINUTE)
    assert again.claim_id != first.claim_id
    assert open_claims() == [("reservation", "1")]


def test_a_cancellation_that_came_first_lets_nothing_be_booked(
    estate: Estate, far: Compartment, at: dt.datetime
) -> None:
    assert remove(estate, at) is False
    for _twice in range(2):
        with pytest.raises(DeskWasCancelled):
            put(estate, at + MINUTE)
    assert remove(estate, at + MINUTE) is False
    assert open_claims() == []
    # A day later the number is a number like any other.
    tomorrow = at + DAY
    assert put(estate, tomorrow, starts_at=tomorrow + HOUR, ends_at=tomorrow + 2 * HOUR).claim_id


def test_one_that_has_begun_is_booked_from_this_minute_on(
    estate: Estate, far: Compartment, at: dt.datetime
) -> None:
    got = put(estate, at + 95 * MINUTE)
    assert (got.starts_at, got.ends_at) == (at + 95 * MINUTE, at + 3 * HOUR)
    assert got.lapses_at == at + 105 * MINUTE
    assert put(estate, at + 97 * MINUTE) == got
    with pytest.raises(BadWindow):
        put(estate, at + 4 * HOUR, person_id=estate.ben.pk)


# Once somebody has checked in


@pytest.fixture
def used(estate: Estate, far: Compartment, at: dt.datetime) -> Reserved:
    """Amira came at 10:00 and has door 1 until 12:00."""
    got = put(estate, at)
    check_in(estate.amira, got, at + HOUR)
    return got


@pytest.mark.parametrize("hours", [2, 5])
def test_the_end_of_what_is_used_follows_with_grace_and_the_right_to_open(
    estate: Estate, used: Reserved, at: dt.datetime, hours: int
) -> None:
    until = at + hours * HOUR
    assert put(estate, at + 90 * MINUTE, ends_at=until).ends_at == until
    use = Assignment.objects.get()
    assert (use.pk, use.due_at, use.ends_at) == (used.claim_id, until, until + 10 * MINUTE)
    assert estate.amira.grants.get(revoked_at=None).ends_at == until + 10 * MINUTE


def test_the_end_follows_only_as_far_as_others_and_the_policy_allow(
    estate: Estate, used: Reserved, at: dt.datetime
) -> None:
    book(estate, estate.ben, at + 4 * HOUR, at, door=estate.doors[0])
    with pytest.raises(BookedByOthers) as refused:
        put(estate, at + 2 * HOUR, ends_at=at + 5 * HOUR)
    assert refused.value.facts["until"] == (at + 4 * HOUR - 10 * MINUTE).isoformat()
    with pytest.raises(BookingTooLong):
        put(estate, at + 2 * HOUR, ends_at=at + 26 * HOUR)
    assert Assignment.objects.get().due_at == at + 3 * HOUR


def test_who_has_checked_in_keeps_the_door_when_the_desk_moves_or_is_cancelled(
    estate: Estate, used: Reserved, at: dt.datetime
) -> None:
    assert put(estate, at + 90 * MINUTE, desk="D-20").number == "1"
    assert remove(estate, at + 95 * MINUTE) is False
    assert Assignment.objects.get().due_at == at + 3 * HOUR


def test_another_day_is_another_booking_while_the_first_goes_on(
    estate: Estate, used: Reserved, at: dt.datetime
) -> None:
    tomorrow = put(
        estate, at + 90 * MINUTE, starts_at=at + DAY, ends_at=at + DAY + HOUR
    )  # fmt: skip
    assert tomorrow.claim_id != used.claim_id
    assert [kind for kind, _number in open_claims()] == ["assignment", "reservation"]
    assert DeskBooking.objects.get().claim_id == tomorrow.claim_id


def test_each_organisation_has_its_own_numbers(
    estate: Estate, far: Compartment, at: dt.datetime
) -> None:
    put(estate, at)
    assert desks.remove(
        organisation_id=estate.other_site.organisation_id, external_id="desk-1",
        actor=Actor.job("tests"), at=at,
    ) is False  # fmt: skip
    assert open_claims() == [("reservation", "1")]
