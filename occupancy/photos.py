"""Photos: files that only the server reads, known by a name nobody guesses.

What somebody uploads is never kept: it is decoded, turned the right way up, made no larger than a
screen, and written anew. So a file that only calls itself a picture is refused, and where and with
what it was taken is gone.
"""

from __future__ import annotations

import datetime as dt
import io
import os
import re
import secrets
import warnings
from pathlib import Path

from django.conf import settings
from PIL import Image, ImageOps, UnidentifiedImageError

from occupancy.errors.recovery import BadPhoto

LARGEST = 10 * 1024 * 1024
# A small file can claim to be far larger. Of a JPEG, as a phone's camera writes it, no more is read
# than is kept; the others stand in memory as they are, four bytes for each pixel and more.
_MOST_PIXELS = {"JPEG": 100_000_000}
_MOST_PIXELS_OF_OTHERS = 16_000_000
_SIDE, _QUALITY = 1600, 82
_NAME = re.compile(r"[\w-]{43}\.jpg")
_FORMATS = ("JPEG", "PNG", "WEBP")
TYPE = "image/jpeg"
LOST_PROPERTY, UPKEEP = "lost_property", "upkeep"


def _folder(of: str) -> Path:
    return Path(settings.VAR_DIR) / of


def save(data: bytes, *, of: str = LOST_PROPERTY) -> str:
    """Keep a photo among those ``of`` something and return its name; raises BadPhoto."""
    if len(data) > LARGEST:
        raise BadPhoto
    written = _written_anew(data)
    folder = _folder(of)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    name = f"{secrets.token_urlsafe(32)}.jpg"
    handle = os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(written)
    return name


def _written_anew(data: bytes) -> bytes:
    out = io.BytesIO()
    try:
        with warnings.catch_warnings():
            # Pillow warns of a picture that would fill the memory, and goes on.
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data), formats=_FORMATS) as picture:
                most = _MOST_PIXELS.get(picture.format or "", _MOST_PIXELS_OF_OTHERS)
                if picture.width * picture.height > most:
                    raise BadPhoto
                picture.draft("RGB", (_SIDE, _SIDE))
                # Made small before anything else: each copy of the whole costs its memory again.
                picture.thumbnail((_SIDE, _SIDE))
                upright = ImageOps.exif_transpose(picture).convert("RGBA")
                # A new picture: nothing that stood beside the pixels comes along.
                plain = Image.new("RGB", upright.size, "white")
                plain.paste(upright, mask=upright.getchannel("A"))
                plain.save(out, "JPEG", quality=_QUALITY, optimize=True)
    except (
        UnidentifiedImageError, Image.DecompressionBombWarning, Image.DecompressionBombError,
        OSError, ValueError, SyntaxError,
    ) as error:  # fmt: skip
        raise BadPhoto from error
    return out.getvalue()


def read(name: str, *, of: str = LOST_PROPERTY) -> bytes:
    """Return a photo, a JPEG; raises FileNotFoundError."""
    if not _NAME.fullmatch(name):
        raise FileNotFoundError(name)
    return (_folder(of) / name).read_bytes()


def remove(name: str, *, of: str = LOST_PROPERTY) -> None:
    """Delete a photo; one that is gone already is no trouble."""
    if _NAME.fullmatch(name):
        (_folder(of) / name).unlink(missing_ok=True)


def older_than(instant: dt.datetime, *, of: str) -> list[str]:
    """Return the names of photos that were written before an instant."""
    folder = _folder(of)
    if not folder.is_dir():
        return []
    return [
        file.name
        for file in folder.iterdir()
        if _NAME.fullmatch(file.name) and file.stat().st_mtime < instant.timestamp()
    ]
