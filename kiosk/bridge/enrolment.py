"""How this box becomes a bridge: it makes its key here, and shows that it knows a one-time code."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import aiohttp
import msgspec

from kiosk.bridge import identity, protocol
from kiosk.bridge.connection import SOFTWARE
from kiosk.bridge.identity import Enrolling, Identity, Kept
from kiosk.bridge.protocol.signed import new_key
from lockers import introduction

log = logging.getLogger(__name__)

WAIT_S = (0.5, 10.0)
# A key that waits for the answer to its enrolment.
WAITING = "enrolling.json"


class EnrolmentRefused(Exception):
    """There is no identity to be had; the text says what to do."""


async def identify(server: str, state: Path, code: str | None) -> Kept:
    """Return who this box is, enrolling it when the code is one that it was not enrolled with.

    Raises EnrolmentRefused. While the server is away it is asked again and again.
    """
    try:
        known = identity.load(state / identity.FILE, Identity)
        code_key = introduction.code_key(code) if code else None
        if known is not None and code_key in (None, known.code_key):
            return Kept(state, known)
        if not code or code_key is None:
            raise EnrolmentRefused(
                "This bridge is not enrolled. Make a code for it in the admin and start it with"
                " --enrolment-code CODE."
            )
        waiting = identity.load(state / WAITING, Enrolling)
        if waiting is None or waiting.code_key != code_key:
            # On the disk before the server hears of it: it takes one key for one code.
            waiting = Enrolling(code_key=code_key, key=new_key())
            identity.save(state / WAITING, waiting)
        told = await _exchange(server, code, waiting)
        identity.save(state / identity.FILE, told)
        identity.remove(state / WAITING)
    except identity.Unreadable as error:
        raise EnrolmentRefused(f"{error}. Remove it and enrol this bridge anew.") from error
    return Kept(state, told)


async def _exchange(server: str, code: str, waiting: Enrolling) -> Identity:
    public = introduction.public_key(waiting.key)
    by_code, by_itself = introduction.request(code, waiting.key)
    asked = protocol.Enrol(
        public_key=public, by_code=by_code, by_itself=by_itself, software=SOFTWARE
    )
    answer = await _post(f"{server}/bridge/enrol/", msgspec.json.encode(asked))
    try:
        told = msgspec.json.decode(answer, type=protocol.Enrolled)
    except msgspec.DecodeError as error:
        raise EnrolmentRefused(f"{server} does not answer as a Lockwright does: {error}") from error
    if not introduction.is_vouched(
        waiting.code_key, public, told.bridge_id, told.server_keys, told.mac
    ):
        raise EnrolmentRefused(
            "The answer did not come from the server that made the code: something in between"
            f" changed it. Look at what stands between this box and {server}."
        )
    return Identity(
        bridge_id=told.bridge_id,
        key=waiting.key,
        server_keys=told.server_keys,
        code_key=waiting.code_key,
    )


async def _post(url: str, body: bytes) -> bytes:
    wait = WAIT_S[0]
    async with aiohttp.ClientSession() as session:
        while True:
            try:
                async with session.post(
                    url,
                    data=body,
                    headers={"Content-Type": "application/json"},
                    timeout=aiohttp.ClientTimeout(total=10),
                ) as answer:
                    if answer.status == 200:
                        return await answer.read()
                    if answer.status < 500:
                        raise EnrolmentRefused(await _told(answer))
                    log.warning("the server answers %s; it is asked again", answer.status)
            except (aiohttp.ClientConnectionError, TimeoutError) as error:
                log.warning("the server is away (%s); it is asked again", error)
            await asyncio.sleep(wait)
            wait = min(wait * 2, WAIT_S[1])


async def _told(answer: aiohttp.ClientResponse) -> str:
    """Return what a refusal says to the operator."""
    try:
        return str((await answer.json())["message"])
    except (aiohttp.ContentTypeError, ValueError, LookupError, TypeError):
        return f"The server answers {answer.status} {answer.reason}."
