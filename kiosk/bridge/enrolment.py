"""The one-time exchange of a code for this box's token."""

from __future__ import annotations

import asyncio
import logging
import os
from pathlib import Path

import aiohttp

from kiosk.bridge.connection import SOFTWARE

log = logging.getLogger(__name__)

WAIT_S = (0.5, 10.0)


class EnrolmentRefused(Exception):
    """The server does not take the code; the text says what to do."""


async def token(server: str, state: Path, code: str | None) -> str:
    """Return this box's token, exchanging the code for it at the first start.

    Raises EnrolmentRefused. While the server is away it is asked again and again.
    """
    path = state / "token"
    if path.exists():
        return path.read_text(encoding="ascii").strip()
    if not code:
        raise EnrolmentRefused(
            "This bridge is not enrolled. Make a code for it in the admin and start it with"
            " --enrolment-code CODE."
        )
    given = await _exchange(server, code)
    new = state / "token.new"
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(given)
    new.rename(path)
    return given


async def _exchange(server: str, code: str) -> str:
    wait = WAIT_S[0]
    async with aiohttp.ClientSession() as session:
        while True:
            try:
                async with session.post(
                    f"{server}/bridge/enrol/",
                    json={"code": code, "software": SOFTWARE},
                    timeout=aiohttp.ClientTimeout(total=10),
                ) as answer:
                    if answer.status < 500:
                        body = await answer.json()
                        if answer.status == 200:
                            return str(body["token"])
                        raise EnrolmentRefused(str(body.get("message", answer.reason)))
                    log.warning("the server answers %s; it is asked again", answer.status)
            except (aiohttp.ClientConnectionError, TimeoutError) as error:
                log.warning("the server is away (%s); it is asked again", error)
            await asyncio.sleep(wait)
            wait = min(wait * 2, WAIT_S[1])
