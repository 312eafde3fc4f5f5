"""From policies, a person and doors to the door they get, and every reason why not."""

from __future__ import annotations

import dataclasses
import datetime as dt
import zoneinfo

from hypothesis import given
from hypothesis import strategies as st

from occupancy.allocation import engine, ranking
from occupancy.allocation.engine import Ask, Failing, Plan
from occupancy.allocation.policy import Attached, Level, Place, Who
from occupancy.allocation.ranking import Door, Wish
from occupancy.allocation.rules import USUAL_ORDER, Rules
from occupancy.choices import Criterion, UseModel

AT = dt.datetime(2026, 11, 17, 9, tzinfo=dt.UTC)
UTC = zoneinfo.ZoneInfo("UTC")
BANK = Place(1, 10, 30, areas=(20,))
STAFF, VISITOR = Who(1, "staff", department_id=7), Who(2, "visitor")
FACILITIES = Who(3, "staff", department_id=9)
SMALL, LARGE = 1, 2
LOW = frozenset({"low_door"})


def door(number: int, size: int = SMALL, **more: object) -> Door:
    return Door(number, str(number), size, size, areas=BANK.areas, **more)  # type: ignore[arg-type]


def at_bank(number: int, level: Level = Level.BANK, place: int = 30, **rules: object) -> Attached:
    return Attached(Rules(number, f"Policy {number}", **rules), level, place)  # type: ignore[arg-type]


DAY_USE = at_bank(1)
# What the administrator sets up.
VISITORS = at_bank(2, kinds=frozenset({"visitor"}), sizes=frozenset({SMALL}),
                   ends_at_time=dt.time(18), model=UseModel.VISITOR)  # fmt: skip
ROW_1 = at_bank(3, Level.GROUP, 40, departments=frozenset({9}), is_exclusive=True)
DOORS = [door(1, groups=frozenset({40})), door(2), door(3, LARGE), door(4, offers=LOW)]


def plan(
    who: Who,
    policies: list[Attached] | None = None,
    doors: list[Door] | None = None,
    held: dict[int, list[int]] | None = None,
    **ask: object,
) -> Plan:
    asked = Ask(who, AT, UTC, **ask)  # type: ignore[arg-type]
    return engine.plan(
        [DAY_USE, VISITORS, ROW_1] if policies is None else policies,
        asked, BANK, DOORS if doors is None else doors, held or {},
    )  # fmt: skip


def numbers(found: Plan) -> list[int]:
    return [choice.door.id for choice in found.choices]


def test_three_policies_serve_one_bank_at_once() -> None:
    assert numbers(plan(STAFF)) == [2, 3, 4]
    assert numbers(plan(VISITOR)) == [2, 4]
    assert numbers(plan(FACILITIES)) == [1, 2, 3, 4]
    visitor = plan(VISITOR).choices[0].offer
    assert visitor.term.due_at == AT.replace(hour=18)
    assert plan(STAFF).choices[0].offer.term.due_at == AT.replace(day=18, hour=0)


def test_every_rule_that_fails_is_named_the_most_useful_first() -> None:
    failed = plan(VISITOR, size_id=LARGE).failed
    assert [(one.code, one.by.rules.name if one.by else "") for one in failed] == [
        (Failing.SIZE_NOT_ALLOWED, "Policy 2"),
        (Failing.NO_COMPARTMENT_AVAILABLE, "Policy 2"),
        (Failing.NOT_FOR_YOU, ""),
    ]
    failed = plan(STAFF, held={1: [1]}).failed
    assert [one.code for one in failed] == [Failing.LIMIT_REACHED, Failing.NOT_FOR_YOU]


def test_nobody_said_how_is_not_the_same_as_not_for_you() -> None:
    assert [one.code for one in plan(STAFF, []).failed] == [Failing.NO_POLICY]
    assert [one.code for one in plan(STAFF, [VISITORS]).failed] == [Failing.NOT_FOR_YOU]


def test_a_door_that_is_taken_or_booked_is_not_offered() -> None:
    taken = [door(1, is_free=False), door(2, free_until=AT.replace(hour=12)), door(3)]
    assert numbers(plan(STAFF, [DAY_USE], taken)) == [3]
    # A session that is over before the booking may have it.
    short = at_bank(1, model=UseModel.SESSION, lasts=dt.timedelta(hours=2))
    assert numbers(plan(STAFF, [short], taken)) == [2, 3]
    for_good = at_bank(1, model=UseModel.PERMANENT)
    assert numbers(plan(STAFF, [for_good], taken, is_given=True)) == [3]


