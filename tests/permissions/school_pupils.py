"""Pupils, where they belong and their calendar, for the tables of who may what."""

from __future__ import annotations

import datetime as dt
from typing import Any

BY_SITE = {
    "access.House": "organisation__sites",
    "access.Pupil": "organisation__sites",
    "access.RegistrationGroup": "site",
    "access.YearGroup": "organisation__sites",
    "lockers.AcademicSession": "site",
}
# What an organisation shares.
VOCABULARY = {"access.House", "access.YearGroup"}
# Of a whole site.
HIDDEN_IN_AREAS = {"access.RegistrationGroup", "lockers.AcademicSession"}
# Of the rows of a model those that its list is of.
ONLY: dict[str, dict[str, Any]] = {"access.Pupil": {"kind": "student"}}
NEEDS: dict[str, Any] = {
    "access.Pupil": lambda tenant: {"kind": "student"},
    "lockers.AcademicSession": lambda tenant: {"ends_on": tenant.at.date() + dt.timedelta(90)},
}
