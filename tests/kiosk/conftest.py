"""A terminal that is enrolled, and the morning at which everything happens."""

from __future__ import annotations

import asyncio
import datetime as dt
import itertools
import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import time_machine
from django.test import Client

from lockers.notify import listener
from tests.factories.cast import TERMINAL_TOKEN, Estate

_keys = itertools.count()
ANY = {"any": True}


def typed(badge: str) -> str:
    """Return what a wedge reader types for a badge."""
    return f"~{badge}\r"


class Kiosk:
    """A terminal's browser, by its Authorization header."""

    def __init__(self, token: str = TERMINAL_TOKEN) -> None:
        self.client = Client()
        self.token = token

    def post(self, verb: str, body: dict[str, Any], *, key: str | None = None) -> Any:
        """Post to an address of the kiosk with a fresh key, or this one."""
        return self.client.post(
            f"/kiosk/{verb}",
            json.dumps(body),
            content_type="application/json",
            headers={
                "Authorization": f"Terminal {self.token}",
                "Idempotency-Key": key or f"kiosk-{next(_keys):08}",
            },
        )

    def bank(self) -> Any:
        """Return the bank as its screen shows it."""
        headers = {"Authorization": f"Terminal {self.token}"}
        return self.client.get("/kiosk/bank", headers=headers).json()

    def scan(self, badge: str) -> Any:
        """Tap a badge, and return what the person may do."""
        answer = self.post("scan", {"badge": typed(badge)})
        assert answer.status_code == 200, answer.content
        return answer.json()

    def claim(self, badge: str, choice: dict[str, Any] | None = None) -> Any:
        """Tap a badge and claim; return the scan's id and the claim."""
        scan = self.scan(badge)["scan"]
        answer = self.post("claim", {"scan": scan, "choice": choice or ANY})
        assert answer.status_code == 200, answer.content
        return answer.json()


def codes(answer: Any) -> tuple[int, str]:
    """Return status and code of an error, which must have the one shape."""
    body = answer.json()
    assert set(body) == {"code", "message", "facts"}, body
    assert body["message"]
    return answer.status_code, body["code"]


@pytest.fixture
def clock(at: dt.datetime) -> Iterator[time_machine.Coordinates]:
    """Stop the clock at the instant at which the estate was built."""
    with time_machine.travel(at, tick=False) as coordinates:
        yield coordinates


@pytest.fixture
def kiosk(estate: Estate, clock: time_machine.Coordinates) -> Kiosk:
    """Return the enrolled terminal at bank A."""
    return Kiosk()


@pytest.fixture
async def listening(estate: Estate) -> AsyncIterator[None]:
    """Hear of changes as the server does."""
    listener.start()
    await asyncio.wait_for(listener.connected.wait(), 5)
    yield
    await listener.stop()
