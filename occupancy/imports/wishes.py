"""Wishes of many pupils from one file, as a school office collects them on paper.

A row says all that a pupil wishes for. A column that is missing leaves what was handed in before.
Nothing is kept while a single cell is wrong.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from access.models import Person
from lockers.importing.cells import text_of
from lockers.importing.files import ROW, Unreadable
from lockers.models import Area, Bank, Compartment
from occupancy.allotment.circles import circles
from occupancy.choices import KeepsDoor
from occupancy.errors.allotments import WindowClosed
from occupancy.imports.wish_names import Names, NotOffered
from occupancy.models import Allotment, Entry
from occupancy.services.allotting import facts, wishing
from occupancy.services.allotting.wishing import MOST_FRIENDS, Said

NUMBER, KEEP = "admission_number", "keep_door"
# In a file with fewer rows than these of another school somebody changed schools.
_FEW = 3
_YES = {"yes", "y", "true", "1", "x"}
_NO = {"no", "n", "false", "0", ""}


@dataclass(frozen=True, order=True)
class Wrong:
    """What is wrong with a cell: its row and column in the file, and what to do."""

    row: int
    column: str
    sentence: str


@dataclass(frozen=True)
class Change:
    """What a row changes for somebody, in words for the preview."""

    row: int
    person: Person
    before: str
    after: str


@dataclass
class Reading:
    """A file as it was understood: all that is wrong with it, or what it would change."""

    wrong: list[Wrong] = field(default_factory=list)
    said: list[Said] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    unchanged: int = 0
    note: str = ""


def read(dataset: Any, allotment: Allotment, at: dt.datetime) -> Reading:
    """Look at every cell of a file against an allotment; nothing is kept.

    Raises Unreadable for a file that is not of this school, and WindowClosed.
    """
    if not wishing.is_open(allotment, at):
        raise WindowClosed
    return _Reader(dataset, allotment, at).read()


class _Reader:
    def __init__(self, dataset: Any, allotment: Allotment, at: dt.datetime) -> None:
        self._allotment = allotment
        self._columns = _columns(dataset, allotment)
        self._rows = [dict(zip(dataset.headers, row, strict=True)) for row in dataset]
        self._found = Reading(note=getattr(dataset, "note", ""))
        organisation = allotment.site.organisation_id
        people = Person.objects.filter(organisation=organisation).exclude(personal_number="")
        self._people = {one.personal_number: one for one in people.select_related("home_site")}
        self._entries = {
            one.person_id: one
            for one in Entry.objects.filter(allotment=allotment)
            .select_related("person__registration_group")
            .prefetch_related(
                "friends__person", "preferences__area", "preferences__bank",
                "preferences__compartment__bank",
            )
        }  # fmt: skip
        self._names = Names(allotment, [one.person for one in self._entries.values()])
        held = set(facts.read(allotment, at).held.values())
        asked = {one.year_group_id for one in allotment.years.all() if one.keeps == KeepsDoor.ASKED}
        self._may_keep = {
            one.person_id for one in self._entries.values()
            if one.person_id in held and one.person.year_group_id in asked
        }  # fmt: skip

    def read(self) -> Reading:
        """Read all rows, then look for circles of friends among them."""
        places: defaultdict[str, list[int]] = defaultdict(list)
        for row in self._rows:
            places[_plain(row.get(NUMBER))].append(row[ROW])
        self._look_at_school()
        rows: dict[int, tuple[dict[str, Any], Said]] = {}
        for row in self._rows:
            number = _plain(row.get(NUMBER))
            if number and len(places[number]) > 1:
                told = ", ".join(map(str, places[number]))
                self._say(row, NUMBER, _("This stands in rows %s. Keep one of them.") % told)
                continue
            entry = self._entry(row, number)
            if entry is None:
                continue
            said = Said(
                entry, self._wishes(row, entry), self._friends(row, entry), self._keeps(row, entry)
            )
            rows[entry.pk] = (row, said)
        self._look_for_circles(rows)
        found = self._found
        found.wrong.sort()
        for row, said in rows.values() if not found.wrong else ():
            before, after = _told(_as_it_is(said.entry)), _told(said)
            if before == after:
                found.unchanged += 1
                continue
            found.said.append(said)
            found.changes.append(Change(row[ROW], said.entry.person, before, after))
        return found

    def _say(self, row: dict[str, Any], column: str, sentence: str) -> None:
        self._found.wrong.append(Wrong(row[ROW], column, sentence))

    def _text(self, row: dict[str, Any], column: str) -> str:
        try:
            return " ".join(text_of(row.get(column)).split())
        except ValidationError as error:
            self._say(row, column, error.messages[0])
            return ""

    def _look_at_school(self) -> None:
        """Refuse a file most of whose pupils are at home at another site."""
        strangers = [
            row for row in self._rows
            if (person := self._people.get(_plain(row.get(NUMBER)))) is not None
            and person.home_site_id != self._allotment.site_id
        ]  # fmt: skip
        if len(strangers) >= _FEW and len(strangers) * 2 > len(self._rows):
            raise Unreadable(
                _("%(count)d of %(of)d rows are pupils of another school, such as row %(row)s,"
                  " column admission_number. This is not the list of %(site)s.")
                % {"count": len(strangers), "of": len(self._rows), "row": strangers[0][ROW],
                   "site": self._allotment.site}
            )  # fmt: skip

    def _entry(self, row: dict[str, Any], number: str) -> Entry | None:
        sentence = self._who_not(number)
        if sentence:
            self._say(row, NUMBER, sentence)
            return None
        return self._entries[self._people[number].pk]

    def _who_not(self, number: str) -> str:
        """Say why a number is nobody's who takes part; "" where it is somebody's."""
        site = self._allotment.site
        if not number:
            return _("Give the admission number: it says who this is.")
        person = self._people.get(number)
        if person is None:
            return _("Nobody at %(site)s has the admission number “%(number)s”.") % {
                "site": site, "number": number[:40]
            }  # fmt: skip
        if person.home_site_id != site.pk:
            return _("“%(number)s” is a pupil of another school, not of %(site)s.") % {
                "site": site, "number": number[:40]
            }  # fmt: skip
        if person.pk not in self._entries:
            return _("%(person)s takes no part in this draw. Take the number out.") % {
                "person": person
            }
        return ""

    def _wishes(self, row: dict[str, Any], entry: Entry) -> list[Area | Bank | Compartment]:
        if not self._columns.wishes:
            return list(_as_it_is(entry).wishes)
        found: list[Area | Bank | Compartment] = []
        for rank, column in self._columns.wishes:
            text = self._text(row, column)
            if not text:
                continue
            if rank > self._allotment.most_wishes:
                most = self._allotment.most_wishes
                self._say(row, column, ngettext(
                    "At most %d wish is taken. Leave this cell empty.",
                    "At most %d wishes are taken. Leave this cell empty.", most,
                ) % most)  # fmt: skip
                continue
            try:
                thing = self._names.find(text, entry.person)
            except NotOffered as error:
                self._say(row, column, str(error))
                continue
            if thing in found:
                self._say(row, column, _("“%s” stands in this row twice. Keep one.") % text[:60])
                continue
            found.append(thing)
        return found

    def _friends(self, row: dict[str, Any], entry: Entry) -> list[Entry]:
        if not self._columns.friends:
            return list(entry.friends.all())
        found: list[Entry] = []
        for column in self._columns.friends:
            number = self._text(row, column)
            if not number:
                continue
            sentence = self._who_not(number)
            friend = None if sentence else self._entries[self._people[number].pk]
            if friend == entry:
                sentence = _("This is the pupil themselves. Name a friend, or nobody.")
            elif friend is not None and friend in found:
                sentence = _("“%s” stands in this row twice. Keep one.") % number[:60]
            if sentence or friend is None:
                self._say(row, column, sentence)
                continue
            found.append(friend)
        return found

    def _keeps(self, row: dict[str, Any], entry: Entry) -> bool:
        if not self._columns.keeps:
            return entry.wants_to_keep
        text = self._text(row, KEEP).lower()
        if text not in _YES | _NO:
            self._say(row, KEEP, _("Write yes or no instead of “%s”.") % text[:40])
        if text in _YES and entry.person_id not in self._may_keep:
            self._say(row, KEEP, _("This pupil has no door that can be kept. Write no."))
            return False
        return text in _YES

    def _look_for_circles(self, rows: dict[int, tuple[dict[str, Any], Said]]) -> None:
        """Refuse friends who ask in a ring, so that nobody would be near anybody."""
        entries = {one.pk: one for one in self._entries.values()}
        asks = {
            pk: [one.pk for one in (rows[pk][1].friends if pk in rows else entry.friends.all())]
            for pk, entry in entries.items()
        }
        for ring in circles(asks):
            start = next((at for at, pk in enumerate(ring) if pk in rows), None)
            if start is None or not self._columns.friends:
                continue  # none of this file
            ring = ring[start:] + ring[:start]
            row, said = rows[ring[0]]
            told = "; ".join(
                _("%(one)s asks %(other)s (%(place)s)") % {
                    "one": entries[pk].person, "other": entries[other].person,
                    "place": _("row %d") % rows[pk][0][ROW] if pk in rows else _("on their page"),
                }
                for pk, other in zip(ring, [*ring[1:], ring[0]], strict=True)
            )  # fmt: skip
            self._say(row, self._column_of(row, ring[1]), _(
                "A circle: %(circle)s. Nobody is asked back, and being near counts only where both"
                " ask. Let two of them name each other, or take this one out."
            ) % {"circle": told})  # fmt: skip

    def _column_of(self, row: dict[str, Any], friend: int) -> str:
        for column in self._columns.friends:
            person = self._people.get(_plain(row.get(column)))
            if person is not None and self._entries[person.pk].pk == friend:
                return column
        return self._columns.friends[0]


@dataclass(frozen=True)
class _Columns:
    wishes: list[tuple[int, str]]
    friends: list[str]
    keeps: bool


def _columns(dataset: Any, allotment: Allotment) -> _Columns:
    """Return which columns a file has. Raises Unreadable."""
    headers = [name for name in dataset.headers if name != ROW]
    wishes = [(rank, f"wish_{rank}") for rank in range(1, max(allotment.most_wishes, 5) + 1)]
    friends = [f"friend_{at}" for at in range(1, MOST_FRIENDS + 1)]
    known = [NUMBER, *(name for _rank, name in wishes), *friends, KEEP]
    if unknown := sorted(set(headers) - set(known)):
        raise Unreadable(
            _("Unknown columns: %(names)s. Rename them or take them out; known are %(known)s.")
            % {"names": ", ".join(unknown), "known": ", ".join(known)}
        )
    if NUMBER not in headers:
        raise Unreadable(_("Missing columns: %s. Add them to the first row.") % NUMBER)
    return _Columns(
        [one for one in wishes if one[1] in headers],
        [name for name in friends if name in headers],
        KEEP in headers,
    )


def _plain(raw: Any) -> str:
    try:
        return " ".join(text_of(raw).split())
    except ValidationError:
        return ""  # said with the cell


def _as_it_is(entry: Entry) -> Said:
    wishes = [one.compartment or one.bank or one.area for one in entry.preferences.all()]
    return Said(
        entry, [one for one in wishes if one is not None], list(entry.friends.all()),
        entry.wants_to_keep,
    )  # fmt: skip


def _told(said: Said) -> str:
    """Return what somebody wishes for in one line."""
    parts = [f"{at}. {_name(one)}" for at, one in enumerate(said.wishes, 1)]
    if said.friends:
        names = ", ".join(sorted(str(one.person) for one in said.friends))
        parts.append(_("near %s") % names)
    if said.wants_to_keep:
        parts.append(_("keeps the door"))
    return "; ".join(parts) or _("nothing special")


def _name(thing: Area | Bank | Compartment) -> str:
    if isinstance(thing, Compartment):
        return _("door %s") % f"{thing.bank.name} {thing.number}"
    if isinstance(thing, Bank):
        return str(thing)
    return _("anywhere in %s") % thing
