"""Badge readers that are wired to this box."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import logging
import time
import uuid
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from access.access_list.deciding import Answer
from access.decisions import Code
from kiosk.bridge import protocol
from kiosk.bridge.alone import Alone
from kiosk.bridge.clock import ServerClock
from kiosk.bridge.journal import Journal, JournalFull
from kiosk.bridge.judging import Judge, Judged
from kiosk.bridge.turns import Turn
from lockers.drivers import osdp, registry
from lockers.drivers.base import SIGNED, Keyed, Reader, ReaderHealth, ReadError, ReaderSpec
from lockers.drivers.errors import DriverError

log = logging.getLogger(__name__)

# A badge that is held on the reader is read again and again.
SAME_BADGE_S = 2.5
# Scans that wait for the server's word, at most.
ASKED = 100
# A server that has not answered by then is as good as away for who stands there.
ANSWERS_WITHIN_S = 1.5
# Told although somebody may still type.
GUESSED = {"wrong_pin", "too_many_attempts", "no_such_door"}


@dataclass
class Asked:
    """A read that the server was asked about."""

    reader: protocol.ReaderConfig
    text: str = field(repr=False)
    judged: Judged
    # What was typed after it: told along, or not yet.
    pin: str = field(default="", repr=False)
    # Its command came before its answer.
    is_opened: bool = False


class Readers:
    """Refuses what it can and sends on the rest; what was read is never written to a log.

    What the server does not answer at once is decided here by the access list, and then the
    server's late answer opens nothing. Nothing is kept for later: whoever showed it leaves.
    """

    def __init__(
        self,
        clock: ServerClock,
        journal: Journal,
        send: Callable[[protocol.Message], bool],
        alone: Alone,
    ) -> None:
        self._clock, self._journal, self._send, self._alone = clock, journal, send, alone
        self._turns = alone.turns
        self._judge = Judge(protocol.Config(config_hash=""))
        self._asked: dict[uuid.UUID, Asked] = {}
        # Reads that were decided here although the server was asked.
        self._decided: deque[uuid.UUID] = deque(maxlen=ASKED)
        self._late: set[asyncio.Task[None]] = set()
        self._tasks: list[asyncio.Task[None]] = []
        self._health: dict[int, Callable[[], ReaderHealth]] = {}
        self._open: dict[int, Reader] = {}

    def readings(self) -> list[protocol.ReaderReading]:
        """Return what the server is told of the readers."""
        told = {number: health() for number, health in self._health.items()}
        return [
            protocol.ReaderReading(
                reader_id=number, state=one.state, code=one.code[:100], detail=one.detail[:300]
            )
            for number, one in told.items()
        ]

    def listen_to(self, readers: Sequence[protocol.ReaderConfig]) -> None:
        """Listen to these readers; stop listening to those before first."""
        self._health, self._open = {}, {}
        buses: dict[str, osdp.Bus] = {}
        self._tasks = [asyncio.create_task(self._listen(reader, buses)) for reader in readers]

    def judge_by(self, config: protocol.Config) -> None:
        """Take the keys and rules of a configuration."""
        self._judge = Judge(config)

    async def stop(self) -> None:
        """Listen to none."""
        tasks = [*self._tasks, *self._late]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._tasks = []

    async def answered(self, answer: protocol.ScanAnswer) -> None:
        """Note the server's answer, and show it at the reader."""
        log.info("scan %s: %s", answer.scan_id, "accepted" if answer.accepted else "refused")
        asked = self._asked.pop(answer.scan_id, None)
        given = asked.judged.given if asked is not None else None
        if answer.accepted and given is not None and given.is_single_use:
            try:
                await self._journal.use_pass(given.id, int(given.ends_at.timestamp() * 1000))
            except JournalFull as error:
                log.error("a used pass could not be remembered: %s", error)
        if asked is None:
            return
        if answer.wants_pin:
            # Another badge may have been shown since: digits that come now are not of this one.
            if all(one.reader.reader_id != asked.reader.reader_id for one in self._asked.values()):
                wanted = Answer(Code.PIN_REQUIRED.value)
                turn = Turn(asked.text, asked.judged.given, wanted, is_of_server=True)
                self._turns.begin(asked.reader.reader_id, turn)
                if asked.pin:
                    await self._type(asked.reader, asked.pin)
            return
        if answer.accepted:
            self._turns.end(asked.reader.reader_id)
        await self._show(asked.reader, accepted=answer.accepted)

    def still_asks(self, scan_id: uuid.UUID | None) -> bool:
        """Say whether a command may still answer a read; from now on nothing else does."""
        if scan_id in self._decided:
            return False
        if scan_id in self._asked:
            self._asked[scan_id].is_opened = True
        return True

    async def cut(self) -> None:
        """Decide here what the server never answered; it is not asked again."""
        for scan_id in list(self._asked):
            await self._answer_for_server(scan_id)

    async def _wait(self, scan_id: uuid.UUID) -> None:
        await asyncio.sleep(ANSWERS_WITHIN_S)
        if self._alone.decides:
            await self._answer_for_server(scan_id)

    async def _answer_for_server(self, scan_id: uuid.UUID) -> None:
        asked = self._asked.pop(scan_id, None)
        if asked is None or asked.is_opened:
            return
        self._decided.append(scan_id)
        unanswered = asked.judged.but("no_answer", "server: no answer")
        await self._decide(asked.reader, asked.text, unanswered, asked.pin)

    async def _decide(
        self, reader: protocol.ReaderConfig, text: str, unanswered: Judged, pin: str
    ) -> None:
        """Let the list decide; without one what was read is refused."""
        if not self._alone.decides:
            await self._refuse(reader, unanswered)
            return
        answer = await self._alone.show(reader, text, unanswered.given)
        turn = self._turns.of(reader.reader_id)
        if pin and turn is not None and answer.code == Code.PIN_REQUIRED:
            answer = await self._alone.type(reader, turn, pin)
        await self._tell(reader, answer)

    async def _tell(self, reader: protocol.ReaderConfig, answer: Answer) -> None:
        if answer.allowed:
            await self._show(reader, accepted=True)
        elif self._turns.of(reader.reader_id) is None or answer.code in GUESSED:
            judged = Judged(answer.code, answer.given, answer.why)
            await self._refuse(reader, judged, answer.person_id)

    def judge(self, text: str, reader: protocol.ReaderConfig) -> Judged:
        """Judge a pass that is shown now by what is known here."""
        at = dt.datetime.fromtimestamp(self._clock.now_ms() / 1000, dt.UTC)
        return self._judge.judge(text, reader, at=at, used=self._journal.used_passes)

    async def _take(self, reader: protocol.ReaderConfig, text: str) -> None:
        """Refuse what was read here and now, or send it to the server."""
        self._turns.end(reader.reader_id)
        judged = Judged("not_judged")
        if text.startswith(SIGNED):
            judged = self.judge(text, reader)
            if not judged.allowed:
                await self._refuse(reader, judged)
                return
        await self._ask(reader, text, judged)

    async def _type(self, reader: protocol.ReaderConfig, typed: str) -> None:
        """Take digits: they belong to what was shown just before, or to nobody."""
        turn = self._turns.of(reader.reader_id)
        asked = [one for one in self._asked.values() if one.reader.reader_id == reader.reader_id]
        if asked:
            # The badge is not answered yet.
            asked[-1].pin = asked[-1].pin or typed
        elif turn is None:
            await self._show(reader, accepted=False)
        elif turn.is_of_server:
            await self._ask(reader, turn.text, Judged("not_judged", turn.given), typed)
        else:
            await self._tell(reader, await self._alone.type(reader, turn, typed))

    async def _ask(
        self, reader: protocol.ReaderConfig, text: str, judged: Judged, pin: str = ""
    ) -> None:
        scan = protocol.Scan(
            scan_id=uuid.uuid4(),
            reader_id=reader.reader_id,
            text=text,
            pin=pin,
            occurred_at_ms=self._clock.now_ms(),
        )
        if not self._send(scan):
            await self._decide(reader, text, judged.but("no_link", "server: away"), pin)
            return
        self._asked[scan.scan_id] = Asked(reader, text, judged, pin)
        late = asyncio.create_task(self._wait(scan.scan_id))
        self._late.add(late)
        late.add_done_callback(self._late.discard)
        while len(self._asked) > ASKED:
            del self._asked[next(iter(self._asked))]

    async def _refuse(
        self, reader: protocol.ReaderConfig, judged: Judged, person_id: int | None = None
    ) -> None:
        """Write down a refusal, which the server is told as soon as it can be."""
        log.warning("reader %s: refused here (%s)", reader.reader_id, judged.code)
        refused = protocol.ScanRefused(
            code=judged.code,
            reader_id=reader.reader_id,
            pass_id=judged.given.id if judged.given is not None else None,
            person_id=person_id,
            why=[step[:300] for step in judged.why][:20],
        )
        try:
            await self._journal.append(
                "scan_refused",
                compartment_id=reader.compartment_id,
                detail=protocol.encode_refused(refused),
            )
        except JournalFull as error:
            log.error("a refusal could not be written down: %s", error)
        await self._show(reader, accepted=False)

    async def _show(self, reader: protocol.ReaderConfig, *, accepted: bool) -> None:
        if reader.reader_id in self._open:
            await self._open[reader.reader_id].show(accepted)

    async def _listen(self, config: protocol.ReaderConfig, buses: dict[str, osdp.Bus]) -> None:
        try:
            reader = registry.open_reader(
                ReaderSpec(
                    reader_id=config.reader_id,
                    driver=config.driver,
                    address=config.address,
                    prefix=config.prefix,
                    suffix=config.suffix,
                    length=config.length,
                    unit=config.unit,
                    key=config.key,
                    options=config.options,
                ),
                buses,
            )
        except DriverError as error:
            log.error("reader %s cannot be used: %s", config.reader_id, error)
            wrong = ReaderHealth("misconfigured", "configuration", str(error))
            self._health[config.reader_id] = lambda: wrong
            return
        self._health[config.reader_id] = lambda: reader.health
        self._open[config.reader_id] = reader
        last, last_at = "", 0.0
        async with contextlib.aclosing(reader.scans()) as scans:
            async for read in scans:
                if isinstance(read, Keyed):
                    await self._type(config, read.text)
                    continue
                if isinstance(read, ReadError):
                    log.warning("reader %s: a badge was not read whole (%s)",
                                config.reader_id, read.reason)  # fmt: skip
                    # Told without its characters: refused there, and recorded.
                    read = ""
                now = time.monotonic()
                if read == last and now - last_at < SAME_BADGE_S:
                    continue
                last, last_at = read, now
                await self._take(config, read)
