"""The bridge's side of getting its list: says what it has, takes what is told, asks for all."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from itertools import islice
from typing import Any

from kiosk.bridge import protocol
from kiosk.bridge.access_list.kept import KeptList, ListFailing

log = logging.getLogger(__name__)

# About 200 KB in a frame.
IN_ONE_FRAME = 1_500


class Syncing:
    """Keeps the list as the server tells it."""

    def __init__(self, kept: KeptList, send: Callable[[protocol.Message], bool]) -> None:
        self._kept, self._send = kept, send
        self.takes: Mapping[type[protocol.Message], Callable[[Any], Awaitable[None]]] = {
            protocol.ListAsk: partial(_unless_failing, self._ask),
            protocol.ListDeny: partial(_unless_failing, self._deny),
            protocol.ListPut: partial(_unless_failing, self._put),
            protocol.ListSigned: partial(_unless_failing, self._signed),
        }

    async def greeted(self) -> None:
        """Tell the server which list is here."""
        await _unless_failing(self._greeted)

    async def _greeted(self) -> None:
        buckets = await self._kept.begin()
        version = self._kept.version if buckets else 0
        self._send(protocol.ListStands(version=version, buckets=buckets))

    async def _ask(self, asked: protocol.ListAsk) -> None:
        found = await self._kept.fingerprints(asked.buckets)
        left = iter(found.items())
        while part := dict(islice(left, IN_ONE_FRAME)):
            self._send(protocol.ListHas(entries=part, is_last=False))
        self._send(protocol.ListHas(entries={}))

    async def _deny(self, denied: protocol.ListDeny) -> None:
        await self._kept.deny(denied.keys)

    async def _put(self, put: protocol.ListPut) -> None:
        await self._kept.put(put.entries)

    async def _signed(self, signed: protocol.ListSigned) -> None:
        if await self._kept.finish(signed):
            log.info("access list %s: %d entries", signed.version, len(self._kept.known))
            self._send(protocol.ListKept(version=signed.version))
            return
        await self._kept.begin()
        self._send(protocol.ListStands(version=0))


async def _unless_failing(take: Callable[..., Awaitable[None]], *told: Any) -> None:
    """Go on without a new list when the disk takes none; the next connection tries again."""
    try:
        await take(*told)
    except ListFailing as error:
        log.error("the access list cannot be kept: %s", error)
