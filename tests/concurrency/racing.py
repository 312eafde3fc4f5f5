"""Doing things at the same instant, each in a thread and on a connection of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import Any

from django.db import connection, connections

from audit.errors import Refusal
from audit.services import idempotency

Verb = Callable[[], object]
WITHIN_S = 30


def together(*verbs: Verb) -> list[Any]:
    """Do it all at once; return what each returned or raised."""
    start = threading.Barrier(len(verbs))
    ends: list[Any] = [None] * len(verbs)

    def run(place: int, verb: Verb) -> None:
        try:
            start.wait(10)
            ends[place] = verb()
        except Exception as error:
            ends[place] = error
        finally:
            connections.close_all()

    # A hanging one must not keep the tests from ending.
    threads = [threading.Thread(target=run, args=pair, daemon=True) for pair in enumerate(verbs)]
    for thread in threads:
        thread.start()
    join(threads)
    return ends


def outcomes(*verbs: Verb) -> list[str]:
    """Do it all at once as requests do; say of each "done", or the code of its refusal."""
    requests = [lambda verb=verb: idempotency.run(verb) for verb in verbs]
    return [_outcome(end) for end in together(*requests)]


def join(threads: Iterable[threading.Thread]) -> None:
    """Wait until all are over; fail when one hangs."""
    threads = list(threads)
    for thread in threads:
        thread.join(WITHIN_S)
    hanging = [thread for thread in threads if thread.is_alive()]
    if hanging:
        # Their locks would keep tables and triggers from being put back.
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
    assert not hanging, f"{len(hanging)} of {len(threads)} hang"


def _outcome(end: object) -> str:
    if isinstance(end, Refusal):
        return end.code
    return repr(end) if isinstance(end, Exception) else "done"
