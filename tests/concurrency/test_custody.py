"""Renewing against booking, swapping against claiming and finishing, one opening used by two.

With negative controls: without the constraints, and without the compare-and-set, both win.
"""

from __future__ import annotations

import datetime as dt
import threading
from typing import Any

import pytest
from django.db import connection, connections
from django.utils import timezone

from access.models import Grant
from audit.services.events import Actor
from occupancy.choices import ClosedHow
from occupancy.errors.custody import BookedByOthers
from occupancy.models import Assignment, Claim, Share
from occupancy.services.bookings import reservations
from occupancy.services.claims import assignments, renewals
from occupancy.services.claims.assignments import Wanted
from occupancy.services.custody import giving, moving, sharing
from tests import factories
from tests.concurrency.racing import Verb, outcomes
from tests.concurrency.test_claims import _put_constraints_back
from tests.factories.cast import Estate

pytestmark = pytest.mark.django_db(transaction=True)
STAFF = Actor.staff(1)
HOUR = dt.timedelta(hours=1)
ROUNDS = 6


@pytest.fixture
def at() -> dt.datetime:
    """Now: what is asked through real connections is judged by the real clock."""
    return timezone.now().replace(second=0, microsecond=0)


@pytest.fixture
def office(transactional_db: None, at: dt.datetime) -> Estate:
    """The cast's bank, whose policy lets people renew and book."""
    estate = Estate.build(at=at)
    estate.bridge.presence.last_seen_at = at.replace(year=at.year + 1)
    estate.bridge.presence.save(update_fields=["last_seen_at"])
    estate.policy.renewals = 1
    estate.policy.books_ahead = dt.timedelta(days=7)
    estate.policy.limit_per_person = None
    estate.policy.save()
    return estate


def give(estate: Estate, at: dt.datetime, who: Any, door: int) -> Assignment:
    return giving.give(
        policy_id=estate.policy.pk, person_id=who.pk, compartment_id=estate.doors[door].pk,
        actor=STAFF, at=at,
    )  # fmt: skip


def everything_fits() -> None:
    """Check what holds after any race: one use a door, and grants for exactly those uses."""
    held = Assignment.objects.filter(closed_at__isnull=True)
    assert held.values("compartment").distinct().count() == held.count()
    granted = Grant.objects.filter(revoked_at__isnull=True)
    assert set(granted.values_list("claim_id", "person_id", "compartment_id")) == set(
        held.values_list("pk", "holder_id", "compartment_id")
    )


def test_either_the_door_is_renewed_or_it_is_booked(office: Estate, at: dt.datetime) -> None:
    for _round in range(ROUNDS):
        mine = give(office, at, office.amira, 0)
        assert mine.due_at is not None
        begins = mine.due_at + HOUR

        def renew(mine: Assignment = mine) -> object:
            return renewals.renew(claim_id=mine.pk, person_id=office.amira.pk, actor=STAFF, at=at)

        def reserve(begins: dt.datetime = begins) -> object:
            return reservations.reserve(
                person_id=office.ben.pk, bank_id=office.bank.pk,
                wanted=Wanted(compartment_id=office.doors[0].pk), starts_at=begins,
                ends_at=begins + HOUR, actor=STAFF, at=at,
            )  # fmt: skip

        ends = outcomes(renew, reserve)
        mine.refresh_from_db()
        booked = Claim.objects.filter(kind="reservation", closed_at__isnull=True).exists()
        assert ends.count("done") == 1, ends
        assert (mine.renewals == 1) is not booked, ends
        Claim.objects.filter(closed_at__isnull=True).update(closed_at=begins, closed_how="expired")


