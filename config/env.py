"""Typed reading of environment variables: a wrong value names itself."""

from __future__ import annotations

import base64
import binascii
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


def sealing_keys(name: str) -> list[str]:
    """Return the comma-separated keys in ``name``, or in the file that ``name``_FILE points to.

    Each is 32 random bytes in URL-safe base64; none at all is a valid answer.
    """
    path = os.environ.get(f"{name}_FILE")
    value = Path(path).read_text(encoding="utf-8") if path else os.environ.get(name, "")
    keys = [key.strip() for key in value.replace("\n", ",").split(",") if key.strip()]
    for number, key in enumerate(keys, start=1):
        try:
            size = len(base64.b64decode(key, altchars=b"-_", validate=True))
        except (binascii.Error, ValueError):
            size = 0
        if size != 32:
            # Never the key itself: it would end up in a log.
            raise ImproperlyConfigured(
                f"Key {number} in {name} is not 32 bytes in URL-safe base64. See .env.example."
            )
    return keys


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


def number(name: str, default: int) -> int:
    """Return a whole number that is not negative; anything else is refused."""
    value = os.environ.get(name)
    if value is None:
        return default
    if value.isascii() and value.isdigit():
        return int(value)
    raise ImproperlyConfigured(f"{name} is {value!r}; write a whole number.")


def words(name: str, default: str = "") -> list[str]:
    """Return a comma-separated variable as a list without blanks."""
    return [word.strip() for word in os.environ.get(name, default).split(",") if word.strip()]
