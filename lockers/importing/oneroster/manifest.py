"""manifest.csv: which version the files are of, and which of them are whole, changes or not there.

The rules of the standard: the header is ``propertyName,value``; ``manifest.version`` is 1.0,
``oneroster.version`` 1.1 or 1.2; each file has its line ``file.<name>`` with bulk, delta or absent.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.utils.translation import gettext as _

from lockers.importing.oneroster import headers
from lockers.importing.oneroster.faults import Faulty, place
from lockers.importing.oneroster.tables import ABSENT, BULK, DELTA, records_of

NAME = "manifest.csv"
_HEADER = ["propertyName", "value"]


@dataclass(frozen=True)
class Manifest:
    """What a set of files says of itself."""

    version: str
    # Bulk, delta or absent by the name of a file without its ending.
    files: dict[str, str]

    def mode(self, file: str) -> str:
        """Return what a file is; what the manifest does not name is not there."""
        return self.files.get(file, ABSENT)


def read(content: bytes, names: Collection[str]) -> Manifest:
    """Read a manifest and compare it with the files that are there; raises Faulty."""
    (first, header), *rows = records_of(NAME, content)
    if first != 1 or header != _HEADER:
        raise Faulty(
            [_("manifest.csv, row 1: the columns are “propertyName,value”, not “%s”.")
             % ",".join(header)[:60]]
        )  # fmt: skip
    said: dict[str, tuple[int, str]] = {}
    wrongs = []
    for number, cells in rows:
        if len(cells) != 2:
            wrongs.append(_("%s: every row has a name and a value.") % place(NAME, number))
            continue
        name, value = (cell.strip() for cell in cells)
        if name in said:
            wrongs.append(
                _("%(place)s: “%(name)s” stands in row %(row)d, too.")
                % {"place": place(NAME, number), "name": name[:60], "row": said[name][0]}
            )
        said[name] = (number, value)
    wrongs += _versions(said)
    files = {name[5:]: value for name, value in said.items() if name.startswith("file.")}
    for name, (number, mode) in files.items():
        if mode not in (BULK, DELTA, ABSENT):
            wrongs.append(
                _("%(place)s: file.%(file)s is “bulk”, “delta” or “absent”, not “%(text)s”.")
                % {"place": place(NAME, number, "value"), "file": name[:60], "text": mode[:40]}
            )
        elif (mode == ABSENT) == (f"{name}.csv" in names):
            wrongs.append(_contradiction(name, mode))
    if wrongs:
        raise Faulty(wrongs)
    return Manifest(
        said["oneroster.version"][1], {name: mode for name, (_n, mode) in files.items()}
    )


def _versions(said: dict[str, tuple[int, str]]) -> list[str]:
    wrongs = []
    for name, known in (("manifest.version", ["1.0"]), ("oneroster.version", headers.VERSIONS)):
        number, value = said.get(name, (0, ""))
        if not number:
            wrongs.append(_("manifest.csv has no row “%s”.") % name)
        elif value not in known:
            wrongs.append(
                _("%(place)s: %(name)s “%(text)s” is not known here; known are %(known)s.")
                % {"place": place(NAME, number, "value"), "name": name, "text": value[:40],
                   "known": ", ".join(known)}
            )  # fmt: skip
    return wrongs


def _contradiction(name: str, mode: str) -> str:
    if mode == ABSENT:
        return _(
            "manifest.csv says that %(file)s.csv is absent, and it is in the zip. Say bulk or"
            " delta, or take it out."
        ) % {"file": name[:60]}
    return _(
        "manifest.csv says that %(file)s.csv is %(mode)s, and it is not in the zip. Put it in, or"
        " say absent."
    ) % {"file": name[:60], "mode": mode}
