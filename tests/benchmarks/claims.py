"""The full claim endpoint under load, against the same statements as plain SQL."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import multiprocessing
import time
import uuid
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg

from tests.benchmarks import http
from tests.benchmarks.figures import RUNS, median, percentile
from tests.benchmarks.place import Place

CLIENTS = 16
CLAIMS = 1600
WARM_UP = 20


def measure(place: Place) -> dict[str, Any]:
    """Return claims a second and their latencies, over HTTP and raw, on 1 and on 16 banks."""
    figures: dict[str, Any] = {}
    rates: dict[str, list[float]] = {"one": [], "spread": [], "raw_one": [], "raw_spread": []}
    p50: list[float] = []
    p99: list[float] = []
    alone: list[float] = []
    raw_p99: list[float] = []
    _http(place, banks=16, clients=CLIENTS, claims=400)
    for _run in range(RUNS):
        load = _http(place, banks=16, clients=CLIENTS, claims=CLAIMS)
        rates["spread"].append(load.per_second)
        p50.append(percentile(load.latencies, 0.5))
        p99.append(percentile(load.latencies, 0.99))
        rates["one"].append(_http(place, banks=1, clients=CLIENTS, claims=CLAIMS // 4).per_second)
        alone.append(percentile(_http(place, banks=16, clients=1, claims=200).latencies, 0.5))
        raw = _raw(place, banks=16, claims=CLAIMS)
        rates["raw_spread"].append(raw.per_second)
        raw_p99.append(percentile(raw.latencies, 0.99))
        rates["raw_one"].append(_raw(place, banks=1, claims=CLAIMS // 4).per_second)
    figures["claim_rps"] = median(rates["spread"], 0)
    figures["claim_rps_one_bank"] = median(rates["one"], 0)
    figures["claim_p50_ms"] = median(p50)
    figures["claim_p99_ms"] = median(p99)
    figures["claim_one_client_ms"] = median(alone)
    figures["raw_claim_tps"] = {
        "one_bank": median(rates["raw_one"], 0),
        "16_banks": median(rates["raw_spread"], 0),
    }
    figures["raw_claim_p99_ms"] = median(raw_p99)
    figures["claim_ratio"] = {
        "one_bank": median([a / b for a, b in zip(rates["one"], rates["raw_one"], strict=True)]),
        "16_banks": median(
            [a / b for a, b in zip(rates["spread"], rates["raw_spread"], strict=True)]
        ),
    }
    return figures


def _http(place: Place, banks: int, clients: int, claims: int) -> http.Load:
    place.empty()
    requests = []
    for number in range(claims):
        body = json.dumps({"badge": place.badge(number), "choice": {"any": True}}).encode()
        headers = {
            "Authorization": f"Terminal {place.terminal_token(number % banks)}",
            "Idempotency-Key": uuid.uuid4().hex,
        }
        requests.append(http.request("127.0.0.1", place.port, "/kiosk/claim", body, headers))
    load = asyncio.run(http.run("127.0.0.1", place.port, requests, clients))
    if set(load.statuses) != {200}:
        raise AssertionError(f"claims were refused: {dict(load.statuses)}")
    return load


def _raw(place: Place, banks: int, claims: int) -> http.Load:
    """Return what the claim's own statements took, 16 clients in 4 processes."""
    facts = place.raw_facts()
    place.empty()
    processes = 4
    context = multiprocessing.get_context("spawn")
    ready = context.Barrier(processes + 1)
    timed = context.SimpleQueue()
    workers = [
        context.Process(target=_raw_worker, args=(facts, banks, claims, n, processes, ready, timed))
        for n in range(processes)
    ]
    for worker in workers:
        worker.start()
    ready.wait(60)
    load = http.Load()
    begun = time.perf_counter()
    for worker in workers:
        worker.join()
    load.seconds = time.perf_counter() - begun
    if any(worker.exitcode for worker in workers):
        raise AssertionError("a raw client failed")
    for _worker in workers:
        load.latencies += timed.get()
    return load


