from __future__ import annotations

from dataclasses import dataclass

import pytest

from kiosk import places


@dataclass(frozen=True)
class Placed:
    id: int
    column: int
    row: int
    height_mm: int
    floor_mm: int


def test_a_door_is_counted_from_the_nearer_side() -> None:
    told = places.words(Placed(n, n, 1, 400, 800) for n in range(1, 8))
    assert told[3] == "the third from the left, at waist height"
    assert told[5] == "the third from the right, at waist height"
    assert told[1] == "the first on the left, at waist height"
    assert told[7] == "the first on the right, at waist height"


def test_two_doors_at_one_height_are_told_apart_by_their_row() -> None:
    told = places.words([Placed(1, 1, 1, 150, 1000), Placed(2, 1, 2, 150, 850)])
    assert told[2] == "in the only column, at waist height, the second from the top"


@pytest.mark.parametrize(
    ("middle_mm", "expected"),
    [
        (200, "near the floor"),
        (600, "at knee height"),
        (1000, "at waist height"),
        (1300, "at chest height"),
        (1600, "at eye height"),
        (1800, "above your head"),
    ],
)
def test_heights_are_told_by_the_body(middle_mm: int, expected: str) -> None:
    assert places.height(middle_mm) == expected
