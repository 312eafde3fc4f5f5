"""UHPPOTE controllers on their network, played by an emulator that shares no code with the driver.

The messages themselves are in test_uhppote_frames, what it pushes in test_uhppote_events.
"""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from lockers.drivers.base import Board, BoardSpec, DoorState
from lockers.drivers.errors import (
    BadProfile,
    BadReply,
    BoardRefused,
    BoardSilent,
    BoardUnreachable,
    DeadlinePassed,
    DriverError,
)
from lockers.drivers.registry import open_boards
from lockers.drivers.uhppote import UhppoteBoard
from lockers.drivers.wire import datagrams
from tests.drivers.patience import soon
from tests.drivers.peers.uhppote import UhppotePeer, serial

OPEN_3, STATUS = "17 40 00 00 78 37 2a 18 03", "17 20 00 00 78 37 2a 18"
GET_3 = "17 82 00 00 78 37 2a 18 03"
# Patience with a busy machine; where no answer is expected, nobody waits so long.
PATIENT = {"reply_timeout_ms": 1500}
Plug = Callable[..., UhppoteBoard]


@pytest.fixture(params=["udp", "tcp"])
async def peer(request: pytest.FixtureRequest) -> AsyncIterator[UhppotePeer]:
    made = UhppotePeer(request.param)
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
async def plug(peer: UhppotePeer) -> AsyncIterator[Plug]:
    """Connect one controller with the options of a profile."""
    made: list[UhppoteBoard] = []

    def plugged(unit: int = 1, **options: Any) -> UhppoteBoard:
        made.append(peer.board(unit, **{**PATIENT, **options}))
        return made[-1]

    yield plugged
    for board in made:
        await board.close()


only_udp = pytest.mark.parametrize("peer", ["udp"], indirect=True)
only_tcp = pytest.mark.parametrize("peer", ["tcp"], indirect=True)


async def opened(board: Board) -> list[int]:
    doors = (await board.read(deadline=soon())).doors
    assert DoorState.UNKNOWN not in doors
    return [channel for channel, door in enumerate(doors) if door is DoorState.OPEN]


async def failure(board: Board, pulse_ms: int = 300) -> DriverError:
    """Open door 3, in vain."""
    with pytest.raises(DriverError) as error:
        await board.open(2, pulse_ms=pulse_ms, deadline=soon())
    return error.value


# ---- an open ---------------------------------------------------------------------------------


async def test_an_open_is_one_message_and_its_answer_a_status(
    peer: UhppotePeer, plug: Plug
) -> None:
    board = plug()
    await board.open(2, pulse_ms=3000, deadline=soon())
    assert await peer.heard() == [OPEN_3] and await peer.pulses(1) == [2]
    assert board.capabilities.acknowledgement == "status"
    assert board.capabilities.hardware_pulse and not board.capabilities.unsolicited


async def test_a_controller_that_says_no_has_not_fired(peer: UhppotePeer, plug: Plug) -> None:
    await peer.tell(faults={"result": 0})
    error = await failure(plug())
    assert isinstance(error, BoardRefused) and not error.may_have_fired
    assert await peer.pulses(1) == []


WRONG: list[dict[str, Any]] = [
    {"serial": serial(2)},
    {"function": 0x80},
    {"function": 0x20},
    {"head": 0x19},
    {"result": 3},
    {"length": 63},
    {"mute": True},
]


@pytest.mark.parametrize("wrong", WRONG, ids=str)
async def test_an_open_without_its_own_answer_may_have_fired_and_is_not_repeated(
    peer: UhppotePeer, plug: Plug, wrong: dict[str, Any]
) -> None:
    await peer.tell(faults=wrong)
    error = await failure(plug(reply_timeout_ms=100))
    assert isinstance(error, BoardSilent) and error.may_have_fired
    assert await peer.heard() == [OPEN_3]


async def test_an_open_that_comes_back_to_us_is_not_acknowledged(
    peer: UhppotePeer, plug: Plug
) -> None:
    await peer.tell(faults={"echo": True, "mute": True})
    error = await failure(plug(reply_timeout_ms=100))
    assert isinstance(error, BoardSilent) and error.may_have_fired


@pytest.mark.parametrize("channel", [-1, 4])
async def test_a_fifth_door_is_refused(peer: UhppotePeer, plug: Plug, channel: int) -> None:
    with pytest.raises(ValueError, match="channel"):
        await plug().open(channel, pulse_ms=300, deadline=soon())
    assert await peer.heard() == []


