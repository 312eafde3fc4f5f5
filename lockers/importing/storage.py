"""Where an uploaded file waits between preview and confirmation."""

from __future__ import annotations

import os
import re
import secrets
import time
from pathlib import Path

from django.conf import settings
from import_export.tmp_storages import BaseStorage

# A confirmation after that asks for the file again.
MAX_AGE_S = 3600
_NAME = re.compile(r"[\w-]{43}")


class PrivateFolder(BaseStorage):
    """A folder that only the server's user may enter, shared by all web processes of a machine.

    A file holds names and badge numbers, so it is not left in the temporary folder that every
    user of the machine can list, and what nobody confirms is gone with the next upload after an
    hour. Several web servers need VAR_DIR on a shared disk, or one of them for the administration.
    """

    @property
    def folder(self) -> Path:
        return Path(settings.VAR_DIR) / "imports"

    @property
    def path(self) -> Path:
        if not _NAME.fullmatch(self.name or ""):
            raise FileNotFoundError(self.name)
        return self.folder / self.name

    def save(self, data: bytes) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._forget_old()
        self.name = secrets.token_urlsafe(32)
        handle = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(data)

    def read(self) -> bytes:
        return self.path.read_bytes()

    def remove(self) -> None:
        """Delete the file; raises FileNotFoundError for everybody but the first."""
        self.path.unlink()

    def _forget_old(self) -> None:
        # File times are the machine's clock, whatever time a test pretends it is.
        oldest = time.time() - MAX_AGE_S
        for file in self.folder.iterdir():
            if file.stat().st_mtime < oldest:
                file.unlink(missing_ok=True)
