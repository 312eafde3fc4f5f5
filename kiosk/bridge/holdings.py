"""Who has which door of these banks, as the server told it and as it went on here."""

from __future__ import annotations

import datetime as dt
import sqlite3
import uuid
from collections.abc import Callable, Iterable, Iterator

import msgspec

from access.access_list.entries import Claim, Granted
from kiosk.bridge.journal import Journal
from kiosk.bridge.protocol import (
    FinishedAlone,
    GivenAlone,
    Held,
    Hold,
    encode_detail,
)

_encoder = msgspec.json.Encoder()


class Kept(msgspec.Struct, frozen=True, omit_defaults=True):
    """A claim as it is kept here: the server's, or one that was given here (``ref``)."""

    hold: Hold
    ref: uuid.UUID | None = None
    # Under which number the server said so.
    number: int = 0

    @property
    def key(self) -> str:
        return f"alone:{self.ref}" if self.ref is not None else str(self.hold.claim_id)

    @property
    def ends_at(self) -> dt.datetime | None:
        """Until when it has the door."""
        return _instant(self.hold.ends_at_ms) if self.hold.ends_at_ms is not None else None

    @property
    def granted(self) -> Granted | None:
        """What lets its holder open, as the list would say it."""
        hold, begins = self.hold, _instant(self.hold.starts_at_ms)
        if self.ref is not None:
            number = claim_id = _number(self.ref)
            window = begins, self.ends_at
        elif hold.grant is not None and hold.has_begun:
            number, claim_id = hold.grant.id, hold.claim_id
            ends_ms = hold.grant.ends_ms
            ends = _instant(ends_ms) if ends_ms is not None else None
            window = _instant(hold.grant.begins_ms), ends
        else:
            return None
        return Granted(
            id=number,
            compartment_id=hold.compartment_id,
            begins=window[0],
            ends=window[1],
            person_id=hold.person_id,
            role_id=hold.role_id,
            department_id=hold.department_id,
            claim=Claim(claim_id, begins, None if hold.stays else self.ends_at),
        )

    def is_whose(self) -> tuple[object, ...]:
        """Return what somebody goes by who was told of it: which door is theirs."""
        hold = self.hold
        whose = hold.person_id, hold.role_id, hold.department_id
        return hold.compartment_id, hold.has_begun, whose

    def holds(self, at: dt.datetime) -> bool:
        """Say whether it has its door now."""
        ends_at = self.ends_at
        return self.hold.has_begun and (ends_at is None or self.hold.stays or at < ends_at)

    def meets(self, begins: dt.datetime, ends: dt.datetime) -> bool:
        """Say whether it is in the way of a use from then until then."""
        ends_at = self.ends_at
        if self.hold.has_begun and self.hold.stays:
            return True
        is_over = ends_at is not None and ends_at <= begins
        return not is_over and _instant(self.hold.starts_at_ms) < ends