async def test_an_acknowledgement_that_comes_too_late_is_not_one_for_another_door(
    peer: UhppotePeer, plug: Plug
) -> None:
    board = plug(reply_timeout_ms=200)
    await peer.tell(faults={"late_ms": 550, "late_serials": [serial(1)]})
    assert isinstance(await failure(board), BoardSilent)
    # The answer is the same for every door; it arrives while the next one is asked for.
    await peer.tell(faults={"mute_functions": [0x40]})
    with pytest.raises(BoardSilent):
        await board.open(0, pulse_ms=300, deadline=soon())


# ---- how long a pulse is ---------------------------------------------------------------------


@pytest.mark.parametrize("pulse_ms", [0, 5001, 10_000])
async def test_a_pulse_beyond_the_stored_delay_is_refused(
    peer: UhppotePeer, plug: Plug, pulse_ms: int
) -> None:
    with pytest.raises(ValueError, match="1 to 5000 are possible"):
        await plug(stored_pulse_s=5).open(2, pulse_ms=pulse_ms, deadline=soon())
    assert await peer.heard() == []


async def test_a_delay_is_set_before_the_open_when_the_profile_says_so(
    peer: UhppotePeer, plug: Plug
) -> None:
    board = plug(pulse="set")
    await board.open(2, pulse_ms=1001, deadline=soon())
    set_2 = "17 80 00 00 78 37 2a 18 03 03 02"
    assert await peer.heard() == [GET_3, set_2, OPEN_3]
    assert (await peer.kept(1))["delays"] == [3, 3, 2, 3]
    await board.open(2, pulse_ms=2000, deadline=soon())
    assert await peer.heard() == [GET_3, set_2, OPEN_3, OPEN_3], "and only when it changes"


async def test_a_delay_that_is_kept_already_is_not_set_again(peer: UhppotePeer, plug: Plug) -> None:
    await plug(pulse="set").open(2, pulse_ms=3000, deadline=soon())
    assert await peer.heard() == [GET_3, OPEN_3]


async def test_the_mode_of_a_door_is_left_alone(peer: UhppotePeer, plug: Plug) -> None:
    await peer.tell(keep={str(serial(1)): {"modes": {"3": 2}}})
    await plug(pulse="set").open(2, pulse_ms=5000, deadline=soon())
    assert "17 80 00 00 78 37 2a 18 03 02 05" in await peer.heard()


async def test_a_delay_that_was_not_taken_opens_nothing(peer: UhppotePeer, plug: Plug) -> None:
    await peer.tell(faults={"seconds": 9})
    error = await failure(plug(pulse="set"), pulse_ms=4000)
    assert isinstance(error, BadReply) and not error.may_have_fired
    assert await peer.pulses(1) == []


async def test_the_delay_of_another_door_is_not_taken_for_this_one(
    peer: UhppotePeer, plug: Plug
) -> None:
    await peer.tell(faults={"door": 4})
    error = await failure(plug(pulse="set", reply_timeout_ms=100))
    assert isinstance(error, BoardSilent) and not error.may_have_fired


async def test_a_controller_that_was_away_is_asked_for_its_delay_again(
    peer: UhppotePeer, plug: Plug
) -> None:
    board = plug(pulse="set", reply_timeout_ms=100)
    await board.open(2, pulse_ms=3000, deadline=soon())
    await peer.tell(faults={"mute": True})
    with pytest.raises(BoardSilent):
        await board.read(deadline=soon())
    await peer.tell(faults={})
    await board.open(2, pulse_ms=3000, deadline=soon())
    assert await peer.heard() == [GET_3, OPEN_3, STATUS, GET_3, OPEN_3]


@pytest.mark.parametrize("pulse_ms", [0, 10_001])
async def test_a_lock_is_energised_for_ten_seconds_at_most(plug: Plug, pulse_ms: int) -> None:
    with pytest.raises(ValueError, match="1 to 10000 are possible"):
        await plug(pulse="set").open(2, pulse_ms=pulse_ms, deadline=soon())


# ---- a read ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong",
    [*WRONG[:4], {"contact": 2}, {"length": 63}, {"echo": True, "mute": True}, {"function": 0x82}],
    ids=str,
)
async def test_contacts_in_another_answer_are_not_believed(
    peer: UhppotePeer, plug: Plug, wrong: dict[str, Any]
) -> None:
    if wrong == {"function": 0x20}:
        wrong = {"function": 0x94}
    await peer.tell(faults=wrong)
    with pytest.raises(BoardSilent) as error:
        await plug(reply_timeout_ms=100).read(deadline=soon())
    assert not error.value.may_have_fired


async def test_the_polarity_of_the_contacts_is_a_setting(peer: UhppotePeer, plug: Plug) -> None:
    await peer.push(1, 1, is_open=True)
    assert await opened(plug()) == [1]
    assert await opened(plug(closed_level=1)) == [0, 2, 3]


async def test_doors_without_contacts_are_unknown(plug: Plug) -> None:
    board = plug(door_sensor=False)
    assert (await board.read(deadline=soon())).doors == (DoorState.UNKNOWN,) * 4


