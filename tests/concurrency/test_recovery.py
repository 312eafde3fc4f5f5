"""Emptying a door while others open, finish, renew or empty it: one of them is first, always."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable
from functools import partial

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from access.models import Grant
from access.services import leaving
from audit.actions import Action
from audit.models import Event
from audit.services import idempotency
from audit.services.events import Actor
from lockers.models import BridgePresence, Command
from occupancy.choices import ClosedHow
from occupancy.models import Assignment, Claim, CustodyStep, Recovery
from occupancy.services.claims import assignments, renewals
from occupancy.services.ending import expiry, recovery
from occupancy.services.policies import policies
from tests.concurrency.jobs.halting import in_the_middle
from tests.concurrency.racing import outcomes
from tests.factories.cast import SETUP, Estate
from tests.occupancy.ending.held import HOUR, MINUTE, hold, policy

pytestmark = pytest.mark.django_db(transaction=True)
WHY = "Not given back"
ROUNDS = 4
BY_TWO = "occupancy_recovery_by_two"


@pytest.fixture
def at() -> dt.datetime:
    """Now: receivers look at the clock."""
    return timezone.now().replace(second=0, microsecond=0)


@pytest.fixture
def office(transactional_db: None, at: dt.datetime) -> Estate:
    estate = Estate.build(at=at)
    BridgePresence.objects.update(last_seen_at=at.replace(year=at.year + 1))
    estate.policy.renewals = 3
    estate.policy.save()
    return estate


@pytest.fixture
def mine(office: Estate, at: dt.datetime) -> Assignment:
    """Amira's door, hers for another eight hours."""
    return hold(office, office.policy, at, at + 8 * HOUR)


def begin(claim: Assignment, at: dt.datetime) -> Callable[[], object]:
    return partial(recovery.begin, claim_id=claim.pk, actor=SETUP, at=at, reason=WHY)


def opens(office: Estate, claim: Assignment, at: dt.datetime) -> Callable[[], object]:
    return partial(
        assignments.open_again, claim_id=claim.pk, person_id=office.amira.pk,
        actor=Actor.person(office.amira.pk), at=at,
    )  # fmt: skip


def finish(office: Estate, claim: Assignment, at: dt.datetime) -> Callable[[], object]:
    return partial(
        assignments.release, claim_id=claim.pk, how=ClosedHow.FINISHED, actor=SETUP, at=at,
        person_id=office.amira.pk,
    )  # fmt: skip


def test_two_who_begin_begin_it_once(office: Estate, mine: Assignment, at: dt.datetime) -> None:
    ends = outcomes(*[begin(mine, at)] * 4)
    assert Counter(ends) == {"done": 1, "nothing_to_recover": 3}
    assert CustodyStep.objects.filter(kind="begun").count() == 1
    assert Event.objects.filter(action=Action.RECOVERY_BEGUN).count() == 1


def test_two_who_empty_and_close_do_it_once(
    office: Estate, mine: Assignment, at: dt.datetime
) -> None:
    begin(mine, at)()
    case = Recovery.objects.get()
    opening = [
        partial(recovery.open_for, recovery_id=case.pk, user_id=user.pk, at=at, reason=WHY)
        for user in (office.olga, office.max)
    ]
    assert outcomes(*opening) == ["done", "done"]
    # Each opening is one command and one step that names who opened.
    assert Command.objects.count() == case.steps.filter(kind="opened").count() == 2
    emptying = partial(recovery.empty, recovery_id=case.pk, found=False, actor=SETUP, at=at)
    assert Counter(outcomes(emptying, emptying, emptying)) == {"done": 1, "emptied_already": 2}
    closing = partial(recovery.close, recovery_id=case.pk, actor=SETUP, at=at)
    assert Counter(outcomes(closing, closing, closing)) == {"done": 1, "recovery_over": 2}
    kinds = Counter(case.steps.values_list("kind", flat=True))
    assert kinds == {"begun": 1, "opened": 2, "none_found": 1, "reset": 1, "closed": 1}
    assert Event.objects.filter(action=Action.RECOVERY_CLOSED).count() == 1
    assert Assignment.objects.get().closed_how == "recovered"


