"""Two at once about one offer: two workers, accept against lapse, and a death in the middle."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection, connections, transaction

from audit.errors import Refusal
from audit.services import idempotency
from lockers.models import BridgePresence
from occupancy.choices import ClosedHow
from occupancy.errors.claims import CompartmentTaken
from occupancy.models import Assignment, Claim, Offer, WaitingEntry
from occupancy.selectors.waiting import waiting_for
from occupancy.services.claims import assignments
from occupancy.services.claims.assignments import Wanted
from occupancy.services.queue import offering, offers, waiting
from tests import factories
from tests.concurrency.racing import together
from tests.conftest import MORNING
from tests.factories.cast import SETUP, Estate

pytestmark = pytest.mark.django_db(transaction=True)
LAPSES = MORNING + dt.timedelta(minutes=15)
ONE_OFFER = "occupancy_one_open_offer_at_a_time"
ONE_CLAIM = "occupancy_one_claim_per_compartment_and_time"


@pytest.fixture
def waited(transactional_db: None) -> Estate:
    """Both small doors are free, though nobody was offered one yet; Ines and Jo wait, in order."""
    estate = Estate.build(at=MORNING)
    BridgePresence.objects.update(last_seen_at=MORNING + dt.timedelta(days=1))
    for n, name in enumerate(("ines", "jo")):
        person = factories.PersonFactory(
            organisation=estate.organisation, home_site=estate.site, given_name=name,
            email=f"{name}@example.org",
        )  # fmt: skip
        estate.extra[name] = WaitingEntry.objects.create(
            person=person, site=estate.site, size=estate.small, bank=estate.bank,
            joined_at=MORNING - dt.timedelta(minutes=10 - n),
        )  # fmt: skip
    return estate


def sweep() -> int:
    return waiting.offer_due(MORNING)


def held(estate: Estate) -> dict[str, str]:
    """Return who is offered which door."""
    found = Offer.objects.filter(closed_at=None).select_related("claim__compartment")
    return {one.entry.person.given_name: one.claim.compartment.number for one in found}


def _take_away(estate: Estate, number: str) -> None:
    door = next(one for one in estate.doors if one.number == number)
    Claim.objects.create(
        compartment=door, kind="closure", starts_at=MORNING - dt.timedelta(hours=1)
    )


def test_two_workers_offer_one_door_once_and_to_the_first(waited: Estate) -> None:
    _take_away(waited, "2")
    assert sorted(together(sweep, sweep, sweep, sweep)) == [0, 0, 0, 1]
    assert held(waited) == {"ines": "1"}


def test_two_workers_offer_two_doors_to_two_people(waited: Estate) -> None:
    assert sum(together(sweep, sweep, sweep, sweep)) == 2
    assert set(held(waited)) == {"ines", "jo"}
    assert set(held(waited).values()) == {"1", "2"}
    assert Claim.objects.filter(kind="offer").count() == 2


def test_two_releases_at_once_make_two_offers(waited: Estate) -> None:
    claims = [_hold(waited, n) for n in (0, 1)]

    def release(claim_id: int) -> Any:
        return assignments.release(
            claim_id=claim_id, how=ClosedHow.RELEASED_BY_STAFF, actor=SETUP, at=MORNING
        )

    together(*(lambda pk=pk: release(pk) for pk in claims))
    sweep()
    assert set(held(waited)) == {"ines", "jo"}


# The offers of a walk-up that is refused are rolled back: whoever looked on meanwhile must not
# have passed over the first for the second.
@pytest.mark.parametrize("_time", range(10))
def test_a_walk_up_and_a_sweep_at_once_never_serve_the_second_first(
    waited: Estate, _time: int
) -> None:
    _take_away(waited, "2")
    results = together(lambda: _walk_up(waited), sweep, sweep)
    assert isinstance(results[0], Refusal), results
    sweep()
    assert held(waited) == {"ines": "1"}


def test_a_door_that_comes_free_after_the_look_at_the_list_is_not_a_walk_up_s(
    waited: Estate, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in ("1", "2"):
        _take_away(waited, number)
    look = offers.at_claim

    def then_one_comes_free(**asked: Any) -> offers.Left:
        left = look(**asked)
        Claim.objects.filter(compartment=waited.doors[0]).update(
            closed_at=MORNING, closed_how=ClosedHow.EXPIRED
        )
        return left

    monkeypatch.setattr(offers, "at_claim", then_one_comes_free)
    with pytest.raises(CompartmentTaken):
        _walk_up(waited)


def test_accept_against_lapse_ends_in_one_of_the_two(waited: Estate) -> None:
    _take_away(waited, "2")
    sweep()
    offer, ines = Offer.objects.get(), waited.extra["ines"].person
    just_before = LAPSES - dt.timedelta(microseconds=1)

    def accept() -> Any:
        return idempotency.run(
            lambda: waiting.accept(
                offer_id=offer.pk, person_id=ines.pk, actor=SETUP, at=just_before
            )
        )

    accepted, *_ = together(accept, *[lambda: waiting.offer_due(LAPSES)] * 3)
    # Of several at once each may leave the rest to the other: the next one sees to it.
    waiting.offer_due(LAPSES)
    offer.refresh_from_db()
    got = Assignment.objects.filter(holder=ines, closed_at=None).exists()
    assert got is not isinstance(accepted, Refusal)
    assert offer.closed_how == ("accepted" if got else "lapsed")
    assert held(waited) == ({} if got else {"jo": "1"})


def test_two_accepts_of_one_offer_give_one_claim(waited: Estate) -> None:
    sweep()
    ines = waited.extra["ines"].person
    offer = Offer.objects.get(entry__person=ines)

    def accept() -> Any:
        return idempotency.run(
            lambda: waiting.accept(offer_id=offer.pk, person_id=ines.pk, actor=SETUP, at=MORNING)
        )

    results = together(accept, accept, accept)
    assert sum(not isinstance(one, Refusal) for one in results) == 1
    assert Assignment.objects.filter(holder=ines, closed_at=None).count() == 1


def test_death_in_the_middle_loses_no_offer(
    waited: Estate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever was not committed did not happen: door and place are as before, and swept up."""
    _take_away(waited, "2")
    claim_id = _hold(waited, 0)

    def die(*args: Any, **kwargs: Any) -> None:
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(offering, "tell", die)
        with pytest.raises(SystemExit):
            assignments.release(
                claim_id=claim_id, how=ClosedHow.RELEASED_BY_STAFF, actor=SETUP, at=MORNING
            )
    assert Assignment.objects.get(pk=claim_id).closed_at is None
    assert not Offer.objects.exists()
    assignments.release(claim_id=claim_id, how=ClosedHow.RELEASED_BY_STAFF, actor=SETUP, at=MORNING)
    assert held(waited) == {"ines": "1"}
    with monkeypatch.context() as patch:
        patch.setattr(offering, "freed", die)
        with pytest.raises(SystemExit):
            waiting.offer_due(LAPSES)
    assert Offer.objects.get().closed_how == ""
    assert waiting_for(waited.extra["ines"].person, LAPSES) == []
    waiting.offer_due(LAPSES)
    assert held(waited) == {"jo": "1"}


