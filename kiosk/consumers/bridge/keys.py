"""Whether the bridge is still who it was when it was greeted, and its new key."""

from __future__ import annotations

import asyncio
from typing import Any

from django.utils import timezone

from kiosk.bridge import protocol
from kiosk.bridge.protocol.signed import BadSignature, Context, Opener, Purpose
from kiosk.consumers.bridge.part import Line, Part, in_thread
from lockers.notify import BRIDGE
from lockers.services import bridge_keys, connections


class Keys(Part):
    """Ends the line of a revoked bridge or replaced key at once, and asks for a new key."""

    def __init__(self, line: Line, nonce: bytes) -> None:
        super().__init__(line)
        self._nonce = nonce
        self._changed = asyncio.Event()
        self._changed.set()
        self._asked = False
        # Its new key is being stored on this line, which may hear of that before it is told.
        self._rolls = False
        self.takes = {protocol.NewKey: self._new_key}
        self.works = [self._look]
        self.hears = {BRIDGE: self._on_bridge}

    def _on_bridge(self, payload: Any) -> None:
        self._changed.set()

    async def _look(self) -> None:
        while True:
            await self._changed.wait()
            self._changed.clear()
            bridge = await in_thread(connections.find, bridge_id=self.line.bridge.pk)
            if bridge is None:
                await self.line.refuse("device_revoked", "This bridge was revoked.")
            elif bridge.public_key == self.line.bridge.public_key:
                if bridge.roll_asked_at is not None and not self._asked:
                    self._asked = True
                    await self.line.send(protocol.Roll())
            elif not self._rolls:  # whoever rolls is told so, below
                await self.line.refuse("device_revoked", "Another key took the place of this one.")

    async def _new_key(self, message: protocol.NewKey) -> None:
        """Take the new key; the bridge is greeted by it when it connects again."""
        new = message.public_key
        context = Context(Purpose.NEW_KEY, self.line.bridge.pk, self._nonce)
        try:
            is_its_own = Opener([new], context).open(message.proof) == new.hex()
        except (BadSignature, ValueError):
            is_its_own = False
        if is_its_own:
            self._rolls = True
            await in_thread(
                bridge_keys.roll,
                bridge=self.line.bridge,
                old=bytes.fromhex(self.line.bridge.public_key),
                new=new,
                at=timezone.now(),
            )
        # In any case this line ends: its key is gone, or it tells what nobody asked for.
        await self.line.refuse("key_rolled", "Connect again with the new key.")