def test_who_closes_and_who_calls_off_do_not_both(
    office: Estate, mine: Assignment, at: dt.datetime
) -> None:
    for _round in range(ROUNDS):
        begin(mine, at)()
        case = Recovery.objects.get()
        recovery.opened_by_key(recovery_id=case.pk, user_id=office.olga.pk, at=at, reason=WHY)
        ends = outcomes(
            partial(recovery.empty, recovery_id=case.pk, found=False, actor=SETUP, at=at),
            partial(recovery.call_off, recovery_id=case.pk, actor=SETUP, at=at, reason=WHY),
        )
        assert Counter(ends) == {"done": 1, "recovery_over": 1}
        case.refresh_from_db()
        assert (case.emptied_at is None) is (case.closed_at is not None)
        if case.emptied_at is not None:
            recovery.close(recovery_id=case.pk, actor=SETUP, at=at)
            break


def test_two_who_want_to_be_both_people_are_refused_by_the_service_and_by_the_database(
    office: Estate, at: dt.datetime
) -> None:
    under = policy(office, at_end="hold", recovery_takes_two=True)
    begin(hold(office, under, at, at + HOUR), at)()
    case = Recovery.objects.get()

    def alone(user_id: int) -> Callable[[], object]:
        def both() -> None:
            recovery.confirm(recovery_id=case.pk, user_id=user_id, at=at)
            recovery.open_for(recovery_id=case.pk, user_id=user_id, at=at, reason=WHY)

        return both

    # Each confirms and opens by themselves: it opens only for who comes after another's word.
    ends = outcomes(alone(office.olga.pk), alone(office.olga.pk))
    assert ends == ["same_person", "same_person"]
    confirmed = {"recovery": case, "kind": "confirmed", "actor_kind": "staff"}
    opened = {**confirmed, "kind": "opened", "actor_id": str(office.olga.pk)}
    with pytest.raises(IntegrityError, match="somebody else has to confirm"), transaction.atomic():
        CustodyStep.objects.create(**opened, at=at)
    CustodyStep.objects.create(**confirmed, actor_id=str(office.olga.pk), at=at)
    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        CustodyStep.objects.create(**opened, at=at)
    assert refused.value.__cause__.diag.constraint_name == BY_TWO  # type: ignore[union-attr]
    CustodyStep.objects.create(**confirmed, actor_id=str(office.max.pk), at=at)
    with pytest.raises(IntegrityError), transaction.atomic():
        CustodyStep.objects.create(**opened, at=at + 31 * MINUTE)
    CustodyStep.objects.create(**opened, at=at + 29 * MINUTE)


def test_the_holder_who_opens_while_it_begins_is_too_late(
    office: Estate, mine: Assignment, at: dt.datetime
) -> None:
    begun, opened, had_to_wait = in_the_middle(
        Action.RECOVERY_BEGUN, begin(mine, at), opens(office, mine, at)
    )
    assert (begun.ended, opened.ended, had_to_wait) == ("done", "no_grant", True)
    assert not Command.objects.exists()


def test_a_recovery_that_begins_while_the_holder_opens_comes_after_it(
    office: Estate, mine: Assignment, at: dt.datetime
) -> None:
    opened, begun, had_to_wait = in_the_middle(
        Action.OPEN_REQUESTED, opens(office, mine, at), begin(mine, at)
    )
    assert (opened.ended, begun.ended, had_to_wait) == ("done", "done", True)


