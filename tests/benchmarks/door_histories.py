"""How long the page of a door takes that was used every day for ten years, up to its first day."""

from __future__ import annotations

import time
from collections import Counter
from typing import Any

from django.db import connection

from maintenance.selectors import door_history
from maintenance.selectors.door_history import Cursor, Kind
from tests.benchmarks import ten_years
from tests.benchmarks.figures import median, percentile
from tests.benchmarks.place import Place

RUNS = 100
# A page with its names, menu and words asks no more than this, whatever the door's age.
QUERIES = 25


def measure(place: Place) -> dict[str, Any]:
    """Return the milliseconds of the first page as it is served, of all pages, and of the SQL."""
    door, other = ten_years.build(place)
    pages, walked = _walked(door)
    page, queries = _served(door)
    fewer = _served(other, runs=1)[1]
    if not queries == fewer <= QUERIES:
        raise AssertionError(f"{queries} statements, {fewer} for a door with less behind it")
    plain = [_plain(door) for _run in range(RUNS)]
    first = [_first(door) for _run in range(RUNS)]
    return {
        "door_history_ms": {
            "served_page": {"p50": median(page), "p99": round(percentile(page, 0.99), 2)},
            "any_page": {"p50": median(pages), "p99": round(percentile(pages, 0.99), 2)},
            "first_page": {"p50": median(first), "p99": round(percentile(first, 0.99), 2)},
            "raw_first_page": {"p50": median(plain), "p99": round(percentile(plain, 0.99), 2)},
        },
        "door_history_ratio": median([a / b for a, b in zip(first, plain, strict=True)]),
        "door_history_lines": walked,
        "door_history_statements": queries,
    }  # fmt: skip


def _walked(door: int) -> tuple[list[float], int]:
    """Read all pages, one after the other; every line of ten years has to be there once."""
    times: list[float] = []
    found: Counter[str] = Counter()
    after: Cursor | None = None
    while after is not None or not times:
        begun = time.perf_counter()
        lines, after = door_history.history(door, after=after)
        times.append((time.perf_counter() - begun) * 1000)
        found.update(line.kind.value for line in lines)
    if found != ten_years.LINES:
        raise AssertionError(f"not all lines: {found}, written {ten_years.LINES}")
    return times, found.total()


def _served(door: int, runs: int = RUNS) -> tuple[list[float], int]:
    """Ask for the page as staff do; return the milliseconds, and how many statements it takes."""
    from django.contrib.auth.hashers import make_password
    from django.test import Client
    from django.urls import reverse

    from access.models import User

    user, _new = User.objects.get_or_create(
        username="history",
        defaults={
            "is_staff": True, "is_superuser": True, "password": make_password(None),
        },
    )  # fmt: skip
    client = Client(SERVER_NAME="127.0.0.1")
    client.force_login(user)
    address = reverse("door-history", args=[door])
    client.get(address)
    asked = 0

    def count(execute: Any, *call: Any) -> Any:
        nonlocal asked
        asked += 1
        return execute(*call)

    with connection.execute_wrapper(count):
        answer = client.get(address)
    if answer.status_code != 200 or not asked:
        raise AssertionError(f"{address} answered {answer.status_code}, {asked} statements")
    times = []
    for _run in range(runs):
        begun = time.perf_counter()
        client.get(address)
        times.append((time.perf_counter() - begun) * 1000)
    return times, asked


def _first(door: int) -> float:
    begun = time.perf_counter()
    door_history.history(door)
    return (time.perf_counter() - begun) * 1000


def _plain(door: int) -> float:
    named = {"door": door, "rows": door_history.PAGE + 1}
    statement = door_history.statement(tuple(Kind), is_first=True)
    begun = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute(statement, named)
        cursor.fetchall()
    return (time.perf_counter() - begun) * 1000
