"""The zip around the files: opened in memory, within limits, nothing ever written to a disk."""

from __future__ import annotations

import io
import zipfile
import zlib

from django.utils.translation import gettext as _

from lockers.importing.files import MAX_UNPACKED, Unreadable

# The standard knows twenty-odd files; some programs add a few of their own.
MAX_FILES = 100
# One file of a school with 20,000 pupils, ten courses each.
MAX_FILE = 60 * 1024 * 1024
# What Macs put into every zip they make.
_OF_MACS = ("__MACOSX/", ".DS_Store")
_ENCRYPTED = 0x1


def is_zip(content: bytes) -> bool:
    """Say whether some bytes are a zip, of whatever kind."""
    return content.startswith(b"PK\x03\x04") or content.startswith(b"PK\x05\x06")


def is_workbook(content: bytes) -> bool:
    """Say whether a zip is an Excel workbook."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as zipped:
            return "[Content_Types].xml" in zipped.namelist()
    except zipfile.BadZipFile:
        return False


class Archive:
    """The files of a zip, by their names."""

    def __init__(self, content: bytes) -> None:
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(content))
        except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
            raise Unreadable(
                _("This is not a zip. Upload the OneRoster zip as your program made it.")
            ) from error
        parts = [one for one in self._zip.infolist() if not one.filename.startswith(_OF_MACS)]
        if len(parts) > MAX_FILES:
            raise Unreadable(
                _("There are more than %d files in this zip. It is no OneRoster zip.") % MAX_FILES
            )
        self._parts: dict[str, zipfile.ZipInfo] = {}
        for part in parts:
            self._check(part)
            self._parts[part.filename] = part
        if sum(part.file_size for part in parts) > MAX_UNPACKED:
            raise Unreadable(_("This zip unpacks to too much. Export fewer files or one school."))

    def _check(self, part: zipfile.ZipInfo) -> None:
        name = part.filename
        if "/" in name or "\\" in name or part.is_dir():
            raise Unreadable(
                _(
                    "“%(name)s” is in a folder. The files have to lie directly in the zip: select"
                    " them, not their folder, when you make it."
                )
                % {"name": name[:80]}
            )
        if name in self._parts:
            raise Unreadable(_("“%s” is in the zip twice. Keep one of them.") % name[:80])
        if part.flag_bits & _ENCRYPTED:
            raise Unreadable(_("This zip has a password. Export it without one."))

    @property
    def names(self) -> set[str]:
        return set(self._parts)

    def read(self, name: str) -> bytes:
        """Return one file; whatever its zip says of itself, no more than the limit is unpacked."""
        try:
            with self._zip.open(self._parts[name]) as file:
                content = file.read(MAX_FILE + 1)
        # Broken, or packed in a way that Python does not know.
        except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError,
                OSError) as error:  # fmt: skip
            raise Unreadable(
                _("%s in this zip is broken. Make the zip once more.") % name
            ) from error
        if len(content) > MAX_FILE:
            raise Unreadable(_("%s is too large. Export one school at a time.") % name)
        return content
