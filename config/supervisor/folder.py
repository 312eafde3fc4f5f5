"""What a checkout keeps between starts: its lock, its secrets, its data; and forgetting them."""

from __future__ import annotations

import base64
import contextlib
import fcntl
import json
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

from config.postgres import EmbeddedPostgres, place
from config.supervisor import marks

LOCK = "supervisor.lock"


def _sealing_key() -> str:
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


_DRAWN = {
    "LOCKWRIGHT_SECRET_KEY": lambda: secrets.token_urlsafe(48),
    "LOCKWRIGHT_BADGE_KEY": lambda: secrets.token_urlsafe(48),
    "LOCKWRIGHT_COMBINATION_KEYS": _sealing_key,
    "LOCKWRIGHT_PASS_KEYS": _sealing_key,
    "LOCKWRIGHT_BRIDGE_KEYS": _sealing_key,
}


class AlreadyRunning(Exception):
    """Another supervisor of this checkout runs; the text says so."""


@contextlib.contextmanager
def held(var: Path) -> Iterator[None]:
    """Make the folders and hold the checkout's lock; raises AlreadyRunning.

    The lock goes with its process, so a killed one never blocks the next.
    """
    for name in ("run", "log", "bridges"):
        (var / name).mkdir(parents=True, exist_ok=True)
    with (var / "run" / LOCK).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunning(
                "A demonstration of this checkout is running already. Stop it with Ctrl-C there."
            ) from None
        yield


def keys(var: Path) -> dict[str, str]:
    """Return this checkout's secrets, made at the first start."""
    path = var / "secrets.json"
    kept: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
    # A checkout from before one of them existed gets it now and keeps the others.
    missing = {name: draw() for name, draw in _DRAWN.items() if name not in kept}
    if missing:
        kept |= missing
        new = var / "secrets.json.new"
        new.unlink(missing_ok=True)
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump(kept, file)
        new.rename(path)
    return kept


def database(var: Path, mark: str) -> EmbeddedPostgres:
    """Return this checkout's own PostgreSQL."""
    user = place.runner()
    return EmbeddedPostgres(
        place.home(var, user),
        user=user,
        environment={marks.NAME: mark},
        log=var / "log" / "postgres.log",
    )


def reset(var: Path) -> None:
    """Remove the demonstration's data, wherever it lies; raises AlreadyRunning."""
    with held(var):
        marks.clear(marks.of(var))
        sockets = database(var, marks.of(var)).sockets
        for path in (sockets, var / "postgres", place.moved(var), *var.glob("run/*")):
            _remove(path)
        for name in ("bridges", "log", "static", "secrets.json"):
            _remove(var / name)


def _remove(path: Path) -> None:
    if path.name == LOCK:
        return
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
