"""One site's stream: what every open map of it was last told, and who is listening."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from occupancy.live import frames
from occupancy.selectors import BankFacts, MapDoor, Watcher

# Frames a slow client may be behind; further behind, it gets a fresh snapshot instead.
BUFFER = 64


class Subscription:
    """One open map: a bounded buffer of frames that are still to be sent to it."""

    def __init__(self, stream: Stream, watcher: Watcher) -> None:
        self.stream = stream
        self.watcher = watcher
        self.ended = False
        self._frames: deque[str] = deque()
        self._behind = True
        self._ready = asyncio.Event()
        self._ready.set()

    def offer(self, frame: str) -> None:
        """Take a frame, or drop them all for a snapshot when the client is too slow."""
        if self._behind:
            return
        if len(self._frames) >= BUFFER:
            self.renew()
            return
        self._frames.append(frame)
        self._ready.set()

    def renew(self) -> None:
        """Send everything afresh with the next frame."""
        self._frames.clear()
        self._behind = True
        self._ready.set()

    def end(self) -> None:
        """Send nothing any more: the right to see this site is gone."""
        self.ended = True
        self._ready.set()

    async def next(self) -> str | None:
        """Return the next frame to send, or None when the subscription has ended."""
        await self._ready.wait()
        if self.ended:
            return None
        if self._behind:
            self._behind = False
            frame = self.stream.snapshot()
        else:
            frame = self._frames.popleft()
        if not self._frames:
            self._ready.clear()
        return frame


@dataclass
class _Bank:
    facts: BankFacts
    doors: dict[int, MapDoor]
    online: bool = True
    next_change_at: dt.datetime | None = None
    text: str = ""
    door_texts: dict[int, str] = field(default_factory=dict)
    shape: str = ""

    def recompute(self, at: dt.datetime) -> tuple[list[str], bool]:
        """Tell again what everything is called at ``at``; return what changed."""
        told: list[str] = []
        self.online = self.facts.is_online(at)
        soonest: dt.datetime | None = None
        for door in self.doors.values():
            text = frames.door_text(door, door.state(at, online=self.online))
            if self.door_texts.get(door.id) != text:
                self.door_texts[door.id] = text
                told.append(text)
            changes = door.next_change_at(at)
            if changes is not None and (soonest is None or changes < soonest):
                soonest = changes
        opening = self.facts.opening_at(at)
        if opening is not None and (soonest is None or opening.until < soonest):
            soonest = opening.until
        self.next_change_at = soonest
        text = frames.bank_text(self.facts, self.online, at)
        changed, self.text = text != self.text, text
        return told, changed


class Stream:
    """The banks of one site, or ``only`` some of them, as its maps know them.

    Belongs to the event loop.
    """

    def __init__(self, site_id: int, only: frozenset[int] | None = None) -> None:
        self.site_id = site_id
        self.only = only
        self.seq = 0
        self.stale = False
        self.subscriptions: set[Subscription] = set()
        self.banks: dict[int, _Bank] = {}
        self.plan = ""
        self.at = dt.datetime.now(dt.UTC)
        self._snapshot = ""

    @property
    def bridge_ids(self) -> set[int]:
        """The bridges whose silence would show here."""
        return {b.facts.bridge_id for b in self.banks.values() if b.facts.bridge_id is not None}

    def shows(self, bank_id: int, site_id: int | None) -> bool:
        """Say whether a bank that stands at a site belongs here."""
        return site_id == self.site_id and (self.only is None or bank_id in self.only)

    def load(self, banks: Iterable[BankFacts], doors: Iterable[MapDoor], at: dt.datetime) -> None:
        """Replace everything that is known and send it afresh to everybody."""
        self.banks = _assemble(banks, doors)
        for bank in self.banks.values():
            bank.recompute(at)
        self._renew(at)

    def update(
        self,
        bank_ids: Iterable[int],
        banks: Iterable[BankFacts],
        doors: Iterable[MapDoor],
        at: dt.datetime,
    ) -> None:
        """Take what some banks are now and send what is different."""
        fresh = _assemble(banks, doors)
        told_doors: list[str] = []
        told_banks: list[str] = []
        redrawn = False
        for bank_id in bank_ids:
            known, now = self.banks.get(bank_id), fresh.get(bank_id)
            if now is None or known is None or now.shape != known.shape:
                redrawn = redrawn or now is not known
                self.banks.pop(bank_id, None)
                if now is not None:
                    self.banks[bank_id] = now
                    now.recompute(at)
                continue
            known.facts, known.doors = now.facts, now.doors
            changed, bank_changed = known.recompute(at)
            told_doors += changed
            if bank_changed:
                told_banks.append(known.text)
        if redrawn:
            self._renew(at)
        else:
            self._tell(told_doors, told_banks, at)

    def due(self, at: dt.datetime) -> list[int]:
        """Return the banks where the clock alone may have changed something by now."""
        return [
            pk for pk, bank in self.banks.items()
            if bank.next_change_at is not None and bank.next_change_at <= at
        ]  # fmt: skip

    def let_time_pass(self, heard: Mapping[int, tuple[bool, dt.datetime]], at: dt.datetime) -> None:
        """Send what changed by time alone: silence, ends, doors left open."""
        told_doors: list[str] = []
        told_banks: list[str] = []
        for bank in self.banks.values():
            bridge_id = bank.facts.bridge_id
            if bridge_id is not None and bridge_id in heard:
                bank.facts = _heard(bank.facts, *heard[bridge_id])
            due = bank.next_change_at is not None and bank.next_change_at <= at
            if not due and bank.facts.is_online(at) == bank.online:
                continue
            changed, bank_changed = bank.recompute(at)
            told_doors += changed
            if bank_changed:
                told_banks.append(bank.text)
        self._tell(told_doors, told_banks, at)

    def lose(self) -> None:
        """Say that the database cannot be read: what is shown may be old."""
        if not self.stale:
            self.stale = True
            for subscription in self.subscriptions:
                subscription.offer(frames.STALE)

    def snapshot(self) -> str:
        """Return the frame that says everything, encoded once for all who need it now."""
        if not self._snapshot:
            self._snapshot = frames.snapshot(
                self.seq,
                self.plan,
                self.at,
                (text for bank in self.banks.values() for text in bank.door_texts.values()),
                (bank.text for bank in self.banks.values()),
            )
        return self._snapshot

    def _tell(self, doors: list[str], banks: list[str], at: dt.datetime) -> None:
        if not doors and not banks:
            return
        self.seq += 1
        self.at = at
        self._snapshot = ""
        frame = frames.delta(self.seq, doors, banks)
        for subscription in self.subscriptions:
            subscription.offer(frame)

    def _renew(self, at: dt.datetime) -> None:
        self.seq += 1
        self.at = at
        self.stale = False
        self._snapshot = ""
        self.plan = frames.joined(bank.shape for bank in self.banks.values())
        for subscription in self.subscriptions:
            subscription.renew()


def _assemble(banks: Iterable[BankFacts], doors: Iterable[MapDoor]) -> dict[int, _Bank]:
    assembled = {facts.id: _Bank(facts, {}) for facts in banks}
    for door in doors:
        if door.bank_id in assembled:
            assembled[door.bank_id].doors[door.id] = door
    for bank in assembled.values():
        bank.shape = frames.shape(bank.facts, bank.doors.values())
    return assembled


def _heard(facts: BankFacts, connected: bool, seen_at: dt.datetime) -> BankFacts:
    if (facts.bridge_connected, facts.bridge_seen_at) == (connected, seen_at):
        return facts
    return replace(facts, bridge_connected=connected, bridge_seen_at=seen_at)
