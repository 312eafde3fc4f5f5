"""What is derived from trying every lock, against simulated boards of every variant."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockers.commissioning import NONE, SEVERAL, Derived, Problem, Step, Views, derive
from lockers.drivers.base import BoardSpec, DoorState, Snapshot
from lockers.drivers.variants import doors_as, variants

DRIVERS = ["lcb8a", "kerong_cu16", "modbus_relay", "wkly", "winnsen", "uhppote"]
LETTERS = {DoorState.CLOSED: "c", DoorState.OPEN: "o", DoorState.UNKNOWN: "?"}


@dataclass
class SimulatedBoard:
    """Locks and contacts as somebody wired them; bits by electrical place, 1 for shorted."""

    driver: str
    variant: int
    channels: int
    doors: dict[int, str]  # channel of the lock to its door
    contacts: dict[str, int] = field(default_factory=dict)  # door to the place of its contact
    idle: int = 0  # how contacts read that lead nowhere
    opened: set[str] = field(default_factory=set)

    def read(self) -> Views:
        """Read it under every variant, as a bridge does."""
        mine = dict(variants(self.driver)[self.variant])
        levels = [bool(self.idle >> place & 1) for place in range(self.channels)]
        for door, place in self.contacts.items():
            levels[place] = (door in self.opened) == self._is_high_when_open(mine)
        spec = BoardSpec(0, self.driver, "tcp://b:1", channels=self.channels, profile=mine)
        snapshot = Snapshot(tuple(self._states(levels, mine)), self._raw(levels, mine))
        return tuple(
            "".join(LETTERS[door] for door in doors_as(spec, snapshot, options))
            for options in variants(self.driver)
        )

    @staticmethod
    def _is_high_when_open(options: dict[str, object]) -> bool:
        return options.get("shorted_when") == "open" or options.get("closed_level") == 0

    def _states(self, levels: list[bool], options: dict[str, object]) -> list[DoorState]:
        is_open = self._is_high_when_open(options)
        return [DoorState.OPEN if level == is_open else DoorState.CLOSED for level in levels]

    def _raw(self, levels: list[bool], options: dict[str, object]) -> bytes:
        if self.driver != "lcb8a":
            return b""
        size = next(size for size in (3, 4, 7) if 8 * size >= self.channels)
        states = bytearray(size)
        for place, level in enumerate(levels):
            states[place // 8] |= level << place % 8
        if options["byte_order"] == "high_first":
            states.reverse()
        frame = bytes([0x80, 1, *states, 0x33])
        check = 0
        for byte in frame:
            check ^= byte
        return frame + bytes([check])

    def tried(self, channel: int) -> Step:
        """Try one lock as the page has it done: the person sees what happens and says so."""
        before = self.read()
        door = self.doors.get(channel)
        if door is None:
            return Step(0, channel, NONE, before, self.read(), before)
        self.opened.add(door)
        after = self.read()
        self.opened.discard(door)
        bare = door not in self.contacts
        return Step(0, channel, door, before, after, self.read(), has_no_sensor=bare)

    def commissioned(self) -> Derived:
        steps = [self.tried(channel) for channel in range(self.channels)]
        return derive(steps, doors=list(self.doors.values()))


@st.composite
def boards(draw: st.DrawFn, *, crossed: bool = False) -> SimulatedBoard:
    driver = draw(st.sampled_from(DRIVERS))
    channels = draw(st.integers(1, 4 if driver == "uhppote" else 16))
    if driver == "lcb8a":
        channels = draw(st.sampled_from([1, 8, 12, 18, 24, 32, 50]))
    locks = draw(st.lists(st.integers(0, channels - 1), unique=True, min_size=1))
    numbers = draw(st.permutations([str(number) for number in range(1, len(locks) + 1)]))
    doors = dict(zip(locks, numbers, strict=True))
    sensed = draw(st.sets(st.sampled_from(locks)))
    places = {doors[lock]: lock for lock in sensed}
    if crossed and places:
        places = dict(zip(places, draw(st.permutations(list(places.values()))), strict=True))
    return SimulatedBoard(
        driver,
        draw(st.integers(0, len(variants(driver)) - 1)),
        channels,
        doors,
        places,
        idle=draw(st.integers(0, 2**channels - 1)),
    )


def assert_right(board: SimulatedBoard, derived: Derived) -> None:
    """Assert that each door's lock and contact are those of the board, under its polarity."""
    assert {door: wire.channel for door, wire in derived.doors.items()} == {
        door: channel for channel, door in board.doors.items()
    }
    variant = derived.variants[0]
    for door, wire in derived.doors.items():
        assert wire.has_sensor is (door in board.contacts)
        if wire.has_sensor:
            assert board.read()[variant][wire.channel] == "c"
            board.opened.add(door)
            assert board.read()[variant][wire.channel] == "o"
            board.opened.clear()


@given(boards())
def test_a_board_that_is_wired_in_order_is_derived_exactly(board: SimulatedBoard) -> None:
    derived = board.commissioned()
    assert derived.refusals == ()
    assert_right(board, derived)


