"""Rings of friends of whom nobody is asked back, on every small crowd."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from occupancy.allotment.circles import circles

CROWDS = st.dictionaries(
    st.integers(0, 6), st.lists(st.integers(0, 6), max_size=3), max_size=7
)  # fmt: skip


def one_sided(asks: dict[int, list[int]]) -> dict[int, set[int]]:
    return {
        one: {other for other in others if other != one and one not in asks.get(other, [])}
        for one, others in asks.items()
    }


def test_three_who_ask_in_a_ring_are_one() -> None:
    (ring,) = circles({"a": ["b"], "b": ["c"], "c": ["a"]})
    assert ring == ["a", "b", "c"]


def test_two_who_ask_each_other_are_none() -> None:
    assert circles({"a": ["b"], "b": ["a"]}) == []


def test_somebody_asked_back_in_a_ring_breaks_it() -> None:
    assert circles({"a": ["b"], "b": ["c", "a"], "c": ["a"]}) == []


@given(CROWDS)
def test_whoever_is_in_a_ring_asks_the_next_and_is_not_asked_back(
    asks: dict[int, list[int]],
) -> None:
    wanted = one_sided(asks)
    for ring in circles(asks):
        assert len(ring) >= 3 and len(set(ring)) == len(ring)
        for one, other in zip(ring, [*ring[1:], ring[0]], strict=True):
            assert other in wanted[one]


@given(CROWDS)
def test_where_none_is_found_everybody_can_be_put_in_an_order(asks: dict[int, list[int]]) -> None:
    if circles(asks):
        return
    left = one_sided(asks)
    while left:
        free = [one for one, others in left.items() if not others & left.keys()]
        assert free, "a ring was overlooked"
        for one in free:
            del left[one]
