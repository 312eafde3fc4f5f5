"""Booking windows, 16 clients in 4 processes, against the same statements as plain SQL."""

from __future__ import annotations

import datetime as dt
import multiprocessing
import os
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.benchmarks.figures import RUNS, median
from tests.benchmarks.place import Place

CLIENTS, PROCESSES = 16, 4
BOOKINGS, WARM_UP = 1600, 10
# As they are sent by the service, told apart by their beginning.
_BEGINNINGS = {
    "situation": "SELECT s.organisation_id, s.id, b.id",
    "hours": "SELECT weekday, NULL::date",
    "doors": "SELECT c.id, c.number, c.size_id",
    "book": "WITH door AS (\n    SELECT free.id",
    "event": "INSERT INTO audit_event",
}


def measure(place: Place) -> dict[str, Any]:
    """Return bookings a second by the service and raw, and their ratio."""
    from occupancy.models import Policy

    Policy.objects.filter(pk=place.policy).update(books_ahead=dt.timedelta(days=7))
    facts = {
        "banks": place.banks, "first_person": place.first_person, "policy": place.policy,
        "organisation": place.organisation, "site": place.site, "url": os.environ["DATABASE_URL"],
        "statements": _statements(place),
    }  # fmt: skip
    ours, raw = [], []
    for _run in range(RUNS):
        ours.append(_run_with(place, facts, is_raw=False))
        raw.append(_run_with(place, facts, is_raw=True))
    place.empty_claims()
    return {
        "reserve_per_s": median(ours, 0),
        "raw_reserve_per_s": median(raw, 0),
        "reserve_ratio": median([a / b for a, b in zip(ours, raw, strict=True)]),
    }


def _window(number: int) -> tuple[dt.datetime, dt.datetime]:
    tomorrow = dt.datetime.now(dt.UTC).replace(minute=0, second=0, microsecond=0)
    starts = tomorrow + dt.timedelta(days=1, hours=2 * (number // 16 % 4))
    return starts, starts + dt.timedelta(hours=2)


def _statements(place: Place) -> list[tuple[str, str]]:
    """Book twice by the service and return the second booking's statements, in order."""
    from django.db import connection

    sent: list[tuple[str, str]] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        stripped = sql.strip()
        name = next((n for n, start in _BEGINNINGS.items() if stripped.startswith(start)), None)
        if name is not None:
            sent.append((name, sql))
        elif not stripped.startswith(("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE")):
            raise AssertionError(f"a statement that the comparison does not know: {sql}")
        return execute(sql, params, many, context)

    facts = {"banks": place.banks, "first_person": place.first_person}
    place.empty_claims()
    _book(facts, 0)
    with connection.execute_wrapper(note):
        _book(facts, 1)
    if [name for name, _sql in sent] != list(_BEGINNINGS):
        raise AssertionError(f"the booking went differently: {sent}")
    return sent


def _run_with(place: Place, facts: dict[str, Any], *, is_raw: bool) -> float:
    place.empty_claims()
    context = multiprocessing.get_context("spawn")
    ready = context.Barrier(PROCESSES + 1)
    workers = [
        context.Process(target=_worker, args=(facts, n, is_raw, ready)) for n in range(PROCESSES)
    ]
    for worker in workers:
        worker.start()
    ready.wait(120)
    begun = time.perf_counter()
    for worker in workers:
        worker.join()
    seconds = time.perf_counter() - begun
    if any(worker.exitcode for worker in workers):
        raise AssertionError("a client failed")
    return BOOKINGS / seconds


def _worker(facts: dict[str, Any], n: int, is_raw: bool, ready: Any) -> None:
    if not is_raw:
        import django

        django.setup()
    threads = CLIENTS // PROCESSES
    share = [range(n + PROCESSES * k, BOOKINGS, CLIENTS) for k in range(threads)]
    # Plans are made and policies read before the clock starts, by other people.
    spare = range(BOOKINGS + n * threads * WARM_UP, BOOKINGS + (n + 1) * threads * WARM_UP)
    warm = [spare[k::threads] for k in range(threads)]
    client = _raw_client if is_raw else _client
    with ThreadPoolExecutor(threads) as pool:
        clients = [client(facts) for _each in range(threads)]
        list(pool.map(lambda pair: [pair[0](one) for one in pair[1]],
                      zip(clients, warm, strict=True)))  # fmt: skip
        ready.wait(120)
        list(pool.map(lambda pair: [pair[0](one) for one in pair[1]],
                      zip(clients, share, strict=True)))  # fmt: skip


def _client(facts: dict[str, Any]) -> Any:
    return lambda number: _book(facts, number)


def _book(facts: dict[str, Any], number: int) -> None:
    from audit.services import idempotency
    from audit.services.events import Actor
    from occupancy.services.bookings import reservations

    starts, ends = _window(number)
    person = facts["first_person"] + number
    idempotency.run(
        lambda: reservations.reserve(
            person_id=person, bank_id=facts["banks"][number % 16], wanted=reservations.Wanted(),
            starts_at=starts, ends_at=ends, actor=Actor.person(person), at=dt.datetime.now(dt.UTC),
        )
    )  # fmt: skip


def _raw_client(facts: dict[str, Any]) -> Any:
    import psycopg

    connection = psycopg.connect(facts["url"], prepare_threshold=3)
    return lambda number: _raw_book(connection, facts, number)


def _raw_book(connection: Any, facts: dict[str, Any], number: int) -> None:
    starts, ends = _window(number)
    at = dt.datetime.now(dt.UTC)
    person, bank = facts["first_person"] + number, facts["banks"][number % 16]
    doors: list[Any] = []
    with connection.transaction(), connection.cursor() as cursor:
        for name, sql in facts["statements"]:
            values: Any = {
                "situation": {
                    "person": person, "bank": bank, "at": starts, "silent_since": at, "now": at,
                    "booking": True,
                },
                "hours": {"site": facts["site"], "first": starts.date(), "last": ends.date()},
                "doors": {"bank": bank, "door": None, "starts": starts, "now": at,
                          "besides": None},
                "book": {
                    "doors": [door[0] for door in doors if door[7]], "starts": starts,
                    "ends": ends, "due": ends, "lapses": starts + dt.timedelta(minutes=10),
                    "person": person, "policy": facts["policy"], "booked_by": "", "slots": [1],
                    "at_end": "release", "limiting": [facts["policy"]],
                },
                "event": (at, "booking.made", "person", str(person), facts["organisation"],
                          facts["site"], bank, doors[0][0] if doors else None, person, "", "",
                          "{}"),
            }[name]  # fmt: skip
            cursor.execute(sql, values)
            if name == "doors":
                doors = sorted(cursor.fetchall(), key=lambda door: (door[3], door[0]))
            elif name == "book":
                found = cursor.fetchone()
                while found is None or found[0] is None:
                    found = cursor.execute(sql, values).fetchone()
