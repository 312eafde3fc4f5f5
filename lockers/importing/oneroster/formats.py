"""OneRoster as a format of the import pages."""

from __future__ import annotations

from typing import Any

import tablib
from django.utils.translation import gettext as _
from import_export.formats import base_formats

from lockers.importing.files import ROW, Unreadable
from lockers.importing.oneroster import archive, bundle, tables
from lockers.importing.oneroster.headers import COLUMNS, V11

SESSIONS = "academicSessions"


class _OneRoster(base_formats.Format):
    """Only taken: what is handed out is CSV or a workbook."""

    def get_title(self) -> str:
        return "OneRoster"

    def get_extension(self) -> str:
        return "zip"

    def is_binary(self) -> bool:
        return True

    def get_read_mode(self) -> str:
        return "rb"

    def can_import(self) -> bool:
        return True

    def can_export(self) -> bool:
        return False


class SessionsFile(_OneRoster):
    """academicSessions.csv: alone, or in the zip of a whole export."""

    def create_dataset(self, in_stream: bytes, **kwargs: Any) -> tablib.Dataset:
        if archive.is_zip(in_stream):
            table = bundle.read(in_stream, [SESSIONS], needed=[SESSIONS])[SESSIONS]
        else:
            # The columns are the same in both versions.
            table = tables.read(SESSIONS, in_stream, version=V11, mode=_mode_of(in_stream))
        if not table.rows:
            raise Unreadable(_("There are no rows below the names of the columns."))
        columns = COLUMNS[V11][SESSIONS][0]
        return tablib.Dataset(
            *([*(row[column] for column in columns), row.number] for row in table.rows),
            headers=[*columns, ROW],
        )


class RosterFile(_OneRoster):
    """The zip of a whole export; which rows are whose is for who knows the site."""

    def create_dataset(self, in_stream: bytes, **kwargs: Any) -> tablib.Dataset:
        read = bundle.read(
            in_stream, ["orgs", "users", "roles", "classes", "enrollments"], needed=["users"]
        )
        dataset = tablib.Dataset(*([row.id, row.name] for row in read["users"].rows),
                                 headers=["sourcedId", ROW])  # fmt: skip
        if not read["users"].rows and not read["enrollments"].rows:
            raise Unreadable(_("Nobody is in users.csv. There is nothing to import."))
        dataset.bundle = read
        return dataset


def _mode_of(content: bytes) -> str:
    """Say what a table without its manifest is: only in a delta something is to be deleted."""
    rows = tables.records_of(f"{SESSIONS}.csv", content)[1:]
    is_delta = any(len(cells) > 1 and cells[1] == tables.GONE for _number, cells in rows)
    return tables.DELTA if is_delta else tables.BULK
