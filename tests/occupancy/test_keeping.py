"""Where a bank works alone: nobody is given a door, or told of one, that its bridge may give."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import DatabaseError, connection, connections, transaction

from access.models import Grant
from audit.actions import Action
from audit.errors import Refusal
from audit.models import Event
from audit.services import idempotency
from audit.services.events import Actor
from audit.services.idempotency import Reply
from lockers.errors import BankDecidesAlone, KeptLater, NotKept
from lockers.models import Authority, Bank
from lockers.services import authority
from occupancy import confirming
from occupancy.errors.custody import ReasonMissing
from occupancy.models import Assignment, Claim, Kept
from occupancy.services import keeping
from occupancy.services.claims import assignments
from occupancy.services.claims.assignments import Wanted
from occupancy.services.claims.claiming import Claimed
from occupancy.services.custody import giving, moving
from tests.conftest import MORNING
from tests.factories.cast import Estate

pytestmark = pytest.mark.django_db(transaction=True)
HOUR = dt.timedelta(hours=1)


@pytest.fixture
def office(transactional_db: None) -> Estate:
    """An office whose bank works alone, and whose bridge just answered."""
    estate = Estate.build(at=MORNING)
    Bank.objects.update(works_alone=True)
    authority.greeted(bridge_id=estate.bridge.pk, term=0, is_alone=False)
    authority.entrust(bridge_id=estate.bridge.pk, banks=[estate.bank.pk])
    authority.beat(bridge_id=estate.bridge.pk, term=0)
    return estate


def hold(estate: Estate, **values: Any) -> Claim:
    return Claim.objects.create(
        **{
            "compartment": estate.doors[0], "kind": "assignment", "holder": estate.amira,
            "policy": estate.policy, "starts_at": MORNING, "started_at": MORNING,
            "due_at": MORNING + HOUR, "ends_at": MORNING + HOUR, **values,
        }
    )  # fmt: skip


def beat_at(shift: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE lockers_authority SET beat_at = clock_timestamp() + %s::interval", [shift]
        )


def claim(estate: Estate) -> Claimed:
    return assignments.claim(
        person_id=estate.amira.pk, bank_id=estate.bank.pk, wanted=Wanted(),
        actor=Actor.person(estate.amira.pk), at=MORNING,
    )  # fmt: skip


def write_down(estate: Estate) -> None:
    """Be the bridge: have everything that it is told."""
    told = keeping.untold(bridge_id=estate.bridge.pk)
    keeping.kept(
        bridge_id=estate.bridge.pk,
        states={one.claim_id: one.state for one in told.holds},
        gone=told.gone,
    )


@contextmanager
def bridge(estate: Estate) -> Iterator[None]:
    """Be the bridge beside whatever the block does."""
    over = threading.Event()

    def run() -> None:
        while not over.wait(0.005):
            write_down(estate)
        connections.close_all()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    yield
    over.set()
    thread.join(10)


# ---- the database refuses ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "shift", ["-3.1 s", "1 minute"], ids=["silent for a while", "a clock that jumped"]
)
def test_the_database_gives_no_door_when_the_bridge_did_not_answer_just_now(
    office: Estate, shift: str
) -> None:
    beat_at(shift)
    with pytest.raises(DatabaseError, match="may be giving it to somebody"):
        hold(office)


def test_a_bridge_that_was_never_told_to_gives_no_door_so_the_database_does(office: Estate) -> None:
    authority.entrust(bridge_id=office.bridge.pk, banks=[])
    beat_at("-1 minute")
    assert hold(office).pk
    Authority.objects.all().delete()
    assert hold(office, compartment=office.doors[1], holder=office.ben).pk


def test_the_database_gives_a_door_while_the_bridge_answers(office: Estate) -> None:
    beat_at("-2 s")
    assert hold(office).pk


@pytest.mark.parametrize(
    "change",
    [
        lambda estate: {"ends_at": MORNING + 2 * HOUR},
        lambda estate: {"ends_at": None},
        lambda estate: {"holder": estate.ben},
        lambda estate: {"compartment": estate.doors[1]},
    ],
    ids=["longer", "for ever", "to somebody else", "another door"],
)
def test_the_database_changes_no_holder_while_the_bridge_may_decide(
    office: Estate, change: Callable[[Estate], dict[str, Any]]
) -> None:
    mine = hold(office)
    beat_at("-1 minute")
    with pytest.raises(DatabaseError, match="may be giving it to somebody"):
        Claim.objects.filter(pk=mine.pk).update(**change(office))


def test_the_database_lets_nobody_begin_or_take_back_while_the_bridge_may_decide(
    office: Estate,
) -> None:
    booked = hold(office, kind="reservation", started_at=None)
    over = hold(office, compartment=office.doors[1], closed_at=MORNING, closed_how="finished")
    beat_at("-1 minute")
    for claim_, values in ((booked, {"started_at": MORNING}), (over, {"closed_at": None})):
        with pytest.raises(DatabaseError, match="may be giving it to somebody"):
            Claim.objects.filter(pk=claim_.pk).update(**values)


def test_what_ends_or_is_to_come_may_be_written_all_the_same(office: Estate) -> None:
    mine = hold(office)
    beat_at("-1 minute")
    Claim.objects.filter(pk=mine.pk).update(due_at=MORNING + HOUR / 2, ends_at=MORNING + HOUR / 2)
    Claim.objects.filter(pk=mine.pk).update(closed_at=MORNING, closed_how="finished")
    assert hold(office, kind="reservation", started_at=None).pk


def test_a_door_that_no_bridge_opens_is_the_server_s_alone(office: Estate) -> None:
    beat_at("-1 minute")
    type(office.doors[0]).objects.filter(pk=office.doors[0].pk).update(
        controller=None, channel=None
    )
    assert hold(office).pk


# ---- and it is said politely -----------------------------------------------------------------


def test_who_asks_for_a_door_is_told_that_the_bank_decides_alone(office: Estate) -> None:
    beat_at("-1 minute")
    with pytest.raises(BankDecidesAlone):
        idempotency.run(lambda: claim(office))


def test_what_the_database_refuses_after_all_is_said_the_same_way(office: Estate) -> None:
    beat_at("-1 minute")
    with pytest.raises(BankDecidesAlone):
        idempotency.run(lambda: hold(office))


# ---- who is told -----------------------------------------------------------------------------


def test_what_the_bridge_has_is_not_pending_until_it_changes(office: Estate) -> None:
    mine = hold(office)
    assert keeping.pending([mine.pk]) == {mine.pk}
    write_down(office)
    assert keeping.pending([mine.pk]) == set()
    Claim.objects.filter(pk=mine.pk).update(ends_at=MORNING + 2 * HOUR)
    assert keeping.pending([mine.pk]) == {mine.pk}


def test_the_bridge_is_told_of_what_began_and_of_what_ended(office: Estate) -> None:
    mine = hold(office)
    [told] = keeping.untold(bridge_id=office.bridge.pk).holds
    assert (told.claim_id, told.compartment_id, told.holder_id, told.has_begun) == (
        mine.pk, office.doors[0].pk, office.amira.pk, True,
    )  # fmt: skip
    write_down(office)
    assert keeping.untold(bridge_id=office.bridge.pk) == keeping.Untold([], [])
    Claim.objects.filter(pk=mine.pk).update(closed_at=MORNING, closed_how="finished")
    assert keeping.untold(bridge_id=office.bridge.pk) == keeping.Untold([], [mine.pk])


def test_a_bridge_that_comes_anew_is_told_everything_again(office: Estate) -> None:
    mine = hold(office)
    write_down(office)
    [told] = keeping.untold(bridge_id=office.bridge.pk, is_all=True).holds
    assert told.claim_id == mine.pk
    # And what it has then is all that it has.
    keeping.kept(bridge_id=office.bridge.pk, states={}, gone=[], is_all=True)
    assert keeping.pending([mine.pk]) == {mine.pk}


def test_a_door_is_told_when_the_bridge_has_it(office: Estate) -> None:
    with bridge(office):
        got = idempotency.run(lambda: claim(office))
    assert Assignment.objects.get(pk=got.claim_id).closed_at is None
    assert Kept.objects.filter(claim_id=got.claim_id).exists()


def test_a_door_that_the_bridge_never_had_is_nobody_s(
    office: Estate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(confirming, "WAITS_S", 0.05)
    with pytest.raises(NotKept):
        idempotency.run(lambda: claim(office))
    withdrawn = Assignment.objects.get()
    assert withdrawn.closed_how == "withdrawn"
    assert Grant.objects.get(claim_id=withdrawn.pk).revoked_at is not None
    # Nothing stands in the way of the next try.
    with bridge(office):
        assert idempotency.run(lambda: claim(office)).number == "1"


def test_a_change_of_what_the_bridge_has_is_not_taken_back_and_not_called_nothing(
    office: Estate, monkeypatch: pytest.MonkeyPatch
) -> None:
    def transfer() -> Assignment:
        return moving.transfer(
            claim_id=mine.claim_id, to_person_id=office.ben.pk, actor=Actor.staff(office.olga.pk),
            at=MORNING, reason="they swapped desks",
        )  # fmt: skip

    with bridge(office):
        mine = idempotency.run(lambda: claim(office))
    monkeypatch.setattr(confirming, "WAITS_S", 0.05)
    with pytest.raises(KeptLater):
        idempotency.run(transfer)
    new = Assignment.objects.get(closed_at=None)
    assert new.holder == office.ben
    assert keeping.pending([new.pk]) == {new.pk}


def once(estate: Estate) -> Reply:
    def work() -> Reply:
        return Reply(201, {"number": claim(estate).number})

    return idempotency.once(scope="test", key="12345678", request="claim", work=work)


def test_a_repeat_of_what_was_withdrawn_is_refused_too(
    office: Estate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(confirming, "WAITS_S", 0.05)
    assert (once(office).status, once(office).body["code"]) == (503, "not_kept")


def test_a_repeat_waits_for_the_word_as_its_first_time_did(
    office: Estate, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The first one died between its commit and its answer.
    monkeypatch.setattr(idempotency.outside, "confirm", _die)
    with pytest.raises(SystemExit):
        once(office)
    monkeypatch.undo()
    monkeypatch.setattr(confirming, "WAITS_S", 0.05)
    assert once(office).status == 503
    assert Assignment.objects.get().closed_how == "withdrawn"


def _die(claim_ids: object) -> None:
    raise SystemExit


def test_what_nobody_waits_for_any_more_is_withdrawn_by_the_job(office: Estate) -> None:
    mine = hold(office)
    assert keeping.withdraw_due(at=MORNING + dt.timedelta(seconds=20)) == 0
    assert keeping.withdraw_due(at=MORNING + dt.timedelta(seconds=31)) == 1
    assert Claim.objects.get(pk=mine.pk).closed_how == "withdrawn"


def test_what_the_bridge_has_is_never_withdrawn(office: Estate) -> None:
    hold(office)
    write_down(office)
    Claim.objects.update(ends_at=MORNING + 2 * HOUR)
    assert keeping.withdraw_due(at=MORNING + HOUR) == 0


def test_what_somebody_was_told_of_is_never_withdrawn_and_is_pending_still(
    office: Estate,
) -> None:
    mine = hold(office)
    keeping.was_told(claim_id=mine.pk, bridge_id=office.bridge.pk)
    assert keeping.withdraw_due(at=MORNING + HOUR / 2) == 0
    assert keeping.pending([mine.pk]) == {mine.pk}
    assert [one.claim_id for one in keeping.untold(bridge_id=office.bridge.pk).holds] == [mine.pk]


def test_what_lets_the_holder_open_is_told_with_the_claim_and_pending_when_it_changes(
    office: Estate,
) -> None:
    with bridge(office):
        got = idempotency.run(lambda: claim(office))
    (told,) = keeping.untold(bridge_id=office.bridge.pk, is_all=True).holds
    grant = Grant.objects.get(claim_id=got.claim_id)
    assert told.grant == keeping.HeldGrant(grant.pk, grant.starts_at, grant.ends_at)
    Grant.objects.update(revoked_at=MORNING)
    assert keeping.pending([told.claim_id]) == {told.claim_id}
    (told,) = keeping.untold(bridge_id=office.bridge.pk).holds
    assert told.grant is None


def test_what_was_said_to_a_bridge_and_is_over_is_told_to_be_gone(office: Estate) -> None:
    mine = hold(office)
    Claim.objects.filter(pk=mine.pk).update(closed_at=MORNING, closed_how="withdrawn")
    assert keeping.untold(bridge_id=office.bridge.pk).gone == []
    assert keeping.untold(bridge_id=office.bridge.pk, said=[mine.pk]).gone == [mine.pk]


def test_where_a_bank_does_not_work_alone_nobody_waits(office: Estate) -> None:
    authority.entrust(bridge_id=office.bridge.pk, banks=[])
    beat_at("-1 minute")
    got = idempotency.run(lambda: claim(office))
    assert keeping.pending([got.claim_id]) == set()


def test_an_override_gives_a_door_all_the_same(office: Estate) -> None:
    beat_at("-1 minute")
    with transaction.atomic(), keeping.beyond_authority():
        mine = hold(office)
    assert mine.pk
    with pytest.raises(Refusal):
        idempotency.run(lambda: hold(office, compartment=office.doors[1]))


# ---- staff, beyond authority ---------------------------------------------------------------------


def give(estate: Estate, **values: Any) -> Claim:
    return giving.give(
        **{
            "policy_id": estate.policy.pk, "person_id": estate.amira.pk,
            "compartment_id": estate.doors[0].pk, "actor": Actor.staff(estate.olga.pk),
            "at": MORNING, "reason": "their medicine", "beyond_authority": True, **values,
        }
    )  # fmt: skip


def test_staff_give_a_door_all_the_same_and_it_is_recorded_as_that(office: Estate) -> None:
    beat_at("-1 minute")
    given = idempotency.run(lambda: give(office))
    event = Event.objects.get(action=Action.GIVEN_BEYOND)
    assert (event.actor_id, event.reason, event.compartment_id) == (
        str(office.olga.pk), "their medicine", office.doors[0].pk,
    )  # fmt: skip
    # It is not what the bridge has, and stays all the same.
    assert keeping.pending([given.pk]) == {given.pk}
    assert keeping.withdraw_due(at=MORNING + HOUR) == 0


def test_without_a_reason_nothing_is_given_beyond_authority(office: Estate) -> None:
    beat_at("-1 minute")
    with pytest.raises(ReasonMissing):
        idempotency.run(lambda: give(office, reason=""))
    assert not Assignment.objects.exists()


def test_staff_who_do_not_say_so_are_refused(office: Estate) -> None:
    beat_at("-1 minute")
    with pytest.raises(BankDecidesAlone):
        idempotency.run(lambda: give(office, beyond_authority=False))


def test_while_the_bridge_answers_there_is_nothing_to_override(office: Estate) -> None:
    with bridge(office):
        given = idempotency.run(lambda: give(office, reason=""))
    assert keeping.pending([given.pk]) == set()
    assert not Event.objects.filter(action=Action.GIVEN_BEYOND).exists()
