"""Typed reading of environment variables: a wrong value names itself."""

from __future__ import annotations

import os
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured


def text(name: str, default: str | None = None) -> str:
    """Return a variable's text; raises ImproperlyConfigured when it is missing."""
    value = os.environ.get(name, default)
    if value is None:
        raise ImproperlyConfigured(f"{name} is not set. See .env.example.")
    return value


def secret(name: str) -> str:
    """Return a secret from ``name``, or from the file that ``name``_FILE points to."""
    path = os.environ.get(f"{name}_FILE")
    value = Path(path).read_text(encoding="utf-8").strip() if path else text(name)
    if len(value) < 32:
        raise ImproperlyConfigured(f"{name} needs at least 32 characters, it has {len(value)}.")
    return value


def flag(name: str, default: bool) -> bool:
    """Return True for "1" or "true", False for "0" or "false"; anything else is refused."""
    value = os.environ.get(name)
    if value is None:
        return default
    if value.lower() in {"1", "true"}:
        return True
    if value.lower() in {"0", "false"}:
        return False
    raise ImproperlyConfigured(f"{name} is {value!r}; write 1 or 0.")


def words(name: str, default: str = "") -> list[str]:
    """Return a comma-separated variable as a list without blanks."""
    return [word.strip() for word in os.environ.get(name, default).split(",") if word.strip()]