def test_the_constraint_refuses_a_renewal_that_looked_a_moment_too_early(
    office: Estate, at: dt.datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = give(office, at, office.amira, 0)
    with pytest.raises(BookedByOthers):
        _renew_after_a_booking_came(office, mine, at, monkeypatch)
    mine.refresh_from_db()
    assert mine.renewals == 0


def test_the_negative_control_renews_into_a_booking_without_the_constraint(
    office: Estate, at: dt.datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = give(office, at, office.amira, 0)
    with connection.cursor() as cursor:
        cursor.execute(
            "ALTER TABLE occupancy_claim DROP CONSTRAINT"
            " occupancy_one_claim_per_compartment_and_time"
        )
        cursor.execute("DROP INDEX occupancy_one_started_claim_per_compartment")
    try:
        _renew_after_a_booking_came(office, mine, at, monkeypatch)
        mine.refresh_from_db()
        booked = Claim.objects.get(kind="reservation")
        assert mine.ends_at is not None and booked.starts_at < mine.ends_at
    finally:
        Claim.objects.all().delete()
        _put_constraints_back()


def _renew_after_a_booking_came(
    office: Estate, mine: Assignment, at: dt.datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Let a booking come between the look and the write, on a connection of its own."""
    look, looked = renewals._next_claim, threading.Event()

    def book() -> None:
        assert mine.due_at is not None
        Claim.objects.create(
            compartment=office.doors[0], kind="reservation", holder=office.ben,
            policy=office.policy, starts_at=mine.due_at + HOUR, ends_at=mine.due_at + 2 * HOUR,
        )  # fmt: skip
        connections.close_all()

    def look_and_wait(*args: Any) -> Claim | None:
        found = look(*args)
        if not looked.is_set():
            looked.set()
            other = threading.Thread(target=book)
            other.start()
            other.join(10)
        return found

    monkeypatch.setattr(renewals, "_next_claim", look_and_wait)
    renewals.renew(claim_id=mine.pk, person_id=office.amira.pk, actor=STAFF, at=at)


def test_nobody_comes_between_a_swap(office: Estate, at: dt.datetime) -> None:
    for _round in range(ROUNDS):
        one, other = give(office, at, office.amira, 0), give(office, at, office.ben, 1)
        eva = factories.PersonFactory(organisation=office.organisation)

        def swap(pair: tuple[int, int] = (one.pk, other.pk)) -> object:
            return moving.swap(claim_ids=pair, actor=STAFF, at=at, reason="Desks")

        def claim(door: int, who: int = eva.pk) -> Verb:
            wanted = Wanted(compartment_id=office.doors[door].pk)
            return lambda: assignments.claim(
                person_id=who, bank_id=office.bank.pk, wanted=wanted, actor=STAFF, at=at
            )

        ends = outcomes(swap, claim(0), claim(1))
        assert ends == ["done", "compartment_taken", "compartment_taken"]
        everything_fits()
        _finish_all(at)


def test_a_swap_and_its_mirror_and_a_finish_never_leave_half(
    office: Estate, at: dt.datetime
) -> None:
    for _round in range(ROUNDS):
        one, other = give(office, at, office.amira, 0), give(office, at, office.ben, 1)

        def swap(*pair: int) -> Verb:
            return lambda: moving.swap(claim_ids=pair, actor=STAFF, at=at, reason="Desks")

        def finish(claim_id: int = one.pk) -> object:
            return assignments.release(
                claim_id=claim_id, how=ClosedHow.FINISHED, actor=STAFF, at=at,
                person_id=office.amira.pk,
            )  # fmt: skip

        ends = outcomes(swap(one.pk, other.pk), swap(other.pk, one.pk), finish)
        assert ends.count("done") == 1, ends
        assert ends.count("assignment_already_released") == 2, ends
        everything_fits()
        _finish_all(at)


def test_one_opening_opens_once(office: Estate, at: dt.datetime) -> None:
    for _round in range(ROUNDS):
        mine = _delegated(office, at)

        def open_it(claim_id: int = mine.pk) -> object:
            return assignments.open_again(
                claim_id=claim_id, person_id=office.ben.pk, actor=STAFF, at=at
            )

        ends = outcomes(open_it, open_it, open_it)
        assert ends.count("done") == 1, ends
        assert set(ends) <= {"done", "opening_used", "no_grant"}
        _finish_all(at)


def test_the_negative_control_opens_twice_without_lock_and_compare_and_set(
    office: Estate, at: dt.datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = _delegated(office, at)
    both = threading.Barrier(2)

    def look_then_write(**_named: Any) -> None:
        share = Share.objects.get(claim_id=mine.pk)
        both.wait(10)
        assert share.ended_at is None
        Share.objects.filter(pk=share.pk).update(ended_at=at)

    monkeypatch.setattr(sharing, "use", look_then_write)
    # Whoever opens locks the claim, too; either is enough.
    get = assignments._get
    monkeypatch.setattr(assignments, "_get", lambda claim_id, **unlocked: get(claim_id))

    def open_it() -> object:
        return assignments.open_again(claim_id=mine.pk, person_id=office.ben.pk, actor=STAFF, at=at)

    assert outcomes(open_it, open_it) == ["done", "done"]


def _delegated(office: Estate, at: dt.datetime) -> Assignment:
    mine = give(office, at, office.amira, 0)
    sharing.delegate(
        claim_id=mine.pk, person_id=office.amira.pk, to_id=office.ben.pk, until=at + HOUR,
        actor=STAFF, at=at,
    )  # fmt: skip
    return mine


def _finish_all(at: dt.datetime) -> None:
    for held in Assignment.objects.filter(closed_at__isnull=True):
        assignments.release(claim_id=held.pk, how=ClosedHow.FINISHED, actor=STAFF, at=at)