def test_the_negative_control_opens_after_the_recovery_began_without_the_lock(
    office: Estate, mine: Assignment, at: dt.datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    get = assignments._get
    monkeypatch.setattr(assignments, "_get", lambda claim_id, **unlocked: get(claim_id))
    opened, begun, had_to_wait = in_the_middle(
        Action.OPEN_REQUESTED, opens(office, mine, at), begin(mine, at)
    )
    # The recovery had begun, and the door was asked to open all the same.
    assert (opened.ended, begun.ended, had_to_wait) == ("done", "done", False)


def test_either_it_is_finished_or_it_is_recovered(office: Estate, at: dt.datetime) -> None:
    for _round in range(ROUNDS):
        mine = hold(office, office.policy, at, at + 8 * HOUR)
        ends = outcomes(begin(mine, at), finish(office, mine, at), begin(mine, at))
        assert ends.count("done") == 1, ends
        mine.refresh_from_db()
        assert (mine.closed_at is None) is (mine.recovery_at is not None)
        assert not Grant.objects.filter(claim_id=mine.pk, revoked_at=None).exists()
        Claim.objects.filter(pk=mine.pk).update(closed_at=at, closed_how="recovered")


@pytest.mark.parametrize("first", ["recovery", "release"])
def test_who_comes_second_is_told_what_happened(
    office: Estate, mine: Assignment, at: dt.datetime, first: str
) -> None:
    verbs = [(Action.RECOVERY_BEGUN, begin(mine, at)), (Action.RELEASED, finish(office, mine, at))]
    (action, one), (_action, other) = verbs if first == "recovery" else reversed(verbs)
    _done, refused, had_to_wait = in_the_middle(action, one, other)
    told = {"recovery": "assignment_already_released", "release": "nothing_to_recover"}
    assert had_to_wait
    assert refused.ended in {told[first], "in_recovery"}


def test_what_is_renewed_while_it_begins_stays_in_recovery(
    office: Estate, mine: Assignment, at: dt.datetime
) -> None:
    renew = partial(renewals.renew, claim_id=mine.pk, person_id=office.amira.pk, actor=SETUP, at=at)
    begun, renewed, had_to_wait = in_the_middle(
        Action.RECOVERY_BEGUN,
        begin(mine, at),
        lambda: idempotency.run(renew),
    )
    assert (begun.ended, renewed.ended, had_to_wait) == ("done", "not_while_overdue", True)
    mine.refresh_from_db()
    assert (mine.recovery_at, mine.renewals) == (at, 0)


def test_a_policy_that_is_edited_while_it_begins_gives_nothing_back_to_the_pool(
    office: Estate, mine: Assignment, at: dt.datetime
) -> None:
    office.policy.grace = HOUR
    office.policy.save()
    follow = partial(policies.follow, policy_id=office.policy.pk, actor=SETUP, at=at)
    begun, followed, had_to_wait = in_the_middle(Action.RECOVERY_BEGUN, begin(mine, at), follow)
    assert (begun.ended, followed.ended, had_to_wait) == ("done", "done", True)
    mine.refresh_from_db()
    assert (mine.at_end, mine.recovery_at) == ("hold", at)
    assert expiry.expire_due(at=at + 30 * HOUR) == 0


def test_the_database_refuses_to_give_back_by_time_what_is_recovered(
    office: Estate, mine: Assignment, at: dt.datetime
) -> None:
    begin(mine, at)()
    with pytest.raises(IntegrityError, match="what_is_recovered_is_held"):
        Claim.objects.filter(pk=mine.pk).update(at_end="release")


def test_somebody_who_is_stopped_while_their_time_runs_out_loses_nothing(
    office: Estate, mine: Assignment, at: dt.datetime
) -> None:
    """Suspended at the very end: either it was over before, or it is held until emptied."""
    late = mine.ends_at
    assert late is not None
    stop = partial(leaving.suspend, person=office.amira, actor=SETUP, at=late - MINUTE)
    stopped, expired, had_to_wait = in_the_middle(
        Action.RECOVERY_BEGUN, stop, partial(expiry.expire_due, at=late)
    )
    assert (stopped.ended, expired.ended) == ("done", "done")
    mine.refresh_from_db()
    assert (mine.closed_at, mine.at_end) == (None, "hold")
