"""Temporary pupils: a door until the last day, never longer, and it ends by itself."""

from __future__ import annotations

import datetime as dt
import zoneinfo

import pytest
import time_machine

from access.choices import PersonStatus
from access.errors.decisions import NotAllowed
from access.models import Grant, Person
from access.services import leaving
from lockers.models import Site
from occupancy.choices import AtEnd
from occupancy.errors.custody import EndsTooLate
from occupancy.errors.recovery import NothingToRecover
from occupancy.models import Assignment, Policy, Recovery
from occupancy.services.bookings import reservations
from occupancy.services.bookings.reservations import Wanted
from occupancy.services.claims import assignments, renewals
from occupancy.services.ending import expiry, leavers, recovery
from occupancy.services.policies import policies
from tests.factories.cast import SETUP, Estate
from tests.factories.school_year import SchoolYear

DAY = dt.timedelta(days=1)
# The midnight after 8 December, in London.
OVER = dt.datetime(2026, 12, 9, tzinfo=dt.UTC)


@pytest.fixture
def guest(year: SchoolYear, at: dt.datetime) -> Person:
    """An exchange pupil in 7A whose last day is 8 December, three weeks from now."""
    Site.objects.filter(pk=year.school.site.pk).update(time_zone="Europe/London")
    pupil = year.school.of("7A")[0]
    pupil.leaves_on = dt.date(2026, 12, 8)
    pupil.save(update_fields=["leaves_on"])
    return Person.objects.get(pk=pupil.pk)


def the_policy(year: SchoolYear, **values: object) -> Policy:
    Policy.objects.filter(pk=year.policy.pk).update(**values)
    year.policy.refresh_from_db()
    return year.policy


def test_a_door_for_the_year_ends_with_the_last_day(
    year: SchoolYear, guest: Person, at: dt.datetime
) -> None:
    claim = year.give(guest, year.keyed_doors[0], at)
    assert (claim.due_at, claim.ends_at) == (OVER, OVER)
    assert Grant.objects.get(claim_id=claim.pk).ends_at == OVER
    others = year.give(year.school.of("7A")[1], year.keyed_doors[1], at)
    assert others.ends_at is None


def test_an_end_later_than_the_last_day_is_refused(
    year: SchoolYear, guest: Person, at: dt.datetime
) -> None:
    with pytest.raises(EndsTooLate) as refused:
        year.give(guest, year.keyed_doors[0], at, until=OVER + DAY)
    assert refused.value.facts["until"] == OVER.isoformat()
    claim = year.give(guest, year.keyed_doors[0], at, until=OVER - DAY)
    assert (claim.ends_at, claim.at_end) == (OVER - DAY, AtEnd.RELEASE)


def test_an_exception_lasts_no_longer_either(
    year: SchoolYear, guest: Person, estate: Estate, at: dt.datetime
) -> None:
    from occupancy.services.custody import giving

    the_policy(year, model="exception", days=7)
    with pytest.raises(EndsTooLate):
        giving.give(
            policy_id=year.policy.pk, person_id=guest.pk, compartment_id=year.keyed_doors[0].pk,
            ends_at=OVER + DAY, reason="a cast", actor=SETUP, at=at,
        )  # fmt: skip


def test_the_last_day_is_that_of_the_home_site(
    year: SchoolYear, guest: Person, at: dt.datetime
) -> None:
    Site.objects.filter(pk=year.school.site.pk).update(time_zone="Asia/Tokyo")
    claim = year.give(guest, year.keyed_doors[0], at)
    assert claim.ends_at == dt.datetime(2026, 12, 9, tzinfo=zoneinfo.ZoneInfo("Asia/Tokyo"))


def test_it_ends_by_itself_and_what_is_left_inside_is_nobody_elses(
    year: SchoolYear, guest: Person, at: dt.datetime
) -> None:
    claim = year.give(guest, year.keyed_doors[0], at)
    assert expiry.expire_due(at=OVER) == 0, "with things inside no door is free"
    with time_machine.travel(OVER, tick=False):
        assert leaving.leave_due(at=OVER) == 1
        leavers.recover_all(at=OVER)
    guest.refresh_from_db()
    claim.refresh_from_db()
    assert guest.status == PersonStatus.LEFT
    assert claim.recovery_at == OVER
    assert Recovery.objects.get(claim=claim).closed_at is None
    with pytest.raises(NothingToRecover):
        recovery.begin(claim_id=claim.pk, actor=SETUP, at=OVER, reason="again")


