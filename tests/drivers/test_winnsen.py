"""Winnsen boards on a wire: what is believed, what is doubted, and what may have moved."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from lockers.drivers.base import Board, DoorState
from lockers.drivers.errors import BadReply, BoardRefused, BoardSilent, DeadlinePassed, DriverError
from lockers.drivers.winnsen import WinnsenBoard
from tests.drivers.patience import soon
from tests.drivers.peers.winnsen import WinnsenPeer

# Bits of an answer to a poll, as the emulator numbers them: door 1 and door 8.
DOOR_1, DOOR_8 = 32, 39
OPEN_5 = "900605010503"
POLL = "90070201ff0003"


@pytest.fixture
async def peer(tmp_path: Path) -> AsyncIterator[WinnsenPeer]:
    made = WinnsenPeer(tmp_path)
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
async def board(peer: WinnsenPeer) -> AsyncIterator[WinnsenBoard]:
    (made,) = peer.boards(1)
    yield made
    await made.close()


async def heard(peer: WinnsenPeer) -> list[str]:
    told: list[str] = (await peer.tell())["heard"]
    return told


async def opened(board: Board) -> list[int]:
    doors = (await board.read(deadline=soon())).doors
    assert DoorState.UNKNOWN not in doors
    return [channel for channel, door in enumerate(doors) if door is DoorState.OPEN]


async def failure(board: Board, channel: int = 4) -> DriverError:
    """Open lock 5, in vain."""
    with pytest.raises(DriverError) as error:
        await board.open(channel, pulse_ms=300, deadline=soon())
    return error.value


# ---- an open ---------------------------------------------------------------------------------


async def test_an_open_is_the_makers_own_frame_and_its_answer_a_status(
    peer: WinnsenPeer, board: WinnsenBoard
) -> None:
    await board.open(4, pulse_ms=300, deadline=soon())
    assert await heard(peer) == [OPEN_5] and await peer.pulses(1) == [4]
    assert isinstance(board, Board) and board.capabilities.acknowledgement == "status"


async def test_an_answer_opened_is_no_open_door(peer: WinnsenPeer, board: WinnsenBoard) -> None:
    await peer.tell(faults={"jammed": [5], "status": 1})
    await board.open(4, pulse_ms=300, deadline=soon())
    assert await opened(board) == []


async def test_failed_is_a_refusal_after_which_the_lock_may_have_fired(
    peer: WinnsenPeer, board: WinnsenBoard
) -> None:
    await peer.tell(faults={"jammed": [5]})
    error = await failure(board)
    assert isinstance(error, BoardRefused) and error.may_have_fired
    assert await peer.pulses(1) == [4], "the board did pulse it"


async def test_a_flipped_status_bit_says_failed_of_a_door_that_opened(
    peer: WinnsenPeer, board: WinnsenBoard
) -> None:
    await peer.tell(faults={"flips": [5 * 8]})
    error = await failure(board)
    assert isinstance(error, BoardRefused) and error.may_have_fired
    assert await opened(board) == [4]


@pytest.mark.parametrize(("bit", "station", "lock"), [(4 * 8, 1, 4), (3 * 8 + 1, 3, 5)])
async def test_a_bit_that_flips_on_the_way_opens_another_door_and_the_answer_names_it(
    peer: WinnsenPeer, board: WinnsenBoard, bit: int, station: int, lock: int
) -> None:
    await peer.tell(faults={"hears_flipped": bit})
    error = await failure(board)
    pulses = (await peer.tell())["pulses"]
    assert pulses == {"1": [], "2": [], "3": [], str(station): [lock]}, "lock 5 of station 1 asked"
    assert isinstance(error, BadReply) and error.may_have_fired
    assert str(error).endswith(f"heard of lock {lock} of station {station}")


@pytest.mark.parametrize(
    ("faults", "kind"),
    [
        ({"mute_open": True}, BoardSilent),
        ({"mute": True}, BoardSilent),
        ({"end": 0x02}, BoardSilent),
        ({"length": 8}, BoardSilent),
        ({"status": 2}, BoardSilent),
        ({"answer_station": 2}, BadReply),
        ({"answer_lock": 6}, BadReply),
        ({"mute": True, "echo": True}, BoardSilent),
    ],
)
async def test_no_answer_or_a_wrong_one_leaves_an_open_in_doubt(
    peer: WinnsenPeer, board: WinnsenBoard, faults: dict[str, Any], kind: type[DriverError]
) -> None:
    await peer.tell(faults=faults)
    error = await failure(board)
    assert type(error) is kind and error.may_have_fired


async def test_an_open_is_answered_later_than_a_poll(peer: WinnsenPeer) -> None:
    (board,) = peer.boards(1, open_timeout_ms=1500, reply_timeout_ms=150)
    await peer.answer_late(1, is_late=True)
    await board.open(4, pulse_ms=300, deadline=soon())
    with pytest.raises(BoardSilent):
        await board.read(deadline=soon())
    await board.close()


async def test_a_pulse_that_the_board_does_not_make_is_refused_where_its_own_is_known(
    peer: WinnsenPeer,
) -> None:
    (board,) = peer.boards(1, board_pulse_ms=400)
    with pytest.raises(ValueError, match="300 ms; this board makes 400"):
        await board.open(0, pulse_ms=300, deadline=soon())
    await board.open(0, pulse_ms=400, deadline=soon())
    assert await peer.pulses(1) == [0]
    await board.close()


async def test_there_is_nothing_to_switch_off(peer: WinnsenPeer, board: WinnsenBoard) -> None:
    assert board.capabilities.hardware_pulse
    await board.safe_state(deadline=soon())
    with pytest.raises(DeadlinePassed):
        await board.safe_state(deadline=soon(-1))
    assert await heard(peer) == []


# ---- a read ----------------------------------------------------------------------------------


async def test_doors_are_counted_from_the_lowest_bit_of_the_first_byte(peer: WinnsenPeer) -> None:
    (board,) = peer.boards(1, channels=16)
    for channel in (0, 8, 13):
        await peer.push(1, channel, is_open=True)
    assert await opened(board) == [0, 8, 13]
    await board.close()


async def test_only_doors_that_exist_are_asked_for_and_no_other_bit_counts(
    peer: WinnsenPeer,
) -> None:
    (board,) = peer.boards(1, channels=12)
    await peer.tell(faults={"ignores_mask": True}, push=[1, 16, True])
    assert await opened(board) == []
    assert set(await heard(peer)) == {"90070201ff0f03"}
    await board.close()


async def test_the_polarity_of_the_contacts_is_a_setting(peer: WinnsenPeer) -> None:
    (board,) = peer.boards(1, closed_level=1)
    await peer.tell(faults={"open_level": 0}, push=[1, 3, True])
    assert await opened(board) == [2]
    await board.close()


async def test_a_board_without_contacts_only_shows_that_it_answers(peer: WinnsenPeer) -> None:
    (board,) = peer.boards(1, door_sensor=False)
    assert set((await board.read(deadline=soon())).doors) == {DoorState.UNKNOWN}
    assert await heard(peer) == [POLL]
    await peer.tell(faults={"mute": True})
    with pytest.raises(BoardSilent):
        await board.read(deadline=soon())
    await board.close()


@pytest.mark.parametrize(
    "faults", [{"answer_station": 2}, {"end": 0x02}, {"length": 6}, {"mute": True}]
)
async def test_a_poll_that_another_answers_or_nobody_is_silence(
    peer: WinnsenPeer, board: WinnsenBoard, faults: dict[str, Any]
) -> None:
    await peer.tell(faults=faults)
    with pytest.raises(BoardSilent) as error:
        await board.read(deadline=soon())
    assert not error.value.may_have_fired


# ---- two polls in a row ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("flips", "polls"),
    [([], 2), ([DOOR_1], 3), ([None, DOOR_1], 4), ([DOOR_1, DOOR_8], 4)],
)
async def test_a_bit_that_flips_in_a_poll_is_asked_away(
    peer: WinnsenPeer, board: WinnsenBoard, flips: list[int | None], polls: int
) -> None:
    await peer.push(1, 4, is_open=True)
    await peer.tell(faults={"flips": flips})
    snapshot = await board.read(deadline=soon())
    assert [n for n, door in enumerate(snapshot.doors) if door is DoorState.OPEN] == [4]
    assert snapshot.raw.hex() == "90078201100003" * 2, "the two that agreed"
    assert await heard(peer) == [POLL] * polls


async def test_a_door_about_which_no_polls_agree_is_unknown_and_no_other(
    peer: WinnsenPeer, board: WinnsenBoard
) -> None:
    await peer.tell(faults={"flips": [DOOR_8, None, DOOR_8, None]})
    doors = (await board.read(deadline=soon())).doors
    assert doors == (DoorState.CLOSED,) * 7 + (DoorState.UNKNOWN,)
    assert len(await heard(peer)) == 4, "and it is not asked for ever"


async def test_the_same_bit_in_two_polls_running_is_believed_as_nothing_can_tell(
    peer: WinnsenPeer, board: WinnsenBoard
) -> None:
    await peer.tell(faults={"flips": [DOOR_1, DOOR_1]})
    assert await opened(board) == [0]
    assert await opened(board) == [], "until the next read"


async def test_without_confirmation_one_bit_is_enough(peer: WinnsenPeer) -> None:
    (board,) = peer.boards(1, confirm_reads=False)
    await peer.tell(faults={"flips": [DOOR_1]})
    assert await opened(board) == [0]
    assert await heard(peer) == [POLL]
    await board.close()


async def test_a_door_that_the_board_heard_no_question_about_is_not_believed_to_be_closed(
    peer: WinnsenPeer, board: WinnsenBoard
) -> None:
    await peer.push(1, 4, is_open=True)
    await peer.tell(faults={"hears_flipped": 4 * 8 + 4})
    assert await opened(board) == [4]


async def test_an_echo_that_passes_for_an_answer_opens_no_doors(peer: WinnsenPeer) -> None:
    (board,) = peer.boards(1, local_echo=True)
    await peer.tell(faults={"echo": True, "echo_flips": [2 * 8 + 7]})
    assert await opened(board) == []
    await board.close()


async def test_an_open_goes_before_reads_that_wait_and_between_two_polls(
    peer: WinnsenPeer, board: WinnsenBoard
) -> None:
    await peer.tell(faults={"byte_ms": 3})
    reads = [asyncio.create_task(board.read(deadline=soon())) for _twice in range(2)]
    async with asyncio.timeout(2):
        while not await heard(peer):
            await asyncio.sleep(0.002)
    await board.open(4, pulse_ms=300, deadline=soon())
    first, _ = await asyncio.gather(*reads)
    assert (await heard(peer))[:3] == [POLL, OPEN_5, POLL]
    assert first.doors[4] is DoorState.OPEN, "the polls before and after it disagreed"


# ---- the wire --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "faults",
    [
        {"before": "fafd9999"},
        {"before": "90 07 82", "after": "90 07"},
        {"before": "90 07 85 03 06 01 03 90 07 82 02 ff ff 03"},
        {"piece_ms": 2},
        {"before": "00ff", "after": "00ff", "piece_ms": 1},
    ],
)
async def test_noise_and_pieces_change_nothing(peer: WinnsenPeer, faults: dict[str, Any]) -> None:
    # Station 3 has the number of the byte that ends a frame.
    for board in peer.boards(1, 3):
        await peer.tell(faults=faults)
        await board.open(4, pulse_ms=300, deadline=soon())
        assert await opened(board) == [4]
        await board.close()


async def test_an_answer_that_another_interrupts_is_lost_and_the_other_is_not_taken_for_it(
    peer: WinnsenPeer, board: WinnsenBoard
) -> None:
    changes: list[tuple[int, DoorState]] = []
    board.on_change = lambda channel, door: changes.append((channel, door))
    await peer.tell(faults={"middle": "90 07 82 02 ff ff 03"})
    with pytest.raises(BoardSilent):
        await board.read(deadline=soon())
    await peer.tell(faults={})
    assert await opened(board) == []
    assert not changes and not board.capabilities.unsolicited, "these boards say nothing unasked"


@pytest.mark.parametrize("is_known", [True, False])
async def test_an_adapter_that_repeats_is_no_board(peer: WinnsenPeer, is_known: bool) -> None:
    (board,) = peer.boards(1, local_echo=is_known)
    await peer.tell(faults={"echo": True})
    await board.open(4, pulse_ms=300, deadline=soon())
    assert await opened(board) == [4]
    await peer.tell(faults={"echo": True, "mute": True})
    assert isinstance(await failure(board), BoardSilent)
    with pytest.raises(BoardSilent):
        await board.read(deadline=soon())
    await board.close()
