from __future__ import annotations

import asyncio
import datetime as dt
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import psycopg
import pytest
from asgiref.sync import sync_to_async
from asgiref.testing import ApplicationCommunicator
from django.db import connection, connections
from django.utils import timezone
from guardian.shortcuts import remove_perm

from lockers.notify import listener
from lockers.services import openings
from occupancy.consumers import NOT_FOUND, MapConsumer
from occupancy.live import hub
from occupancy.live.hub import APART_S
from occupancy.models import Claim
from tests.factories.cast import Estate

pytestmark = pytest.mark.django_db(transaction=True)

HOUR, SECOND = dt.timedelta(hours=1), dt.timedelta(seconds=1)
Sql = Callable[[str], Awaitable[None]]


@pytest.fixture
def place(transactional_db: None) -> Estate:
    """The cast as of this very moment, and which database connection is the tests' own."""
    estate = Estate.build()
    estate.extra["connection"] = connection.connection.info.backend_pid
    return estate


@pytest.fixture
async def live(place: Estate) -> AsyncIterator[Estate]:
    """The estate with listener and hub running, as in a server process."""
    listener.start()
    await listener.connected.wait()
    hub.start()
    yield place
    await hub.stop()
    await listener.stop()
    await sync_to_async(connections.close_all)()


@pytest.fixture
async def sql(live: Estate) -> AsyncIterator[Sql]:
    """Somebody at psql: their own connection, no Django."""
    parameters = {
        key: value
        for key, value in connection.get_connection_params().items()
        if key in {"dbname", "user", "password", "host", "port"}
    }
    async with await psycopg.AsyncConnection.connect(**parameters, autocommit=True) as someone:

        async def execute(statement: str) -> None:
            await someone.execute(statement)  # type: ignore[call-overload]

        yield execute


class Map:
    """One open map, spoken to as the server process would."""

    def __init__(self, user: Any, site: object) -> None:
        self.application = ApplicationCommunicator(
            MapConsumer.as_asgi(),
            {
                "type": "websocket",
                "path": "/ws/map/",
                "query_string": f"site={site}".encode(),
                "headers": [],
                "subprotocols": [],
                "user": user,
            },
        )

    async def connect(self) -> dict[str, Any]:
        """Ask to be connected and return the answer."""
        await self.application.send_input({"type": "websocket.connect"})
        return await self.answer()

    async def open(self) -> dict[str, Any]:
        """Connect and return the snapshot."""
        assert (await self.connect())["type"] == "websocket.accept"
        return await self.next()

    async def answer(self, timeout: float = 5) -> dict[str, Any]:
        """Return what the server says next."""
        told: dict[str, Any] = await self.application.receive_output(timeout)
        return told

    async def next(self, timeout: float = 5) -> dict[str, Any]:
        """Return the next frame."""
        told: dict[str, Any] = json.loads((await self.answer(timeout))["text"])
        return told

    async def hears_nothing(self) -> bool:
        """Say whether nothing comes for a moment."""
        return bool(await self.application.receive_nothing(0.05))

    async def say(self, text: str) -> None:
        """Send a frame to the server."""
        await self.application.send_input({"type": "websocket.receive", "text": text})

    async def close(self) -> None:
        """Leave."""
        await self.application.send_input({"type": "websocket.disconnect", "code": 1001})
        await self.application.wait(5)


def _open_door(estate: Estate, state: str = "open", door: int = 0) -> str:
    return (
        f"UPDATE lockers_door SET state = '{state}', changed_at = now()"
        f" WHERE compartment_id = {estate.doors[door].pk}"
    )


