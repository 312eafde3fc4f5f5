"""Which policy governs: the closest one that is for the person; limits add up."""

from __future__ import annotations

import dataclasses

from hypothesis import given
from hypothesis import strategies as st

from occupancy.allocation import policy
from occupancy.allocation.policy import Attached, Level, Place, Who
from occupancy.allocation.rules import Rules

AMIRA = Who(1, "staff", department_id=7, groups=frozenset({5}), roles=frozenset({3}))
VISITOR = Who(2, "visitor")
# Organisation 1, site 10, building 20 with floor 21, bank 30; the door is in group 40.
DOOR = Place(1, 10, 30, areas=(20, 21), groups=frozenset({40}))


def at(level: Level, place: int, number: int = 1, **rules: object) -> Attached:
    return Attached(Rules(number, f"Policy {number}", **rules), level, place)  # type: ignore[arg-type]


EVERYWHERE = at(Level.ORGANISATION, 1, 1)
SITE = at(Level.SITE, 10, 2)
BUILDING, FLOOR = at(Level.AREA, 20, 3), at(Level.AREA, 21, 4)
BANK, ROW = at(Level.BANK, 30, 5), at(Level.GROUP, 40, 6)
LADDER = [EVERYWHERE, SITE, BUILDING, FLOOR, BANK, ROW]


def governing(policies: list[Attached], who: Who = AMIRA, place: Place = DOOR) -> int | None:
    found = policy.resolve(policies, who, place).governing
    return found.rules.policy_id if found else None


def test_the_closest_level_governs() -> None:
    for upto in range(1, len(LADDER) + 1):
        assert governing(LADDER[:upto]) == upto


def test_policies_of_other_places_do_not_count() -> None:
    elsewhere = [at(Level.SITE, 11, 7), at(Level.AREA, 22, 8), at(Level.BANK, 31, 9),
                 at(Level.GROUP, 41, 10), at(Level.ORGANISATION, 2, 11)]  # fmt: skip
    assert governing(elsewhere) is None
    assert governing([*elsewhere, EVERYWHERE]) == 1


def test_a_policy_for_others_gives_way_to_a_wider_one_for_the_person() -> None:
    visitors = at(Level.BANK, 30, 7, kinds=frozenset({"visitor"}))
    assert governing([EVERYWHERE, visitors], AMIRA) == 1
    assert governing([EVERYWHERE, visitors], VISITOR) == 7


def test_of_two_as_close_the_one_that_says_more_about_whom_it_is_for_governs() -> None:
    staff = at(Level.BANK, 30, 8, kinds=frozenset({"staff"}))
    team = at(Level.BANK, 30, 9, kinds=frozenset({"staff"}), groups=frozenset({5}))
    assert governing([BANK, staff]) == 8
    assert governing([BANK, staff, team]) == 9


def test_of_two_alike_the_older_one_governs() -> None:
    assert governing([at(Level.BANK, 30, 9), at(Level.BANK, 30, 8)]) == 8


def test_doors_that_are_kept_for_some_are_nobody_elses() -> None:
    facilities = at(Level.GROUP, 40, 7, departments=frozenset({99}), is_exclusive=True)
    found = policy.resolve([EVERYWHERE, BANK, facilities], AMIRA, DOOR)
    assert found.governing is None
    assert [str(line) for line in found.considered] == [
        "Policy 7 (group): for others",
        "Policy 5 (bank): hidden: these doors are kept for others",
        "Policy 1 (organisation): hidden: these doors are kept for others",
    ]
    beside = Place(1, 10, 30, areas=(20, 21))
    assert governing([EVERYWHERE, BANK, facilities], AMIRA, beside) == 5


def test_everybody_asked_about_has_to_be_met() -> None:
    asks = at(Level.SITE, 10, 7, kinds=frozenset({"staff"}), groups=frozenset({5, 6}),
              departments=frozenset({7}), roles=frozenset({3}))  # fmt: skip
    assert governing([asks], AMIRA) == 7
    for change in ({"kind": "student"}, {"groups": frozenset({8})}, {"department_id": None},
                   {"roles": frozenset()}):  # fmt: skip
        other = dataclasses.replace(AMIRA, **change)
        assert governing([asks], other) is None