def test_what_ends_before_the_last_day_ends_as_its_policy_says(
    year: SchoolYear, guest: Person, at: dt.datetime
) -> None:
    the_policy(year, model="fixed", days=7)
    claim = year.give(guest, year.keyed_doors[0], at)
    assert claim.ends_at is not None
    assert claim.ends_at < OVER
    assert claim.at_end == AtEnd.RELEASE


def test_nobody_gets_a_door_after_their_last_day(
    year: SchoolYear, guest: Person, at: dt.datetime
) -> None:
    """Before the hourly job has come by, too."""
    with pytest.raises(NotAllowed):
        year.give(guest, year.keyed_doors[0], OVER)
    year.give(guest, year.keyed_doors[0], OVER - dt.timedelta(minutes=1))


def test_taking_one_at_the_lockers_is_cut_the_same(
    year: SchoolYear, guest: Person, estate: Estate, at: dt.datetime
) -> None:
    Policy.objects.filter(pk=estate.policy.pk).update(
        person_kinds=[], model="fixed", months=6, ends_at_time=dt.time(0)
    )
    got = assignments.claim(
        person_id=guest.pk, bank_id=estate.bank.pk,
        wanted=assignments.Wanted(compartment_id=estate.doors[0].pk), actor=SETUP, at=at,
    )  # fmt: skip
    claim = Assignment.objects.get(pk=got.claim_id)
    assert (claim.due_at, claim.ends_at, claim.at_end) == (OVER, OVER, AtEnd.HOLD)


def test_renewing_reaches_the_last_day_and_no_further(
    year: SchoolYear, guest: Person, at: dt.datetime
) -> None:
    the_policy(year, model="fixed", days=14, renewals=3)
    claim = year.give(guest, year.keyed_doors[0], at)
    again = renewals.renew(claim_id=claim.pk, person_id=guest.pk, actor=SETUP, at=at)
    assert again.due_at == OVER
    claim.refresh_from_db()
    assert claim.at_end == AtEnd.HOLD
    with pytest.raises(renewals.NothingToRenew):
        renewals.renew(claim_id=claim.pk, person_id=guest.pk, actor=SETUP, at=at)


def test_a_policy_that_changes_gives_nobody_more_than_their_time(
    year: SchoolYear, guest: Person, at: dt.datetime
) -> None:
    the_policy(year, model="fixed", days=7)
    claim = year.give(guest, year.keyed_doors[0], at)
    the_policy(year, days=0, months=8)
    policies.follow(policy_id=year.policy.pk, actor=SETUP, at=at)
    claim.refresh_from_db()
    assert (claim.ends_at, claim.at_end) == (OVER, AtEnd.HOLD)


def test_a_booking_beyond_the_last_day_is_refused_or_cut(
    year: SchoolYear, guest: Person, estate: Estate, at: dt.datetime
) -> None:
    from tests.occupancy.booked import bookable

    bookable(estate, person_kinds=[], books_ahead=60 * DAY, longest_booking=10 * DAY)
    with pytest.raises(NotAllowed):
        reservations.reserve(
            person_id=guest.pk, bank_id=estate.bank.pk, wanted=Wanted(), starts_at=OVER + DAY,
            ends_at=OVER + 2 * DAY, actor=SETUP, at=at,
        )  # fmt: skip


def test_a_last_day_that_is_moved_takes_the_door_with_it(
    year: SchoolYear, guest: Person, at: dt.datetime
) -> None:
    claim = year.give(guest, year.keyed_doors[0], at)
    guest.leaves_on = dt.date(2026, 12, 18)
    guest.save(update_fields=["leaves_on"])
    claim.refresh_from_db()
    assert claim.ends_at == OVER + 10 * DAY
    assert Grant.objects.get(claim_id=claim.pk).ends_at == OVER + 10 * DAY
    guest.leaves_on = None
    guest.save(update_fields=["leaves_on"])
    claim.refresh_from_db()
    assert (claim.ends_at, claim.at_end) == (None, AtEnd.RELEASE)


def test_an_end_that_the_office_set_stays_when_the_last_day_moves(
    year: SchoolYear, guest: Person, at: dt.datetime
) -> None:
    claim = year.give(guest, year.keyed_doors[0], at, until=OVER - 3 * DAY)
    guest.leaves_on = dt.date(2026, 12, 18)
    guest.save(update_fields=["leaves_on"])
    claim.refresh_from_db()
    assert claim.ends_at == OVER - 3 * DAY
