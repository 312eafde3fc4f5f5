"""KERONG boards on their wire, played by an emulator that shares no code with the driver.

The bytes themselves are in test_kerong_cu16_frames, the options in test_kerong_cu16_profile.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest

from lockers.drivers.base import BoardSpec, DoorState
from lockers.drivers.errors import BadReply, BoardSilent, DeadlinePassed
from lockers.drivers.kerong_cu16 import KerongCu16Board
from tests.drivers.patience import soon
from tests.drivers.peers.kerong_cu16 import Emulator, connect

READ_1, READ_2 = "02 10 30 03 45", "02 20 30 03 55"
UNLOCK_1_4 = "02 13 31 03 49"
END_BUSY_1 = "02 10 38 03 4D"
SET_300, SET_500 = "02 10 37 00 1E 03 6A", "02 10 37 00 32 03 7E"
# Patience with a busy machine; where no answer is expected, nobody waits so long.
REPLY_MS, SILENT_MS = 1500, 200

Connect = Callable[..., KerongCu16Board]


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(tmp_path_factory.mktemp("wire") / "port")


@pytest.fixture(scope="module")
def running(port: str) -> Iterator[Emulator]:
    made = Emulator("--boards", "0", "1", "2", "15", "--pty", port)
    yield made
    made.stop()


@pytest.fixture
def cabinet(running: Emulator) -> Emulator:
    running.tell("reset")
    return running


@pytest.fixture
async def plug(cabinet: Emulator, port: str) -> AsyncIterator[Connect]:
    """Connect one board with the options of a profile."""
    made: list[KerongCu16Board] = []

    def connected(unit: int = 1, address: str = port, **profile: Any) -> KerongCu16Board:
        options = {"reply_timeout_ms": REPLY_MS, **profile}
        made.extend(connect(BoardSpec(unit, "kerong_cu16", address, unit, 16, options)))
        return made[-1]

    yield connected
    for board in made:
        await board.close()


def open_doors(doors: tuple[DoorState, ...]) -> list[int]:
    assert DoorState.UNKNOWN not in doors
    return [lock for lock, door in enumerate(doors) if door is DoorState.OPEN]


# ---- an unlock is answered by nothing ----------------------------------------------------------


async def test_an_unlock_is_followed_by_a_question_because_most_boards_do_not_answer_it(
    cabinet: Emulator, plug: Connect
) -> None:
    board = plug()
    await board.open(3, pulse_ms=500, deadline=soon())
    assert cabinet.heard() == [UNLOCK_1_4, READ_1]
    assert cabinet.tell("pulses", board=1)["locks"] == [3]
    assert board.capabilities.acknowledgement == "none"


async def test_a_board_that_shows_no_sign_of_life_may_have_fired(
    cabinet: Emulator, plug: Connect
) -> None:
    cabinet.tell("faults", silent=[1])
    with pytest.raises(BoardSilent) as failure:
        await plug(reply_timeout_ms=SILENT_MS).open(3, pulse_ms=500, deadline=soon())
    assert failure.value.may_have_fired
    assert cabinet.heard() == [UNLOCK_1_4, READ_1], "and it is never unlocked twice"


async def test_nothing_is_written_once_the_deadline_passed_after_the_unlock(
    cabinet: Emulator, plug: Connect
) -> None:
    board = plug(settle_ms=1000)
    await board.read(deadline=soon())
    begun = time.monotonic()
    with pytest.raises(BoardSilent) as failure:
        await board.open(3, pulse_ms=500, deadline=begun + 0.3)
    assert failure.value.may_have_fired and time.monotonic() - begun < 0.8
    assert cabinet.heard() == [READ_1, UNLOCK_1_4]


async def test_a_board_that_answers_an_unlock_with_its_state_is_not_asked_again(
    cabinet: Emulator, plug: Connect
) -> None:
    cabinet.tell("faults", unlock_reply=True)
    board = plug(unlock_reply="state")
    await board.open(3, pulse_ms=500, deadline=soon())
    assert cabinet.heard() == [UNLOCK_1_4]
    assert board.capabilities.acknowledgement == "status"


async def test_an_answer_that_the_profile_promised_and_that_stays_away_is_told(
    cabinet: Emulator, plug: Connect
) -> None:
    with pytest.raises(BoardSilent) as failure:
        await plug(unlock_reply="state", reply_timeout_ms=SILENT_MS).open(
            3, pulse_ms=500, deadline=soon()
        )
    assert failure.value.may_have_fired and cabinet.heard() == [UNLOCK_1_4]


async def test_an_answer_to_an_unlock_that_nobody_expected_does_no_harm(
    cabinet: Emulator, plug: Connect
) -> None:
    cabinet.tell("faults", unlock_reply=True)
    board = plug(settle_ms=300)
    await board.open(3, pulse_ms=500, deadline=soon())
    cabinet.tell("push", board=1, lock=3, is_open=False)
    assert open_doors((await board.read(deadline=soon())).doors) == []


async def test_a_board_that_stays_busy_hears_0x38_after_each_unlock(
    cabinet: Emulator, plug: Connect
) -> None:
    cabinet.tell("faults", gets_busy=True)
    await plug(after_unlock="end_busy").open(3, pulse_ms=500, deadline=soon())
    assert cabinet.heard() == [UNLOCK_1_4, END_BUSY_1, READ_1]


async def test_without_that_option_nobody_ends_the_business(
    cabinet: Emulator, plug: Connect
) -> None:
    cabinet.tell("faults", gets_busy=True)
    with pytest.raises(BoardSilent) as failure:
        await plug(reply_timeout_ms=SILENT_MS).open(3, pulse_ms=500, deadline=soon())
    assert failure.value.may_have_fired
    assert cabinet.heard() == [UNLOCK_1_4, READ_1]


async def test_an_open_goes_before_reads(cabinet: Emulator, plug: Connect) -> None:
    board = plug(settle_ms=0)
    await board.read(deadline=soon())
    reads = [asyncio.create_task(board.read(deadline=soon())) for _ in range(3)]
    await asyncio.sleep(0)
    await board.open(3, pulse_ms=500, deadline=soon())
    await asyncio.gather(*reads)
    heard = cabinet.heard()
    assert heard.count(READ_1) == 5 and heard.index(UNLOCK_1_4) == 2


async def test_nobody_disturbs_a_board_that_is_settling(cabinet: Emulator, plug: Connect) -> None:
    board = plug(settle_ms=300)
    await board.read(deadline=soon())
    opening = asyncio.create_task(board.open(3, pulse_ms=500, deadline=soon()))
    while not any(bytes.fromhex(UNLOCK_1_4) == one.data for one in board.bus.log):
        await asyncio.sleep(0)
    await asyncio.gather(opening, board.read(deadline=soon()))
    sent = [one.at for one in board.bus.log if one.what == "sent"]
    assert len(sent) == 4
    assert sent[2] - sent[1] >= 0.3


# ---- how long a pulse lasts --------------------------------------------------------------------


async def test_a_board_that_keeps_its_unlock_time_makes_that_pulse_and_no_other(
    cabinet: Emulator, plug: Connect
) -> None:
    board = plug(kept_pulse_ms=700)
    with pytest.raises(ValueError, match="only 700 is possible"):
        await board.open(3, pulse_ms=500, deadline=soon())
    assert cabinet.heard() == []
    await board.open(3, pulse_ms=700, deadline=soon())
    assert cabinet.heard() == [UNLOCK_1_4, READ_1]


async def test_a_board_is_told_its_unlock_time_once_and_when_another_is_wanted(
    cabinet: Emulator, plug: Connect
) -> None:
    board = plug(pulse="set")
    for pulse_ms in (291, 300, 500):
        await board.open(3, pulse_ms=pulse_ms, deadline=soon())
    opened = [UNLOCK_1_4, READ_1]
    assert cabinet.heard() == [SET_300, *opened, *opened, SET_500, *opened]
    assert cabinet.tell("pulses", board=1)["lengths_ms"] == [300, 300, 500]
    for pulse_ms in (0, 7671):
        with pytest.raises(ValueError, match="1 to 7670 are possible"):
            await board.open(3, pulse_ms=pulse_ms, deadline=soon())


async def test_opens_of_different_length_at_once_each_get_their_own(
    cabinet: Emulator, plug: Connect
) -> None:
    board = plug(pulse="set")
    wanted = [300, 500, 300, 1000]
    await asyncio.gather(
        *(board.open(lock, pulse_ms=ms, deadline=soon()) for lock, ms in enumerate(wanted))
    )
    told = cabinet.tell("pulses", board=1)
    assert dict(zip(told["locks"], told["lengths_ms"], strict=True)) == dict(enumerate(wanted))


async def test_a_board_that_keeps_another_time_than_it_was_told_is_not_unlocked(
    cabinet: Emulator, plug: Connect
) -> None:
    cabinet.tell("faults", told_time_ms=900)
    with pytest.raises(BadReply) as failure:
        await plug(pulse="set").open(3, pulse_ms=500, deadline=soon())
    assert not failure.value.may_have_fired and cabinet.heard() == [SET_500]


async def test_a_board_that_does_not_confirm_its_time_is_not_unlocked(
    cabinet: Emulator, plug: Connect
) -> None:
    cabinet.tell("faults", silent=[1])
    with pytest.raises(BoardSilent) as failure:
        await plug(pulse="set", reply_timeout_ms=SILENT_MS).open(3, pulse_ms=500, deadline=soon())
    assert not failure.value.may_have_fired and cabinet.heard() == [SET_500]


async def test_a_board_that_was_away_is_told_its_time_again(
    cabinet: Emulator, plug: Connect
) -> None:
    board = plug(pulse="set")
    await board.open(3, pulse_ms=500, deadline=soon())
    cabinet.tell("faults", silent=[1])
    with pytest.raises(BoardSilent):
        await board.read(deadline=soon())
    cabinet.tell("faults", silent=[])
    await board.open(3, pulse_ms=500, deadline=soon())
    assert cabinet.heard().count(SET_500) == 2


# ---- what a state says -------------------------------------------------------------------------


@pytest.mark.parametrize("closed_bit", [0, 1])
async def test_which_bit_means_closed_is_a_setting(
    cabinet: Emulator, plug: Connect, closed_bit: int
) -> None:
    cabinet.tell("faults", closed_bit=closed_bit)
    cabinet.tell("push", board=1, lock=9, is_open=True)
    right, wrong = plug(closed_level=closed_bit), plug(closed_level=1 - closed_bit)
    snapshot = await right.read(deadline=soon())
    assert open_doors(snapshot.doors) == [9] and len(snapshot.raw) == 9
    await right.close()
    assert len(open_doors((await wrong.read(deadline=soon())).doors)) == 15


async def test_items_are_kept_and_forgotten_when_nobody_knows_any_more(
    cabinet: Emulator, plug: Connect
) -> None:
    cabinet.tell("put", board=1, lock=8, is_there=True)
    board, blind = plug(item_sensor=True), plug()
    assert board.items is None, "nobody has looked yet"
    snapshot = await board.read(deadline=soon())
    assert board.items == tuple(lock == 8 for lock in range(16))
    assert open_doors(snapshot.doors) == []
    cabinet.tell("faults", silent=[1])
    with pytest.raises(BoardSilent):
        await board.read(deadline=soon())
    assert board.items is None
    await board.close()
    cabinet.tell("faults", silent=[])
    await blind.read(deadline=soon())
    assert blind.items is None, "no sensors, no items"


async def test_without_hook_contacts_every_door_is_unknown(plug: Connect) -> None:
    board = plug(door_sensor=False)
    assert set((await board.read(deadline=soon())).doors) == {DoorState.UNKNOWN}


async def test_a_state_that_nobody_asked_for_changes_nothing(
    cabinet: Emulator, plug: Connect
) -> None:
    board = plug(item_sensor=True)
    told: list[object] = []
    board.on_change = lambda *change: told.append(change)
    await board.read(deadline=soon())
    unasked = bytes.fromhex("02 10 35 00 00 FF FF 03 48")
    cabinet.tell("say", hex=unasked.hex())
    async with asyncio.timeout(2):
        while all(one.data != unasked for one in board.bus.log):
            await asyncio.sleep(0.005)
    assert open_doors((await board.read(deadline=soon())).doors) == []
    assert not any(board.items or ()) and not told and not board.capabilities.unsolicited


async def test_board_15_lock_16_is_reached(cabinet: Emulator, plug: Connect) -> None:
    await plug(15).open(15, pulse_ms=500, deadline=soon())
    assert cabinet.heard() == ["02 FF 31 03 35", "02 F0 30 03 25"]
    assert cabinet.tell("pulses", board=15)["locks"] == [15]


# ---- what stands on the wire -------------------------------------------------------------------


@pytest.mark.parametrize("local_echo", [True, False])
async def test_an_adapter_that_repeats_everything_is_not_taken_for_the_board(
    cabinet: Emulator, plug: Connect, local_echo: bool
) -> None:
    cabinet.tell("faults", echo=True)
    board = plug(local_echo=local_echo)
    await board.open(3, pulse_ms=500, deadline=soon())
    assert open_doors((await board.read(deadline=soon())).doors) == [3]
    cabinet.tell("faults", silent=[1])
    with pytest.raises(BoardSilent):
        await board.read(deadline=soon())


@pytest.mark.parametrize(
    "faults",
    [
        {"noise": "FA FD 99 99 02"},
        {"noise": "02 10 35 FF"},
        {"noise": "02 20 35 00 00 00 00 03 5A"},
        {"byte_by_byte": True},
        {"byte_by_byte": True, "noise": "00 02", "echo": True},
    ],
    ids=str,
)
async def test_a_reply_is_found_in_what_surrounds_it(
    cabinet: Emulator, plug: Connect, faults: dict[str, Any]
) -> None:
    cabinet.tell("faults", **faults)
    cabinet.tell("push", board=1, lock=0, is_open=True)
    assert open_doors((await plug().read(deadline=soon())).doors) == [0]


@pytest.mark.parametrize(
    "faults",
    [
        {"wrong_sum": True},
        {"other_address": 2},
        {"intruder": "02 20 35 FF FF 00 00 03 58"},
    ],
    ids=str,
)
async def test_a_reply_that_is_not_its_own_is_not_believed(
    cabinet: Emulator, plug: Connect, faults: dict[str, Any]
) -> None:
    cabinet.tell("faults", **faults)
    board = plug()
    with pytest.raises(BoardSilent) as failure:
        await board.read(deadline=soon())
    assert not failure.value.may_have_fired
    cabinet.tell("faults", wrong_sum=False, other_address=None, intruder="")
    assert open_doors((await board.read(deadline=soon())).doors) == []


async def test_a_board_without_power_leaves_its_neighbour_alone(
    cabinet: Emulator, port: str
) -> None:
    cabinet.tell("faults", silent=[1])
    first, second = connect(
        BoardSpec(1, "kerong_cu16", port, 1, 16, {"reply_timeout_ms": SILENT_MS}),
        BoardSpec(2, "kerong_cu16", port, 2, 16, {"reply_timeout_ms": REPLY_MS}),
    )
    silent = asyncio.create_task(first.read(deadline=soon()))
    await asyncio.sleep(0)
    assert open_doors((await second.read(deadline=soon())).doors) == []
    with pytest.raises(BoardSilent):
        await silent
    assert cabinet.heard() == [READ_1, READ_2]
    await first.close()
    await second.close()


async def test_a_deadline_that_passed_writes_nothing(cabinet: Emulator, plug: Connect) -> None:
    for board in (plug(), plug(pulse="set")):
        with pytest.raises(DeadlinePassed) as failure:
            await board.open(3, pulse_ms=500, deadline=soon(-0.001))
        assert not failure.value.may_have_fired
    assert cabinet.heard() == []


async def test_there_is_no_relay_to_switch_off_but_a_board_to_find(
    cabinet: Emulator, plug: Connect
) -> None:
    board = plug()
    await board.safe_state(deadline=soon())
    assert cabinet.heard() == [READ_1] and board.capabilities.hardware_pulse