def _raw_worker(
    facts: dict[str, Any], banks: int, claims: int, n: int, of: int, ready: Any, timed: Any
) -> None:
    statements = facts["statements"]
    connections = [psycopg.connect(facts["url"], prepare_threshold=3) for _ in range(CLIENTS // of)]
    places = range(len(connections))
    share = [range(n + of * k, claims, of * len(connections)) for k in places]
    # Statements are prepared and planned before the clock starts, as in a server that runs: by
    # other people, at the banks after the first.
    spare = range(claims, claims + WARM_UP * CLIENTS)
    warm = [spare[n + of * k :: of * len(connections)] for k in places]

    def all_claim(numbers: list[range], at_banks: list[int]) -> list[float]:
        with ThreadPoolExecutor(len(connections)) as threads:
            clients = [
                threads.submit(raw_claims, connection, statements, facts, at_banks, mine)
                for connection, mine in zip(connections, numbers, strict=True)
            ]
            return [latency for client in clients for latency in client.result()]

    all_claim(warm, list(range(1, len(facts["banks"]))))
    ready.wait(60)
    timed.put(all_claim(share, list(range(banks))))


def raw_claims(
    connection: Any,
    statements: list[tuple[str, str]],
    facts: dict[str, Any],
    banks: list[int],
    numbers: Iterable[int],
) -> list[float]:
    """Return how many milliseconds the bare claim of each of these people took."""
    latencies = []
    for number in numbers:
        begun = time.perf_counter()
        _raw_claim(connection, statements, facts, banks[number % len(banks)], number)
        latencies.append((time.perf_counter() - begun) * 1000)
    return latencies


def _smallest(door: Any) -> tuple[int, int]:
    return door[3], door[0]


def _raw_claim(
    connection: Any, sql: list[tuple[str, str]], facts: dict[str, Any], bank: int, number: int
) -> None:
    """Run one claim's statements; another door is tried when one was taken meanwhile."""
    at = dt.datetime.now(dt.UTC)
    ends_at = at + dt.timedelta(hours=9)
    person = facts["first_person"] + number
    bank_id, organisation = facts["banks"][bank], facts["organisation"]
    row: Any = None
    doors: list[Any] = []
    parameters: dict[str, Callable[[], Any]] = {
        "terminal": lambda: (facts["token_digests"][bank],),
        "badge": lambda: {
            "organisation": organisation, "shown": facts["digests"][number], "at": at
        },
        "situation": lambda: {
            "person": person, "bank": bank_id, "at": at, "silent_since": at, "now": at,
            "booking": False,
        },
        "usual": lambda: (person, bank_id),
        "doors": lambda: {
            "bank": bank_id, "door": None, "besides": None, "at": at,
            "doubtful_since": at - dt.timedelta(minutes=10), "doubtful": ["failed", "unknown"],
        },
        "take": lambda: {
            "doors": [door[0] for door in sorted(doors, key=_smallest) if door[7]], "door": None,
            "person": person, "policy": facts["policy"], "at": at, "due_at": ends_at,
            "ends_at": ends_at, "at_end": "release", "limiting": [facts["policy"]], "slots": [1],
        },
        "grant": lambda: (person, None, None, row[1], row[0], at, ends_at),
        "command": lambda: {
            "id": uuid.uuid4(), "compartment": row[1], "opening": None, "purpose": "claim",
            "actor_kind": "person", "actor_id": str(person), "claim": row[0], "at": at,
            "not_before": None, "deadline": at + dt.timedelta(seconds=10), "silent_since": at,
        },
        "event": lambda: (
            at, "assignment.claimed", "person", str(person), organisation, facts["site"],
            bank_id, row[1], person, "", "", "{}",
        ),
        "places": lambda: (bank_id,),
        "rounds": lambda: (row[1], at + dt.timedelta(hours=24), at, "occupancy_review"),
        "answer": lambda: ("bench", uuid.uuid4().hex, "f" * 64, 200, '{"ok": true}', []),
    }  # fmt: skip
    with connection.transaction(), connection.cursor() as cursor:
        for name, statement in sql:
            cursor.execute(statement, parameters[name]())
            if name in ("doors", "places"):
                rows = cursor.fetchall()
                doors = rows if name == "doors" else doors
                continue
            found = cursor.fetchone() if cursor.description else None
            if name == "take":
                while found is None or found[0] is None:
                    found = cursor.execute(statement, parameters[name]()).fetchone()
                row = found
