"""What somebody outside must have before anybody is told of it, once it is committed.

A bank that can decide alone must have written down who has a door before that person is told its
number. Who asks says so inside the transaction; whoever ends the transaction waits for the word.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.db import transaction

_asked: ContextVar[list[int] | None] = ContextVar("asked", default=None)
_confirm: list[Callable[[int], None]] = []


def confirmed_by(confirm: Callable[[int], None]) -> None:
    """Let ``confirm`` be asked about each claim; it raises a Refusal when there is no word."""
    _confirm.append(confirm)


def ask(claim_id: int) -> None:
    """Have a claim confirmed after this transaction, before its answer is given."""
    collected = _asked.get()
    if collected is None:
        transaction.on_commit(lambda: confirm([claim_id]))
    else:
        collected.append(claim_id)


def confirm(claim_ids: Iterable[int]) -> None:
    """Wait for the word on each claim; raises what says that there is none."""
    for claim_id in claim_ids:
        for one in _confirm:
            one(claim_id)


def asked() -> tuple[int, ...]:
    """Return what was asked so far in this transaction."""
    return tuple(_asked.get() or ())


@contextmanager
def asking() -> Iterator[list[int]]:
    """Collect what is asked inside the block, for whoever ends the transaction."""
    collected: list[int] = []
    token = _asked.set(collected)
    try:
        yield collected
    finally:
        _asked.reset(token)
