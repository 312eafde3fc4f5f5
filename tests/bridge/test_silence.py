"""A frozen bridge closes nothing: its silence is noticed, and told to an open map, within 15 s.

Real processes: the shipped server with a real websocket, and the bridge.
"""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from audit.actions import Action
from audit.models import Event
from lockers.models import BridgePresence
from occupancy import selectors
from tests.bridge.test_restarts import REACHED, UNREACHED, Place
from tests.drivers.peers.boards import Boards
from tests.drivers.peers.tcp import TcpPeer
from tests.servers import until

pytestmark = pytest.mark.django_db(transaction=True)
WITHIN_S = 15.0


@pytest.fixture
def place(transactional_db: None, tmp_path: Path) -> Iterator[Place]:
    boards = Boards(TcpPeer())
    found = Place(boards, tmp_path)
    try:
        found.start_server()
        found.start_bridge()
        until(lambda: found.shown() == REACHED)
        yield found
    finally:
        found.stop()
        boards.stop()


async def bank_is_told_silent(place: Place, cookie: str) -> tuple[float, dict[int, str]]:
    """Freeze the bridge under an open map; return after how long its bank was told away, and how
    its doors were told then."""
    url = f"http://127.0.0.1:{place.port}/ws/map/?site={place.estate.site.pk}"
    headers = {"Cookie": f"{settings.SESSION_COOKIE_NAME}={cookie}",
               "Origin": f"http://127.0.0.1:{place.port}"}  # fmt: skip
    async with aiohttp.ClientSession() as session, session.ws_connect(url, headers=headers) as map_:
        snapshot = json.loads(await map_.receive_str())
        assert [bank["online"] for bank in snapshot["banks"]] == [True]
        doors = {one["id"]: one["state"] for one in snapshot["compartments"]}
        place.signal_bridge(signal.SIGSTOP)
        begun = time.monotonic()
        async with asyncio.timeout(WITHIN_S + 5):
            while True:
                frame: dict[str, Any] = json.loads(await map_.receive_str())
                doors |= {one["id"]: one["state"] for one in frame["compartments"]}
                if any(not bank["online"] for bank in frame["banks"]):
                    return time.monotonic() - begun, doors


def test_an_open_map_hears_of_a_frozen_bridge_within_15_s_and_the_bridge_comes_back(
    place: Place,
) -> None:
    client = Client()
    client.force_login(place.estate.rosa)

    after_s, doors = asyncio.run(
        bank_is_told_silent(place, client.cookies[settings.SESSION_COOKIE_NAME].value)
    )

    assert after_s < WITHIN_S
    assert set(doors.values()) == {"offline"}
    assert place.shown() == UNREACHED
    # Not only shown: taken leave of, and in the trail.
    until(lambda: BridgePresence.objects.get().connection is None, within_s=5)
    assert Event.objects.filter(action=Action.DISCONNECTED).count() == 1

    place.signal_bridge(signal.SIGCONT)
    until(lambda: place.shown() == REACHED)
    assert selectors.banks_of(timezone.now(), bank_ids=[place.estate.bank.pk])[0].is_online(
        timezone.now()
    )


def test_a_map_notices_when_the_bridges_server_process_is_gone_too(place: Place) -> None:
    """The process that a bridge was connected to may be killed: another one's maps still tell."""
    client = Client()
    client.force_login(place.estate.rosa)
    place.kill_bridge()
    # As if the server's end of it had been killed too: nobody took leave.
    until(lambda: BridgePresence.objects.get().connection is None)
    BridgePresence.objects.update(connection="00000000-0000-4000-8000-000000000001",
                                  last_seen_at=timezone.now())  # fmt: skip
    place.bridge = subprocess.Popen(["sleep", "60"])

    after_s, doors = asyncio.run(
        bank_is_told_silent(place, client.cookies[settings.SESSION_COOKIE_NAME].value)
    )

    assert after_s < WITHIN_S
    assert set(doors.values()) == {"offline"}
