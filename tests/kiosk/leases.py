"""A bridge's side of a lease, as the tests of the server play it."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable

from asgiref.sync import sync_to_async
from django.db import transaction
from django.utils import timezone

from kiosk.bridge import protocol
from kiosk.bridge.protocol import (
    GivenAlone,
    Handback,
    Renew,
    Renewed,
    encode_detail,
)
from lockers.models import Authority
from occupancy.models import Claim
from occupancy.services import keeping
from tests.factories.cast import Estate
from tests.kiosk.test_bridge_lines import Wire


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not await sync_to_async(condition)():
            await asyncio.sleep(0.01)


def is_answered() -> bool:
    return Authority.objects.filter(beat_at__isnull=False).exists()


def claim(estate: Estate) -> Claim:
    """Give Amira a door, as staff may whoever decides."""
    with transaction.atomic(), keeping.beyond_authority():
        got = Claim.objects.create(
            compartment=estate.doors[0], kind="assignment", holder=estate.amira,
            policy=estate.policy, starts_at=timezone.now(), started_at=timezone.now(),
        )  # fmt: skip
    return got


async def answered(wire: Wire) -> None:
    """Answer a renewal, and see the server go on by it."""
    renew = await wire.told(Renew)
    await wire.send(Renewed(term=renew.term, number=renew.number))
    await until(is_answered)


async def quiet(wire: Wire, kinds: tuple[type[protocol.Message], ...], messages: int = 10) -> None:
    """See that none of these comes, while renewals do."""
    seen = 0
    while seen < messages:
        message = await wire.answer()
        assert not isinstance(message, kinds), message
        seen += isinstance(message, Renew)


def lines(estate: Estate) -> list[protocol.Event]:
    """Return what a bridge wrote that gave Ben door 2."""
    at_ms = int(timezone.now().timestamp() * 1000)
    day = 24 * 3600 * 1000
    given = GivenAlone(
        ref=uuid.UUID(int=3), person_id=estate.ben.pk, policy_id=estate.policy.pk,
        due_at_ms=at_ms + day, ends_at_ms=at_ms + day,
    )  # fmt: skip
    return [
        protocol.Event(seq=1, kind="alone_began", occurred_at_ms=at_ms, detail="1"),
        protocol.Event(
            seq=2, kind="given_alone", occurred_at_ms=at_ms, detail=encode_detail(given),
            compartment_id=estate.doors[1].pk,
        ),
    ]  # fmt: skip


async def hand_back(wire: Wire, estate: Estate) -> None:
    """Come home from a cut, with two lines in the journal, the last of them on its way."""
    await wire.send(wire.end.hello(term=1, is_alone=True, last_seq=2))
    await wire.answer()
    await wire.send(Handback(term=1, last_seq=2))
    await wire.send(protocol.Events(after=0, lines=lines(estate)[:1]))
