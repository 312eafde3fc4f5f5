"""Passes at a bridge that knows nobody: what it refuses by itself, and what it sends on."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import itertools
import time
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from access import passes
from access.decisions import Facts, decide
from access.passes import SKEW, Pass
from kiosk.bridge import protocol
from kiosk.bridge.judging import Judge
from kiosk.bridge.protocol import BankConfig, Config, ReaderConfig, ScanRefused
from tests.bridge.conftest import Box, running
from tests.bridge.conftest import config as two_boards
from tests.bridge.server_end import ServerEnd

SEED, OTHER = bytes(range(32)), bytes(range(1, 33))
NINE = dt.datetime(2026, 11, 17, 9, tzinfo=dt.UTC)
FIVE = NINE + dt.timedelta(hours=8)
SECOND = dt.timedelta(seconds=1)
AMIRAS = Pass(
    id=uuid.UUID(int=0x1234), organisation_id=3, person_id=1500, starts_at=NINE, ends_at=FIVE
)
AT_THE_BANK = ReaderConfig(reader_id=4, bank_id=1, driver="ascii_reader", address="tcp://x:1")
AT_DOOR_2 = msgspec.structs.replace(AT_THE_BANK, compartment_id=2)
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


def config(**of_bank: Any) -> Config:
    """Doors 1 to 5 and the undriven 9 in bank 1; door 21 in bank 2."""
    base = two_boards(unit="passes")
    away = msgspec.structs.replace(
        base.compartments[0], compartment_id=21, bank_id=2, controller_id=9
    )
    return msgspec.structs.replace(
        base,
        config_hash=f"passes {of_bank}",
        compartments=[*base.compartments, away],
        banks=[BankConfig(bank_id=1, undriven=[9], **of_bank), BankConfig(bank_id=2)],
        organisation_id=3,
        pass_keys={
            key_id.hex(): public.hex() for key_id, public in passes.public_keys([SEED]).items()
        },
    )


def judged(
    shown: Pass | str,
    at: dt.datetime = NINE,
    *,
    reader: ReaderConfig = AT_THE_BANK,
    used: frozenset[uuid.UUID] = frozenset(),
    by: Config | None = None,
) -> str:
    text = shown if isinstance(shown, str) else passes.sign(shown, SEED)
    return Judge(by or config()).judge(text, reader, at=at, used=used).code


def test_a_pass_of_somebody_never_seen_here_is_good() -> None:
    assert judged(AMIRAS) == "allowed"
    assert judged(replace(AMIRAS, person_id=99_999)) == "allowed"


def test_the_signature_is_the_first_thing_that_is_looked_at() -> None:
    text = passes.sign(AMIRAS, SEED)
    assert judged(passes.sign(AMIRAS, OTHER)) == "pass_unknown_key"
    assert judged(text[:-1]) == "pass_unreadable"
    # Signed with another key that calls itself by the name of ours.
    ours, theirs = (passes.key_id(passes.public_key(seed)) for seed in (SEED, OTHER))
    named = msgspec.structs.replace(
        config(), pass_keys={theirs.hex(): config().pass_keys[ours.hex()]}
    )
    assert judged(passes.sign(AMIRAS, OTHER), by=named) == "pass_forged"
    # An installation without keys has made no pass.
    assert judged(AMIRAS, by=msgspec.structs.replace(config(), pass_keys={})) == "pass_unknown_key"


@given(st.integers(4, len(passes.sign(AMIRAS, SEED)) - 1), st.sampled_from(LETTERS))
def test_one_changed_letter_is_never_a_good_pass(place: int, letter: str) -> None:
    text = passes.sign(AMIRAS, SEED)
    changed = text[:place] + letter + text[place + 1 :]
    assert (judged(changed) == "allowed") == (changed == text)


def test_a_pass_of_another_organisation_is_nobodys() -> None:
    assert judged(replace(AMIRAS, organisation_id=4)) == "pass_of_nobody"


def test_two_minutes_of_a_wrong_clock_are_allowed_both_ways_and_no_more() -> None:
    assert judged(AMIRAS, NINE - SKEW) == "allowed"
    assert judged(AMIRAS, NINE - SKEW - SECOND) == "credential_not_yet_valid"
    assert judged(AMIRAS, FIVE + SKEW - SECOND) == "allowed"
    assert judged(AMIRAS, FIVE + SKEW) == "credential_over"


@given(st.integers(-40_000, 40_000), st.integers(-120, 120), st.sampled_from(["never", "plain"]))
def test_what_the_server_would_allow_is_never_refused_here(
    after_s: int, ahead_s: int, pin_rule: str
) -> None:
    """However the two minutes between the clocks lie."""
    at = NINE + dt.timedelta(seconds=after_s)
    on_the_server = decide(
        Facts(
            person_status="active",
            credential_status="active",
            credential_from=AMIRAS.starts_at,
            credential_until=AMIRAS.ends_at,
            assurance="plain",
            pin_rule=pin_rule,
        ),
        at,
    )
    here = judged(AMIRAS, at + dt.timedelta(seconds=ahead_s), by=config(pin_rule=pin_rule))
    if on_the_server.allowed:
        assert here == "allowed"
    if here != "allowed":
        assert not on_the_server.allowed


def test_a_pass_for_one_use_is_refused_once_used_and_any_other_is_not() -> None:
    once, used = replace(AMIRAS, is_single_use=True), frozenset({AMIRAS.id})
    assert judged(once) == "allowed"
    assert judged(once, used=used) == "credential_used"
    assert judged(AMIRAS, used=used) == "allowed"


def test_a_pass_for_one_door_is_for_its_own_reader_or_its_own_bank() -> None:
    def door(number: int, reader: ReaderConfig) -> str:
        return judged(replace(AMIRAS, compartment_id=number), reader=reader)

    assert door(2, AT_DOOR_2) == door(2, AT_THE_BANK) == "allowed"
    # A door of this bank with a key: its holder may still give it back at the screen.
    assert door(9, AT_THE_BANK) == "allowed"
    for number, reader in [(1, AT_DOOR_2), (21, AT_DOOR_2), (21, AT_THE_BANK), (77, AT_THE_BANK)]:
        assert door(number, reader) == "pass_for_one_door"
    assert judged(AMIRAS, reader=AT_DOOR_2) == "allowed"


def test_nobody_passes_at_the_hours_of_the_curfew_in_local_time() -> None:
    shut = config(curfew=(dt.time(18), dt.time(20)), time_zone="Asia/Tokyo")
    assert judged(AMIRAS, NINE, by=shut) == "curfew"  # six in the evening there
    assert judged(AMIRAS, NINE + dt.timedelta(hours=2), by=shut) == "allowed"
    unknown = config(curfew=(dt.time(0), dt.time(23)), time_zone="Mars/Base")
    assert judged(AMIRAS, NINE, by=unknown) == "allowed", "the server judges it"


def test_a_bank_that_asks_for_a_pin_takes_no_pass_where_none_can_be_typed() -> None:
    assert judged(AMIRAS, by=config(pin_rule="plain")) == "pin_required"


def test_a_decision_says_what_it_looked_at_and_nothing_of_the_person() -> None:
    found = Judge(config()).judge(
        passes.sign(AMIRAS, SEED), AT_THE_BANK, at=FIVE + SKEW, used=frozenset()
    )
    assert any("-> credential_over" in step for step in found.why)
    assert "1500" not in str(found.why)


def test_a_server_that_sends_no_rules_judges_every_pass_itself() -> None:
    assert judged("LW1:AAAA", by=Config(config_hash="old")) == "allowed"


# ---- a running bridge ------------------------------------------------------------------------


@dataclass
class Wired:
    """A running bridge with a reader, and the server's end."""

    box: Box
    server: ServerEnd
    writer: asyncio.StreamWriter

    async def show(self, text: str) -> None:
        self.writer.write(f"~{text}\r".encode())
        await self.writer.drain()

    def scans(self) -> list[protocol.Scan]:
        return [message for message in self.server.heard if isinstance(message, protocol.Scan)]

    async def next_scan(self, count: int) -> protocol.Scan:
        await self.server.until(lambda: len(self.scans()) == count)
        return self.scans()[-1]

    async def answer(self, scan: protocol.Scan, *, accepted: bool) -> None:
        """Answer as the server, and wait until the bridge has heard it."""
        await self.server.send(protocol.ScanAnswer(scan_id=scan.scan_id, accepted=accepted))
        async with asyncio.timeout(8):
            while scan.scan_id in self.box.agent.readers._asked:
                await asyncio.sleep(0.01)

    async def written(self) -> list[ScanRefused]:
        """Return the refusals in the bridge's own journal."""
        lines = await self.box.journal.after(0, 1000)
        return [
            protocol.decode_refused(line.detail) for line in lines if line.kind == "scan_refused"
        ]

    async def refusals(self, count: int) -> list[str]:
        async with asyncio.timeout(8):
            while len(await self.written()) < count:
                await asyncio.sleep(0.01)
        return [refused.code for refused in await self.written()]

    async def is_told(self, count: int) -> None:
        await self.server.until(lambda: self.server.kinds().count("scan_refused") == count)


