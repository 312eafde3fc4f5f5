"""One person races themself at two banks, under limits at two levels; with its negative control."""

from __future__ import annotations

import datetime as dt
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, connections, transaction
from django.utils import timezone

from audit.errors import Again, Refusal
from audit.services.events import Actor
from lockers.models import Bank, Compartment, Door
from occupancy.models import Assignment, Quota
from occupancy.services.claims import situations
from occupancy.services.claims.claiming import Claimed, Wanted, claim
from tests import factories
from tests.factories.cast import Estate

pytestmark = pytest.mark.django_db(transaction=True)
THREADS = 12
ANSWER_WITHIN = 30
BOTH_READ_WITHIN = 5


@pytest.fixture
def two_banks(transactional_db: None) -> tuple[Estate, list[Bank]]:
    """Two banks of twenty doors: two at each by the bank's policy, three by the organisation's."""
    at = timezone.now()
    estate = Estate.build(at=at)
    estate.bridge.presence.last_seen_at = at + dt.timedelta(days=365)
    estate.bridge.presence.save(update_fields=["last_seen_at"])
    factories.PolicyFactory(
        organisation=estate.organisation, name="Three in all", limit_per_person=3
    )
    estate.policy.delete()
    banks = []
    for letter in "BC":
        bank = factories.BankFactory(site=estate.site, bridge=estate.bridge, name=letter)
        factories.PolicyFactory(
            organisation=estate.organisation, bank=bank, name=f"Two at {letter}",
            limit_per_person=2,
        )  # fmt: skip
        board = factories.ControllerFactory(bridge=estate.bridge, name=f"Board {letter}")
        doors = Compartment.objects.bulk_create(
            Compartment(
                bank=bank, number=f"{letter}{n}", size=estate.small, column=n + 1, row=1,
                x_mm=300 * n, y_mm=0, width_mm=300, height_mm=450, floor_mm=900,
                controller=board, channel=n,
            )
            for n in range(20)
        )  # fmt: skip
        Door.objects.bulk_create(Door(compartment=d, state="closed", changed_at=at) for d in doors)
        banks.append(bank)
    return estate, banks


def _race(do: Callable[[int], str]) -> Counter[str]:
    """Let all threads begin at the same instant; return their answers."""
    together = threading.Barrier(THREADS)

    def one(number: int) -> str:
        try:
            together.wait(ANSWER_WITHIN)
            return do(number)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(THREADS) as threads:
        return Counter(threads.map(one, range(THREADS), timeout=ANSWER_WITHIN))


def _claim(person_id: int, bank_id: int) -> str:
    """Claim as a request does, which asks again when it is told to; return what came of it."""
    while True:
        try:
            with transaction.atomic():
                got: Claimed = claim(
                    person_id=person_id, bank_id=bank_id, wanted=Wanted(),
                    actor=Actor.person(person_id), at=timezone.now(),
                )  # fmt: skip
                assert got.claim_id
            return "got"
        except Again:
            continue
        except Refusal as refusal:
            return refusal.code


def test_racing_oneself_at_two_banks_stays_within_the_limits_of_both_levels(
    two_banks: tuple[Estate, list[Bank]],
) -> None:
    estate, banks = two_banks
    answers = _race(lambda n: _claim(estate.amira.pk, banks[n % 2].pk))
    assert answers == {"got": 3, "limit_reached": THREADS - 3}
    held = Assignment.objects.filter(holder=estate.amira, closed_at=None)
    by_bank = Counter(held.values_list("compartment__bank__name", flat=True))
    assert sum(by_bank.values()) == 3 and max(by_bank.values()) == 2
    # Each use has its own number under each policy that limits it.
    assert Quota.objects.filter(is_open=True).count() == 6


def test_the_narrow_limit_holds_where_the_wide_one_leaves_room(
    two_banks: tuple[Estate, list[Bank]],
) -> None:
    estate, banks = two_banks
    answers = _race(lambda n: _claim(estate.amira.pk, banks[0].pk))
    assert answers == {"got": 2, "limit_reached": THREADS - 2}


def test_two_people_do_not_stand_in_each_others_way(
    two_banks: tuple[Estate, list[Bank]],
) -> None:
    estate, banks = two_banks
    both = (estate.amira, estate.ben)
    answers = _race(lambda n: _claim(both[n % 2].pk, banks[n // 2 % 2].pk))
    assert answers == {"got": 6, "limit_reached": THREADS - 6}


def test_the_negative_control_goes_over_the_limit_without_the_constraint(
    two_banks: tuple[Estate, list[Bank]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the unique numbers all who looked at the same time get one: these tests can fail."""
    estate, banks = two_banks
    all_read = threading.Barrier(THREADS)
    read = situations.read

    def read_together(*args: object, **kwargs: object) -> situations.Situation:
        found: situations.Situation = read(*args, **kwargs)  # type: ignore[arg-type]
        all_read.wait(BOTH_READ_WITHIN)
        return found

    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX occupancy_no_more_than_the_limit")
    try:
        with monkeypatch.context() as patched:
            patched.setattr(situations, "read", read_together)
            answers = _race(lambda n: _claim(estate.amira.pk, banks[n % 2].pk))
        assert answers == {"got": THREADS}
    finally:
        Quota.objects.all().delete()
        constraint = next(
            one for one in Quota._meta.constraints if one.name == "occupancy_no_more_than_the_limit"
        )
        with connection.schema_editor() as editor:
            editor.add_constraint(Quota, constraint)
