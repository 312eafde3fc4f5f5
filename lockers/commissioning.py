"""What the readings of a bank and a person's answers say about how it is wired; pure.

Every lock is tried once: the board is read, the lock gets its pulse, the board is read again, a
person says which door moved and shuts it, and the board is read a third time. Each reading is
looked at as every variant of the board would mean it. What fits no single wiring is refused: a
wrong map opens somebody else's door.
"""

from __future__ import annotations

import enum
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

NONE, SEVERAL = "none", "several"
CLOSED, OPEN, UNKNOWN = "c", "o", "?"

# One reading: for each variant a letter for each channel.
Views = Sequence[str]


class Problem(enum.StrEnum):
    """Why a bank cannot go live."""

    BOARD_SILENT = "board_silent"  # no reading: the board did not answer, or not in time
    NOT_FINISHED = "not_finished"  # nobody said which door moved, or it was not shut again
    READS_DO_NOT_DIFFER = "reads_do_not_differ"
    UNREADABLE = "unreadable"  # the board could not tell this door
    SENSOR_STUCK = "sensor_stuck"  # it saw the door open, and never closed again
    DOORS_SHARE_CHANNEL = "doors_share_channel"
    DOOR_ON_TWO_CHANNELS = "door_on_two_channels"
    TWO_CONTACTS_MOVED = "two_contacts_moved"
    OTHER_CONTACT_MOVED = "other_contact_moved"  # the contact of another channel
    UNSEEN_DOOR_MOVED = "unseen_door_moved"  # a contact changed and nobody saw a door move
    WRONG_DOOR = "wrong_door"  # not the one that was to be tried
    READINGS_CONTRADICT = "readings_contradict"  # no one variant explains all doors of a board
    DOOR_NOT_FOUND = "door_not_found"


@dataclass(frozen=True, slots=True)
class Step:
    """One lock that was tried."""

    board: int
    channel: int
    moved: str = ""
    """The number of the door that moved, NONE or SEVERAL; "" while nobody has said."""
    before: Views = ()
    after: Views = ()
    shut: Views = ()
    has_no_sensor: bool = False
    """A person looked: the lock has no door sensor."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """One fact that stands in the way, and where."""

    problem: Problem
    board: int | None = None
    channel: int | None = None
    door: str = ""


@dataclass(frozen=True, slots=True)
class Wire:
    """Where one door hangs."""

    board: int
    channel: int
    has_sensor: bool


@dataclass(frozen=True, slots=True)
class Derived:
    """How the bank is wired: the variant of each board, each door's wire, and what is refused."""

    variants: Mapping[int, int] = field(default_factory=dict)
    doors: Mapping[str, Wire] = field(default_factory=dict)
    refusals: Sequence[Refusal] = ()


def derive(
    steps: Sequence[Step],
    *,
    doors: Collection[str],
    expected: str | None = None,
    known: Mapping[int, int] | None = None,
) -> Derived:
    """Derive how ``doors`` are wired from what was tried.

    ``expected`` is the one door that may move, ``known`` the variants that are settled already.
    """
    refusals: list[Refusal] = []
    found: defaultdict[str, list[Step]] = defaultdict(list)
    fitting: defaultdict[int, list[frozenset[int]]] = defaultdict(list)
    for step in steps:
        if (problem := problem_of(step, expected)) is not None:
            refusals.append(_refusal(problem, step))
            continue
        if step.moved == NONE:
            continue
        found[step.moved].append(step)
        if _is_sensed(step):
            fitting[step.board].append(_fitting(step))
    variants: dict[int, int] = {}
    for board in {step.board for step in steps}:
        # The usual variant comes first, and stays where no sensor tells it from the others.
        left = frozenset(range(_width(steps, board))).intersection(*fitting[board])
        if known is not None and board in known:
            left &= {known[board]}
        if left:
            variants[board] = min(left)
        else:
            refusals.append(Refusal(Problem.READINGS_CONTRADICT, board))
    for tried in found.values():
        if len(tried) > 1:
            refusals += [_refusal(Problem.DOOR_ON_TWO_CHANNELS, step) for step in tried]
    named = {refusal.door for refusal in refusals}
    refusals += [
        Refusal(Problem.DOOR_NOT_FOUND, door=door)
        for door in doors
        if door not in found and door not in named
    ]
    wires = {
        door: Wire(tried[0].board, tried[0].channel, _is_sensed(tried[0]))
        for door, tried in found.items()
        if len(tried) == 1 and tried[0].board in variants
    }
    return Derived(variants, wires, tuple(refusals))


def problem_of(step: Step, expected: str | None) -> Problem | None:
    """Say what is wrong with one step by itself."""
    if not step.before or not step.after:
        return Problem.BOARD_SILENT
    if not step.moved:
        return Problem.NOT_FINISHED
    if step.moved == SEVERAL:
        return Problem.DOORS_SHARE_CHANNEL
    if step.moved == NONE:
        return Problem.UNSEEN_DOOR_MOVED if _is_sensed(step) else None
    if expected is not None and step.moved != expected:
        return Problem.WRONG_DOOR
    if not _is_sensed(step):
        return None if step.has_no_sensor else Problem.READS_DO_NOT_DIFFER
    return _problem_of_contacts(step)


def _problem_of_contacts(step: Step) -> Problem | None:
    texts = [*step.before, *step.after, *step.shut]
    if any(view[step.channel] == UNKNOWN for view in texts):
        return Problem.UNREADABLE
    if not _opening(step):
        alone = all(len(_changed(step, variant)) <= 1 for variant in range(len(step.before)))
        return Problem.OTHER_CONTACT_MOVED if alone else Problem.TWO_CONTACTS_MOVED
    if not step.shut:
        return Problem.NOT_FINISHED
    if not _fitting(step):
        is_still_open = all(step.shut[variant][step.channel] == OPEN for variant in _opening(step))
        return Problem.SENSOR_STUCK if is_still_open else Problem.TWO_CONTACTS_MOVED
    return None


def _is_sensed(step: Step) -> bool:
    return any(before != after for before, after in zip(step.before, step.after, strict=True))


def _changed(step: Step, variant: int) -> set[int]:
    pairs = zip(step.before[variant], step.after[variant], strict=True)
    return {channel for channel, (before, after) in enumerate(pairs) if before != after}


def _opening(step: Step) -> frozenset[int]:
    """Return the variants under which the lock's own contact opened, and no other moved."""
    return frozenset(
        variant
        for variant in range(len(step.before))
        if _changed(step, variant) == {step.channel}
        and step.before[variant][step.channel] == CLOSED
        and step.after[variant][step.channel] == OPEN
    )


def _fitting(step: Step) -> frozenset[int]:
    """Return the variants under which it opened and was shut again as if nothing had been."""
    return frozenset(
        variant for variant in _opening(step) if step.shut[variant] == step.before[variant]
    )


def _width(steps: Sequence[Step], board: int) -> int:
    return max((len(step.before) for step in steps if step.board == board), default=0) or 1


def _refusal(problem: Problem, step: Step) -> Refusal:
    door = step.moved if step.moved not in (NONE, SEVERAL) else ""
    return Refusal(problem, step.board, step.channel, door)
