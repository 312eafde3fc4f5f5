"""A badge and the digits after it, at a reader with keys: which of them the server is asked."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest

from kiosk.bridge import protocol, turns
from lockers.drivers import registry
from lockers.drivers.base import Keyed, ReaderSpec
from tests.bridge.conftest import config, running
from tests.bridge.server_end import ServerEnd
from tests.bridge.test_readers import ReaderWithKeys

CARD, OTHER = "BD88EB80", "00000080"
KEY = "0f" * 16


class Hall:
    """A reader with keys, and a server that hears of it."""

    def __init__(self) -> None:
        self.reader = ReaderWithKeys()
        self.specs: list[ReaderSpec] = []
        base = config(unit="keys")
        told = protocol.ReaderConfig(
            reader_id=4, bank_id=1, driver="osdp", address=self.reader.address, unit=7, key=KEY,
            options={"bits": 26},
        )  # fmt: skip
        self.server = ServerEnd(msgspec.structs.replace(base, config_hash="k", readers=[told]))

    def open_reader(self, spec: ReaderSpec, _buses: object) -> ReaderWithKeys:
        self.specs.append(spec)
        return self.reader

    def scans(self) -> list[tuple[str, str]]:
        return [(one.text, one.pin) for one in self.server.heard if isinstance(one, protocol.Scan)]

    def read(self, *reads: str | Keyed) -> None:
        for one in reads:
            self.reader.reads.put_nowait(one)

    async def asked(self, *scans: tuple[str, str]) -> None:
        await self.server.until(lambda: self.scans() == list(scans))

    async def shown(self, *shown: bool) -> None:
        await self.server.until(lambda: self.reader.shown == list(shown))

    async def answer(self, *, accepted: bool = False, wants_pin: bool = False) -> None:
        last = [one for one in self.server.heard if isinstance(one, protocol.Scan)][-1]
        await self.server.send(
            protocol.ScanAnswer(scan_id=last.scan_id, accepted=accepted, wants_pin=wants_pin)
        )


@asynccontextmanager
async def hall(folder: Path, patch: pytest.MonkeyPatch) -> AsyncIterator[Hall]:
    made = Hall()
    patch.setattr(registry, "open_reader", made.open_reader)
    await made.server.start()
    async with running(made.server, folder):
        yield made
    await made.server.stop()


async def test_a_reader_is_opened_with_its_number_key_and_options(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with hall(tmp_path, monkeypatch) as here:
        await here.server.until(lambda: bool(here.specs))
        assert (here.specs[0].unit, here.specs[0].key) == (7, KEY)
        assert here.specs[0].options == {"bits": 26}


async def test_a_pin_goes_to_the_server_with_the_badge_before_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with hall(tmp_path, monkeypatch) as here:
        here.read(CARD)
        await here.asked((CARD, ""))
        await here.answer(wants_pin=True)
        here.read(Keyed("1111"))
        await here.asked((CARD, ""), (CARD, "1111"))
        await here.answer()
        # Nothing was shown while the PIN was awaited; it may be typed once more.
        await here.shown(False)
        here.read(Keyed("2222"))
        await here.asked((CARD, ""), (CARD, "1111"), (CARD, "2222"))
        await here.answer(accepted=True)
        await here.shown(False, True)
        # Its turn is over.
        here.read(Keyed("2222"))
        await here.shown(False, True, False)
        assert len(here.scans()) == 3


async def test_digits_that_come_before_the_servers_word_wait_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with hall(tmp_path, monkeypatch) as here:
        here.read(CARD, Keyed("1111"))
        await here.asked((CARD, ""))
        await here.answer(wants_pin=True)
        await here.asked((CARD, ""), (CARD, "1111"))


async def test_digits_are_of_the_badge_that_was_shown_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with hall(tmp_path, monkeypatch) as here:
        here.read(CARD)
        await here.asked((CARD, ""))
        await here.answer(wants_pin=True)
        here.read(Keyed("1111"))
        await here.asked((CARD, ""), (CARD, "1111"))
        await here.answer()
        await here.shown(False)
        # The first may still type again, and then another comes.
        here.read(OTHER)
        await here.asked((CARD, ""), (CARD, "1111"), (OTHER, ""))
        await here.answer()
        await here.shown(False, False)
        here.read(Keyed("2222"))
        await here.shown(False, False, False)
        assert len(here.scans()) == 3


async def test_digits_that_come_too_late_are_of_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "TYPED_WITHIN_S", 0.0)
    async with hall(tmp_path, monkeypatch) as here:
        here.read(CARD)
        await here.asked((CARD, ""))
        await here.answer(wants_pin=True)
        here.read(Keyed("1111"))
        await here.shown(False)
        assert len(here.scans()) == 1


async def test_a_badge_that_the_server_refused_waits_for_no_digits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with hall(tmp_path, monkeypatch) as here:
        here.read(CARD)
        await here.asked((CARD, ""))
        await here.answer()
        await here.shown(False)
        here.read(Keyed("1111"))
        await here.shown(False, False)
        assert len(here.scans()) == 1


def test_a_scan_shows_neither_badge_nor_pin_wherever_it_is_written() -> None:
    scan = protocol.Scan(
        scan_id=uuid.uuid4(), reader_id=4, text=CARD, pin="274951", occurred_at_ms=0
    )
    assert CARD not in repr(scan) and "274951" not in repr(scan)
