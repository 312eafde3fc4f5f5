"""The rows of an import out of a whole set of files: each pupil of one school once."""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from access.choices import PersonStatus
from access.imports.oneroster import homerooms, orgs
from access.imports.oneroster.guardians import Guardians
from access.imports.oneroster.homerooms import Homerooms
from access.imports.oneroster.known import Known
from access.imports.places import Class
from access.models.people import UPN
from lockers.importing.oneroster import Bundle, Faulty, Record
from lockers.importing.oneroster.headers import METADATA, V11

__all__ = ["COLUMNS", "KEEP", "Known", "Roster", "read"]

COLUMNS = [
    "external_id", "personal_number", "upn", "given_name", "family_name", "year_group",
    "registration_group", "house", "email", "status", "guardian_name", "guardian_phone",
    "guardian_email",
]  # fmt: skip
_STUDENT = "student"
_TYPED_ID = re.compile(r"\{\s*([^:{}]+?)\s*:\s*([^{}]*?)\s*\}")


class _Keep:
    """In a cell of which a file says nothing: what is there stays."""

    def __str__(self) -> str:
        return ""


KEEP = _Keep()


@dataclass(frozen=True)
class Row:
    """A pupil: the row that names them, and what is to be written of them."""

    name: str
    cells: dict[str, str]


@dataclass
class Roster:
    """The pupils of a school; ``is_whole`` where whom it does not name is not there."""

    org: str
    is_whole: bool
    rows: list[Row] = field(default_factory=list)
    # The homeroom class that a row names, by the name of the row.
    classes: dict[str, Class] = field(default_factory=dict)
    note: str = ""


def read(bundle: Bundle, known: Known, today: dt.date) -> Roster:
    """Return the pupils of the school that a site is; raises Faulty."""
    return _Reader(bundle, known, today).roster()