def test_what_is_given_by_staff_cannot_be_taken() -> None:
    permanent = [at_bank(1, model=UseModel.PERMANENT)]
    assert [one.code for one in plan(STAFF, permanent).failed] == [Failing.NOT_WALK_UP]
    assert numbers(plan(STAFF, permanent, is_given=True)) == [1, 2, 3, 4]


def test_another_credential_is_asked_for() -> None:
    badges = [at_bank(1, credentials=frozenset({"badge"}))]
    assert [one.code for one in plan(STAFF, badges, credential="pin").failed] == [
        Failing.CREDENTIAL_NOT_ENOUGH
    ]
    assert plan(STAFF, badges, credential="badge").choices


def test_a_low_door_is_kept_for_who_needs_it_until_there_is_no_other() -> None:
    assert numbers(plan(STAFF))[-1] == 4
    in_a_chair = dataclasses.replace(STAFF, needs=LOW)
    assert numbers(plan(in_a_chair, wish=Wish(needs=LOW)))[0] == 4
    assert numbers(plan(STAFF, [DAY_USE], [door(4, offers=LOW)])) == [4]


def test_a_doubtful_door_comes_last_whatever_its_size() -> None:
    assert numbers(plan(STAFF, [DAY_USE], [door(1, is_doubtful=True), door(2, LARGE)])) == [2, 1]


def test_the_order_of_the_policy_decides_and_says_why() -> None:
    doors = [door(1, LARGE, uses=1), door(2, uses=9)]
    smallest = plan(STAFF, [DAY_USE], doors).choices
    assert [one.door.id for one in smallest] == [2, 1]
    why = ranking.decisive(smallest[0].ranked, smallest[1].ranked)
    assert why is not None and why.criterion is Criterion.SMALLEST
    rested = at_bank(1, ranking=(Criterion.LEAST_USED,))
    assert numbers(plan(STAFF, [rested], doors)) == [1, 2]


def test_near_is_counted_in_steps_of_the_tree_of_areas() -> None:
    assert ranking.distance((1, 2, 3), (1, 2, 3)) == 0
    assert ranking.distance((1, 2, 3), (1, 2)) == 1
    assert ranking.distance((1, 2, 3), (1, 4)) == 3
    assert ranking.distance((1,), (2,)) == 2


def test_the_usual_door_comes_first_among_equals() -> None:
    assert numbers(plan(STAFF, [DAY_USE], [door(1), door(2)], wish=Wish(usual_door_id=2))) == [2, 1]


doors = st.lists(
    st.builds(
        door,
        st.integers(1, 60),
        st.sampled_from([SMALL, LARGE]),
        offers=st.sampled_from([frozenset(), LOW]),
        is_free=st.booleans(),
        is_doubtful=st.booleans(),
        uses=st.integers(0, 9),
        groups=st.sampled_from([frozenset(), frozenset({40})]),
    ),
    max_size=12,
    unique_by=lambda one: one.id,
)
people = st.sampled_from([STAFF, VISITOR, FACILITIES, dataclasses.replace(STAFF, needs=LOW)])


@given(people, doors, st.randoms(use_true_random=False))
def test_the_same_doors_in_any_order_give_the_same_answer(
    who: Who, found: list[Door], random: object
) -> None:
    before = plan(who, doors=found)
    random.shuffle(found)  # type: ignore[attr-defined]
    assert numbers(plan(who, doors=found)) == numbers(before)


@given(people, doors)
def test_what_is_offered_is_free_once_and_under_a_policy_for_the_person(
    who: Who, found: list[Door]
) -> None:
    offered = plan(who, doors=found)
    assert all(choice.door.is_free for choice in offered.choices)
    assert len(set(numbers(offered))) == len(offered.choices)
    for choice in offered.choices:
        assert 40 not in choice.door.groups or who is FACILITIES
        assert who is not VISITOR or choice.door.size_id == SMALL
    # A door is offered or there is a reason.
    assert offered.choices or offered.failed or not found


@given(doors)
def test_ranking_is_total(found: list[Door]) -> None:
    keys = [one.key for one in ranking.rank(found, Wish(), USUAL_ORDER)]
    assert keys == sorted(keys) and len(set(keys)) == len(keys)
