"""A broker that knows its clients by their certificates: no bank speaks for another."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import pytest

from lockers.drivers.base import Board, BoardSpec, DoorState
from lockers.drivers.errors import BadProfile, BoardUnreachable
from lockers.drivers.mqtt import Connection, parse_broker
from lockers.drivers.mqtt_openlocker import OpenLockerBoard, Registrar, parse_profile
from lockers.drivers.registry import open_boards
from tests.drivers.emulators.openlocker import Gateway, message
from tests.drivers.patience import soon
from tests.drivers.peers.certificates import Authority
from tests.drivers.peers.mosquitto import HOST, Mosquitto, connect
from tests.drivers.peers.mqtt_openlocker import locker
from tests.drivers.test_mqtt_openlocker import until

OURS, THEIRS = locker(1), locker(2)


class Site:
    """Two banks and a bridge at one broker that asks everybody for a certificate."""

    def __init__(self, folder: Path) -> None:
        self.authority = Authority(folder / "authority")
        self.broker = Mosquitto(folder / "broker", authority=self.authority)
        self.gateway = Gateway(OURS)

    def login(self, name: str) -> paho.Client:
        return connect(self.broker, name, authority=self.authority)

    @asynccontextmanager
    async def board(self, **login: str) -> AsyncIterator[Board]:
        profile = {"locker_uuid": OURS, "heartbeat_interval_s": 1, **login}
        board = open_boards(
            [BoardSpec(1, "mqtt_openlocker", self.broker.address, profile=profile)]
        )[1]
        try:
            yield board
        finally:
            await board.close()

    def say(self, name: str, topic: str, text: str) -> None:
        """Publish with the certificate of one of the banks."""
        client = self.login(name)
        ready = threading.Event()
        client.on_connect = lambda *a: ready.set()
        client.connect(HOST, self.broker.port)
        client.loop_start()
        assert ready.wait(5)
        client.publish(topic, text, 1, retain=True).wait_for_publish(5)
        client.disconnect()
        client.loop_stop()


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    made = Site(tmp_path)
    made.broker.start()
    await asyncio.to_thread(made.gateway.run, made.login(OURS), HOST, made.broker.port)
    yield made
    await asyncio.to_thread(made.gateway.end)
    made.broker.kill()


async def test_doors_open_over_tls(site: Site) -> None:
    async with site.board(**site.authority.login("bridge")) as board:
        await board.open(4, pulse_ms=300, deadline=soon())
        assert (await board.read(deadline=soon())).doors[4] is DoorState.OPEN
    assert site.gateway.pulses == [5]


async def test_small_messages_are_not_held_back(site: Site) -> None:
    login = site.authority.login("bridge")
    connection = Connection(parse_broker(site.broker.address, login))
    gateway = OpenLockerBoard(
        connection,
        Registrar(connection),
        address=site.broker.address,
        unit=1,
        channels=8,
        profile=parse_profile({"locker_uuid": OURS}, channels=8),
    )
    await gateway.safe_state(deadline=soon())
    assert connection._client is not None
    wire = connection._client._client.socket()
    assert wire.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 1
    await gateway.close()


async def test_what_a_bank_says_in_the_name_of_another_is_not_believed(site: Site) -> None:
    topic = f"locker/{OURS}/state/compartments"
    doors = message(
        compartments=[{"compartment_number": n, "door_state": "open"} for n in range(1, 9)]
    )
    async with site.board(**site.authority.login("bridge")) as board:
        before = await board.read(deadline=soon())
        await asyncio.to_thread(site.say, THEIRS, topic, doors)
        assert (await board.read(deadline=soon())).doors == before.doors
        await asyncio.to_thread(site.say, OURS, topic, doors)
        assert (await board.read(deadline=soon())).doors == (DoorState.OPEN,) * 8


async def test_a_bank_cannot_say_that_another_is_offline(site: Site) -> None:
    topic, farewell = site.gateway.will
    async with site.board(**site.authority.login("bridge")) as board:
        await asyncio.to_thread(site.say, THEIRS, topic, farewell)
        await board.read(deadline=soon())


async def test_a_bank_neither_hears_nor_sends_the_commands_of_another(site: Site) -> None:
    heard: list[Any] = []
    ready = threading.Event()
    spy = site.login(THEIRS)
    spy.on_connect = lambda c, *a: c.subscribe([("#", 1), (f"locker/{OURS}/command", 1)])
    spy.on_subscribe = lambda *a: ready.set()
    spy.on_message = lambda c, u, m: heard.append(m.topic)
    spy.connect(HOST, site.broker.port)
    spy.loop_start()
    assert await asyncio.to_thread(ready.wait, 5)
    async with site.board(**site.authority.login("bridge")) as board:
        await board.open(0, pulse_ms=300, deadline=soon())
    forged = json.dumps({**site.gateway.commands[0], "transaction_id": "forged"})
    await asyncio.to_thread(site.say, THEIRS, f"locker/{OURS}/command", forged)
    # What the broker lets through arrives before this.
    await asyncio.to_thread(site.say, "bridge", f"locker/{THEIRS}/command", "{}")
    await until(lambda: heard)
    spy.disconnect()
    spy.loop_stop()
    assert heard == [f"locker/{THEIRS}/command"]
    assert site.gateway.pulses == [1]


async def test_a_broker_of_another_authority_is_not_trusted(site: Site, tmp_path: Path) -> None:
    stranger = Authority(tmp_path / "stranger")
    login = {**site.authority.login("bridge"), "ca_file": str(stranger.ca_file)}
    async with site.board(**login) as board:
        with pytest.raises(BoardUnreachable, match="certificate verify failed") as failure:
            await board.open(0, pulse_ms=300, deadline=soon())
    assert not failure.value.may_have_fired


async def test_without_a_certificate_there_is_no_way_in(site: Site) -> None:
    async with site.board(ca_file=str(site.authority.ca_file)) as board:
        with pytest.raises(BoardUnreachable):
            await board.read(deadline=soon(1))


async def test_a_file_that_is_missing_is_told(site: Site) -> None:
    async with site.board(ca_file="/nowhere/ca.pem") as board:
        with pytest.raises(BoardUnreachable, match="No such file"):
            await board.read(deadline=soon())


@pytest.mark.parametrize(
    ("address", "login", "field"),
    [
        ("tcp://broker:1883", {}, "address"),
        ("mqtt://broker", {}, "address"),
        ("mqtt://broker:0", {}, "address"),
        ("mqtt://broker:99999", {}, "address"),
        ("mqtt://:1883", {}, "address"),
        ("mqtt://broker:1883/topic", {}, "address"),
        ("mqtt://user:secret@broker:1883", {}, "address"),
        ("mqtt://broker:1883", {"ca_file": "/ca.pem"}, "ca_file"),
        ("mqtts://broker:8883", {"ca_file": "ca.pem"}, "ca_file"),
        ("mqtts://broker:8883", {"certificate_file": "/a.pem"}, "key_file"),
        ("mqtts://broker:8883", {"key_file": "/a.key"}, "certificate_file"),
        ("mqtt://broker:1883", {"password_file": "/a"}, "password_file"),
        ("mqtt://user@broker:1883", {"password_file": 5}, "password_file"),
    ],
)
def test_a_bad_address_or_login_is_refused_with_its_name(
    address: str, login: dict[str, Any], field: str
) -> None:
    with pytest.raises(BadProfile) as refusal:
        parse_broker(address, login)
    assert refusal.value.field == field


def test_an_address_names_user_host_and_port() -> None:
    broker = parse_broker("mqtts://bank%201@[::1]:8883", {})
    assert (broker.username, broker.host, broker.port, broker.is_tls) == (
        "bank 1",
        "::1",
        8883,
        True,
    )