async def test_a_change_by_plain_sql_reaches_every_open_map(live: Estate, sql: Sql) -> None:
    maps = [Map(live.olga, live.site.pk), Map(live.rosa, live.site.pk)]
    for one in maps:
        snapshot = await one.open()
        assert snapshot["type"] == "snapshot"
        assert [bank["name"] for bank in snapshot["banks"]] == ["A"]
        assert {d["state"] for d in snapshot["compartments"]} == {"free"}
    await sql(_open_door(live))
    for one in maps:
        delta = await one.next()
        assert delta["type"] == "delta"
        assert [(d["id"], d["door"]) for d in delta["compartments"]] == [(live.doors[0].pk, "open")]
        await one.close()


@pytest.mark.parametrize("site", ["forbidden", "missing", "nonsense", "", "9" * 30])
async def test_a_map_is_refused_alike_when_forbidden_and_when_missing(
    live: Estate, site: str
) -> None:
    wanted = {"forbidden": str(live.other_site.pk), "missing": "999999"}.get(site, site)
    one = Map(live.olga, wanted)
    assert await one.connect() == {"type": "websocket.close", "code": NOT_FOUND}


async def test_nobody_who_is_not_logged_in_sees_a_map(live: Estate) -> None:
    one = Map(None, live.site.pk)
    assert await one.connect() == {"type": "websocket.close", "code": NOT_FOUND}


async def test_a_right_taken_away_ends_the_open_map(live: Estate) -> None:
    one, other = Map(live.olga, live.site.pk), Map(live.max, live.site.pk)
    await one.open()
    await other.open()
    await sync_to_async(remove_perm)("view_site", live.olga, live.site)
    await hub.check_rights(timezone.now())
    closed = await one.answer()
    assert (closed["type"], closed["code"]) == ("websocket.close", NOT_FOUND)
    assert await other.hears_nothing()
    await other.close()


async def test_a_burst_is_coalesced_the_first_at_once_and_the_last_never_lost(
    live: Estate, sql: Sql
) -> None:
    one = Map(live.olga, live.site.pk)
    snapshot = await one.open()
    begun = time.perf_counter()
    frames = []
    for number in range(30):
        await sql(_open_door(live, "open" if number % 2 == 0 else "closed"))
    await sql(_open_door(live, "open", door=2))
    took = time.perf_counter() - begun
    while not any(d["id"] == live.doors[2].pk for f in frames for d in f["compartments"]):
        frames.append(await one.next())
    assert len(frames) <= (time.perf_counter() - begun) / APART_S + 2
    assert [f["seq"] for f in frames] == list(
        range(snapshot["seq"] + 1, snapshot["seq"] + 1 + len(frames))
    )
    assert took < 5
    await one.close()


async def test_a_map_that_missed_something_asks_and_gets_everything(live: Estate) -> None:
    one = Map(live.olga, live.site.pk)
    first = await one.open()
    await one.say(json.dumps({"type": "snapshot"}))
    assert (await one.next())["type"] == first["type"] == "snapshot"
    # Asked for again and again, it comes, but not more often than once a second.
    for _ in range(3):
        await one.say(json.dumps({"type": "snapshot"}))
    assert await one.hears_nothing()
    assert (await one.next())["type"] == "snapshot"
    for nonsense in ("", "[]", "{", '{"type": "open"}', "x" * 5000):
        await one.say(nonsense)
    assert await one.hears_nothing()
    await one.close()


async def test_after_the_database_was_away_everything_is_read_again(live: Estate, sql: Sql) -> None:
    one = Map(live.olga, live.site.pk)
    await one.open()
    # Every connection but this one (and the tests' own) dies, the listener's and the hub's too;
    # then a door moves while nobody listens.
    ours = live.extra["connection"]
    await sql(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        f" WHERE datname = current_database() AND pid NOT IN (pg_backend_pid(), {ours})"
    )
    await sql(_open_door(live))
    while True:
        told = await one.next(10)
        if told["type"] == "snapshot" and "open" in {d["door"] for d in told["compartments"]}:
            break
    await sql(_open_door(live, "closed"))
    assert (await one.next())["compartments"][0]["door"] == "closed"
    await one.close()


