"""Sharing a door for a time, delegating one opening, handing things over."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from access.errors.decisions import NotAllowed
from access.models import Grant, Notice, Person
from audit.services import idempotency
from audit.services.events import Actor
from lockers.models import BridgePresence, Command
from occupancy.choices import ClosedHow
from occupancy.errors.claims import AssignmentAlreadyReleased, NotTheHolder
from occupancy.errors.custody import (
    EndsTooEarly,
    InRecovery,
    NotShared,
    NotWithThemselves,
    OpeningUsed,
    PersonNotHere,
    SharedAlready,
    ShareOver,
)
from occupancy.models import Assignment, Share
from occupancy.services.claims import assignments
from occupancy.services.custody import moving, sharing
from occupancy.services.ending import expiry
from tests import factories
from tests.factories.cast import Estate
from tests.occupancy.custody.conftest import STAFF, told

HOUR = dt.timedelta(hours=1)


@pytest.fixture
def mine(estate: Estate, claim: Callable[..., Assignment], at: dt.datetime) -> Assignment:
    """Amira's door 1 until midnight."""
    for person in (estate.amira, estate.ben):
        person.email = f"{person.given_name.lower()}@example.org"
        person.save(update_fields=["email"])
    return claim(estate.amira, at, 1)


def share(estate: Estate, claim: Assignment, at: dt.datetime, **values: Any) -> Share:
    given = {"with_id": estate.ben.pk, "until": at + HOUR, **values}
    return sharing.share(
        claim_id=claim.pk, person_id=estate.amira.pk, actor=Actor.person(estate.amira.pk), at=at,
        **given,
    )  # fmt: skip


def delegate(estate: Estate, claim: Assignment, at: dt.datetime, note: str = "") -> Share:
    return sharing.delegate(
        claim_id=claim.pk, person_id=estate.amira.pk, to_id=estate.ben.pk, until=at + HOUR,
        actor=Actor.person(estate.amira.pk), at=at, note=note,
    )  # fmt: skip


def open_as(person: Person, claim: Assignment, at: dt.datetime) -> Any:
    BridgePresence.objects.update(last_seen_at=at)
    return assignments.open_again(
        claim_id=claim.pk, person_id=person.pk, actor=Actor.person(person.pk), at=at
    )


def test_a_shared_door_opens_for_both_until_the_time_is_over(
    estate: Estate, mine: Assignment, at: dt.datetime
) -> None:
    with pytest.raises(NotAllowed):
        open_as(estate.ben, mine, at)
    share(estate, mine, at)
    for minute in (1, 2):
        open_as(estate.ben, mine, at + minute * dt.timedelta(minutes=1))
    with pytest.raises(NotAllowed):
        open_as(estate.ben, mine, at + HOUR)
    assert open_as(estate.amira, mine, at + HOUR)
    assert told("assignment.shared")[0].data["other"] == estate.ben.pk
    assert {(one.to, one.facts["what"]) for one in Notice.objects.all()} == {
        ("amira@example.org", "shared_by_you"),
        ("ben@example.org", "shared"),
    }


def test_never_longer_than_the_holder_has_it(
    estate: Estate, mine: Assignment, at: dt.datetime
) -> None:
    made = share(estate, mine, at, until=at + dt.timedelta(days=9))
    assert made.until == mine.ends_at
    assert Grant.objects.get(person=estate.ben).ends_at == mine.ends_at


def test_whom_it_is_shared_with_finishes_nothing_and_shares_nothing(
    estate: Estate, mine: Assignment, at: dt.datetime
) -> None:
    share(estate, mine, at)
    with pytest.raises(NotTheHolder):
        assignments.release(
            claim_id=mine.pk, how=ClosedHow.FINISHED, actor=STAFF, at=at, person_id=estate.ben.pk
        )
    with pytest.raises(NotTheHolder):
        sharing.share(
            claim_id=mine.pk, person_id=estate.ben.pk, with_id=estate.amira.pk, until=at + HOUR,
            actor=STAFF, at=at,
        )  # fmt: skip


def test_what_cannot_be_shared(estate: Estate, mine: Assignment, at: dt.datetime) -> None:
    with pytest.raises(NotWithThemselves):
        share(estate, mine, at, with_id=estate.amira.pk)
    with pytest.raises(EndsTooEarly):
        share(estate, mine, at, until=at)
    for other in (estate.dev, estate.carla, factories.PersonFactory()):
        with pytest.raises(PersonNotHere):
            share(estate, mine, at, with_id=other.pk)
    share(estate, mine, at)
    with pytest.raises(SharedAlready) as refused:
        share(estate, mine, at)
    idempotency.settle(refused.value)
    assert told("request.refused")[0].data["wanted"] == "share"
    estate.policy.may_share = False
    estate.policy.save()
    with pytest.raises(NotShared):
        share(estate, mine, at)
    with pytest.raises(AssignmentAlreadyReleased):
        share(estate, mine, at + dt.timedelta(days=1))
    Assignment.objects.filter(pk=mine.pk).update(recovery_at=at, at_end="hold")
    with pytest.raises(InRecovery):
        share(estate, mine, at)


def test_one_that_is_over_makes_room_for_the_next(
    estate: Estate, mine: Assignment, at: dt.datetime
) -> None:
    share(estate, mine, at)
    later = at + 2 * HOUR
    share(estate, mine, later, until=later + HOUR)
    assert Share.objects.filter(ended_at__isnull=True).count() == 1


