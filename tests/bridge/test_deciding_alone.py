"""What a bridge does with its list at a reader: PINs, staff, late answers, and denials first."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import sqlite3
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from access import hashing
from access.access_list import entries, proof
from access.access_list.deciding import Answer
from access.access_list.entries import Entry
from kiosk.bridge import protocol, readers
from kiosk.bridge.alone import Alone
from lockers.drivers.base import Keyed, ReaderHealth
from tests.bridge.conftest import Box, config, running
from tests.bridge.server_end import BRIDGE_ID, ServerEnd

AT = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
KEY = b"k" * 32
AMIRA, BADGE, PIN = 7, "0004215873", "274951"
STAFF, STAFF_BADGE = 8, "0004215874"
READER = protocol.ReaderConfig(
    reader_id=4, bank_id=1, driver="osdp", address="test://keys", length=10
)
VERIFIER = hashing.pin_verifier(PIN)


def digest_of(badge: str) -> str:
    return hashing.badge_digest(KEY, hashing.canonical_text(badge))


def everything(pin_rule: str = "never", once: bool = False) -> list[Entry]:
    """Amira holds door 1; who has badge 2 is staff of the bank, and holds nothing."""
    people: list[Entry] = []
    for person, badge in ((AMIRA, BADGE), (STAFF, STAFF_BADGE)):
        people += [
            entries.Person(id=person, status="active"),
            entries.Badge(id=person + 10, person_id=person, digest=digest_of(badge)),
            entries.Pin(id=person + 20, person_id=person, verifier=VERIFIER),
        ]
    doors = [entries.Door(id=n, bank_id=1, number=f"0{n}", service_status="in_service")
             for n in range(1, 6)]  # fmt: skip
    return [
        *people, *doors,
        entries.Organisation(id=1, badge_key=KEY),
        entries.Bank(id=1, pin_rule=pin_rule),
        entries.Staff(person_id=STAFF, bank_id=1, user_id=99),
        entries.Granted(id=5, compartment_id=1, person_id=AMIRA, begins=AT,
                        claim=entries.Claim(6, AT), is_one_opening=once),
    ]  # fmt: skip


class FakeReader:
    """A reader with keys, played by the test."""

    address, is_connected = "test://keys", True
    health = ReaderHealth("ok")

    def __init__(self) -> None:
        self.reads: asyncio.Queue[str | Keyed] = asyncio.Queue()
        self.shown: asyncio.Queue[bool] = asyncio.Queue()

    async def scans(self) -> AsyncIterator[str | Keyed]:
        while True:
            yield await self.reads.get()

    async def show(self, accepted: bool) -> None:
        self.shown.put_nowait(accepted)

    async def take(self, read: str | Keyed) -> bool:
        """Show or type something, and return which light it was."""
        self.reads.put_nowait(read)
        return await asyncio.wait_for(self.shown.get(), 10)


class Listed(ServerEnd):
    """A server that gives a list, and answers no scan by itself."""

    def __init__(self, told: list[Entry]) -> None:
        base = config(unit="listed")
        super().__init__(msgspec.structs.replace(base, config_hash="listed", readers=[READER]))
        self.version = 0
        self.texts = {entry.key: entries.written(entry) for entry in told}

    async def give(self, told: list[Entry] | None = None, *, end: bool = True) -> None:
        """Give the whole list, or more of it."""
        if told is not None:
            self.texts |= {entry.key: entries.written(entry) for entry in told}
        sent = {key: msgspec.Raw(text) for key, text in self.texts.items()}
        await self.send(protocol.ListPut(entries=sent))
        if end:
            await self.sign()

    async def sign(self, *, digest: bytes = b"", key: bytes = b"") -> None:
        self.version += 1
        found = {name: proof.fingerprint(name, text) for name, text in self.texts.items()}
        digest = digest or proof.digest(proof.of_buckets(found))
        signature = proof.sign(
            key or self.server_keys[0], bridge_id=BRIDGE_ID, version=self.version, digest=digest
        )
        await self.send(
            protocol.ListSigned(
                version=self.version, digest=digest, signature=signature, is_whole=True
            )
        )

    def kept(self) -> int:
        return max((m.version for m in self.heard if isinstance(m, protocol.ListKept)), default=0)

    def stands(self) -> list[protocol.ListStands]:
        return [m for m in self.heard if isinstance(m, protocol.ListStands)]

    def refusals(self) -> list[str]:
        lines = [e for e in self.events.values() if e.kind == "scan_refused"]
        return [protocol.decode_refused(line.detail).code for line in lines]

    def opened(self) -> list[protocol.OpenedAlone]:
        lines = [e for e in self.events.values() if e.kind == "open_alone"]
        return [protocol.decode_detail(line.detail, protocol.OpenedAlone) for line in lines]


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> FakeReader:
    reader = FakeReader()
    monkeypatch.setattr(readers.registry, "open_reader", lambda *_told: reader)
    monkeypatch.setattr(readers, "ANSWERS_WITHIN_S", 0.2)
    monkeypatch.setattr(readers, "SAME_BADGE_S", 0.0)
    return reader


async def typed(alone: Alone, text: str) -> Answer | None:
    """Type something at the reader; None when it is nobody's turn."""
    turn = alone.turns.of(READER.reader_id)
    return await alone.type(READER, turn, text) if turn is not None else None


