"""The access list of the bridge: compared with what it has, and told, denials first."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import msgspec
from django.utils import timezone

from access.access_list import entries, proof
from access.access_list.entries import PLACE, Entry
from kiosk import access_lists
from kiosk.bridge import protocol
from kiosk.consumers.bridge.part import Line, Part, in_thread, milliseconds
from lockers.models import Bridge
from lockers.notify import ACCESS, RIGHTS, WIRING
from lockers.services import bridge_keys

log = logging.getLogger(__name__)

# One change often comes with others.
SETTLES_S = 0.3
# What only time changes, such as who is expected today, is looked at this often.
ANEW_EVERY_S = 600.0
PIECE_BYTES = 200_000
KEYS_IN_A_PIECE = 3_000


@dataclass
class Changed:
    """What has to be made anew: the place, some people, or all of them."""

    place: bool = False
    people: set[int] = field(default_factory=set)
    everybody: bool = False

    def __bool__(self) -> bool:
        return self.place or self.everybody or bool(self.people)


@dataclass(frozen=True)
class Made:
    """Entries as they are written, those that refuse, and the keys that they replace."""

    texts: dict[str, bytes]
    refusing: set[str]
    # Of what was there: everything that was looked at anew.
    replaced: set[str]


class AccessLists(Part):
    """Keeps the list of one bridge as the database has it; remembers only fingerprints."""

    def __init__(self, line: Line) -> None:
        super().__init__(line)
        # What the bridge has; None until it has said so.
        self._known: dict[str, bytes] | None = None
        self._changed = Changed()
        self._look = asyncio.Event()
        self._stands: asyncio.Queue[protocol.ListStands] = asyncio.Queue(maxsize=4)
        self._has: dict[str, bytes] = {}
        self._has_told = asyncio.Event()
        self._is_kept = asyncio.Event()
        self.takes = {
            protocol.ListStands: self._on_stands,
            protocol.ListHas: self._on_has,
            protocol.ListKept: self._on_kept,
        }
        self.works = [self._run]
        self.hears = {ACCESS: self._on_access, WIRING: self._on_place, RIGHTS: self._on_rights}

    async def _on_stands(self, stands: protocol.ListStands) -> None:
        await self._stands.put(stands)
        self._look.set()

    async def _on_has(self, has: protocol.ListHas) -> None:
        self._has |= has.entries
        if has.is_last:
            self._has_told.set()

    async def _on_kept(self, kept: protocol.ListKept) -> None:
        log.info("bridge %s keeps access list %s", self.line.bridge.pk, kept.version)
        self._is_kept.set()
        self._look.set()

    def ended(self) -> None:
        """Let whoever waits to hand over a message go on."""
        while not self._stands.empty():
            self._stands.get_nowait()

    def _on_access(self, payload: Any) -> None:
        if payload is None:
            self._changed.place = self._changed.everybody = True
        else:
            self._changed.people |= set(payload.get("people", ()))
            self._changed.place |= "banks" in payload
        self._look.set()

    def _on_place(self, payload: Any) -> None:
        self._changed.place = True
        self._look.set()

    def _on_rights(self, payload: Any) -> None:
        # Whoever became staff here may be nobody to the bridge as yet.
        self._on_place(payload)

    async def _run(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(ANEW_EVERY_S):
                    await self._look.wait()
            if not self._look.is_set() and self._known is not None:
                self._changed.place = self._changed.everybody = True
            self._look.clear()
            if not self._stands.empty():
                await self._compare(self._stands.get_nowait())
            elif self._known is not None and self._is_kept.is_set() and self._changed:
                await asyncio.sleep(SETTLES_S)
                changed, self._changed = self._changed, Changed()
                await self._tell(await self._make(changed))

    async def _compare(self, stands: protocol.ListStands) -> None:
        """Bring a bridge up to date that says what it has."""
        self._changed = Changed()
        # Signed in any case: by our present key.
        self._is_kept.clear()
        made = await self._make(Changed(place=True, everybody=True))
        if not stands.version or len(stands.buckets) != proof.BUCKETS:
            self._known = {}
            await self._tell(made, is_whole=True)
            return
        ours = {key: proof.fingerprint(key, text) for key, text in made.texts.items()}
        pairs = zip(proof.of_buckets(ours), stands.buckets, strict=True)
        differ = {bucket for bucket, (one, other) in enumerate(pairs) if one != other}
        self._has, known = {}, ours
        if differ:
            self._has_told.clear()
            await self.line.send(protocol.ListAsk(buckets=sorted(differ)))
            await self._has_told.wait()
            known = {key: one for key, one in ours.items() if proof.bucket_of(key) not in differ}
        self._known = known | self._has
        self._has = {}
        await self._tell(Made(made.texts, made.refusing, set(self._known)))

    async def _make(self, changed: Changed) -> Made:
        made: Made = await in_thread(
            _make, self.line.bridge, changed, dict(self._known or {}), timezone.now()
        )
        return made

    async def _tell(self, made: Made, *, is_whole: bool = False) -> None:
        """Send what differs: first what counts no more, then the rest, then the signature."""
        assert self._known is not None
        new = {key: proof.fingerprint(key, text) for key, text in made.texts.items()}
        other = {key for key, one in new.items() if self._known.get(key) != one}
        gone = made.replaced - new.keys()
        is_same = not other and not gone and not is_whole
        if is_same and self._is_kept.is_set():
            return
        for keys in _pieces(sorted(gone | other & made.refusing)):
            await self.line.send(protocol.ListDeny(keys=keys))
        for texts in _sized({key: made.texts[key] for key in sorted(other)}):
            await self.line.send(protocol.ListPut(entries=texts))
        for key in gone:
            self._known.pop(key, None)
        self._known |= new
        await self._sign(is_whole=is_whole)

    async def _sign(self, *, is_whole: bool) -> None:
        """End a list. The bridge answers that it keeps it, or that it has nothing."""
        assert self._known is not None
        version = milliseconds(timezone.now())
        digest = proof.digest(proof.of_buckets(self._known))
        self._is_kept.clear()
        await self.line.send(
            protocol.ListSigned(
                version=version,
                digest=digest,
                signature=proof.sign(
                    bridge_keys.server_key(),
                    bridge_id=self.line.bridge.pk,
                    version=version,
                    digest=digest,
                ),
                is_whole=is_whole,
            )
        )


def _make(bridge: Bridge, changed: Changed, known: Mapping[str, bytes], at: dt.datetime) -> Made:
    """Make the entries that may have changed. People come with the grants that they are new by."""
    found: list[Entry] = []
    replaced: set[str] = set()
    people: set[int] | None = changed.people
    if changed.place:
        place = list(access_lists.of_place(bridge, at))
        found += place
        replaced |= {key for key in known if key.startswith(PLACE)}
        people = changed.people | _new_people(place, known)
        if any(_is_for_many(entry) and entry.key not in known for entry in place):
            people = None
    if changed.everybody:
        people = None
    if people is None or people:
        found += access_lists.of_people(bridge, at, people)
        replaced |= {
            key for key in known
            if not key.startswith(PLACE) and (people is None or _whose(key) in people)
        }  # fmt: skip
    return Made(
        {entry.key: entries.written(entry) for entry in found},
        {entry.key for entry in found if entry.refuses(at)},
        replaced,
    )


def _new_people(place: Iterable[Entry], known: Mapping[str, bytes]) -> set[int]:
    named = {
        entry.person_id for entry in place if isinstance(entry, entries.Granted | entries.Staff)
    }
    return {one for one in named if one is not None and f"person:{one}" not in known}


def _is_for_many(entry: Entry) -> bool:
    return isinstance(entry, entries.Granted) and entry.person_id is None


def _whose(key: str) -> int:
    return int(key.split(":", 2)[1])


def _pieces(keys: list[str]) -> Iterator[list[str]]:
    left = iter(keys)
    while piece := list(islice(left, KEYS_IN_A_PIECE)):
        yield piece


def _sized(texts: Mapping[str, bytes]) -> Iterator[dict[str, msgspec.Raw]]:
    """Cut entries into pieces that do not keep a door waiting behind them."""
    piece: dict[str, msgspec.Raw] = {}
    size = 0
    for key, text in texts.items():
        if piece and size + len(text) > PIECE_BYTES:
            yield piece
            piece, size = {}, 0
        piece[key] = msgspec.Raw(text)
        size += len(key) + len(text) + 8
    if piece:
        yield piece
