"""Enrolment of gateways that have never been seen: a one-time token for a password."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import logging
import re
from pathlib import Path

from lockers.drivers.errors import BoardUnreachable, DriverError
from lockers.drivers.mqtt import Connection
from lockers.drivers.mqtt_openlocker import messages
from lockers.drivers.mqtt_openlocker.messages import Seen
from lockers.drivers.mqtt_openlocker.profile import Profile

logger = logging.getLogger(__name__)

# A client gives up after half a minute, and a password should lie nowhere for longer.
REPLY_WITHIN_S = 30
MAX_REPLIES = 8
_CLIENT_ID = re.compile(r"(?!\s*\Z)[^/+#\x00-\x1f\x7f]{1,200}")


class Registrar:
    """Answers the gateways that register at one broker.

    What a token is worth is the password in a file, which is deleted before it is handed over:
    whoever comes second, even after a restart, gets nothing.
    """

    topics = (messages.REGISTER + "+",)

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._profiles: list[Profile] = []
        self._seen = Seen()
        self._replying: set[asyncio.Task[None]] = set()

    def join(self, profile: Profile) -> None:
        """Let one more gateway register; the first joins the connection."""
        if not self._profiles:
            self._connection.join(self, is_secret=True)
        self._profiles.append(profile)

    async def leave(self, profile: Profile) -> None:
        """Let one gateway register no more."""
        self._profiles.remove(profile)
        if not self._profiles:
            for task in self._replying:
                task.cancel()
            await self._connection.leave(self)

    def hear(self, topic: str, payload: bytes, *, is_retained: bool) -> None:
        """Answer one registration, a repeated one not again."""
        values = messages.parse(payload)
        client_id = values.get("client_id") if values is not None else None
        if values is None or is_retained or not isinstance(client_id, str):
            return
        if not _CLIENT_ID.fullmatch(client_id) or not self._seen.is_new(values["message_id"]):
            return
        if len(self._replying) >= MAX_REPLIES:
            logger.warning("too many gateways register at once; one was not answered")
            return
        task = asyncio.create_task(self._reply(client_id, topic.removeprefix(messages.REGISTER)))
        self._replying.add(task)
        task.add_done_callback(self._replying.discard)

    def lose(self, error: BoardUnreachable) -> None:
        """Do nothing: a client that gets no reply asks again."""

    async def _reply(self, client_id: str, token: str) -> None:
        reply = await asyncio.to_thread(self._admit, token)
        deadline = asyncio.get_running_loop().time() + REPLY_WITHIN_S
        try:
            await self._connection.tell(
                messages.REPLY + client_id,
                reply,
                deadline=deadline,
                expires_s=REPLY_WITHIN_S,
                is_secret=True,
            )
        except (DriverError, ValueError) as error:
            logger.warning("a gateway that registers could not be answered: %s", error)

    def _admit(self, token: str) -> bytes:
        digest = hashlib.sha256(token.encode(errors="replace")).hexdigest()
        for profile in list(self._profiles):
            if hmac.compare_digest(digest, profile.provisioning_token_hash):
                path = Path(profile.gateway_password_file)
                try:
                    password = path.read_text().strip()
                    path.unlink()
                except OSError as error:
                    logger.warning("locker %s was not enrolled: %s", profile.locker_uuid, error)
                    break
                if not password:
                    break
                logger.info("locker %s is enrolled", profile.locker_uuid)
                return messages.admission(profile.locker_uuid, password)
        return messages.refusal("The provisioning token is wrong or was used before.")
