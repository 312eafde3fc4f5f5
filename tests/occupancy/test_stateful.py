"""Any verbs in any order, by several people, while the clock moves; the invariants hold after each.

The verbs are a table in tests.occupancy.stateful: a function more, and it is driven too.
"""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import transaction
from hypothesis import HealthCheck, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from audit.errors import Again, Refusal
from audit.services import idempotency
from audit.services.events import Actor
from occupancy.services.bookings import reservations
from occupancy.services.claims import assignments
from occupancy.services.claims.claiming import Wanted
from tests.occupancy.stateful import ending_verbs as ending_verbs  # more of the table
from tests.occupancy.stateful import invariants, verbs
from tests.occupancy.stateful.world import World

MINUTE = dt.timedelta(minutes=1)
NUMBERS = st.integers(0, 19)


class Lockers(RuleBasedStateMachine):
    """Five people, five doors, staff and jobs."""

    def __init__(self) -> None:
        super().__init__()
        self.example = transaction.atomic()
        self.example.__enter__()
        self.world = World.build()

    @rule(data=st.data(), a=NUMBERS, b=NUMBERS, c=NUMBERS)
    def act(self, data: st.DataObject, a: int, b: int, c: int) -> None:
        verb = data.draw(st.sampled_from(verbs.able(self.world)))
        try:
            with transaction.atomic():
                verbs.VERBS[verb].do(self.world, a, b, c)
            note(f"{self.world.at:%d %H:%M} {verb}({a}, {b}, {c}): done")
        except Again:
            note(f"{verb}: again")
        except Refusal as refusal:
            idempotency.settle(refusal)
            note(f"{self.world.at:%d %H:%M} {verb}({a}, {b}, {c}): {refusal.code}")

    @invariant()
    def holds(self) -> None:
        invariants.check(self.world)

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.example.__exit__(None, None, None)


@pytest.mark.django_db
def test_no_sequence_of_verbs_breaks_an_invariant() -> None:
    run_state_machine_as_test(
        Lockers,
        settings=settings(
            max_examples=20,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.django_db
def test_a_use_that_is_over_and_not_tidied_up_hides_no_booking_after_it() -> None:
    world = World.build()
    first, second, door = world.people[0].pk, world.people[2].pk, world.doors[0]
    very_one = Wanted(compartment_id=door.pk)
    assignments.claim(
        person_id=first, bank_id=door.bank_id, wanted=very_one, actor=Actor.person(first),
        at=world.at,
    )  # fmt: skip
    starts_at = world.at + dt.timedelta(hours=15, minutes=30)
    reservations.reserve(
        person_id=second, bank_id=door.bank_id, wanted=very_one, starts_at=starts_at,
        ends_at=starts_at + dt.timedelta(hours=2), actor=Actor.person(second), at=world.at,
    )  # fmt: skip
    # Six minutes after midnight, before any job.
    world.at = starts_at - dt.timedelta(minutes=24)
    invariants.check(world)