class _Reader:
    def __init__(self, bundle: Bundle, known: Known, today: dt.date) -> None:
        self.bundle, self.known = bundle, known
        self.org = orgs.school_of(bundle, known)
        users = bundle["users"].rows
        self.users = {user.id: user for user in users}
        self.roles, self.places = self._roles()
        self.guardians = Guardians(users, lambda user: self.roles[user.id])
        self.homes: Homerooms = homerooms.read(bundle, self.org, known, self.users, today)
        self.wrongs = list(self.homes.wrongs)
        self.elsewhere = 0

    def _roles(self) -> tuple[defaultdict[str, set[str]], defaultdict[str, set[str]]]:
        """Return what everybody is, and at which orgs they are students."""
        roles: defaultdict[str, set[str]] = defaultdict(set)
        places: defaultdict[str, set[str]] = defaultdict(set)
        if self.bundle.version == V11:
            for user in self.bundle["users"].rows:
                roles[user.id].add(user["role"])
                if user["role"] == _STUDENT:
                    places[user.id].update(user.list("orgSourcedIds"))
            return roles, places
        if not self.bundle.has("roles"):
            if self.bundle["users"].is_whole:
                raise Faulty([_("roles.csv is needed: in OneRoster 1.2 it says who is a student.")])
            for id_ in self.users.keys() & self.known.pupils.keys():
                places[id_].add(self.org)
        for row in self.bundle["roles"].active:
            roles[row["userSourcedId"]].add(row["role"])
            if row["role"] == _STUDENT:
                places[row["userSourcedId"]].add(row["orgSourcedId"])
        return roles, places

    def roster(self) -> Roster:
        """Put together a row for everybody who is named."""
        found = Roster(self.org, self.bundle["users"].is_whole)
        for row, form in self._rows():
            found.rows.append(row)
            if form is not None:
                found.classes[row.name] = form
        if self.wrongs:
            raise Faulty(self.wrongs)
        if not found.rows and found.is_whole:
            raise Faulty(
                [_("No pupil in users.csv is at the school “%s”. Is it the right file?") % self.org]
            )
        found.note = self._note(found)
        return found

    def _rows(self) -> Iterator[tuple[Row, Class | None]]:
        for user in self.users.values():
            if user.is_gone:
                if user.id in self.known.pupils:
                    yield (
                        Row(user.name, {"external_id": user.id, "status": PersonStatus.LEFT}),
                        None,
                    )
            elif self.org in self.places[user.id]:
                yield Row(user.name, self._pupil(user)), self.homes.of.get(user.id)
            elif self.places[user.id]:
                self.elsewhere += 1
        yield from self._changes()

    def _changes(self) -> Iterator[tuple[Row, Class | None]]:
        """Yield what a delta says of pupils whom its users.csv does not name."""
        others = self.known.pupils.keys() - self.users.keys()
        if self.bundle["users"].is_whole:
            return
        for id_ in sorted(others):
            form = self.homes.of.get(id_)
            record = self.homes.rows.get(id_) or self.homes.left.get(id_)
            cells = self.guardians.cells(id_, ())
            if record is None and cells is None:
                continue
            said = self._form(id_, "")
            named = record or self.guardians.pupils[id_][0]
            yield Row(named.name, {"external_id": id_, **said, **(cells or {})}), form

    def _pupil(self, user: Record) -> dict[str, str]:
        grades = user.list("grades")
        if len(grades) > 1:
            self.wrongs.append(
                _("%(place)s: a pupil is in one year, and here are several: %(text)s.")
                % {"place": user.at("grades"), "text": user["grades"][:40]}
            )
        cells = {
            "external_id": user.id,
            "given_name": user["preferredGivenName"] or user["givenName"],
            "family_name": user["preferredFamilyName"] or user["familyName"],
            "email": user["email"],
            **self._form(user.id, grades[0] if grades else ""),
        }
        if user["identifier"]:
            cells["personal_number"] = user["identifier"]
        if upn := _upn(user):
            cells["upn"] = upn
        for column, value in user.cells.items():
            if column.removeprefix(METADATA).lower() == "house" and column != "house":
                cells["house"] = value
        contact = self.guardians.cells(user.id, user.list("agentSourcedIds"))
        if contact is None and self.bundle["users"].is_whole and self.guardians.any:
            contact = {"guardian_name": "", "guardian_phone": "", "guardian_email": ""}
        return cells | (contact or {})

    def _form(self, id_: str, grade: str) -> dict[str, str]:
        """Return year and form of a pupil, as far as the files say them."""
        form = self.homes.of.get(id_)
        cells = {}
        if form is not None:
            cells["registration_group"] = form.name
            grade = grade or form.year
        elif id_ in self.homes.left or (self.homes.is_sent and self.homes.is_whole):
            cells["registration_group"] = ""
        if grade:
            cells["year_group"] = grade
        return cells

    def _note(self, found: Roster) -> str:
        org = next((one for one in self.bundle["orgs"].rows if one.id == self.org), None)
        name = org["name"] if org is not None else self.org
        notes = [
            _("OneRoster %(version)s, %(kind)s: the school “%(name)s” (%(org)s).")
            % {"version": self.bundle.version, "name": name, "org": self.org,
               "kind": _("the whole list") if found.is_whole else _("what changed")}
        ]  # fmt: skip
        if not self.known.org:
            notes.append(
                _("From now on %(site)s takes only files of this school.")
                % {"site": self.known.site}
            )
        if self.elsewhere:
            notes.append(
                ngettext(
                    "%d pupil of another school is left out.",
                    "%d pupils of other schools are left out.",
                    self.elsewhere,
                ) % self.elsewhere
            )  # fmt: skip
        if self.guardians.unread:
            notes.append(
                ngettext(
                    "%d phone number or e-mail of a guardian cannot be read and is left out.",
                    "%d phone numbers and e-mails of guardians cannot be read and are left out.",
                    self.guardians.unread,
                ) % self.guardians.unread
            )  # fmt: skip
        return " ".join(notes)


def _upn(user: Record) -> str:
    """Return the unique pupil number; what Microsoft calls a UPN is an address, and is none."""
    for kind, value in _TYPED_ID.findall(user["userIds"]):
        if kind.lower() == "upn" and re.search(UPN.regex, value.upper()):
            return str(value.upper())
    return ""
