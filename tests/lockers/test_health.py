"""How devices are judged: facts in, a state, a sentence and what to do out."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import pytest

from lockers import health
from lockers.drivers import trouble
from lockers.health import BridgeFacts, DoorFacts, State, Told
from lockers.presence import SILENT_AFTER

NOW = dt.datetime(2026, 11, 17, 12, 0, tzinfo=dt.UTC)
SECOND = dt.timedelta(seconds=1)
HERE = {"last_seen_at": NOW}

BRIDGES = [
    (BridgeFacts(**HERE), State.WELL, ""),
    (BridgeFacts(last_seen_at=NOW - SILENT_AFTER + SECOND), State.WELL, ""),
    (BridgeFacts(last_seen_at=NOW - SILENT_AFTER), State.BROKEN, "silent"),
    (BridgeFacts(is_connected=False, **HERE), State.BROKEN, "silent"),
    (BridgeFacts(is_enrolled=False, is_connected=False), State.UNUSED, "never enrolled"),
    (BridgeFacts(is_revoked=True, **HERE), State.UNUSED, "revoked"),
    (BridgeFacts(clock_offset_ms=120_000, **HERE), State.WELL, ""),
    (BridgeFacts(clock_offset_ms=-121_000, **HERE), State.LOOK, "wrong by -121 s"),
    (BridgeFacts(unacknowledged=1_001, **HERE), State.LOOK, "1001 events are not received"),
    (BridgeFacts(queue_depth=21, **HERE), State.LOOK, "21 doors wait"),
]
PORT = "/dev/ttyUSB0"
WIRES = [
    (Told("up"), State.WELL, "", ""),
    (Told("connecting"), State.UNKNOWN, "Nothing was heard", "Wait"),
    (
        Told("down", "port_missing", address=PORT),
        State.BROKEN,
        "The port /dev/ttyUSB0 does not exist.",
        "Plug in the adapter or correct the address.",
    ),
    (Told("down", "port_not_permitted", address=PORT), State.BROKEN, "may not use", "dialout"),
    (Told("down", "port_taken", address=PORT), State.BROKEN, "Another program", "End that"),
    (Told("down", "all_silent", address=PORT), State.BROKEN, "No board", "A and B"),
    (
        Told("down", "all_silent", address="tcp://10.0.0.5:502"),
        State.BROKEN,
        "No board on tcp://10.0.0.5:502",
        "the network",
    ),
    (Told("degraded", "noise", address=PORT), State.LOOK, "noise", "resistors"),
    (Told("degraded", "timeouts", address=PORT), State.LOOK, "not answered in time", "resistors"),
    (Told("down", "configuration", "unit is 0"), State.BROKEN, "unit is 0", "Correct"),
    (Told("down", "a_new_word", "the driver's own"), State.BROKEN, "the driver's own", "log"),
]
BOARDS = [
    (Told("ok"), State.WELL, "", ""),
    (Told("suspect", "board_silent"), State.LOOK, "missed", "cable"),
    (Told("offline"), State.BROKEN, "does not answer", "power"),
    (Told("offline", "bad_reply"), State.BROKEN, "something else", "number"),
]
READERS = [
    (Told("ok"), State.WELL, "", ""),
    (Told("ok", "installed", "a key was set"), State.WELL, "", ""),
    (Told("connecting"), State.UNKNOWN, "Nothing was heard", "Wait"),
    (Told(""), State.UNKNOWN, "Nothing was heard", "Wait"),
    (Told("offline", "connection_refused", address="tcp://h:1"), State.BROKEN, "tcp://h:1", "port"),
    (Told("offline", "insecure"), State.BROKEN, "its own key", "set it up"),
    (Told("misconfigured", "configuration", "length is 0"), State.BROKEN, "length is 0", "Correct"),
]
DOORS = [
    (DoorFacts(), State.WELL, ""),
    (DoorFacts("open"), State.WELL, ""),
    (DoorFacts("unknown"), State.LOOK, "cannot be read"),
    (DoorFacts("unknown", has_sensor=False), State.WELL, ""),
    (DoorFacts("open", is_forced=True), State.LOOK, "nobody had asked"),
    (DoorFacts(failed_opens=1), State.WELL, ""),
    (DoorFacts(failed_opens=2), State.BROKEN, "did not open, 2 times"),
]


@pytest.mark.parametrize(("facts", "state", "words"), BRIDGES)
def test_a_bridge(facts: BridgeFacts, state: State, words: str) -> None:
    judged = health.of_bridge(facts, NOW)
    assert judged.state is state
    assert words in judged.sentence


@pytest.mark.parametrize(("told", "state", "words", "advice"), WIRES)
def test_a_wire(told: Told, state: State, words: str, advice: str) -> None:
    judged = health.of_bus(told)
    assert judged.state is state
    assert words in judged.sentence
    assert advice in judged.advice


@pytest.mark.parametrize(("told", "state", "words", "advice"), BOARDS)
def test_a_board(told: Told, state: State, words: str, advice: str) -> None:
    judged = health.of_board(told)
    assert judged.state is state
    assert words in judged.sentence
    assert advice in judged.advice


@pytest.mark.parametrize(("told", "state", "words", "advice"), READERS)
def test_a_reader(told: Told, state: State, words: str, advice: str) -> None:
    judged = health.of_reader(told)
    assert judged.state is state
    assert words in judged.sentence
    assert advice in judged.advice


@pytest.mark.parametrize(("facts", "state", "words"), DOORS)
def test_a_door(facts: DoorFacts, state: State, words: str) -> None:
    judged = health.of_door(facts)
    assert judged.state is state
    assert words in judged.sentence


def test_whatever_is_wrong_says_what_to_do() -> None:
    judged = [health.of_bridge(row[0], NOW) for row in BRIDGES]
    judged += [health.of_bus(row[0]) for row in WIRES]
    judged += [health.of_door(row[0]) for row in DOORS]
    assert all(bool(one.advice) is (one.state is not State.WELL) for one in judged)


def test_every_word_of_a_port_has_its_own_sentence() -> None:
    words = set(re.findall(r'"(\w+)"', Path(trouble.__file__).read_text()))
    other = health.of_bus(Told("down", "nonsense", "x")).advice
    assert len(words) > 6
    assert not [one for one in words if health.of_bus(Told("down", one, "x")).advice == other]


def test_no_two_states_share_a_symbol_or_a_word() -> None:
    assert len({one.icon for one in State}) == len({one.word for one in State}) == len(State)
