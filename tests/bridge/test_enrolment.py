"""How a box becomes a bridge, and how it gets a new key."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import msgspec
import pytest

from kiosk.bridge import enrolment, identity
from kiosk.bridge.enrolment import EnrolmentRefused
from kiosk.bridge.identity import Identity, Kept
from lockers import introduction
from tests.bridge.conftest import Box, running
from tests.bridge.proxy import Proxy
from tests.bridge.server_end import BOX_KEY, BRIDGE_ID, IDENTITY, ServerEnd, enrolled

NEXT_KEY = b"the-next-key-of-the-box---------"
FALSE_SERVER = introduction.public_key(b"the-key-of-a-false-server-------")


@pytest.fixture
async def proxy(server: ServerEnd) -> AsyncIterator[Proxy]:
    async with Proxy(server.url) as between:
        yield between


def public(key: bytes) -> bytes:
    return introduction.public_key(key)


async def until(condition: Callable[[], bool], within_s: float = 8) -> None:
    async with asyncio.timeout(within_s):
        while not condition():
            await asyncio.sleep(0.01)


# ---- the one-time code -------------------------------------------------------------------------


async def test_a_box_makes_its_key_and_keeps_it_to_itself(
    server: ServerEnd, tmp_path: Path
) -> None:
    me = await enrolment.identify(server.url, tmp_path, server.code)
    assert server.bridge_key == public(me.told.key)
    assert (me.told.bridge_id, me.told.server_keys) == (BRIDGE_ID, server.public_keys)
    kept = tmp_path / identity.FILE
    assert kept.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [kept]


async def test_without_a_code_it_says_what_to_do(server: ServerEnd, tmp_path: Path) -> None:
    with pytest.raises(EnrolmentRefused, match="--enrolment-code"):
        await enrolment.identify(server.url, tmp_path, None)


async def test_a_wrong_code_is_refused_with_the_servers_words(
    server: ServerEnd, tmp_path: Path
) -> None:
    with pytest.raises(EnrolmentRefused, match="This code is wrong."):
        await enrolment.identify(server.url, tmp_path, "BAD-CODE")
    assert not (tmp_path / identity.FILE).exists()


@pytest.mark.parametrize("code", [None, "GOOD-CODE", "good-code"])
async def test_once_enrolled_the_same_code_asks_for_nothing(
    server: ServerEnd, tmp_path: Path, code: str | None
) -> None:
    first = await enrolment.identify(server.url, tmp_path, server.code)
    await server.stop()
    again = await enrolment.identify(server.url, tmp_path, code)
    assert again.told == first.told


async def test_another_code_makes_it_another_bridge_with_another_key(
    server: ServerEnd, tmp_path: Path
) -> None:
    first = await enrolment.identify(server.url, tmp_path, server.code)
    server.code = "NEXT-CODE"
    again = await enrolment.identify(server.url, tmp_path, server.code)
    assert again.told.key != first.told.key
    assert server.bridge_key == public(again.told.key)


async def test_a_box_that_was_killed_before_the_answer_came_asks_again_with_the_same_key(
    server: ServerEnd, proxy: Proxy, tmp_path: Path
) -> None:
    """The server takes one key for one code: with another it would be refused."""
    asked: list[str] = []
    asking = asyncio.create_task(enrolment.identify(proxy.url, tmp_path, server.code))

    def kill(frame: str) -> list[str]:
        asked.append(frame)
        asking.cancel()
        return [frame]

    proxy.on_down = kill
    await asyncio.gather(asking, return_exceptions=True)
    assert asked and not (tmp_path / identity.FILE).exists()
    taken = server.bridge_key
    me = await enrolment.identify(server.url, tmp_path, server.code)
    assert public(me.told.key) == taken == server.bridge_key


@pytest.mark.parametrize("written", [b"", b"{}", b'{"bridge_id":1,"key":"c2hvcnQ="}', b"\xff"])
async def test_a_file_that_cannot_be_read_is_named(
    server: ServerEnd, tmp_path: Path, written: bytes
) -> None:
    (tmp_path / identity.FILE).write_bytes(written)
    with pytest.raises(EnrolmentRefused, match=f"{identity.FILE} cannot be read"):
        await enrolment.identify(server.url, tmp_path, None)


# ---- somebody in between -----------------------------------------------------------------------


async def test_the_code_is_never_sent(server: ServerEnd, proxy: Proxy, tmp_path: Path) -> None:
    server.code = "ABCD-EFGH-JKMN-PQRS"
    await enrolment.identify(proxy.url, tmp_path, server.code)
    (asked,) = proxy.up
    sent = json.loads(asked)
    assert set(sent) == {"public_key", "by_code", "by_itself", "software"}
    assert "ABCD" not in asked and "PQRS" not in asked
    assert base64.b64encode(introduction.code_key(server.code)).decode() not in asked


async def test_a_proxy_cannot_put_its_own_key_in_the_place_of_the_servers(
    server: ServerEnd, proxy: Proxy, tmp_path: Path
) -> None:
    def change(told: str) -> list[str]:
        answer = json.loads(told)
        answer["server_keys"] = [base64.b64encode(FALSE_SERVER).decode()]
        return [json.dumps(answer)]

    proxy.on_down = change
    with pytest.raises(EnrolmentRefused, match="something in between changed it"):
        await enrolment.identify(proxy.url, tmp_path, server.code)
    assert not (tmp_path / identity.FILE).exists()


async def test_a_proxy_cannot_enrol_itself_with_what_it_overheard(
    server: ServerEnd, proxy: Proxy, tmp_path: Path
) -> None:
    thief = b"the-key-of-somebody-in-between--"
    before = server.bridge_key

    def change(asked: str) -> list[str]:
        sent = json.loads(asked)
        _by_code, by_itself = introduction.request("any code", thief)
        sent["public_key"] = base64.b64encode(public(thief)).decode()
        sent["by_itself"] = base64.b64encode(by_itself).decode()
        return [json.dumps(sent)]

    proxy.on_up = change
    with pytest.raises(EnrolmentRefused, match="This code is wrong."):
        await enrolment.identify(proxy.url, tmp_path, server.code)
    assert server.bridge_key == before


@pytest.mark.parametrize(
    "answer", ["", "<html>", "{}", "[]", '{"bridge_id":1,"server_keys":[],"mac":""}']
)
async def test_a_server_that_is_no_lockwright_is_named(
    server: ServerEnd, proxy: Proxy, tmp_path: Path, answer: str
) -> None:
    proxy.on_down = lambda _told: [answer]
    with pytest.raises(EnrolmentRefused, match="does not answer as a Lockwright does"):
        await enrolment.identify(proxy.url, tmp_path, server.code)


# ---- a new key ---------------------------------------------------------------------------------


def on_disk(state: Path) -> Identity:
    kept = identity.load(state / identity.FILE, Identity)
    assert kept is not None
    return kept


async def opens_a_door(server: ServerEnd, box: Box) -> None:
    await server.until(lambda: set(server.doors().values()) == {"closed"})
    command = await server.order(1)
    await server.until(lambda: "command_opened" in server.kinds(command))


async def test_a_key_is_rolled_without_anybody_at_the_box(
    server: ServerEnd, tmp_path: Path
) -> None:
    server.rolling = True
    async with running(server, tmp_path) as bridge:
        await server.until(lambda: server.greetings == 2)
        await opens_a_door(server, bridge)
    assert server.bridge_key != public(BOX_KEY)
    kept = on_disk(tmp_path)
    assert (public(kept.key), kept.next_key) == (server.bridge_key, None)
    # Nobody was suspected for it.
    assert (server.forged, bridge.connection.forged) == (0, 0)
    assert "frame_refused" not in server.kinds()


# Where a power cut can leave the two: what is on the box's disk, which key the server has, and
# whether it still asks for another. test_a_roll_passes_through_these_states_and_no_other says why
# there are no more.
CUTS = {
    "before anything": (IDENTITY, BOX_KEY, True),
    "the box has written its next key": (
        msgspec.structs.replace(IDENTITY, next_key=NEXT_KEY), BOX_KEY, True,
    ),
    "the server has taken it": (
        msgspec.structs.replace(IDENTITY, next_key=NEXT_KEY), NEXT_KEY, False,
    ),
    "the box was greeted by it": (
        msgspec.structs.replace(IDENTITY, key=NEXT_KEY), NEXT_KEY, False,
    ),
}  # fmt: skip


@pytest.mark.parametrize("cut", CUTS)
async def test_a_cut_in_the_middle_of_a_roll_shuts_nobody_out(
    server: ServerEnd, tmp_path: Path, cut: str
) -> None:
    written, server_has, server.rolling = CUTS[cut]
    server.bridge_key = public(server_has)
    async with running(server, tmp_path, enrolled(tmp_path, written)) as bridge:
        await until(lambda: not server.rolling)
        await until(lambda: server.bridge_key != public(BOX_KEY))
        await until(lambda: on_disk(tmp_path).next_key is None)
        await opens_a_door(server, bridge)
    assert public(on_disk(tmp_path).key) == server.bridge_key


async def test_a_roll_passes_through_these_states_and_no_other(
    server: ServerEnd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    passed: list[tuple[bool, bool, bool, bool]] = []
    write = identity.save

    def look() -> None:
        """Note which keys the box has, which the server has, and whether it asks."""
        kept = on_disk(tmp_path)
        is_old = server.bridge_key == public(BOX_KEY)
        state = (kept.key == BOX_KEY, kept.next_key is not None, is_old, server.rolling)
        if state not in passed:
            passed.append(state)

    def save(path: Path, kept: msgspec.Struct) -> None:
        look()
        write(path, kept)
        look()

    me = enrolled(tmp_path)
    monkeypatch.setattr(identity, "save", save)
    server.rolling = True
    async with running(server, tmp_path, me):
        await server.until(lambda: server.greetings == 2)
        await until(lambda: len(passed) == 4)
    assert passed == [
        (kept.key == BOX_KEY, kept.next_key is not None, has == BOX_KEY, asks)
        for kept, has, asks in CUTS.values()
    ]


async def test_a_server_that_dies_before_it_has_stored_the_key_is_given_the_same_again(
    server: ServerEnd, tmp_path: Path
) -> None:
    """It may have stored it all the same: a third key would then shut the box out."""
    server.rolling, server.stores_keys = True, False
    async with running(server, tmp_path):
        await server.until(lambda: server.greetings >= 2)
        offered = on_disk(tmp_path).next_key
        server.stores_keys = True
        await until(lambda: not server.rolling)
        await until(lambda: on_disk(tmp_path).next_key is None)
    assert offered is not None
    assert server.bridge_key == public(offered) == public(on_disk(tmp_path).key)


async def test_a_full_disk_keeps_the_old_key_and_the_line(
    server: ServerEnd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_args: object) -> None:
        raise OSError("No space left on device")

    me = enrolled(tmp_path)
    monkeypatch.setattr(identity, "save", full)
    server.rolling = True
    async with running(server, tmp_path, me) as bridge:
        await opens_a_door(server, bridge)
        assert server.greetings == 1
    assert on_disk(tmp_path) == IDENTITY


def test_a_file_is_written_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    me = enrolled(tmp_path)

    def cut(*_args: object) -> None:
        raise OSError("the power went")

    for step in ("fsync", "write"):
        with monkeypatch.context() as broken, pytest.raises(OSError, match="the power went"):
            if step == "fsync":
                broken.setattr("os.fsync", cut)
            else:
                broken.setattr("msgspec.json.encode", cut)
            me.roll(NEXT_KEY)
        assert on_disk(tmp_path) == IDENTITY
        assert me.told == IDENTITY
    # What the cut left behind is in nobody's way.
    assert Kept(tmp_path, on_disk(tmp_path)).roll(NEXT_KEY) == NEXT_KEY
    assert on_disk(tmp_path).next_key == NEXT_KEY
