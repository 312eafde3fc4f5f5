"""OneRoster CSV, 1.1 and 1.2: a zip with a manifest and tables, read strictly, nothing guessed.

``archive`` opens the zip, ``manifest`` says which file is what, ``headers`` knows the columns of
each version, ``tables`` reads one file, ``bundle`` puts them together.
"""

from __future__ import annotations

from lockers.importing.oneroster.bundle import Bundle, read
from lockers.importing.oneroster.faults import Faulty
from lockers.importing.oneroster.tables import Record, Table

__all__ = ["Bundle", "Faulty", "Record", "Table", "read"]
