"""From overdue to a free door: who was there, what was found, and that nobody gets it before."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import IntegrityError, ProgrammingError, transaction

from access.models import Notice
from access.services import leaving
from audit.models import Event
from audit.services.events import Actor
from lockers.models import Command
from occupancy import selectors
from occupancy.choices import ClosedHow
from occupancy.errors.custody import InRecovery
from occupancy.errors.recovery import (
    NotEmptiedYet,
    NothingToRecover,
    NotOpenedYet,
    RecoveryOver,
    SamePerson,
    SecondPersonFirst,
    ThingsToStore,
)
from occupancy.models import Assignment, CustodyStep, Recovery
from occupancy.services.claims import assignments
from occupancy.services.ending import leavers, lost_property, recovery
from occupancy.services.ending.lost_property import Found
from occupancy.services.policies import policies
from tests.factories.cast import SETUP, Estate
from tests.occupancy.ending.held import HOUR, MINUTE, hold, policy, with_mail

WHY = "Not given back"


def shown(estate: Estate, at: dt.datetime, door: int = 0) -> str:
    states = selectors.bank_states([estate.bank.pk], at)
    one = next(each for each in states if each.id == estate.doors[door].pk)
    return one.state(at, online=True).shown


def begun(estate: Estate, at: dt.datetime, **values: object) -> Recovery:
    under = policy(estate, at_end="hold", **values)
    claim = hold(estate, under, at - 2 * HOUR, at - HOUR)
    return recovery.begin(claim_id=claim.pk, actor=Actor.staff(estate.olga.pk), at=at, reason=WHY)


def opened(estate: Estate, at: dt.datetime) -> Recovery:
    case = begun(estate, at)
    recovery.open_for(recovery_id=case.pk, user_id=estate.olga.pk, at=at, reason=WHY)
    return case


def steps(case: Recovery) -> list[str]:
    return list(case.steps.values_list("kind", flat=True))


def test_grace_then_overdue_then_recovery_are_shown_by_time_whether_a_job_runs_or_not(
    estate: Estate, at: dt.datetime
) -> None:
    under = policy(estate, at_end="hold", grace=30 * MINUTE, recovers_after=4 * HOUR)
    hold(estate, under, at, at + HOUR)
    ends = at + HOUR + 30 * MINUTE
    assert shown(estate, ends - MINUTE) == "occupied"
    assert shown(estate, ends) == "overdue"
    assert shown(estate, ends + 4 * HOUR - MINUTE) == "overdue"
    assert shown(estate, ends + 4 * HOUR) == "recovery"
    assert not Recovery.objects.exists()


def test_the_job_begins_what_is_due_once_in_order_and_dated_when_its_time_came(
    estate: Estate, at: dt.datetime
) -> None:
    under = policy(estate, at_end="hold", recovers_after=4 * HOUR)
    later = hold(estate, under, at, at + 2 * HOUR, door=0)
    earlier = hold(estate, under, at, at + HOUR, door=1, who=estate.ben)
    assert recovery.begin_due(at=at + 5 * HOUR - MINUTE) == 0
    day_off = at + 48 * HOUR
    assert recovery.begin_due(at=day_off) == 2
    assert recovery.begin_due(at=day_off) == 0
    found = Recovery.objects.order_by("pk").values_list("claim", "begun_at")
    assert list(found) == [(earlier.pk, at + 5 * HOUR), (later.pk, at + 6 * HOUR)]


def test_what_goes_back_to_the_pool_by_itself_is_never_recovered(
    estate: Estate, at: dt.datetime
) -> None:
    claim = hold(estate, policy(estate), at, at + HOUR)
    with pytest.raises(NothingToRecover):
        recovery.begin(claim_id=claim.pk, actor=SETUP, at=at + HOUR, reason=WHY)


def test_it_is_emptied_into_lost_property_and_then_free(estate: Estate, at: dt.datetime) -> None:
    with_mail(estate.amira)
    case = opened(estate, at)
    olga = Actor.staff(estate.olga.pk)
    assert Command.objects.get(claim_id=case.claim_id).purpose == "recovery"
    assert shown(estate, at) == "recovery"
    recovery.empty(recovery_id=case.pk, found=True, actor=olga, at=at + MINUTE)
    with pytest.raises(ThingsToStore):
        recovery.close(recovery_id=case.pk, actor=olga, at=at + MINUTE)
    item = lost_property.store_item(
        recovery_id=case.pk, found=Found(what="Coat", stored_where="Shelf 3", seal_number="S-7",
                                         witness="Max"),
        actor=olga, at=at + 2 * MINUTE,
    )  # fmt: skip
    assert (item.owner, item.compartment) == (estate.amira, estate.doors[0])
    recovery.close(recovery_id=case.pk, actor=olga, at=at + 3 * MINUTE)
    claim = Assignment.objects.get(pk=case.claim_id)
    assert (claim.closed_at, claim.closed_how) == (at + 3 * MINUTE, "recovered")
    assert shown(estate, at + 3 * MINUTE) == "free"
    assert steps(case) == [
        "begun", "notified", "opened", "found", "stored", "reset", "closed", "notified",
    ]  # fmt: skip
    assert set(Notice.objects.values_list("kind", flat=True)) == {"recovery_begun", "items_stored"}
    assert Event.objects.filter(subject=f"recovery:{case.pk}").count() == len(steps(case))
    with pytest.raises(RecoveryOver):
        recovery.close(recovery_id=case.pk, actor=olga, at=at + 4 * MINUTE)


def test_an_empty_one_is_free_as_well(estate: Estate, at: dt.datetime) -> None:
    case = opened(estate, at)
    recovery.empty(recovery_id=case.pk, found=False, actor=SETUP, at=at)
    recovery.close(recovery_id=case.pk, actor=SETUP, at=at)
    assert shown(estate, at) == "free"


def test_steps_come_in_order(estate: Estate, at: dt.datetime) -> None:
    case = begun(estate, at)
    with pytest.raises(NotOpenedYet):
        recovery.empty(recovery_id=case.pk, found=False, actor=SETUP, at=at)
    with pytest.raises(NotOpenedYet):
        lost_property.store_item(
            recovery_id=case.pk, found=Found(what="Bag", stored_where="Desk"), actor=SETUP, at=at
        )
    with pytest.raises(NotEmptiedYet):
        recovery.close(recovery_id=case.pk, actor=SETUP, at=at)


def test_two_people_open_it_where_the_policy_says_so(estate: Estate, at: dt.datetime) -> None:
    case = begun(estate, at, recovery_takes_two=True)
    olga, maxi = estate.olga.pk, estate.max.pk
    with pytest.raises(SecondPersonFirst):
        recovery.open_for(recovery_id=case.pk, user_id=olga, at=at, reason=WHY)
    recovery.confirm(recovery_id=case.pk, user_id=olga, at=at)
    with pytest.raises(SamePerson):
        recovery.open_for(recovery_id=case.pk, user_id=olga, at=at, reason=WHY)
    with pytest.raises(SecondPersonFirst):
        recovery.open_for(recovery_id=case.pk, user_id=maxi, at=at + HOUR, reason=WHY)
    recovery.open_for(recovery_id=case.pk, user_id=maxi, at=at, reason=WHY)
    assert steps(case) == ["begun", "confirmed", "opened"]


def test_while_it_is_emptied_nobody_releases_opens_or_gets_it(
    estate: Estate, at: dt.datetime
) -> None:
    case = begun(estate, at)
    with pytest.raises(InRecovery), transaction.atomic():
        assignments.release(
            claim_id=case.claim_id, how=ClosedHow.FINISHED, actor=SETUP, at=at,
            person_id=estate.amira.pk,
        )  # fmt: skip
    assert not estate.amira.grants.filter(revoked_at__isnull=True).exists()
    with pytest.raises(IntegrityError, match="one_started_claim"), transaction.atomic():
        hold(estate, estate.policy, at, at + HOUR, who=estate.ben)


def test_called_off_it_is_the_holders_again_on_the_old_terms(
    estate: Estate, at: dt.datetime
) -> None:
    claim = hold(estate, policy(estate), at, at + 8 * HOUR)
    case = recovery.begin(claim_id=claim.pk, actor=SETUP, at=at, reason=WHY)
    recovery.call_off(recovery_id=case.pk, actor=SETUP, at=at + MINUTE, reason="It was her door")
    claim.refresh_from_db()
    assert (claim.recovery_at, claim.at_end) == (None, "release")
    assert estate.amira.grants.filter(revoked_at__isnull=True).exists()
    again = recovery.begin(claim_id=claim.pk, actor=SETUP, at=at + HOUR, reason=WHY)
    assert again.pk == case.pk
    assert steps(case) == ["begun", "called_off", "begun"]


def test_called_off_after_its_end_it_opens_again_when_the_end_is_moved(
    estate: Estate, at: dt.datetime
) -> None:
    rules = policy(estate, at_end="hold")
    claim = hold(estate, rules, at, at + HOUR)
    over = at + 2 * HOUR
    case = recovery.begin(claim_id=claim.pk, actor=SETUP, at=over, reason=WHY)
    recovery.call_off(recovery_id=case.pk, actor=SETUP, at=over, reason="It was her door")
    grant = estate.amira.grants.get(claim_id=claim.pk)
    assert not grant.is_in_force(over)
    # The policy says the end of the day.
    assert policies.follow(policy_id=rules.pk, actor=SETUP, at=over) == 1
    grant.refresh_from_db()
    claim.refresh_from_db()
    assert claim.ends_at is not None and claim.ends_at > over
    assert grant.is_in_force(over) and not grant.is_in_force(claim.ends_at)


def test_called_off_it_opens_until_the_end_that_was_moved_meanwhile(
    estate: Estate, at: dt.datetime
) -> None:
    """As where a visit is extended while the visitor's door is being emptied."""
    claim = hold(estate, policy(estate), at, at + HOUR)
    case = recovery.begin(claim_id=claim.pk, actor=SETUP, at=at, reason=WHY)
    Assignment.objects.filter(pk=claim.pk).update(due_at=at + 3 * HOUR, ends_at=at + 3 * HOUR)
    recovery.call_off(recovery_id=case.pk, actor=SETUP, at=at + MINUTE, reason="It was her door")
    grant = estate.amira.grants.get(claim_id=claim.pk)
    assert (grant.revoked_at, grant.ends_at) == (None, at + 3 * HOUR)


