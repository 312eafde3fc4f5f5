"""One connection to the server: greeted with our key, believed because of the server's."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator

import aiohttp

from kiosk.bridge import protocol
from kiosk.bridge.identity import Identity
from kiosk.bridge.protocol.signed import (
    Context,
    Opener,
    Purpose,
    Signer,
    new_nonce,
)
from lockers import introduction

log = logging.getLogger(__name__)


class Refused(Exception):
    """The server will not have us; the text is for the operator."""

    def __init__(self, refused: protocol.Refused) -> None:
        super().__init__(refused.message)
        self.code = refused.code


class Line:
    """A connection on which everything we send is signed, and everything we hear is proven."""

    def __init__(
        self, socket: aiohttp.ClientWebSocketResponse, challenge: bytes, me: Identity, key: bytes
    ) -> None:
        self._socket, self._challenge, self._bridge_id = socket, challenge, me.bridge_id
        self.nonce = new_nonce()
        self._signer = Signer(key, Context(Purpose.TO_SERVER, me.bridge_id, challenge))
        self._opener = Opener(me.server_keys, Context(Purpose.TO_BRIDGE, me.bridge_id, self.nonce))
        self._turn = asyncio.Lock()
        self.malformed = 0

    @classmethod
    async def challenged(
        cls, socket: aiohttp.ClientWebSocketResponse, me: Identity, key: bytes
    ) -> Line:
        """Wait for what the server wants signed; raises Refused."""
        frame = await _next_text(socket)
        if isinstance(message := _said(frame), protocol.Challenge):
            return cls(socket, message.nonce, me, key)
        raise ConnectionError("the server did not begin with its challenge")

    async def welcome(self) -> protocol.Welcome:
        """Wait for the server's answer to our Hello; raises Refused and BadSignature."""
        frame = await _next_text(self._socket)
        if frame.startswith("{"):
            # Before its welcome a server may not know whom it speaks to. That only ends the line.
            _said(frame)
        if isinstance(message := self._opened(frame), protocol.Welcome):
            return message
        raise ConnectionError("the server sent something else than its welcome")

    async def send(self, message: protocol.Message) -> None:
        """Send a message; frames leave in the order in which they are signed."""
        async with self._turn:
            await self._socket.send_str(self._signer.seal(protocol.encode(message)))

    async def heard(self) -> AsyncIterator[protocol.FromServer | None]:
        """Yield what the server says, None for what cannot be read; raises Refused, BadSignature.

        Ends when the server hangs up.
        """
        async for frame in self._socket:
            if frame.type not in (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY):
                continue
            message = self._opened(frame.data)
            if isinstance(message, protocol.Refused):
                raise Refused(message)
            yield message

    def proof_of(self, key: bytes) -> protocol.NewKey:
        """Return what tells the server our next key, on this line and no other."""
        public = introduction.public_key(key)
        context = Context(Purpose.NEW_KEY, self._bridge_id, self._challenge)
        return protocol.NewKey(public_key=public, proof=Signer(key, context).seal(public.hex()))

    def _opened(self, frame: str | bytes) -> protocol.FromServer | None:
        text = self._opener.open(frame)
        try:
            return protocol.decode_from_server(text)
        except protocol.MalformedMessage as error:
            self.malformed += 1
            log.warning("the server sent what cannot be read: %s", error)
            return None


async def _next_text(socket: aiohttp.ClientWebSocketResponse) -> str:
    message = await socket.receive()
    if message.type is not aiohttp.WSMsgType.TEXT:
        raise ConnectionError("the server hung up before its welcome")
    return str(message.data)


def _said(frame: str) -> protocol.FromServer:
    """Return an unsigned message; raises Refused and ConnectionError."""
    try:
        message = protocol.decode_from_server(frame)
    except protocol.MalformedMessage as error:
        raise ConnectionError(f"the server sent what cannot be read: {error}") from error
    if isinstance(message, protocol.Refused):
        raise Refused(message)
    return message