@contextlib.asynccontextmanager
async def listed(state: Path, told: list[Entry]) -> AsyncIterator[tuple[Listed, Box]]:
    """A bridge that has its list; its server answers no scan."""
    server = Listed(told)
    await server.start()
    try:
        async with running(server, state) as box:
            await server.until(lambda: bool(server.stands()))
            await server.give()
            await server.until(lambda: server.kept() == 1)
            yield server, box
    finally:
        await server.stop()


async def test_what_the_server_does_not_answer_in_time_is_decided_here(
    tmp_path: Path, keys: FakeReader
) -> None:
    async with listed(tmp_path, everything()) as (server, _box):
        assert await keys.take(BADGE)
        await server.until(lambda: "command_opened" in {e.kind for e in server.events.values()})
        (opened,) = server.opened()
        assert (opened.person_id, opened.credential_id, opened.grant_id, opened.claim_id) == (
            AMIRA, AMIRA + 10, 5, 6,
        )  # fmt: skip
        line = next(e for e in server.events.values() if e.kind == "open_alone")
        assert line.compartment_id == 1
        assert server.kinds(line.command_id)[0] == "open_alone"


async def test_the_late_answer_of_the_server_opens_nothing(
    tmp_path: Path, keys: FakeReader
) -> None:
    async with listed(tmp_path, everything()) as (server, _box):
        assert await keys.take(BADGE)
        scan = next(m for m in server.heard if isinstance(m, protocol.Scan))
        late = uuid.uuid4()
        await server.send(
            protocol.Open(
                command_id=late, compartment_id=2, deadline_ms=server.now_ms() + 5_000,
                scan_id=scan.scan_id,
            )
        )  # fmt: skip
        await server.until(lambda: "command_expired" in server.kinds(late))
        assert server.kinds(late) == ["command_expired"]
        assert server.detail(late) == "decided_here"


async def test_a_read_whose_door_the_server_opens_in_time_is_not_decided_here_too(
    tmp_path: Path, keys: FakeReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readers, "ANSWERS_WITHIN_S", 1.0)
    async with listed(tmp_path, everything()) as (server, _box):
        keys.reads.put_nowait(BADGE)
        await server.until(lambda: any(isinstance(m, protocol.Scan) for m in server.heard))
        scan = next(m for m in server.heard if isinstance(m, protocol.Scan))
        command = uuid.uuid4()
        await server.send(
            protocol.Open(
                command_id=command, compartment_id=2, deadline_ms=server.now_ms() + 5_000,
                scan_id=scan.scan_id,
            )
        )  # fmt: skip
        await server.until(lambda: "command_opened" in server.kinds(command))
        # The next read is decided here, so the time of the first one has passed.
        keys.reads.put_nowait(STAFF_BADGE)
        keys.reads.put_nowait(BADGE)
        await server.until(
            lambda: [e.kind for e in server.events.values()].count("command_opened") == 2
        )
        assert len(server.opened()) == 1


async def test_where_a_pin_is_asked_for_it_is_typed_after_the_badge(
    tmp_path: Path, keys: FakeReader
) -> None:
    async with listed(tmp_path, everything("always")) as (server, box):
        shown = await box.agent.readers._alone.show(READER, BADGE, None)
        assert shown.code == "pin_required"
        assert not await keys.take(Keyed("111111"))
        assert await keys.take(Keyed(PIN))
        await server.until(lambda: len(server.opened()) == 1)
        assert server.opened()[0].pin_id == AMIRA + 20
        assert server.refusals() == ["wrong_pin"]
        wrong = [e for e in server.events.values() if e.kind == "pin_wrong"]
        told = protocol.decode_detail(wrong[0].detail, protocol.WrongPin)
        assert told == protocol.WrongPin(reader_id=4, person_id=AMIRA)


async def test_guesses_have_to_wait_and_a_restart_does_not_help(
    tmp_path: Path, keys: FakeReader
) -> None:
    async with listed(tmp_path, everything("always")) as (server, box):
        alone = box.agent.readers._alone
        await alone.show(READER, BADGE, None)
        for _guess in range(5):
            answer = await typed(alone, "111111")
            assert answer is not None and answer.code == "wrong_pin"
        answer = await typed(alone, PIN)
        assert answer is not None and answer.code == "too_many_attempts"
    async with running(server, tmp_path) as again:
        await again.agent.readers._alone.show(READER, BADGE, None)
        answer = await typed(again.agent.readers._alone, PIN)
        assert answer is not None and answer.code == "too_many_attempts"