def test_custody_steps_are_never_changed_nor_removed(estate: Estate, at: dt.datetime) -> None:
    begun(estate, at)
    for change in (
        lambda: CustodyStep.objects.update(note="nothing happened"),
        lambda: CustodyStep.objects.all().delete(),
    ):
        with pytest.raises(ProgrammingError, match="append-only"), transaction.atomic():
            change()


@pytest.mark.parametrize("how", ["leaves", "is suspended"])
def test_what_somebody_has_who_may_not_any_more_is_emptied_and_not_freed(
    estate: Estate, at: dt.datetime, how: str
) -> None:
    claim = hold(estate, policy(estate), at, at + 8 * HOUR)
    stop = leaving.leave if how == "leaves" else leaving.suspend
    stop(person=estate.amira, actor=SETUP, at=at + HOUR, reason="HR")
    assert leavers.recover_all(at=at + HOUR) == 1
    assert leavers.recover_all(at=at + HOUR) == 0
    claim.refresh_from_db()
    assert (claim.closed_at, claim.at_end) == (None, "hold")
    # Its planned end frees it no more.
    assert shown(estate, at + 9 * HOUR) == "recovery"


def test_it_is_told_at_once_and_not_only_by_the_sweep(
    estate: Estate, at: dt.datetime, django_capture_on_commit_callbacks: object
) -> None:
    import time_machine

    claim = hold(estate, policy(estate), at, at + 8 * HOUR)
    with (
        time_machine.travel(at + HOUR, tick=False),
        django_capture_on_commit_callbacks(  # type: ignore[operator]
            execute=True
        ),
    ):
        leaving.suspend(person=estate.amira, actor=SETUP, at=at + HOUR)
    assert Recovery.objects.get().claim_id == claim.pk