def test_who_is_being_offered_a_door_elsewhere_is_not_waited_for(waited: Estate) -> None:
    """An open transaction has the first place locked: the second worker goes on to the next."""
    results: list[int] = []

    def second() -> None:
        try:
            results.append(sweep())
        finally:
            connections.close_all()

    with transaction.atomic():
        WaitingEntry.objects.select_for_update(no_key=True).get(pk=waited.extra["ines"].pk)
        worker = threading.Thread(target=second)
        worker.start()
        worker.join(10)
        assert not worker.is_alive()
    assert results == [1]
    assert held(waited) == {"jo": "1"}


@pytest.fixture
def unguarded() -> Iterator[None]:
    """Take the constraints away that judge offers, and put them back."""
    with connection.cursor() as cursor:
        cursor.execute(f"DROP INDEX {ONE_OFFER}")
        cursor.execute(f"ALTER TABLE occupancy_claim DROP CONSTRAINT {ONE_CLAIM}")
    yield
    Offer.objects.all().delete()
    Claim.objects.all().delete()
    with connection.schema_editor() as editor:
        for model, name in ((Offer, ONE_OFFER), (Claim, ONE_CLAIM)):
            found = next(one for one in model._meta.constraints if one.name == name)
            editor.add_constraint(model, found)


def test_the_negative_control_offers_one_door_twice_without_constraints_and_locks(
    waited: Estate, unguarded: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another worker comes between look and offer: proves that these tests could fail."""
    _take_away(waited, "2")
    look, looked = offering._choices, threading.Event()

    def look_and_wait(*args: Any) -> Any:
        found = look(*args)
        if not looked.is_set():
            looked.set()
            assert together(sweep) == [1]
        return found

    monkeypatch.setattr(offering, "_choices", look_and_wait)
    monkeypatch.setattr(offering, "_is_alone", lambda queue: True)
    with transaction.atomic(), connection.cursor() as cursor:
        # The statement that writes looks once more: as if its look, too, was a moment too early.
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        assert sweep() == 1
    assert Offer.objects.filter(entry=waited.extra["ines"], closed_at=None).count() == 2
    assert Claim.objects.filter(compartment=waited.doors[0], kind="offer").count() == 2


def _walk_up(estate: Estate) -> Any:
    """Let somebody who does not wait ask for the first door."""
    passer_by = factories.PersonFactory(organisation=estate.organisation)
    return idempotency.run(
        lambda: assignments.claim(
            person_id=passer_by.pk, bank_id=estate.bank.pk,
            wanted=Wanted(compartment_id=estate.doors[0].pk), actor=SETUP, at=MORNING,
        )
    )  # fmt: skip


def _hold(estate: Estate, door: int) -> int:
    person = factories.PersonFactory(organisation=estate.organisation, home_site=estate.site)
    claim = Assignment.objects.create(
        compartment=estate.doors[door], kind="assignment", holder=person, policy=estate.policy,
        starts_at=MORNING - dt.timedelta(hours=1), started_at=MORNING - dt.timedelta(hours=1),
    )  # fmt: skip
    return claim.pk