class Holdings:
    """Claims by their names, in memory and in the journal's file behind it."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._kept: dict[str, Kept] = {}
        self._told_to = ""
        # More of all of it is coming.
        self._is_coming = False
        # Called with the grants that count no more, when it changed who has which door.
        self.on_change: Callable[[list[int]], None] = lambda gone: None
        # The banks whose claims are told here.
        self.banks: frozenset[int] = frozenset()

    async def open(self) -> None:
        """Read what was kept."""
        rows = await self._journal.read(
            lambda base: base.execute("SELECT body FROM hold").fetchall()
        )
        told = await self._journal.read(
            lambda base: base.execute("SELECT value FROM about WHERE name = 'holds'").fetchone()
        )
        self._told_to = told[0] if told is not None else ""
        read = (msgspec.json.decode(body, type=Kept) for (body,) in rows)
        self._kept = {kept.key: kept for kept in read}

    @property
    def is_complete(self) -> bool:
        """Whether all of it was told to this journal: what is missing would be given away."""
        return self._told_to == str(self._journal.journal_id)

    async def told(self, held: Held) -> None:
        """Keep what the server says, on the disk when this returns. Raises JournalFull."""
        came = {kept.key: kept for kept in map(self._numbered(held.number), held.holds)}
        names = [str(claim_id) for claim_id in held.gone]
        after = {} if held.is_all else {k: v for k, v in self._kept.items() if k not in names}
        after |= came
        is_coming = held.has_more and (held.is_all or self._is_coming)
        is_whole = not held.has_more and (held.is_all or self._is_coming)
        told_to = str(self._journal.journal_id) if is_whole else ""

        def write(base: sqlite3.Connection) -> None:
            if held.is_all:
                base.execute("DELETE FROM hold")
            if held.is_all or is_whole:
                base.execute("INSERT OR REPLACE INTO about VALUES ('holds', ?)", (told_to,))
            base.executemany("DELETE FROM hold WHERE claim = ?", [(name,) for name in names])
            _put(base, came.values())

        await self._journal.change(write)
        before, self._kept = self._kept, after
        self._is_coming = is_coming
        if held.is_all or is_whole:
            self._told_to = told_to
        still = _grants(after.values())
        self.on_change([grant for grant in _grants(before.values()) if grant not in still])

    def _numbered(self, number: int) -> Callable[[Hold], Kept]:
        """Return what gives a claim its number: whoever was told of it before has it from then."""

        def kept(hold: Hold) -> Kept:
            new = Kept(hold, number=number)
            old = self._kept.get(new.key)
            is_same = old is not None and old.is_whose() == new.is_whose()
            return Kept(hold, number=old.number) if old is not None and is_same else new

        return kept

    async def give(self, given: GivenAlone, compartment_id: int, at_ms: int) -> Kept:
        """Let somebody have a door: on the disk, with its line, when this returns."""
        hold = Hold(
            claim_id=0,
            kind="assignment",
            compartment_id=compartment_id,
            starts_at_ms=at_ms,
            ends_at_ms=given.ends_at_ms,
            has_begun=True,
            person_id=given.person_id,
            counts=given.counts,
        )
        kept = Kept(hold, given.ref)
        await self._journal.change(
            lambda base: _put(base, [kept]),
            "given_alone",
            compartment_id=compartment_id,
            detail=encode_detail(given),
        )
        self._kept[kept.key] = kept
        self.on_change([])
        return kept

    async def finish(self, kept: Kept, person_id: int) -> None:
        """End a use: on the disk, with its line, when this returns."""
        told = FinishedAlone(
            person_id=person_id,
            ref=kept.ref,
            claim_id=None if kept.ref is not None else kept.hold.claim_id,
        )

        def forget(base: sqlite3.Connection) -> None:
            base.execute("DELETE FROM hold WHERE claim = ?", (kept.key,))

        await self._journal.change(
            forget,
            "finished_alone",
            compartment_id=kept.hold.compartment_id,
            detail=encode_detail(told),
        )
        self._kept.pop(kept.key, None)

    def has(self, granted: Granted, bank_id: int, may_open: Callable[[Kept], bool]) -> bool:
        """Say whether the claim that a grant comes from has its door here, and may be opened for.

        Where the server alone gives doors, nothing is known of claims, and the list decides.
        """
        if granted.claim is None:
            return True
        if granted.claim.id < 0:
            # Given here: the list may still have what was given back or taken over since.
            return self.ref_of(granted) is not None
        if not self.is_complete or bank_id not in self.banks:
            return True
        kept = self._kept.get(str(granted.claim.id))
        return kept is not None and may_open(kept)

    def ref_of(self, granted: Granted | None) -> uuid.UUID | None:
        """Return what a use is known by that was given here, if a grant comes from one."""
        if granted is None or granted.claim is None or granted.claim.id >= 0:
            return None
        given = (kept.ref for kept in self._kept.values() if kept.ref is not None)
        return next((ref for ref in given if _number(ref) == granted.claim.id), None)

    def granted(self) -> Iterator[Granted]:
        """Yield what lets people open what they have, also where no list came since."""
        for kept in self._kept.values():
            if (grant := kept.granted) is not None:
                yield grant

    def all(self) -> Iterator[Kept]:
        """Yield every claim."""
        yield from self._kept.values()

    def of_person(self, person_id: int, at: dt.datetime) -> list[Kept]:
        """Return what somebody has now, the newest first."""
        mine = [
            kept
            for kept in self._kept.values()
            if kept.hold.person_id == person_id and kept.holds(at)
        ]
        return sorted(mine, key=lambda kept: -kept.hold.starts_at_ms)


def _number(ref: uuid.UUID) -> int:
    """Return the number of a claim that was given here: below zero, where the server has none."""
    return -int.from_bytes(ref.bytes[:7], "big") - 1


def _grants(kept: Iterable[Kept]) -> set[int]:
    return {one.hold.grant.id for one in kept if one.hold.grant is not None}


def _put(base: sqlite3.Connection, kept: Iterable[Kept]) -> None:
    base.executemany(
        "INSERT OR REPLACE INTO hold VALUES (?, ?)",
        [(one.key, _encoder.encode(one).decode()) for one in kept],
    )


def _instant(milliseconds: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(milliseconds / 1000, dt.UTC)