async def test_an_opening_of_a_whole_bank_is_shown_to_everyone(live: Estate) -> None:
    one = Map(live.max, live.site.pk)
    await one.open()
    await sync_to_async(openings.request)(
        bank=live.bank, reason="Fire drill", user_id=live.olga.pk, at=timezone.now()
    )
    told = (await one.next())["banks"][0]["opening"]
    assert (told["status"], told["by"], told["reason"]) == ("requested", "olga", "Fire drill")
    await one.close()


async def test_a_bank_added_removed_or_renamed_is_redrawn(live: Estate, sql: Sql) -> None:
    one = Map(live.olga, live.site.pk)
    plan = (await one.open())["plan"]
    await sql(f"UPDATE lockers_bank SET name = 'Renamed' WHERE id = {live.bank.pk}")
    told = await one.next()
    assert told["plan"] != plan
    assert told["banks"][0]["name"] == "Renamed"
    await sql(
        "INSERT INTO lockers_bank"
        " (site_id, name, directions, nearby, construction, plinth_mm, position)"
        f" VALUES ({live.site.pk}, 'New', '', '', '', 100, 1)"
    )
    assert [bank["name"] for bank in (await one.next())["banks"]] == ["Renamed", "New"]
    await sql("DELETE FROM lockers_bank WHERE name = 'New'")
    assert [bank["name"] for bank in (await one.next())["banks"]] == ["Renamed"]
    await one.close()


async def test_a_site_nobody_watches_costs_nothing(live: Estate, sql: Sql) -> None:
    one = Map(live.olga, live.site.pk)
    await one.open()
    await one.close()
    await hub.let_time_pass(timezone.now())
    assert not hub._streams
    await sql(_open_door(live))
    again = await Map(live.olga, live.site.pk).open()
    assert "open" in {d["door"] for d in again["compartments"]}
    await asyncio.sleep(0)


async def test_what_ends_by_the_clock_is_shown_with_what_comes_after_it_and_no_job(
    live: Estate, sql: Sql
) -> None:
    now = timezone.now()
    ends = now + HOUR
    await sql(f"UPDATE lockers_bridgepresence SET last_seen_at = '{now + 9 * HOUR}'")
    await sync_to_async(_plan)(live, now, ends)
    one = Map(live.olga, live.site.pk)
    before = {d["id"]: d["state"] for d in (await one.open())["compartments"]}
    first, second, third = (door.pk for door in live.doors)
    assert before == {first: "occupied", second: "occupied", third: "reserved"}
    await hub.let_time_pass(ends - SECOND)
    assert await one.hears_nothing()
    await hub.let_time_pass(ends)
    told = {d["id"]: d["state"] for d in (await one.next())["compartments"]}
    assert told == {first: "reserved", second: "overdue", third: "free"}
    # The one that was hidden behind it ends as well, and so on.
    await hub.let_time_pass(ends + 2 * HOUR)
    told = {d["id"]: d["state"] for d in (await one.next())["compartments"]}
    assert told == {first: "free"}
    await one.close()


def _plan(estate: Estate, now: dt.datetime, ends: dt.datetime) -> None:
    """One that goes back with a booking after it, one that is held, one nobody comes for."""
    mine = {"holder": estate.amira, "policy": estate.policy}
    use = {**mine, "kind": "assignment", "starts_at": now, "started_at": now, "ends_at": ends}
    Claim.objects.create(compartment=estate.doors[0], **use)
    Claim.objects.create(compartment=estate.doors[1], at_end="hold", **use)
    booked = {**mine, "kind": "reservation"}
    Claim.objects.create(
        compartment=estate.doors[0], starts_at=ends, ends_at=ends + 2 * HOUR, **booked
    )
    Claim.objects.create(
        compartment=estate.doors[2], starts_at=now, ends_at=ends + HOUR, lapses_at=ends, **booked
    )