async def test_staff_open_any_door_by_badge_pin_and_number(
    tmp_path: Path, keys: FakeReader
) -> None:
    async with listed(tmp_path, everything()) as (server, box):
        alone = box.agent.readers._alone
        first = await alone.show(READER, STAFF_BADGE, None)
        assert first.code == "nothing_held"
        pin = await typed(alone, PIN)
        assert pin is not None and pin.allowed and pin.compartment_id is None
        opened = await typed(alone, "03")
        assert opened is not None and (opened.compartment_id, opened.user_id) == (3, 99)
        await server.until(lambda: len(server.opened()) == 1)
        assert (server.opened()[0].user_id, server.opened()[0].grant_id) == (99, None)


async def test_who_is_not_staff_opens_no_other_door_by_its_number(
    tmp_path: Path, keys: FakeReader
) -> None:
    async with listed(tmp_path, everything("always")) as (_server, box):
        alone = box.agent.readers._alone
        await alone.show(READER, BADGE, None)
        own = await typed(alone, PIN)
        assert own is not None and own.compartment_id == 1
        other = await typed(alone, "03")
        assert other is not None and other.code == "not_allowed"


async def test_after_too_long_alone_staff_open_and_nobody_else(
    tmp_path: Path, keys: FakeReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with listed(tmp_path, everything()) as (_server, box):
        monkeypatch.setattr(box.agent.access, "is_over", lambda _bank: True)
        alone = box.agent.readers._alone
        assert (await alone.show(READER, BADGE, None)).code == "away_too_long"
        await alone.show(READER, STAFF_BADGE, None)
        await typed(alone, PIN)
        opened = await typed(alone, "03")
        assert opened is not None and opened.allowed


async def test_a_delegated_opening_is_one_also_after_a_restart(
    tmp_path: Path, keys: FakeReader
) -> None:
    async with listed(tmp_path, everything(once=True)) as (server, box):
        alone = box.agent.readers._alone
        assert (await alone.show(READER, BADGE, None)).allowed
        assert (await alone.show(READER, BADGE, None)).code == "nothing_held"
    async with running(server, tmp_path) as again:
        shown = await again.agent.readers._alone.show(READER, BADGE, None)
        assert shown.code == "nothing_held"


async def test_what_is_denied_counts_before_the_rest_is_there(
    tmp_path: Path, keys: FakeReader
) -> None:
    async with listed(tmp_path, everything()) as (server, box):
        alone = box.agent.readers._alone
        await server.send(protocol.ListDeny(keys=[f"person:{AMIRA}:badge:{AMIRA + 10}"]))
        # More comes, and never its end.
        await server.send(protocol.ListPut(entries={}))
        await server.order(5)
        await server.until(lambda: any(e.kind == "command_opened" for e in server.events.values()))
        assert (await alone.show(READER, BADGE, None)).code == "credential_revoked"
        # The others have the old list until the new one is whole.
        assert (await alone.show(READER, STAFF_BADGE, None)).code == "nothing_held"
    async with running(server, tmp_path) as again:
        shown = await again.agent.readers._alone.show(READER, BADGE, None)
        assert shown.code == "credential_revoked"


@pytest.mark.parametrize("wrong", [{"digest": b"d" * 32}, {"key": b"k" * 32}])
async def test_a_list_that_is_not_the_signed_one_is_asked_for_anew_and_the_old_one_stays(
    tmp_path: Path, keys: FakeReader, wrong: dict[str, Any]
) -> None:
    async with listed(tmp_path, everything()) as (server, box):
        server.texts.pop("place:grant:5")
        await server.give(end=False)
        await server.sign(**wrong)
        await server.until(lambda: server.stands()[-1].version == 0 and len(server.stands()) == 2)
        assert server.kept() == 1
        alone = box.agent.readers._alone
        assert (await alone.show(READER, BADGE, None)).allowed
        await server.give()
        await server.until(lambda: server.kept() == 3)
        assert (await alone.show(READER, BADGE, None)).code == "nothing_held"


async def test_the_list_on_the_disk_has_no_secret_in_the_clear(
    tmp_path: Path, keys: FakeReader
) -> None:
    async with listed(tmp_path, everything()) as (_server, box):
        await box.agent.readers._alone.show(READER, BADGE, None)
    with sqlite3.connect(tmp_path / "access.sqlite") as base:
        text = "".join(base.iterdump())
    assert BADGE not in text and f'"{PIN}"' not in text
