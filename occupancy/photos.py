"""Photos of lost property: files that only the server reads, known by a name nobody guesses."""

from __future__ import annotations

import os
import re
import secrets
from pathlib import Path

from django.conf import settings

from occupancy.errors.recovery import BadPhoto

LARGEST = 5 * 1024 * 1024
_NAME = re.compile(r"[\w-]{43}\.(jpg|png)")
_KINDS = ((b"\xff\xd8\xff", "jpg"), (b"\x89PNG\r\n\x1a\n", "png"))
TYPES = {"jpg": "image/jpeg", "png": "image/png"}


def _folder() -> Path:
    return Path(settings.VAR_DIR) / "lost_property"


def save(data: bytes) -> str:
    """Keep a photo and return its name; raises BadPhoto.

    What it is is read from its first bytes, never from its name or what the browser says.
    """
    ending = next((kind for begins, kind in _KINDS if data.startswith(begins)), None)
    if ending is None or len(data) > LARGEST:
        raise BadPhoto
    folder = _folder()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    name = f"{secrets.token_urlsafe(32)}.{ending}"
    handle = os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
    return name


def read(name: str) -> tuple[bytes, str]:
    """Return a photo and its type; raises FileNotFoundError."""
    if not _NAME.fullmatch(name):
        raise FileNotFoundError(name)
    return (_folder() / name).read_bytes(), TYPES[name.rpartition(".")[2]]


def remove(name: str) -> None:
    """Delete a photo; one that is gone already is no trouble."""
    if _NAME.fullmatch(name):
        (_folder() / name).unlink(missing_ok=True)
