"""Academic years, terms and half-terms from OneRoster's table of them."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext as _

from audit.services import events
from lockers import terms
from lockers.importing.cells import Cell
from lockers.importing.files import ROW
from lockers.importing.oneroster import calendar, tables
from lockers.importing.oneroster.calendar import Entry
from lockers.importing.oneroster.formats import SESSIONS
from lockers.importing.oneroster.headers import COLUMNS, V11
from lockers.importing.results import row_event
from lockers.importing.rows import Rows
from lockers.models import AcademicSession, SessionLevel, Site
from lockers.terms import Fault, Kind, Span

_TYPES = {
    SessionLevel.YEAR: calendar.YEAR,
    SessionLevel.TERM: "term",
    SessionLevel.HALF_TERM: "gradingPeriod",
}
_COLUMNS = ["sourcedId", "title", "type", "startDate", "endDate", "parentSourcedId"]
_TOGETHER = "lockers_sessions_of_a_level_do_not_overlap, lockers_session_lies_within"


class _Day(Cell):
    def give(self, instance: Any) -> str:
        value: dt.date | None = self.get_value(instance)
        return "" if value is None else value.isoformat()

    def parse(self, text: str, resource: Any, instance: Any) -> dt.date:
        if (day := _day(text)) is None:
            raise ValidationError(
                _("Write “%(text)s” as year-month-day, like 2027-07-31.") % {"text": text[:40]}
            )
        return day


class _Placed(Cell):
    """Read for all rows together, before the first."""

    def take(self, instance: Any, raw: Any, resource: Any, *, is_new: bool) -> None:
        return


class _Level(_Placed):
    def give(self, instance: Any) -> str:
        return _TYPES[instance.level]


class _Id(_Placed):
    """What the register calls it; one that was typed has its number here."""

    def give(self, instance: Any) -> str:
        return _id_of(instance)


class _Blank(_Placed):
    """A column of the standard that has nothing to say here; without it no program takes it."""

    def give(self, instance: Any) -> str:
        return str(instance.ends_on.year) if self.column_name == "schoolYear" else ""


class _Parent(_Placed):
    """What it is part of: by its name in a preview, by its id in a file."""

    def give(self, instance: Any) -> str:
        parent = instance.parent
        if parent is None:
            return ""
        return _id_of(parent) if self.is_exported else parent.name


class SessionRows(Rows):
    """A session is found by its sourcedId; one that was typed before, by level, name and days."""

    external_id = _Placed("sourcedId", attribute="external_id")
    name = Cell("title", attribute="name", needed=True)
    level = _Level("type", attribute="level")
    starts_on = _Day("startDate", attribute="starts_on", needed=True)
    ends_on = _Day("endDate", attribute="ends_on", needed=True)
    parent = _Parent("parentSourcedId", attribute="parent", is_exported=False)

    key_columns: ClassVar[list[str]] = ["sourcedId"]

    class Meta(Rows.Meta):
        model = AcademicSession

    def __init__(self, *args: Any, site: Site | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.site = site
        self.waiting: list[tuple[AcademicSession, dict[str, Any] | None]] = []

    @property
    def here(self) -> Site:
        assert self.site is not None  # the form of the upload asks for it
        return self.site

    def before_import(self, dataset: Any, **kwargs: Any) -> None:
        rows = [row for row in dataset.dict if row["status"] != tables.GONE]
        gone = len(dataset) - len(rows)
        self.entries = {row["sourcedId"]: _entry(row) for row in rows}
        self._read()
        deepest = SessionLevel.HALF_TERM
        kept = [row for row in rows if self.depths[row["sourcedId"]] <= deepest]
        dataset.wipe()
        dataset.headers = [*_COLUMNS, ROW]
        # What a term is part of comes before it.
        for row in sorted(kept, key=lambda row: self.depths[row["sourcedId"]]):
            dataset.append([row[name] for name in dataset.headers])
        super().before_import(dataset, **kwargs)
        notes = []
        if len(rows) > len(kept):
            notes.append(
                _("%d periods are shorter than half a term and are left out.")
                % (len(rows) - len(kept))
            )
        if gone:
            notes.append(
                _("%d sessions are to be deleted. Nothing happens to them: delete them here by"
                  " hand, if they are not used.") % gone
            )  # fmt: skip
        self.note = " ".join(notes)

    def _read(self) -> None:
        """Find what is here already, and how all of it lies in each other."""
        stored = list(AcademicSession.objects.filter(site=self.here).select_related("parent"))
        self.by_id = {one.external_id: one for one in stored if one.external_id}
        levels = {id_: one.level for id_, one in self.by_id.items()}
        self.depths = levels | calendar.levels(list(self.entries.values()), levels)
        typed = {(one.level, one.name): one for one in stored if not one.external_id}
        for entry in self.entries.values():
            one = typed.get((self.depths[entry.id], entry.name))
            # Every year has an “Autumn”: this one is that of the same days, more or less.
            if entry.id not in self.by_id and one is not None and _meets(entry, one):
                self.by_id[entry.id] = one
        known = {id_: _entry_of(id_, one) for id_, one in self.by_id.items()}
        self.parents = calendar.parents(list(self.entries.values()), self.depths, known)
        self.others = [one for one in stored if not self._is_in_file(one)]

    def _is_in_file(self, one: AcademicSession) -> bool:
        return any(self.by_id.get(id_) is one for id_ in self.entries)

    def prepare(self, rows: list[dict[str, Any]]) -> None:
        self.known = {id_: one for id_, one in self.by_id.items() if id_ in self.entries}
        self.sessions: dict[str, AcademicSession] = dict(self.by_id)
        ids: dict[Any, Any] = {one.pk: id_ for id_, one in self.by_id.items()}
        spans = [
            Span(ids.get(one.pk, one.pk), one.level, one.starts_on, one.ends_on,
                 ids.get(one.parent_id, one.parent_id))
            for one in self.others
        ]  # fmt: skip
        kept = {row["sourcedId"] for row in rows}
        spans += [
            Span(entry.id, self.depths[entry.id], entry.first, entry.last,
                 self.parents[entry.id] or None)
            for entry in self.entries.values()
            if entry.id in kept and entry.first and entry.last
        ]  # fmt: skip
        self.wrong: dict[str, dict[str, str]] = {}
        names = {ids.get(one.pk, one.pk): one.name for one in self.others}
        for fault in terms.faults(spans):
            self._blame(fault, names)

    def _blame(self, fault: Fault, names: dict[Any, str]) -> None:
        """Put a fault to the row that it is of; one of both is in the file."""
        mine, other = fault.key, fault.other
        column = "startDate" if fault.is_first else "endDate"
        if fault.kind == Kind.STRAY:
            column = "parentSourcedId"
        if mine not in self.entries:
            mine, other = other, mine
        told = self.entries.get(str(other))
        name = (
            _("“%(name)s” in row %(row)d") % {"name": told.name[:60], "row": told.row}
            if told is not None
            else f"“{names.get(other, '')}”"
        )
        self.wrong.setdefault(str(mine), {})[column] = {
            Kind.BACKWARDS: _("The last day comes after the first."),
            Kind.STRAY: _("A term is part of a year, and half a term of a term: name that one."),
            Kind.OUTSIDE: _("This does not lie within what it is part of: %s.") % name,
            Kind.OVERLAP: _("These dates overlap with %s. One has to end before the other begins.")
            % name,
        }[fault.kind]

    def key_of(self, row: dict[str, Any]) -> str:
        return str(row["sourcedId"])

    def made(self, key: str, row: dict[str, Any]) -> AcademicSession:
        return AcademicSession(site=self.here, level=self.depths[key])

    def extra_errors(self, instance: AcademicSession, row: dict[str, Any]) -> dict[str, str]:
        id_ = row["sourcedId"]
        instance.external_id, instance.level = id_, self.depths[id_]
        self.sessions[id_] = instance
        parent = self.parents[id_]
        instance.parent = self.sessions.get(parent) if parent else None
        if row["type"] not in calendar.USUAL:
            return {
                "type": _("“%(text)s” is none of: %(words)s.")
                % {"text": row["type"][:40], "words": ", ".join(calendar.USUAL)}
            }
        if row["type"] == calendar.YEAR and row["parentSourcedId"]:
            return {"parentSourcedId": _("A schoolYear is part of nothing. Leave this empty.")}
        return self.wrong.get(id_, {})

    def validate_instance(
        self, instance: Any, import_validation_errors: Any = None, validate_unique: bool = True
    ) -> None:
        """Look at the fields alone: how all of them fit together is known by now."""
        found: dict[str, Any] = dict(import_validation_errors or {})
        columns = {field.attribute: field.column_name for field in self.fields.values()}
        wrong = {name for name, column in columns.items() if column in found}
        try:
            instance.clean_fields(exclude={"parent", "site"} | wrong)
        except ValidationError as error:
            for name, messages in error.message_dict.items():
                found.setdefault(columns.get(name, name), messages)
        if found:
            raise ValidationError(found)

    def save_instance(self, instance: Any, is_create: bool, row: Any, **kwargs: Any) -> None:
        """Keep a row that is right until all are looked at: days that move may change places."""
        if not kwargs["dry_run"]:
            self.waiting.append((instance, None if is_create else self.told(instance)))

    def after_import(self, dataset: Any, result: Any, **kwargs: Any) -> None:
        if not kwargs.get("dry_run", True) and result.is_good:
            try:
                with transaction.atomic():
                    self._save()
            except IntegrityError:
                busy = _("Somebody changed the same thing at this moment. Import the file again.")
                result.append_base_error(self.get_error_result_class()(ValidationError(busy)))
        result.site = self.here
        super().after_import(dataset, result, **kwargs)

    def _save(self) -> None:
        """Write what waits, the years first; the days are compared when all of it is there."""
        with connection.cursor() as cursor:
            cursor.execute(f"SET CONSTRAINTS {_TOGETHER} DEFERRED")
            for one, told in sorted(self.waiting, key=lambda pair: pair[0].level):
                one.parent = one.parent  # which has its number by now
                if told is None:
                    one.save(force_insert=True)
                else:
                    one.save(update_fields={"name", "level", "parent", "starts_on", "ends_on",
                                            "external_id"})  # fmt: skip
            cursor.execute(f"SET CONSTRAINTS {_TOGETHER} IMMEDIATE")
        events.record_many(
            row_event(
                one, changed=told, scope=self.scope_of(one), user=self.user, at=self.now
            )
            for one, told in self.waiting
        )  # fmt: skip

    def scope_of(self, instance: AcademicSession) -> dict[str, Any]:
        return {"organisation_id": self.here.organisation_id, "site_id": self.here.pk}

    def get_export_fields(self, selected_fields: Any = None) -> list[Cell]:
        """Return every column of the standard, so that another program can read the file."""
        own = {field.column_name: field for field in self.fields.values()} | {
            "sourcedId": _Id("sourcedId"),
            "parentSourcedId": _Parent("parentSourcedId", attribute="parent"),
        }
        return [own.get(name) or _Blank(name) for name in COLUMNS[V11][SESSIONS][0]]

    def filter_export(self, queryset: Any, **kwargs: Any) -> Any:
        return queryset.select_related("parent").order_by("site", "level", "starts_on")


def _id_of(one: AcademicSession) -> str:
    return one.external_id or f"lockwright-{one.pk}"


def _day(text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return None


def _entry(row: dict[str, Any]) -> Entry:
    return Entry(
        row["sourcedId"], row[ROW], row["title"], row["type"], _day(row["startDate"]),
        _day(row["endDate"]), row["parentSourcedId"],
    )  # fmt: skip


def _entry_of(id_: str, one: AcademicSession) -> Entry:
    return Entry(id_, 0, one.name, "", one.starts_on, one.ends_on, "")


def _meets(entry: Entry, one: AcademicSession) -> bool:
    if entry.first is None or entry.last is None:
        return False
    return entry.first <= one.ends_on and one.starts_on <= entry.last
