"""Doing many rows one by one: each in its own transaction, and a bad one set aside."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import TypeVar

from django.db import OperationalError, transaction

from audit.errors import Again
from audit.services import idempotency

log = logging.getLogger(__name__)
T = TypeVar("T")


class RowsSetAside(Exception):
    """A job did everything else; these rows could not be done and are tried again next time.

    Raised at the end of a job, so that it stands among the failed ones for staff to see.
    """

    def __init__(self, rows: list[str]) -> None:
        super().__init__(f"{len(rows)} set aside: {', '.join(rows[:20])}")
        self.rows = rows


def each(
    rows: Iterable[T],
    do: Callable[[T], int],
    name: Callable[[T], str],
    aside: list[str] | None = None,
) -> int:
    """Do each row in a transaction of its own; return how many were done.

    One bad row never keeps the others: it is logged and, with ``aside``, named there. Inside
    somebody else's transaction each row has a savepoint, and only what ends the whole of it (a
    deadlock, or that it is to be asked again) is raised.
    """
    done = 0
    for row in rows:
        try:
            done += idempotency.run(partial(do, row))
        except Exception as error:
            is_inside = transaction.get_connection().in_atomic_block
            if is_inside and isinstance(error, (Again, OperationalError)):
                raise
            log.exception("%s could not be done", name(row))
            if aside is not None:
                aside.append(name(row))
    return done


def together(
    rows: Sequence[T],
    do: Callable[[Sequence[T]], int],
    name: Callable[[T], str],
    aside: list[str] | None = None,
) -> int:
    """Do all rows at once; where that fails, each by itself, as ``each`` does."""
    if len(rows) > 1:
        quietly: list[str] = []
        done = each([rows], do, lambda _rows: f"{len(rows)} rows at once", quietly)
        if not quietly:
            return done
    return each(rows, lambda row: do([row]), name, aside)