def test_either_of_them_ends_it_and_nobody_else(
    estate: Estate, mine: Assignment, at: dt.datetime
) -> None:
    def end(made: Share, person: Person | None) -> Share:
        return sharing.end_share(
            share_id=made.pk, actor=STAFF, at=at, person_id=person.pk if person else None
        )

    for person in (estate.amira, estate.ben, None):
        made = share(estate, mine, at)
        with pytest.raises(NotTheHolder):
            end(made, estate.carla)
        end(made, person)
        with pytest.raises(NotAllowed):
            open_as(estate.ben, mine, at)
        with pytest.raises(ShareOver):
            end(made, person)
    with pytest.raises(NotTheHolder):
        sharing.end_share(share_id=0, actor=STAFF, at=at)
    assert len(told("assignment.share_ended")) == 3


def test_it_ends_with_the_claim_however_that_ends_and_does_not_come_back(
    estate: Estate, mine: Assignment, at: dt.datetime
) -> None:
    made = share(estate, mine, at, until=at + dt.timedelta(days=1))
    assignments.release(
        claim_id=mine.pk, how=ClosedHow.FINISHED, actor=STAFF, at=at, person_id=estate.amira.pk
    )
    made.refresh_from_db()
    assert made.ended_at == at
    assignments.undo_release(claim_id=mine.pk, person_id=estate.amira.pk, actor=STAFF, at=at)
    assert open_as(estate.amira, mine, at)
    with pytest.raises(NotAllowed):
        open_as(estate.ben, mine, at)
    again = share(estate, mine, at, until=at + dt.timedelta(days=1))
    assert mine.ends_at is not None
    expiry.expire_due(at=mine.ends_at)
    again.refresh_from_db()
    assert again.ended_at == mine.ends_at


def test_it_ends_when_the_door_is_transferred(
    estate: Estate, mine: Assignment, at: dt.datetime
) -> None:
    share(estate, mine, at)
    eva = factories.PersonFactory(organisation=estate.organisation)
    moving.transfer(claim_id=mine.pk, to_person_id=eva.pk, actor=STAFF, at=at, reason="x")
    grants = Grant.objects.filter(compartment=estate.doors[0], revoked_at__isnull=True)
    assert [one.person for one in grants] == [eva]


def test_one_opening_hands_things_over_and_the_trail_names_both(
    estate: Estate, mine: Assignment, at: dt.datetime
) -> None:
    delegate(estate, mine, at, note="The contract for Ben")
    assert sharing_with(estate.ben, at) == {mine.pk}
    command = open_as(estate.ben, mine, at)
    made = Share.objects.get()
    assert (made.used_at, made.command_id) == (at, command)
    with pytest.raises(NotAllowed):
        open_as(estate.ben, mine, at)
    assert sharing_with(estate.ben, at) == set()
    (given,), (used,) = told("assignment.delegated"), told("assignment.one_opening_used")
    assert (given.person_id, given.data["other"]) == (estate.amira.pk, estate.ben.pk)
    assert (used.person_id, used.data["holder"]) == (estate.ben.pk, estate.amira.pk)
    assert given.data["note"] == used.data["note"] == "The contract for Ben"
    assert [one.facts["what"] for one in Notice.objects.order_by("pk")] == [
        "delegated_by_you", "delegated", "opened",
    ]  # fmt: skip


def sharing_with(person: Person, at: dt.datetime) -> set[int]:
    return set(
        Assignment.objects.filter(
            assignments.in_force(at), sharing.with_person(person.pk, at)
        ).values_list("pk", flat=True)
    )


@pytest.mark.parametrize("status", ["failed", "expired", "cancelled"])
def test_an_opening_at_which_the_door_stayed_shut_was_none(
    estate: Estate, mine: Assignment, at: dt.datetime, status: str
) -> None:
    delegate(estate, mine, at)
    command = open_as(estate.ben, mine, at)
    Command.objects.filter(pk=command).update(status=status)
    assert sharing_with(estate.ben, at) == {mine.pk}
    assert open_as(estate.ben, mine, at)
    with pytest.raises(NotAllowed):
        open_as(estate.ben, mine, at)


def test_an_opening_nobody_knows_of_was_one(
    estate: Estate, mine: Assignment, at: dt.datetime
) -> None:
    delegate(estate, mine, at)
    command = open_as(estate.ben, mine, at)
    Command.objects.filter(pk=command).update(status="unknown")
    with pytest.raises(NotAllowed):
        open_as(estate.ben, mine, at)


def test_a_person_with_a_door_of_their_own_role_keeps_their_shares_apart(
    estate: Estate, mine: Assignment, claim: Callable[..., Assignment], at: dt.datetime
) -> None:
    delegate(estate, mine, at)
    own = claim(estate.ben, at, 2)
    open_as(estate.ben, own, at)
    assert Share.objects.get().used_at is None


def test_one_opening_is_used_up_by_compare_and_set(
    estate: Estate, mine: Assignment, at: dt.datetime
) -> None:
    delegate(estate, mine, at)
    twins: dict[str, Any] = {
        "assignment": mine, "person": estate.ben, "command_id": uuid.uuid4(), "actor": STAFF,
        "at": at,
    }  # fmt: skip
    sharing.use(**twins)
    with pytest.raises(OpeningUsed):
        sharing.use(**twins)