async def test_a_controller_of_two_doors_tells_two() -> None:
    peer = UhppotePeer()
    await peer.start()
    board = open_boards([BoardSpec(1, "uhppote", peer.address, 1, 2, {"serial": serial(1)})])[1]
    assert len((await board.read(deadline=soon())).doors) == 2
    await board.close()
    await peer.stop()


async def test_foreign_messages_before_the_answer_are_passed_over(
    peer: UhppotePeer, plug: Plug
) -> None:
    foreign = bytes.fromhex("17200000 7937 2a18").ljust(64, b"\0").hex()
    await peer.tell(faults={"before": foreign})
    await peer.push(1, 3, is_open=True)
    assert await opened(plug()) == [3]


@only_udp
async def test_half_a_datagram_before_the_answer_is_noise(peer: UhppotePeer, plug: Plug) -> None:
    await peer.tell(faults={"before": "17 20 00 00 78 37"})
    board = plug()
    assert await opened(board) == []
    assert board.bus.counts.noise_bytes == 6


@only_tcp
async def test_an_answer_may_come_byte_by_byte(peer: UhppotePeer, plug: Plug) -> None:
    await peer.tell(faults={"piece_ms": 0})
    assert await opened(plug()) == []


async def test_the_safe_state_is_a_question(peer: UhppotePeer, plug: Plug) -> None:
    await plug().safe_state(deadline=soon())
    assert await peer.heard() == [STATUS]


# ---- deadlines and the network ---------------------------------------------------------------


async def test_a_stalled_program_does_not_write_after_the_deadline(
    peer: UhppotePeer, plug: Plug
) -> None:
    board = plug()
    await board.read(deadline=soon())
    order = asyncio.create_task(board.open(0, pulse_ms=300, deadline=soon(0.05)))
    asyncio.get_running_loop().call_soon(time.sleep, 0.1)
    with pytest.raises(DeadlinePassed) as error:
        await order
    assert not error.value.may_have_fired
    assert await peer.pulses(1) == []


async def test_an_open_after_a_delay_still_keeps_the_deadline(
    peer: UhppotePeer, plug: Plug
) -> None:
    await peer.tell(faults={"late_ms": 250, "late_serials": [serial(1)]})
    board = plug(pulse="set")
    with pytest.raises(DriverError) as error:
        await board.open(0, pulse_ms=300, deadline=soon(0.2))
    assert not error.value.may_have_fired
    assert await peer.pulses(1) == []


@only_tcp
async def test_a_port_where_nobody_listens_is_unreachable(peer: UhppotePeer, plug: Plug) -> None:
    board = plug()
    await peer.stop()
    with pytest.raises(BoardUnreachable) as error:
        await board.open(0, pulse_ms=300, deadline=soon())
    assert not error.value.may_have_fired


async def test_many_controllers_answer_at_one_broadcast_address() -> None:
    peer = UhppotePeer(host="127.255.255.255", bound="0.0.0.0")
    await peer.start()
    specs = [peer.spec(unit, **PATIENT) for unit in (1, 2)]
    first, second = open_boards(specs).values()
    try:
        await asyncio.gather(
            first.open(1, pulse_ms=300, deadline=soon()),
            second.open(3, pulse_ms=300, deadline=soon()),
        )
        assert await peer.pulses(1) == [1] and await peer.pulses(2) == [3]
        assert await opened(first) == [1] and await opened(second) == [3]
    finally:
        await first.close()
        await second.close()
        await peer.stop()


def test_two_controllers_cannot_have_one_serial() -> None:
    profile = {"serial": serial(1)}
    addresses = ("udp://10.0.0.1:60000", "tcp://10.0.0.2:60000")
    with pytest.raises(BadProfile) as refusal:
        open_boards(
            [BoardSpec(n, "uhppote", one, n, 4, profile) for n, one in enumerate(addresses)]
        )
    assert refusal.value.field == "serial"


@pytest.mark.parametrize("channels", [0, 5])
def test_a_controller_has_one_to_four_doors(channels: int) -> None:
    with pytest.raises(BadProfile) as refusal:
        open_boards(
            [BoardSpec(1, "uhppote", "udp://10.0.0.1:60000", 1, channels, {"serial": serial(1)})]
        )
    assert refusal.value.field == "channels"


def test_a_broadcast_does_not_come_back_as_its_own_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    given = iter([60000, 60000, 50000])

    class Bound(socket.socket):
        def getsockname(self) -> Any:
            return ("0.0.0.0", next(given))

    monkeypatch.setattr(datagrams.socket, "socket", Bound)
    datagrams.Datagrams("127.255.255.255", 60000, timeout=0.1).close()
    assert list(given) == [], "the port that it sends to was given away twice"