@given(boards(crossed=True))
def test_contacts_that_are_crossed_are_refused_or_do_not_matter(board: SimulatedBoard) -> None:
    derived = board.commissioned()
    if not derived.refusals:
        assert_right(board, derived)


@pytest.mark.parametrize(
    ("driver", "variant"),
    [(driver, variant) for driver in DRIVERS for variant in range(len(variants(driver)))],
)
def test_two_sensed_doors_tell_the_variant_of_a_board(driver: str, variant: int) -> None:
    board = SimulatedBoard(driver, variant, 3, {0: "1", 2: "2"}, {"1": 0, "2": 2})
    assert board.commissioned().variants == {0: variant}


def board(**other: object) -> SimulatedBoard:
    plain = SimulatedBoard("lcb8a", 1, 8, {0: "1", 1: "2"}, {"1": 0, "2": 1})
    return replace(plain, **other)  # type: ignore[arg-type]


def problems(steps: list[Step], **more: object) -> set[Problem]:
    derived = derive(steps, doors=["1", "2"], **more)  # type: ignore[arg-type]
    return {refusal.problem for refusal in derived.refusals}


def steps() -> tuple[Step, Step]:
    return board().tried(0), board().tried(1)


def test_reads_that_do_not_differ_are_refused_until_somebody_says_there_is_no_sensor() -> None:
    first, second = steps()
    same = replace(first, after=first.before)
    assert problems([same, second]) == {Problem.READS_DO_NOT_DIFFER}
    assert problems([replace(same, has_no_sensor=True), second]) == set()


def test_two_doors_on_one_channel_are_refused() -> None:
    first, second = steps()
    assert Problem.DOORS_SHARE_CHANNEL in problems([replace(first, moved=SEVERAL), second])


def test_one_door_on_two_channels_is_refused_for_both() -> None:
    first, second = steps()
    derived = derive([first, replace(second, moved="1")], doors=["1", "2"])
    shared = [one.channel for one in derived.refusals if one.problem == "door_on_two_channels"]
    assert shared == [0, 1]


def test_two_contacts_that_moved_are_refused() -> None:
    crossed = board()
    before = crossed.read()
    crossed.opened = {"1", "2"}
    step = Step(0, 0, "1", before, crossed.read(), before)
    assert Problem.TWO_CONTACTS_MOVED in problems([step])


def test_the_contact_of_another_channel_is_refused() -> None:
    crossed = board(contacts={"1": 1, "2": 0})
    assert problems([crossed.tried(0), crossed.tried(1)]) == {Problem.OTHER_CONTACT_MOVED}


def test_a_contact_that_changed_while_nobody_saw_a_door_is_refused() -> None:
    first, second = steps()
    assert Problem.UNSEEN_DOOR_MOVED in problems([replace(first, moved=NONE), second])


def test_a_sensor_that_stays_open_is_refused() -> None:
    first, second = steps()
    assert problems([replace(first, shut=first.after), second]) == {Problem.SENSOR_STUCK}


def test_a_door_that_was_pushed_shut_instead_of_opened_does_not_turn_the_polarity() -> None:
    first, second = steps()
    backwards = replace(first, before=first.after, after=first.before, shut=first.before)
    assert problems([backwards, second]) == {Problem.SENSOR_STUCK}


def test_a_board_without_an_answer_is_refused() -> None:
    _first, second = steps()
    assert Problem.BOARD_SILENT in problems([Step(0, 0), second])


def test_a_door_that_is_not_shut_again_is_not_finished() -> None:
    first, second = steps()
    assert problems([replace(first, shut=()), second]) == {Problem.NOT_FINISHED}


def test_a_door_that_no_lock_opened_is_refused_by_name() -> None:
    derived = derive([steps()[0]], doors=["1", "2"])
    assert [(one.problem, one.door) for one in derived.refusals] == [(Problem.DOOR_NOT_FOUND, "2")]


def test_a_contact_that_cannot_be_read_is_refused() -> None:
    first, second = steps()
    blind = replace(first, after=tuple("?" + view[1:] for view in first.after))
    assert problems([blind, second]) == {Problem.UNREADABLE}


def test_doors_that_need_different_variants_are_refused() -> None:
    other = board(variant=0)
    assert problems([board().tried(0), other.tried(1)]) == {Problem.READINGS_CONTRADICT}


def test_a_single_door_must_be_the_one_that_moves_and_fit_what_is_known() -> None:
    step = board().tried(0)
    right = derive([step], doors=["1"], expected="1", known={0: 1})
    assert right.refusals == () and right.doors["1"].channel == 0
    wrong = derive([step], doors=["2"], expected="2", known={0: 1})
    assert wrong.refusals[0].problem == Problem.WRONG_DOOR
    turned = derive([step], doors=["1"], expected="1", known={0: 0})
    assert turned.refusals[0].problem == Problem.READINGS_CONTRADICT
