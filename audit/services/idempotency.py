"""A repeat of a state-changing request gets the first answer."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from django.core.serializers.json import DjangoJSONEncoder
from django.db import DatabaseError, connection, transaction

from audit.errors import BY_SQLSTATE, Again, Busy, KeyMissing, KeyReused, Refusal
from audit.services import outside

KEPT_FOR = dt.timedelta(hours=48)
# Together about three seconds: longer than any claim, shorter than a person's patience.
ATTEMPTS = 100
_T = TypeVar("_T")
# SQLSTATE: a deadlock, a failed serialization.
_LOST_A_RACE = {"40P01", "40001"}
# Meant to be tried again with the same key, so never remembered.
TRANSIENT = {429, 503}


@dataclass(frozen=True)
class Reply:
    """What a request is answered with: an HTTP status and a JSON object."""

    status: int
    body: dict[str, Any]
    # Claims that must be confirmed before anybody is told; see audit.services.outside.
    asked: tuple[int, ...] = ()


class _AnsweredMeanwhile(Exception):
    """A twin of this request was answered first; ours is rolled back."""


def fingerprint(*parts: object) -> str:
    """Return a digest by which two requests with one key can be told apart."""
    text = json.dumps(parts, sort_keys=True, cls=DjangoJSONEncoder)
    return hashlib.sha256(text.encode()).hexdigest()


def once(*, scope: str, key: str, request: str, work: Callable[[], Reply]) -> Reply:
    """Run ``work`` in one transaction and remember its reply, or return the first reply.

    ``scope`` is whose key it is ("terminal:5"), ``request`` a fingerprint of what is asked.
    A repeat does the work once more and is rolled back when its answer meets the first: looking
    first would cost every request what only the rare repeat needs. So ``work`` may change nothing
    but the database. Refusals are answers too: they are rolled back, what they keep is written,
    and they are remembered. Raises KeyMissing and KeyReused.
    """
    if not 8 <= len(key) <= 80 or not key.isascii() or not key.isprintable():
        raise KeyMissing
    try:
        return run(lambda: _answer(scope, key, request, work))
    except Exception as error:
        # A repeat may fail for what its first time did: somebody who claimed has a claim.
        try:
            answered = _find(scope, key, request)
        except KeyReused:
            # Not a repeat: what it keeps counts, so that one key is not good for many guesses.
            if isinstance(error, Refusal):
                settle(error)
            raise
        if answered is not None:
            return _confirmed(answered)
        if isinstance(error, Refusal):
            return _refused(scope, key, request, error)
        raise


def _confirmed(reply: Reply) -> Reply:
    """Return a remembered answer, if what it tells still stands."""
    try:
        outside.confirm(reply.asked)
    except Refusal as refusal:
        return Reply(refusal.http_status, refusal.body())
    return reply


def run(work: Callable[[], _T]) -> _T:
    """Run ``work`` in one transaction, again when it asks for it; raises Busy at last.

    Of two that wait for each other the database ends one, which is run again too. What has to be
    known outside is confirmed after the commit, and raises what says that it is not.
    """
    if connection.in_atomic_block:
        return _run(work)
    with outside.asking() as asked:
        result = _run(work, asked)
    outside.confirm(asked)
    return result


def _run(work: Callable[[], _T], asked: list[int] | None = None) -> _T:
    for attempt in range(ATTEMPTS):
        try:
            with transaction.atomic():
                return work()
        except (Again, DatabaseError) as error:
            if refusal := BY_SQLSTATE.get(_sqlstate(error)):
                raise refusal from error
            # Only whoever began the transaction can roll it back.
            if connection.in_atomic_block or not _asks_again(error):
                raise
            if asked is not None:
                asked.clear()
            time.sleep(random.uniform(0, min(0.002 * (attempt + 1), 0.05)))
    raise Busy


def _asks_again(error: Exception) -> bool:
    return isinstance(error, Again) or _sqlstate(error) in _LOST_A_RACE


def _sqlstate(error: Exception) -> str:
    return getattr(error.__cause__, "sqlstate", None) or ""


def _answer(scope: str, key: str, request: str, work: Callable[[], Reply]) -> Reply:
    reply = replace(work(), asked=outside.asked())
    _remember(scope, key, request, reply)
    return reply


def _refused(scope: str, key: str, request: str, refusal: Refusal) -> Reply:
    # Settled first: what is kept may add to what is told (how long to wait after a wrong PIN).
    settle(refusal)
    reply = Reply(refusal.http_status, refusal.body())
    if reply.status in TRANSIENT:
        return reply
    try:
        with transaction.atomic():
            _remember(scope, key, request, reply)
    except _AnsweredMeanwhile:
        return _find(scope, key, request) or reply
    return reply


def settle(refusal: Refusal) -> None:
    """Write what a refusal wants kept, after its transaction was rolled back."""
    with transaction.atomic():
        for write in refusal.kept:
            write()
    refusal.kept.clear()


def purge(*, at: dt.datetime) -> int:
    """Forget answers older than KEPT_FOR; return how many."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM audit_answer WHERE answered_at < %s", (at - KEPT_FOR,))
        return int(cursor.rowcount)


def _find(scope: str, key: str, request: str) -> Reply | None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT fingerprint, status, body, asked FROM audit_answer"
            " WHERE scope = %s AND key = %s",
            (scope, key),
        )
        row = cursor.fetchone()
    if row is None:
        return None
    if row[0] != request:
        raise KeyReused
    body = json.loads(row[2]) if isinstance(row[2], str) else row[2]
    return Reply(row[1], body, tuple(row[3]))


def _remember(scope: str, key: str, request: str, reply: Reply) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO audit_answer (scope, key, fingerprint, status, body, asked)"
            " VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT (scope, key) DO NOTHING",
            (
                scope,
                key,
                request,
                reply.status,
                json.dumps(reply.body, cls=DjangoJSONEncoder),
                list(reply.asked),
            ),
        )
        if cursor.rowcount == 0:
            raise _AnsweredMeanwhile
