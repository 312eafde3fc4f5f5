"""The order of the doors of a round, when it is at each bank, and what counts as late. Pure."""

from __future__ import annotations

import datetime as dt

from hypothesis import given
from hypothesis import strategies as st

from maintenance.rounds import route
from maintenance.rounds.lateness import Late, standing
from maintenance.rounds.route import Door

AT = dt.datetime(2026, 11, 17, 18, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)
DOORS = st.lists(
    st.builds(
        Door, id=st.integers(1, 500), bank_id=st.integers(1, 5), bank_position=st.integers(0, 2),
        bank_name=st.just("A"), column=st.integers(1, 9), row=st.integers(1, 9),
    ),
    unique_by=lambda door: door.id, max_size=60,
).map(lambda doors: [one for one in doors if one.bank_position == one.bank_id % 3])  # fmt: skip


def test_it_goes_bank_by_bank_column_by_column_from_the_top() -> None:
    doors = [
        Door(1, 10, 2, "B", 1, 1), Door(2, 20, 1, "A", 2, 1), Door(3, 20, 1, "A", 1, 2),
        Door(4, 20, 1, "A", 1, 1),
    ]  # fmt: skip
    first, second = route.legs(doors, AT, 5)
    assert (first.door_ids, second.door_ids) == ((4, 3, 2), (1,))
    assert (first.starts_at, first.ends_at) == (AT, AT + 15 * MINUTE)
    assert (second.starts_at, second.ends_at) == (AT + 15 * MINUTE, AT + 20 * MINUTE)


@given(doors=DOORS, minutes=st.integers(1, 240))
def test_every_door_comes_once_and_no_two_banks_at_the_same_time(
    doors: list[Door], minutes: int
) -> None:
    legs = route.legs(reversed(doors), AT, minutes)
    assert legs == route.legs(doors, AT, minutes)
    assert sorted(door for leg in legs for door in leg.door_ids) == sorted(one.id for one in doors)
    assert len({leg.bank_id for leg in legs}) == len(legs)
    begins = AT
    for leg in legs:
        assert leg.starts_at == begins
        assert leg.ends_at - leg.starts_at == minutes * len(leg.door_ids) * MINUTE
        begins = leg.ends_at


def test_a_round_is_late_when_it_is_not_done_in_time_or_not_begun() -> None:
    def at(minutes: int, begun: bool = False, closed: bool = False) -> Late:
        return standing(
            starts_at=AT, due_at=AT + 60 * MINUTE, begun_at=AT if begun else None,
            closed_at=AT if closed else None, at=AT + minutes * MINUTE,
        ).late  # fmt: skip

    assert at(-5) is Late.TO_COME
    assert at(5) is Late.NOW
    assert at(20) is Late.NOT_BEGUN
    assert at(20, begun=True) is Late.NOW
    assert at(60, begun=True) is Late.LATE
    assert at(600, closed=True) is Late.OVER
