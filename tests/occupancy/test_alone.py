"""What a bridge gave while it was cut off is true here when it is back, whatever was broken."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from access.models import Grant, Person
from audit.actions import Action
from audit.models import Event
from audit.services.events import Actor
from lockers.models import Bank, Bridge
from lockers.services import authority
from occupancy.choices import ClosedHow
from occupancy.models import AloneUse, Assignment, Claim, Kept, Quota, Reservation
from occupancy.services import keeping
from occupancy.services.alone import looking, replaying
from occupancy.services.alone.replaying import Given
from occupancy.services.claims import assignments
from occupancy.services.custody import giving
from tests import factories
from tests.conftest import MORNING
from tests.factories.cast import Estate

pytestmark = pytest.mark.django_db
HOUR = dt.timedelta(hours=1)
MIDNIGHT = dt.datetime(2026, 11, 18, tzinfo=dt.UTC)


@pytest.fixture
def office(db: None) -> Estate:
    """An office whose bank works alone, and whose bridge was cut off an hour ago."""
    estate = Estate.build(at=MORNING)
    Bank.objects.update(works_alone=True)
    authority.greeted(bridge_id=estate.bridge.pk, term=0, is_alone=False)
    authority.entrust(bridge_id=estate.bridge.pk, banks=[estate.bank.pk])
    return estate


def give(estate: Estate, who: Person | None = None, **values: Any) -> AloneUse:
    use = Given(
        **{
            "ref": uuid.uuid4(), "compartment_id": estate.doors[0].pk,
            "person_id": (who or estate.amira).pk, "policy_id": estate.policy.pk,
            "at": MORNING, "due_at": MIDNIGHT, "ends_at": MIDNIGHT,
            "counts": [estate.policy.pk], **values,
        }
    )  # fmt: skip
    return replaying.given(bridge=estate.bridge, use=use)


def finish(bridge: Bridge, *, at: dt.datetime, **of: Any) -> bool:
    which = {"ref": None, "claim_id": None, **of}
    return replaying.finished(bridge=bridge, person_id=0, at=at, **which)


def held(estate: Estate, *, is_kept: bool, **values: Any) -> Claim:
    with transaction.atomic(), keeping.beyond_authority():
        claim = Claim.objects.create(
            **{
                "compartment": estate.doors[0], "kind": "assignment", "holder": estate.ben,
                "policy": estate.policy, "starts_at": MORNING - HOUR, "started_at": MORNING - HOUR,
                "due_at": MIDNIGHT, "ends_at": MIDNIGHT, **values,
            }
        )  # fmt: skip
    if is_kept:
        Kept.objects.create(claim_id=claim.pk, bridge=estate.bridge, state="x")
    return claim


def test_a_door_that_was_given_is_held_from_when_it_was_given(office: Estate) -> None:
    use = give(office)
    claim = Assignment.objects.get()
    assert (use.claim_id, use.breach) == (claim.pk, "")
    assert (claim.holder, claim.started_at, claim.due_at) == (office.amira, MORNING, MIDNIGHT)
    assert Grant.objects.get(claim_id=claim.pk).person == office.amira
    assert Quota.objects.get(claim=claim).slot == 1
    event = Event.objects.get(action=Action.CLAIMED)
    assert (event.person_id, event.occurred_at, event.data["by"]) == (
        office.amira.pk, MORNING, "bridge",
    )  # fmt: skip


def test_what_a_bridge_gave_is_not_withdrawn_before_it_has_the_servers_number_of_it(
    office: Estate,
) -> None:
    """It told the person: cut off again before it heard, it lets them open all the same."""
    give(office)
    assert keeping.withdraw_due(at=MORNING + HOUR) == 0
    # Nor by what it gives next.
    assert give(office, who=office.ben, at=MORNING + HOUR).breach == "door_held"
    assert Assignment.objects.get().closed_at is None


def test_a_line_that_comes_twice_is_one_use(office: Estate) -> None:
    ref = uuid.uuid4()
    assert give(office, ref=ref) == give(office, ref=ref)
    assert Assignment.objects.count() == 1


def test_what_was_given_back_there_is_over_since_then(office: Estate) -> None:
    use = give(office)
    assert finish(office.bridge, ref=use.ref, at=MORNING + HOUR)
    claim = Assignment.objects.get()
    assert (claim.closed_how, claim.closed_at) == ("finished", MORNING + HOUR)
    assert not finish(office.bridge, ref=use.ref, at=MORNING + 2 * HOUR)


def test_a_use_that_began_by_a_clock_that_was_ahead_can_be_ended(office: Estate) -> None:
    use = give(office, at=MORNING + HOUR)
    assert use.claim is not None
    released = assignments.release(
        claim_id=use.claim.pk, how=ClosedHow.FINISHED, actor=Actor.person(office.amira.pk),
        at=MORNING, person_id=office.amira.pk,
    )  # fmt: skip
    assert released.closed_at == MORNING + HOUR


def test_what_the_server_gave_before_may_be_given_back_there_too(office: Estate) -> None:
    mine = held(office, is_kept=True)
    assert finish(office.bridge, claim_id=mine.pk, at=MORNING)
    assert Claim.objects.get(pk=mine.pk).closed_at == MORNING
    # And then to somebody else.
    assert give(office, at=MORNING + HOUR).breach == ""


def test_a_bridge_ends_nothing_of_another_bridge(office: Estate) -> None:
    mine = held(office, is_kept=True)
    other = factories.BridgeFactory(site=office.site)
    assert not finish(other, claim_id=mine.pk, at=MORNING)
    assert Claim.objects.get(pk=mine.pk).closed_at is None


def test_a_door_of_another_bridge_is_not_given(office: Estate) -> None:
    other: Bridge = factories.BridgeFactory(site=office.site)
    with pytest.raises(type(office.doors[0]).DoesNotExist):
        replaying.given(
            bridge=other,
            use=Given(
                uuid.uuid4(), office.doors[0].pk, office.amira.pk, office.policy.pk, MORNING,
                MIDNIGHT, MIDNIGHT,
            ),
        )  # fmt: skip


def test_what_nobody_was_told_of_gives_way_to_what_happened(office: Estate) -> None:
    pending = held(office, is_kept=False)
    assert give(office).breach == ""
    assert Claim.objects.get(pk=pending.pk).closed_how == "withdrawn"


def test_what_ended_by_the_clock_gives_way(office: Estate) -> None:
    held(office, is_kept=True, due_at=MORNING - HOUR / 2, ends_at=MORNING - HOUR / 2)
    assert give(office).breach == ""


def test_a_booking_that_was_made_meanwhile_moves_to_an_equal_door(office: Estate) -> None:
    factories.PolicyFactory(organisation=office.organisation, name="Bookings")
    booked = held(
        office, is_kept=False, kind="reservation", started_at=None, starts_at=MORNING + HOUR,
        due_at=MORNING + 2 * HOUR, ends_at=MORNING + 2 * HOUR,
    )  # fmt: skip
    use = give(office)
    assert use.claim is not None
    assert Reservation.objects.get(pk=booked.pk).compartment != office.doors[0]


def test_a_door_too_many_stays_theirs_and_staff_look_at_it(office: Estate) -> None:
    held(office, is_kept=True, compartment=office.doors[1], holder=office.amira)
    Quota.objects.create(
        claim=Claim.objects.get(), policy=office.policy, holder=office.amira, slot=1
    )
    use = give(office)
    assert (use.breach, use.claim is not None) == ("limit", True)
    assert Claim.objects.filter(holder=office.amira, closed_at=None).count() == 2


def test_who_was_suspended_meanwhile_keeps_the_door_and_staff_look_at_it(office: Estate) -> None:
    Person.objects.filter(pk=office.amira.pk).update(status="suspended")
    use = give(office)
    assert (use.breach, use.claim is not None) == ("not_allowed", True)


def test_a_door_that_staff_gave_over_the_bridge_s_head_has_one_holder(office: Estate) -> None:
    theirs = held(office, is_kept=True)
    use = give(office)
    assert (use.breach, use.claim) == ("door_held", None)
    assert Claim.objects.get(closed_at=None).pk == theirs.pk


def test_somebody_of_another_organisation_is_nobody(office: Estate) -> None:
    stranger = factories.PersonFactory()
    assert give(office, stranger).breach == "unknown"
    assert not Assignment.objects.exists()


def test_the_database_keeps_no_use_that_is_neither_held_nor_to_be_looked_at(
    office: Estate,
) -> None:
    with pytest.raises(IntegrityError, match="occupancy_alone_use_without_claim_says_why"):
        AloneUse.objects.create(
            ref=uuid.uuid4(), bridge=office.bridge, compartment=office.doors[0], given_at=MORNING
        )


# ---- staff look at it ----------------------------------------------------------------------------


def test_what_broke_a_rule_waits_until_somebody_looked_at_it(office: Estate) -> None:
    held(office, is_kept=True)
    use = give(office)
    give(office, compartment_id=office.doors[1].pk)
    waiting = AloneUse.objects.filter(looking.waiting(MORNING))
    assert [one.ref for one in waiting] == [use.ref]
    assert looking.look_at(use=use, actor=Actor.staff(office.olga.pk), at=MORNING)
    assert not waiting.all().exists()
    event = Event.objects.get(action=Action.ALONE_LOOKED_AT)
    assert (event.actor_id, event.data["breach"]) == (str(office.olga.pk), "door_held")
    assert not looking.look_at(use=use, actor=Actor.staff(office.olga.pk), at=MORNING)
    assert Event.objects.filter(action=Action.ALONE_LOOKED_AT).count() == 1


def test_a_door_that_staff_gave_all_the_same_is_a_breach_and_not_withdrawn(office: Estate) -> None:
    claim = giving.give(
        policy_id=office.policy.pk, person_id=office.ben.pk, reason="told on the telephone",
        compartment_id=office.doors[0].pk, actor=Actor.staff(office.olga.pk), at=MORNING - HOUR,
        beyond_authority=True,
    )  # fmt: skip
    assert give(office).breach == "door_held"
    claim.refresh_from_db()
    assert claim.closed_at is None
