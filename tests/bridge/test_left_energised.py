"""A board whose relays this process switches itself: however it ends, no lock stays energised.

Real processes: the shipped server, the bridge, and a Modbus board that nobody here wrote.
"""

from __future__ import annotations

import signal
import sqlite3

import pytest

from lockers.models import Controller
from tests.bridge.test_restarts import REACHED, UNIT, Place, place
from tests.drivers.peers import REPLY_TIMEOUT_MS
from tests.servers import until

__all__ = ["place"]
pytestmark = pytest.mark.django_db(transaction=True)

ON = b"\x05\x00\x00\xff\x00"
OFF = b"\x05\x00\x00\x00\x00"
ALL_OFF = b"\x0f\x00\x00\x00\x08\x01\x00"


@pytest.fixture
def pulsing(place: Place) -> Place:
    """A lock in the middle of a pulse of ten seconds that the bridge has to end."""
    profile = {"reply_timeout_ms": REPLY_TIMEOUT_MS, "pulse": "software_pulse"}
    Controller.objects.update(profile=profile, pulse_ms=10_000)
    until(lambda: ALL_OFF in orders(place))
    until(lambda: place.shown() == REACHED)
    # It starts by what it kept.
    until(lambda: b"software_pulse" in wiring(place))
    place.ask(0)
    until(lambda: orders(place)[-1:] == [ON])
    return place


def wiring(place: Place) -> bytes:
    with sqlite3.connect(place.state / "access.sqlite") as base:
        kept = base.execute("SELECT text FROM entry WHERE key = 'place:wiring'").fetchone()
    return bytes(kept[0]) if kept else b""


def orders(place: Place) -> list[bytes]:
    """Return what the board was told to do, without the header of its frames."""
    frames = [frame[6:] for frame in place.boards.peer.frames]
    return [frame[1:] for frame in frames if frame[0] == UNIT and frame[1] in (5, 15)]


def test_a_bridge_that_is_ended_switches_off_first(pulsing: Place) -> None:
    assert pulsing.bridge is not None
    pulsing.signal_bridge(signal.SIGTERM)
    assert pulsing.bridge.wait(10) == 0
    after = orders(pulsing)[orders(pulsing).index(ON) + 1 :]
    assert {OFF, ALL_OFF} & set(after)


def test_a_bridge_that_was_killed_switches_off_before_anything_else(pulsing: Place) -> None:
    pulsing.kill_bridge()
    # Nothing else ends this pulse: that is what the warning about such boards says.
    assert orders(pulsing)[-1] == ON
    asked = len(pulsing.boards.peer.frames)
    pulsing.start_bridge()
    until(lambda: orders(pulsing)[-1] == ALL_OFF)
    assert pulsing.boards.peer.frames[asked][7:] == ALL_OFF
