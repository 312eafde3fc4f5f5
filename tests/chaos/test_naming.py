"""A bridge alone names doors, and each is found to be somebody's use of it."""

from __future__ import annotations

import uuid

from tests.chaos import naming
from tests.chaos.evidence import Claim, Command, GaveUp, Told

AMIRA, BEN, DOOR = 1, 2, 5
COMMAND = uuid.UUID(int=1)
WITHDRAWN = Claim(10, DOOR, AMIRA, 90.0, 120.0, "withdrawn")
FIRST = Claim(11, DOOR, AMIRA, 100.0, 110.0, "finished")
OF_BEN = Claim(12, DOOR, BEN, 110.0, 130.0, "finished")
SECOND = Claim(13, DOOR, AMIRA, 130.0, None)
CLAIMS = [WITHDRAWN, FIRST, OF_BEN, SECOND]


def told(at: float, command: uuid.UUID | None = None) -> Told:
    return Told(AMIRA, "yours", at, at + 0.1, door=DOOR, command=command)


def test_it_is_the_use_they_had_then() -> None:
    assert naming.of_told(told(105.0), CLAIMS, []).claim == FIRST.id
    assert naming.of_told(told(135.0), CLAIMS, []).claim == SECOND.id


def test_one_that_was_withdrawn_only_where_they_had_no_other() -> None:
    assert naming.of_told(told(115.0), CLAIMS, []).claim == WITHDRAWN.id


def test_the_command_says_it_where_there_is_one() -> None:
    command = Command(COMMAND, DOOR, AMIRA, FIRST.id, 120.0)
    assert naming.of_told(told(135.0, COMMAND), CLAIMS, [command]).claim == FIRST.id


def test_a_door_that_was_not_theirs_is_no_use() -> None:
    assert naming.of_told(told(125.0), CLAIMS, []).claim is None
    assert naming.of_told(Told(BEN, "yours", 105.0, 105.1, door=DOOR), CLAIMS, []).claim is None


def test_who_gave_it_back_themselves_knew_better_unless_somebody_else_has_it() -> None:
    gave = [GaveUp(AMIRA, FIRST.id, 109.0)]
    late = naming.of_told(told(113.0), [FIRST], [], gave)
    assert (late.claim, late.knew_better) == (FIRST.id, True)
    assert naming.of_told(told(113.0), [FIRST], [], []).claim is None
    assert naming.of_told(told(113.0), [FIRST, OF_BEN], [], gave).claim is None


def test_a_use_that_was_named_stays_it() -> None:
    named = Told(AMIRA, "yours", 105.0, 105.1, SECOND.id, DOOR)
    assert naming.of_told(named, CLAIMS, []) is named


def test_what_somebody_wanted_to_end_is_named_too() -> None:
    assert naming.of_given_up(GaveUp(AMIRA, None, 105.0, DOOR), CLAIMS).claim == FIRST.id
