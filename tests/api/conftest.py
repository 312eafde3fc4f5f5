"""Clients of the API: one for each member of staff."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import time_machine
from rest_framework.test import APIClient

from tests.factories.cast import Estate

Api = Callable[[str], APIClient]
_keys = itertools.count()


def key() -> dict[str, str]:
    """Return a fresh idempotency key as a header."""
    return {"Idempotency-Key": f"key-{next(_keys):08}"}


@pytest.fixture(autouse=True)
def morning(at: dt.datetime) -> Iterator[None]:
    """Stop the clock at the instant at which the estate was built."""
    with time_machine.travel(at, tick=False):
        yield


@pytest.fixture
def api(estate: Estate) -> Api:
    """Return a client that is somebody of the cast, by token."""
    from rest_framework.authtoken.models import Token

    def client(name: str) -> APIClient:
        token, _new = Token.objects.get_or_create(user=getattr(estate, name))
        client = APIClient()
        client.credentials(HTTP_AUTHORIZATION=f"Token {token.key}")
        return client

    return client


def codes(answer: Any) -> tuple[int, str]:
    """Return status and code of an error, which must have the one shape."""
    body = answer.json()
    assert set(body) == {"code", "message", "facts"}, body
    assert body["message"] and isinstance(body["facts"], dict)
    return answer.status_code, body["code"]
