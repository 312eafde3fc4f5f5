"""What somebody can do at the screen while the server is away, and when not yet."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from access.access_list import entries
from kiosk.bridge import protocol
from kiosk.bridge.connection import State
from kiosk.bridge.protocol import GivenAlone, Held, Hold, OpenedAlone, Renew, ScanRefused
from kiosk.bridge.protocol.authority import HeldGrant
from kiosk.bridge.screen import turns
from tests.bridge.local_screen import (
    AMIRA,
    AMIRA_BADGE,
    AMIRA_NUMBER,
    AMIRA_PIN,
    BEN,
    BEN_BADGE,
    READER,
    Place,
    standing,
    typed,
    until,
)
from tests.bridge.server_end import ServerEnd

WRONG = "111222"
HOUR = dt.timedelta(hours=1)


def ms(since: dt.timedelta) -> int:
    return int((dt.datetime.now(dt.UTC) + since).timestamp() * 1000)


@pytest.fixture
async def place(server: ServerEnd, tmp_path: Path) -> AsyncIterator[Place]:
    """A screen whose bridge gives out the doors."""
    async with standing(server, tmp_path) as found:
        await found.begin_alone()
        yield found


@pytest.fixture
async def early(server: ServerEnd, tmp_path: Path) -> AsyncIterator[Place]:
    """A screen whose server is away, and may still be giving doors."""
    async with standing(server, tmp_path) as found:
        yield found


def all_of(*holds: Hold) -> Held:
    return Held(term=0, number=0, holds=list(holds), is_all=True)


def refused(place: Place) -> Any:
    async def read() -> list[ScanRefused]:
        lines = await place.lines("scan_refused")
        return [protocol.decode_refused(line.detail) for line in lines]

    return read()


async def claimed(place: Place, badge: str = AMIRA_BADGE) -> str:
    """Get somebody a door, and close it; return the turn."""
    turn = (await place.browser.show(badge))["turn"]
    status, told = await place.browser.post("claim", turn=turn)
    assert status == 200, told
    await place.browser.story(turn, "open")
    place.box.board().push_shut(told["opened"]["id"] - 1)
    await place.browser.story(turn, "closed")
    return str(turn)


async def test_whoever_has_no_door_gets_one_and_it_is_open_only_when_the_sensor_says_so(
    place: Place,
) -> None:
    place.box.board().reply_s = 0.3
    told = await place.browser.show(AMIRA_BADGE)
    assert (told["doors"], told["needs_pin"]) == ([], False)
    _status, told = await place.browser.post("claim", turn=told["turn"])
    assert told["opened"]["story"] == "going"
    assert told["doors"] == [{"id": 1, "number": "1", "ends": True}]
    await place.browser.story(told["turn"], "open")
    assert [line.kind for line in await place.lines("command_opened")]
    (line,) = await place.lines("open_alone")
    opened = protocol.decode_detail(line.detail, OpenedAlone)
    assert (opened.reader_id, opened.person_id, opened.kind) == (READER, AMIRA, "badge")


async def test_a_door_that_was_given_here_is_opened_again_and_the_server_can_read_it(
    place: Place,
) -> None:
    turn = await claimed(place)
    status, _told = await place.browser.post("open", turn=turn, door=1)
    assert status == 200
    await place.browser.story(turn, "open")
    (given,) = await place.lines("given_alone")
    ref = protocol.decode_detail(given.detail, GivenAlone).ref
    for line in await place.lines("open_alone"):
        assert protocol.decode_detail(line.detail, OpenedAlone).ref == ref


async def test_a_jammed_door_is_never_called_open(place: Place) -> None:
    place.box.board().jammed.add(0)
    turn = (await place.browser.show(AMIRA_BADGE))["turn"]
    await place.browser.post("claim", turn=turn)
    await place.browser.story(turn, "failed")


async def test_a_silent_board_leaves_it_open_whether_the_door_did(place: Place) -> None:
    turn = await claimed(place)
    place.box.board().is_silent = True
    await place.browser.post("open", turn=turn, door=1)
    await place.browser.story(turn, "unknown")


async def test_whoever_has_a_door_gets_no_second_one(place: Place) -> None:
    turn = await claimed(place)
    status, told = await place.browser.post("claim", turn=turn)
    assert (status, told["code"]) == (409, "has_one")
    assert len(await place.lines("given_alone")) == 1


async def test_two_at_once_get_one_door(place: Place) -> None:
    turn = (await place.browser.show(AMIRA_BADGE))["turn"]
    both = await asyncio.gather(*(place.browser.post("claim", turn=turn) for _two in range(2)))
    assert sorted(status for status, _told in both) == [200, 409]
    assert len(await place.lines("given_alone")) == 1


async def test_what_is_finished_opens_no_more_and_is_free_for_others(place: Place) -> None:
    turn = await claimed(place)
    status, told = await place.browser.post("finish", turn=turn, door=1)
    assert (status, told["doors"]) == (200, [])
    status, told = await place.browser.post("open", turn=turn, door=1)
    assert (status, told["code"]) == (409, "no_grant")
    ben = (await place.browser.show(BEN_BADGE))["turn"]
    _status, told = await place.browser.post("claim", turn=ben)
    assert told["opened"]["number"] == "1"


async def test_an_open_door_is_not_finished_with(place: Place) -> None:
    turn = (await place.browser.show(AMIRA_BADGE))["turn"]
    await place.browser.post("claim", turn=turn)
    await place.browser.story(turn, "open")
    status, told = await place.browser.post("finish", turn=turn, door=1)
    assert (status, told["code"], told["facts"]) == (409, "close_first", {"number": "1"})


async def test_nobody_opens_or_finishes_with_the_door_of_another(place: Place) -> None:
    await claimed(place)
    ben = (await place.browser.show(BEN_BADGE))["turn"]
    for verb, code in (("open", "no_grant"), ("finish", "not_to_finish")):
        status, told = await place.browser.post(verb, turn=ben, door=1)
        assert (status, told["code"]) == (409, code)
    assert len(await place.lines("open_alone")) == 1
    (told,) = await refused(place)
    assert (told.code, told.person_id) == ("no_grant", BEN)


async def test_a_use_that_is_overdue_and_stays_is_left_to_the_server(place: Place) -> None:
    over = Hold(
        claim_id=4, kind="assignment", compartment_id=2, starts_at_ms=1_000, ends_at_ms=2_000,
        has_begun=True, person_id=AMIRA, stays=True,
    )  # fmt: skip
    await place.box.agent.holdings.told(all_of(over))
    turn = (await place.browser.show(AMIRA_BADGE))["turn"]
    status, told = await place.browser.post("finish", turn=turn, door=2)
    assert (status, told["code"]) == (409, "not_to_finish")


async def test_a_door_of_a_moment_ago_opens_although_no_list_came_since(early: Place) -> None:
    agent = early.box.agent
    grant = HeldGrant(id=70, begins_ms=ms(-HOUR))
    mine = Hold(
        claim_id=9, kind="assignment", compartment_id=2, starts_at_ms=ms(-HOUR), has_begun=True,
        person_id=AMIRA, grant=grant,
    )  # fmt: skip
    await agent.holdings.told(Held(term=0, number=5, holds=[mine], is_all=True))
    # The server may have withdrawn it for want of an answer.
    assert (await early.browser.show(AMIRA_BADGE))["doors"] == []
    await agent.authority.takes[Renew](Renew(term=0, number=1, known=5))
    told = await early.browser.show(AMIRA_BADGE)
    assert [door["number"] for door in told["doors"]] == ["2"]
    assert (await early.browser.post("open", turn=told["turn"], door=2))[0] == 200
    await early.browser.story(told["turn"], "open")
    # Revoked: whatever the list says.
    await agent.holdings.told(Held(term=0, number=6, holds=[replace(mine, grant=None)]))
    assert (await early.browser.show(AMIRA_BADGE))["doors"] == []


async def test_before_the_lease_is_over_doors_open_and_the_rest_says_when(early: Place) -> None:
    begins = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    held = Hold(
        claim_id=4, kind="assignment", compartment_id=2, starts_at_ms=1_000, has_begun=True,
        person_id=AMIRA,
    )  # fmt: skip
    await early.box.agent.holdings.told(all_of(held))
    claim = entries.Claim(4, begins)
    early.know(entries.Granted(id=5, compartment_id=2, begins=begins, person_id=AMIRA, claim=claim))
    turn = (await early.browser.show(AMIRA_BADGE))["turn"]
    status, told = await early.browser.post("finish", turn=turn, door=2)
    assert (status, told["code"]) == (409, "not_alone_yet")
    assert 60 < told["facts"]["wait_seconds"] < 70
    assert (await early.browser.post("open", turn=turn, door=2))[0] == 200
    await early.browser.story(turn, "open")
    ben = (await early.browser.show(BEN_BADGE))["turn"]
    assert (await early.browser.post("claim", turn=ben))[1]["code"] == "not_alone_yet"
    assert await early.lines("given_alone") == await early.lines("finished_alone") == []


async def test_when_the_server_is_back_doors_are_not_given_here(
    early: Place, server: ServerEnd
) -> None:
    turn = (await early.browser.show(AMIRA_BADGE))["turn"]
    assert (await early.browser.state())["back"] is False
    await server.start(server.port)
    await until(lambda: early.box.connection.state is State.READY)
    assert (await early.browser.state())["back"] is True
    status, told = await early.browser.post("claim", turn=turn)
    assert (status, told["code"]) == (409, "server_back")
    assert await early.lines("given_alone") == []


async def test_after_too_long_alone_nobody_opens_or_gets_a_door(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    turn = await claimed(place)
    monkeypatch.setattr(place.box.agent.access, "is_over", lambda bank_id: True)
    assert (await place.browser.post("open", turn=turn, door=1))[1]["code"] == "away_too_long"
    ben = (await place.browser.show(BEN_BADGE))["turn"]
    assert (await place.browser.post("claim", turn=ben))[1]["code"] == "away_too_long"
    assert len(await place.lines("given_alone")) == 1


async def test_what_is_revoked_meanwhile_does_nothing_more(place: Place) -> None:
    turn = (await place.browser.show(AMIRA_BADGE))["turn"]
    place.box.agent.access.known.deny(f"person:{AMIRA}:badge:{10 + AMIRA}")
    status, told = await place.browser.post("claim", turn=turn)
    assert (status, told["code"]) == (409, "credential_revoked")
    assert (await place.browser.state(turn))["turn"] is None


async def test_a_number_and_its_pin_are_as_good_as_a_badge(place: Place) -> None:
    status, told = await place.browser.post("number", bank=1, number=AMIRA_NUMBER, pin=AMIRA_PIN)
    assert status == 200
    await place.browser.post("claim", turn=told["turn"])
    await place.browser.story(told["turn"], "open")
    (line,) = await place.lines("open_alone")
    opened = protocol.decode_detail(line.detail, OpenedAlone)
    assert (opened.reader_id, opened.kind, opened.pin_id) == (None, "pin", 21)


@pytest.mark.parametrize("number", [AMIRA_NUMBER, "9999"])
async def test_wrong_pins_are_slowed_down_whoever_is_guessed_at(place: Place, number: str) -> None:
    for _free in range(4):
        status, told = await place.browser.post("number", bank=1, number=number, pin=WRONG)
        assert (status, told) == (409, {"code": "wrong_pin", "facts": {"wait_seconds": 0}})
    _status, told = await place.browser.post("number", bank=1, number=number, pin=WRONG)
    assert told == {"code": "wrong_pin", "facts": {"wait_seconds": 30}}
    _status, told = await place.browser.post("number", bank=1, number=AMIRA_NUMBER, pin=AMIRA_PIN)
    assert (told["code"], 25 < told["facts"]["wait_seconds"] <= 30) == ("too_many_attempts", True)


async def test_where_a_badge_needs_its_pin_it_does_nothing_before(place: Place) -> None:
    place.know(pin_rule="always")
    told = await place.browser.show(AMIRA_BADGE)
    turn = told["turn"]
    assert (told["needs_pin"], told["doors"]) == (True, [])
    assert (await place.browser.post("claim", turn=turn))[1]["code"] == "pin_required"
    assert (await place.browser.post("pin", turn=turn, pin=WRONG))[1]["code"] == "wrong_pin"
    status, told = await place.browser.post("pin", turn=turn, pin=AMIRA_PIN)
    assert (status, told["needs_pin"]) == (200, False)
    assert (await place.browser.post("claim", turn=turn))[0] == 200


async def test_where_a_badge_is_asked_for_a_number_and_pin_are_not_enough(place: Place) -> None:
    place.know(pin_rule="always")
    _status, told = await place.browser.post("number", bank=1, number=AMIRA_NUMBER, pin=AMIRA_PIN)
    assert told["code"] == "badge_required"


@pytest.mark.parametrize("raw", ["0004215873", "~000421587\r", "~00042158734\r", "~0004215873"])
async def test_a_badge_that_did_not_come_whole_is_nobodys(place: Place, raw: str) -> None:
    _status, told = await place.browser.post("badge", bank=1, badge=raw)
    assert told["code"] == "bad_read"


async def test_two_readers_that_mark_alike_and_read_otherwise_leave_nothing_to_a_guess(
    place: Place,
) -> None:
    other = entries.Reader(
        id=8,
        profile=entries.Profile(key="other", base="hex"),
        types=entries.Typing(1, "~", "\r", 10),
    )
    place.know(other)
    _status, told = await place.browser.post("badge", bank=1, badge=typed(AMIRA_BADGE))
    assert told["code"] == "bad_read"


async def test_the_next_one_at_the_screen_ends_the_turn_before(place: Place) -> None:
    amira = (await place.browser.show(AMIRA_BADGE))["turn"]
    ben = (await place.browser.show(BEN_BADGE))["turn"]
    status, told = await place.browser.post("claim", turn=amira)
    assert (status, told["code"]) == (410, "turn_over")
    assert (await place.browser.post("claim", turn=ben))[0] == 200


async def test_two_that_come_in_the_same_moment_have_one_turn_between_them(place: Place) -> None:
    both = await asyncio.gather(*(place.browser.show(badge) for badge in (AMIRA_BADGE, BEN_BADGE)))
    claims = [await place.browser.post("claim", turn=told["turn"]) for told in both]
    assert sorted(status for status, _told in claims) == [200, 410]


@pytest.mark.parametrize("verb", ["more", "claim", "open", "finish", "pin"])
async def test_a_turn_that_nobody_has_does_nothing(place: Place, verb: str) -> None:
    await place.browser.show(AMIRA_BADGE)
    more: dict[str, Any] = {"open": {"door": 1}, "finish": {"door": 1}, "pin": {"pin": "1"}}
    status, told = await place.browser.post(verb, turn="guessed", **more.get(verb, {}))
    assert (status, told["code"]) == (410, "turn_over")


async def test_a_turn_ends_when_nobody_does_anything_and_lasts_when_asked_for_more_time(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1000.0
    monkeypatch.setattr(place.screen.turns, "_now", lambda: now)
    turn = (await place.browser.show(AMIRA_BADGE))["turn"]
    now += turns.LASTS_S - 1
    assert (await place.browser.post("more", turn=turn))[0] == 200
    now += turns.LASTS_S - 1
    assert (await place.browser.state(turn))["turn"]["lasts_s"] == 1
    now += 1
    assert (await place.browser.state(turn))["turn"] is None
    assert (await place.browser.post("claim", turn=turn))[0] == 410


async def test_what_was_typed_is_written_down_nowhere(
    place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    await claimed(place)
    await place.browser.post("number", bank=1, number=AMIRA_NUMBER, pin=AMIRA_PIN)
    await place.browser.post("number", bank=1, number=AMIRA_NUMBER, pin=WRONG)
    await place.browser.post("badge", bank=1, badge=typed("1234567890"))
    lines = await place.box.journal.after(0, 1000)
    said = caplog.text + "".join(line.detail for line in lines)
    for secret in (AMIRA_BADGE, AMIRA_PIN, WRONG, "1234567890"):
        assert secret not in said


async def test_without_a_list_nothing_is_done(place: Place) -> None:
    place.box.agent.access.state = "refused"
    state = await place.browser.state()
    assert (state["ready"], state["banks"]) == (False, [])
    status, told = await place.browser.post("badge", bank=1, badge=typed(AMIRA_BADGE))
    assert (status, told["code"]) == (503, "no_list")
