"""The columns of the files, in the order of the standard.

From “1EdTech OneRoster: CSV Tables” 1.1 (final, 1.1.1 of August 2023) and “OneRoster: CSV Binding”
1.2 (final, 1.2.1 of August 2023). A header has every column of its table, also those that are
left empty, spelt and ordered as there; more of them may follow, and begin with “metadata.”.
Only the files that are used are here: demographics, results and such are never opened.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _

V11, V12 = "1.1", "1.2"
VERSIONS = (V11, V12)
METADATA = "metadata."

_EVERY = "sourcedId status dateLastModified"
# The same in both.
_BOTH = {
    "academicSessions": f"{_EVERY} title type startDate endDate parentSourcedId schoolYear",
    "orgs": f"{_EVERY} name type identifier parentSourcedId",
    "classes": f"{_EVERY} title grades courseSourcedId classCode classType location"
    " schoolSourcedId termSourcedIds subjects subjectCodes periods",
    "enrollments": f"{_EVERY} classSourcedId schoolSourcedId userSourcedId role primary beginDate"
    " endDate",
}
_USERS_11 = (
    f"{_EVERY} enabledUser orgSourcedIds role username userIds givenName familyName middleName"
    " identifier email sms phone agentSourcedIds grades password"
)
_USERS_12 = (
    f"{_EVERY} enabledUser username userIds givenName familyName middleName identifier email sms"
    " phone agentSourcedIds grades password userMasterIdentifier{resources} preferredGivenName"
    " preferredMiddleName preferredFamilyName primaryOrgSourcedId pronouns"
)
# Of each version its files, and of each file the headers that are right, the usual one first.
COLUMNS: dict[str, dict[str, list[list[str]]]] = {
    V11: {**{name: [text.split()] for name, text in _BOTH.items()}, "users": [_USERS_11.split()]},
    V12: {
        **{name: [text.split()] for name, text in _BOTH.items()},
        # The list of resources moved into a file of its own (userResources.csv); some programs
        # still write the column of the drafts.
        "users": [
            _USERS_12.format(resources="").split(),
            _USERS_12.format(resources=" resourceSourcedIds").split(),
        ],
        "roles": [
            f"{_EVERY} userSourcedId roleType role beginDate endDate orgSourcedId"
            " userProfileSourcedId".split()
        ],
    },
}


def fault(file: str, found: Sequence[str], version: str) -> str:
    """Say what is wrong with the first row of a file, or nothing."""
    faults = [_compare(file, found, wanted, version) for wanted in COLUMNS[version][file]]
    return "" if "" in faults else faults[0]


def _compare(file: str, found: Sequence[str], wanted: list[str], version: str) -> str:
    for number, name in enumerate(wanted, 1):
        if number > len(found):
            return _(
                "%(file)s.csv, row 1: column %(number)d, “%(name)s”, is missing. OneRoster"
                " %(version)s wants every column, also those that are empty."
            ) % {"file": file, "number": number, "name": name, "version": version}
        if found[number - 1] != name:
            return _(
                "%(file)s.csv, row 1, column %(number)d: here stands “%(found)s”, and OneRoster"
                " %(version)s wants “%(name)s”. The columns have to be in the order of the"
                " standard."
            ) % {"file": file, "number": number, "found": found[number - 1][:60], "name": name,
                 "version": version}  # fmt: skip
    for number, name in enumerate(found[len(wanted) :], len(wanted) + 1):
        if not name.startswith(METADATA) or name == METADATA:
            return _(
                "%(file)s.csv, row 1, column %(number)d: “%(found)s” is no column of OneRoster"
                " %(version)s. Take it out, or call it “metadata.%(found)s”."
            ) % {"file": file, "number": number, "found": name[:60], "version": version}
        if name in found[: number - 1]:
            return _("%(file)s.csv, row 1, column %(number)d: “%(found)s” stands there twice.") % {
                "file": file, "number": number, "found": name[:60],
            }  # fmt: skip
    return ""