def at_reader(line: asyncio.Server) -> Config:
    """Return the configuration with one reader of bank 1 behind a line."""
    address = f"tcp://127.0.0.1:{line.sockets[0].getsockname()[1]}"
    reader = msgspec.structs.replace(
        AT_THE_BANK, address=address, prefix="~", suffix="\r", length=10
    )
    return msgspec.structs.replace(config(), readers=[reader], config_hash=f"at {address}")


@contextlib.asynccontextmanager
async def wired(state: Path, end: ServerEnd | None = None) -> AsyncIterator[Wired]:
    writers: asyncio.Queue[asyncio.StreamWriter] = asyncio.Queue()

    async def serve(_reads: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await writers.put(writer)

    line = await asyncio.start_server(serve, "127.0.0.1", 0)
    server = end or ServerEnd(config())
    server.config = at_reader(line)
    if end is None:
        await server.start()
    try:
        async with running(server, state) as box:
            writer = await asyncio.wait_for(writers.get(), 5)
            yield Wired(box, server, writer)
            writer.close()
    finally:
        line.close()
        if end is None:
            await server.stop()


numbers = itertools.count(1)


def new(**told: Any) -> str:
    """Return the text of another pass, good today."""
    now = dt.datetime.fromtimestamp(int(time.time()), dt.UTC)
    hour = dt.timedelta(hours=1)
    times = {"starts_at": now - hour, "ends_at": now + hour}
    return passes.sign(replace(AMIRAS, id=uuid.UUID(int=next(numbers)), **(times | told)), SEED)


async def test_the_bad_is_refused_without_asking_and_told_and_the_good_is_sent(
    tmp_path: Path,
) -> None:
    async with wired(tmp_path) as at:
        await at.show(passes.sign(AMIRAS, OTHER))
        await at.show(new(organisation_id=4))
        await at.show(new(ends_at=NINE, starts_at=NINE - SECOND))
        good = new()
        await at.show(good)
        assert (await at.next_scan(1)).text == good
        assert await at.refusals(3) == ["pass_unknown_key", "pass_of_nobody", "credential_over"]
        await at.is_told(3)
        assert [scan.text for scan in at.scans()] == [good]


async def test_a_pass_that_is_used_up_stays_so_through_a_restart(tmp_path: Path) -> None:
    once, again = new(is_single_use=True), new(is_single_use=True)
    async with wired(tmp_path) as at:
        await at.show(once)
        scan = await at.next_scan(1)
        await at.answer(scan, accepted=True)
        # What the server refused was not used.
        await at.show(again)
        scan = await at.next_scan(2)
        await at.answer(scan, accepted=False)
        await at.show(once)
        assert await at.refusals(1) == ["credential_used"]
    async with wired(tmp_path) as at:
        await at.show(once)
        assert await at.refusals(2) == ["credential_used"] * 2
        await at.show(again)
        assert (await at.next_scan(1)).text == again


async def test_while_the_server_is_away_nothing_is_opened_nor_kept_for_later(
    tmp_path: Path,
) -> None:
    server = ServerEnd(config())
    await server.start()
    port = server.port
    async with wired(tmp_path, server) as at:
        await server.until(lambda: server.doors().get(1) == "closed")
        await server.stop()
        while at.box.connection.state.value == "ready":
            await asyncio.sleep(0.01)
        await at.show(passes.sign(AMIRAS, OTHER))
        await at.show(new())
        await at.show("0004215873")
        assert await at.refusals(3) == ["pass_unknown_key", "no_link", "no_link"]
        written = await at.written()
        assert written[1].pass_id is not None and written[2].pass_id is None
        assert "0004215873" not in str(written)
        await server.start(port)
        await at.is_told(3)
        fresh = new()
        await at.show(fresh)
        assert (await at.next_scan(1)).text == fresh
        assert [scan.text for scan in at.scans()] == [fresh]
    await server.stop()


async def test_a_scan_that_the_server_never_answered_is_written_down_and_not_sent_again(
    tmp_path: Path,
) -> None:
    async with wired(tmp_path) as at:
        await at.show(new())
        await at.next_scan(1)
        assert at.server.socket is not None
        await at.server.socket.close()
        assert await at.refusals(1) == ["no_answer"]
        await at.is_told(1)
        await at.show(new())
        await at.next_scan(2)


async def test_a_new_rule_of_a_bank_counts_at_once_and_leaves_the_boards_alone(
    tmp_path: Path,
) -> None:
    async with wired(tmp_path) as at:
        await at.server.until(lambda: at.server.boards().get(1) == "ok")
        board = at.box.board()
        strict = msgspec.structs.replace(
            at.server.config,
            config_hash="strict",
            banks=[BankConfig(bank_id=1, pin_rule="always")],
        )
        await at.server.send(protocol.Configure(config=strict))
        await at.server.until(
            lambda: any(getattr(m, "config_hash", "") == "strict" for m in at.server.heard)
        )
        await at.show(new())
        assert await at.refusals(1) == ["pin_required"]
        assert at.box.board() is board