def test_a_policy_for_a_need_is_for_whoever_has_one_of_them() -> None:
    low = at(Level.SITE, 10, 7, needs=frozenset({"low_door", "wide_door"}))
    assert governing([low], dataclasses.replace(AMIRA, needs=frozenset({"low_door"}))) == 7
    assert governing([low], AMIRA) is None


def test_every_limit_counts_however_wide_the_policy() -> None:
    limits = [at(Level.ORGANISATION, 1, 1, limit=3), at(Level.BANK, 30, 5, limit=2)]
    resolved = policy.resolve(limits, AMIRA, DOOR)
    assert policy.count(resolved, {}).taken == {1: 1, 5: 1}
    assert policy.count(resolved, {1: [1], 5: [1]}).taken == {1: 2, 5: 2}
    # Three elsewhere in the organisation: none here, though this bank would allow two.
    reached = policy.count(resolved, {1: [1, 2, 3]}).reached
    assert [one.rules.policy_id for one in reached] == [1]


def test_a_limit_that_was_lowered_counts_what_is_there() -> None:
    resolved = policy.resolve([at(Level.BANK, 30, 5, limit=1)], AMIRA, DOOR)
    assert policy.count(resolved, {5: [2]}).reached
    assert policy.count(resolved, {5: [2]}).left == 0


def test_without_a_limit_there_is_none() -> None:
    counts = policy.count(policy.resolve([at(Level.BANK, 30, limit=None)], AMIRA, DOOR), {1: [1]})
    assert (counts.taken, counts.reached, counts.left) == ({}, (), None)


attached = st.builds(
    lambda number, place, kinds, keeps, limit: at(
        *place, number, kinds=frozenset(kinds), is_exclusive=keeps, limit=limit
    ),
    st.integers(1, 500),
    st.sampled_from([(one.level, one.place_id) for one in LADDER] + [(Level.BANK, 31)]),
    st.sets(st.sampled_from(["staff", "visitor", "student"])),
    st.booleans(),
    st.none() | st.integers(1, 3),
)
policies = st.lists(attached, max_size=8, unique_by=lambda one: one.rules.policy_id)


@given(policies, st.randoms(use_true_random=False))
def test_the_order_in_which_policies_are_read_changes_nothing(
    found: list[Attached], random: object
) -> None:
    before = policy.resolve(found, AMIRA, DOOR)
    random.shuffle(found)  # type: ignore[attr-defined]
    after = policy.resolve(found, AMIRA, DOOR)
    assert before.governing == after.governing
    assert before.considered == after.considered


@given(policies)
def test_what_governs_is_for_the_person_covers_the_door_and_nothing_keeps_them_out(
    found: list[Attached],
) -> None:
    chosen = policy.resolve(found, AMIRA, DOOR).governing
    if chosen is None:
        return
    close = policy.closeness(chosen, DOOR)
    assert close is not None and policy.is_for(chosen.rules, AMIRA)
    for other in found:
        distance = policy.closeness(other, DOOR)
        if distance is not None and distance > close:
            assert not other.rules.is_exclusive and not policy.is_for(other.rules, AMIRA)


@given(policies, st.dictionaries(st.integers(1, 500), st.sets(st.integers(1, 4)), max_size=4))
def test_nobody_gets_a_number_that_is_taken_or_beyond_the_limit(
    found: list[Attached], held: dict[int, set[int]]
) -> None:
    resolved = policy.resolve(found, AMIRA, DOOR)
    numbers = {key: sorted(value) for key, value in held.items()}
    counts = policy.count(resolved, numbers)
    limits = {one.rules.policy_id: one.rules.limit for one in resolved.limiting}
    for policy_id, slot in counts.taken.items():
        assert slot not in held.get(policy_id, set())
        assert 1 <= slot <= (limits[policy_id] or 0)
