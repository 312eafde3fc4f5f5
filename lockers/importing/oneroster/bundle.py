"""A whole set of files: the zip, its manifest, and the tables that are wanted."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.utils.translation import gettext as _

from lockers.importing.files import Unreadable
from lockers.importing.oneroster import headers, manifest, tables
from lockers.importing.oneroster.archive import Archive
from lockers.importing.oneroster.faults import Faulty
from lockers.importing.oneroster.tables import ABSENT, Table


@dataclass(frozen=True)
class Bundle:
    """The tables of a set of files; one that was not sent is empty and no whole list."""

    version: str
    tables: dict[str, Table]

    def __getitem__(self, name: str) -> Table:
        return self.tables.get(name) or Table(f"{name}.csv", ABSENT)

    def has(self, name: str) -> bool:
        """Say whether a file was sent."""
        return name in self.tables


def read(content: bytes, wanted: Collection[str], *, needed: Collection[str] = ()) -> Bundle:
    """Read the wanted tables of a zip and nothing else of it; raises Unreadable.

    ``needed`` are those without which there is nothing to import.
    """
    archive = Archive(content)
    if manifest.NAME not in archive.names:
        raise Unreadable(
            _("There is no manifest.csv in this zip, so it is no OneRoster zip. Export it again.")
        )
    said = manifest.read(archive.read(manifest.NAME), archive.names)
    found: dict[str, Table] = {}
    wrongs: list[str] = []
    for name in wanted:
        mode = said.mode(name)
        if mode == ABSENT or name not in headers.COLUMNS[said.version]:
            if name in needed:
                wrongs.append(
                    _("%s.csv is needed, and manifest.csv says that it is absent.") % name
                )
            continue
        try:
            content_of = archive.read(f"{name}.csv")
            found[name] = tables.read(name, content_of, version=said.version, mode=mode)
        except Faulty as error:
            wrongs += error.found
    if wrongs:
        raise Faulty(wrongs)
    return Bundle(said.version, found)
