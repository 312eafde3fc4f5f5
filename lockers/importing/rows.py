"""One import or export of one model: every row checked, all of them saved or none."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Hashable
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction
from django.utils.translation import gettext as _
from import_export.instance_loaders import BaseInstanceLoader
from import_export.resources import Resource
from import_export.results import RowResult

from audit.admin_log import PERSONAL
from audit.services import events
from lockers.importing.cells import Cell, Shown, cell, written
from lockers.importing.checks import Sentences, Twins, broken, findings
from lockers.importing.files import ROW, Unreadable
from lockers.importing.results import Outcome, cell_html, record_import, row_event
from lockers.models import Organisation
from lockers.scoping import MANAGE, VIEW, organisations_of

# More than these a preview only counts.
SHOWN_ROWS = 200


class Rows(Resource):
    """Rows of one model, found by what people call them, within the rights of one user.

    A subclass names its cells and says how a row is found (``key_of``, ``known``). Lookups are
    dictionaries that ``prepare`` fills once per import.
    """

    # What a row is found by, the most telling one first.
    key_columns: ClassVar[list[str]]
    personal = PERSONAL
    sentences: ClassVar[Sentences] = {}

    class Meta:
        instance_loader_class = BaseInstanceLoader  # rows are found by dictionaries instead
        use_transactions = True
        # No savepoint around every row: those that are saved have their own.
        use_bulk = True
        # Rows are compared here, by what a file shows of them.
        skip_diff = True
        report_skipped = False
        # Shown in the preview, and written into the log of the administration.
        store_instance = True
        chunk_size = 2000

    def __init__(self, user: Any = None, at: dt.datetime | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.user, self.at = user, at
        self.known: dict[Hashable, Any] = {}
        self.places: defaultdict[Hashable, list[int]] = defaultdict(list)
        self.organisations: dict[str, Organisation] = {}
        self.before: dict[str, Any] = {}
        self.is_new = False
        self.number = self.shown = 0
        # What is worth knowing about the file itself, for the preview.
        self.note = ""
        self.twins = Twins()

    @classmethod
    def get_display_name(cls) -> str:
        return str(cls._meta.model._meta.verbose_name_plural)

    @classmethod
    def get_result_class(cls) -> type[Outcome]:
        return Outcome

    # What a subclass says.

    def prepare(self, rows: list[dict[str, Any]]) -> None:
        """Fill the lookups and ``known`` (key to instance)."""
        raise NotImplementedError

    def key_of(self, row: dict[str, Any]) -> Hashable:
        """Return what a row is found by; raises ValidationError."""
        raise NotImplementedError

    def made(self, key: Any, row: dict[str, Any]) -> Any:
        """Return a new instance with its key."""
        raise NotImplementedError

    def scope_of(self, instance: Any) -> dict[str, Any]:
        """Return organisation, site and such for the trail."""
        raise NotImplementedError

    def missing(self, headers: set[str]) -> list[str]:
        """Return the columns without which no row can be found."""
        return [name for name in self.key_columns if name not in headers]

    def extra_errors(self, instance: Any, row: dict[str, Any]) -> dict[str, str]:
        """Return what else is wrong with a row, by column."""
        return {}

    def has_more(self, instance: Any, row: dict[str, Any]) -> bool:
        """Say whether a row whose cells are all as they were still brings something."""
        return False

    def column(self, name: str) -> str:
        """Return how a file calls a column."""
        return name

    # The way through an import.

    def before_import(self, dataset: Any, **kwargs: Any) -> None:
        known = {field.column_name for field in self.fields.values()}
        self.note = getattr(dataset, "note", "")
        headers = set(dataset.headers) - {ROW}
        problems = []
        if unknown := sorted(headers - known):
            problems.append(
                _("Unknown columns: %(names)s. Rename them or take them out; known are %(known)s.")
                % {"names": ", ".join(unknown), "known": ", ".join(sorted(map(self.column, known)))}
            )
        if missing := self.missing(headers):
            problems.append(
                _("Missing columns: %(names)s. Add them to the first row.")
                % {"names": ", ".join(map(self.column, missing))}
            )
        if problems:
            dataset.wipe()  # nothing of it can be understood
            raise Unreadable(" ".join(problems))
        allowed = organisations_of(self.user, MANAGE)
        self.organisations = {one.name: one for one in allowed}
        rows = [dict(zip(dataset.headers, row, strict=True)) for row in dataset]
        self.prepare(rows)
        for row in rows:
            try:
                self.places[self.key_of(row)].append(row[ROW])
            except ValidationError:
                continue  # said again, with the row

    def organisation_of(self, row: dict[str, Any]) -> Organisation:
        """Return the organisation of a row; it may be left out where there is only one."""
        name = cell(row, "organisation")
        if name:
            if name not in self.organisations:
                raise ValidationError(
                    {"organisation": _("There is no organisation “%s”.") % name[:60]}
                )
            return self.organisations[name]
        if len(self.organisations) != 1:
            raise ValidationError(
                {"organisation": _("Say which organisation: you look after several.")}
            )
        return next(iter(self.organisations.values()))

    def get_or_init_instance(self, instance_loader: Any, row: dict[str, Any]) -> tuple[Any, bool]:
        key = self.key_of(row)
        instance = self.known.get(key)
        self.is_new = instance is None
        if instance is None:
            instance = self.made(key, row)
        self.before = {} if self.is_new else self.shown_of(instance)
        return instance, self.is_new

    def shown_of(self, instance: Any) -> dict[str, Any]:
        """Return every cell of a row as a file would show it."""
        return {field.column_name: field.give(instance) for field in self.fields.values()}

    def import_instance(self, instance: Any, row: dict[str, Any], **kwargs: Any) -> None:
        errors: dict[str, Any] = {}
        self.number = row[ROW]
        places = self.places[self.key_of(row)]
        if len(places) > 1:
            errors[self.key_columns[0]] = _("This stands in rows %(rows)s. Keep one of them.") % {
                "rows": ", ".join(map(str, places))
            }
        for field in self.fields.values():
            column = field.column_name
            try:
                if column in row:
                    field.take(instance, row[column], self, is_new=self.is_new)
                elif field.needed and self.is_new:
                    raise ValidationError(_("This row is new and needs it: add the column."))
            except ValidationError as error:
                errors[column] = error
        for column, sentence in self.extra_errors(instance, row).items():
            errors.setdefault(column, sentence)
        if errors:
            raise ValidationError(errors)

    def skip_row(self, instance: Any, original: Any, row: Any, errors: Any = None) -> bool:
        return (
            not self.is_new
            and not errors
            and self.before == self.shown_of(instance)
            and not self.has_more(instance, row)
        )

    def validate_instance(
        self, instance: Any, import_validation_errors: Any = None, validate_unique: bool = True
    ) -> None:
        """Run what ``full_clean`` runs, each finding under its column with what to do.

        The constraints are left to the save while all else is right: it meets them anyway.
        """
        found: dict[str, Any] = dict(import_validation_errors or {})
        columns = {field.attribute: field.column_name for field in self.fields.values()}
        wrong = {name for name, column in columns.items() if column in found}
        found = findings(instance, columns, wrong) | found
        found = self.twins.collisions(instance, self.number, self.sentences) | found
        if found:
            raise ValidationError(broken(instance, self.sentences, wrong) | found)

    def save_instance(self, instance: Any, is_create: bool, row: Any, **kwargs: Any) -> None:
        try:
            with transaction.atomic():
                self.do_instance_save(instance, is_create)
                self.after_save_instance(instance, row, **kwargs)
                if kwargs["dry_run"]:
                    # Given back at once: a kiosk passes over doors that are locked.
                    transaction.set_rollback(True)
        except IntegrityError as error:
            if is_create:
                instance.pk = None
            raise ValidationError(
                broken(instance, self.sentences, set())
                or _("Somebody changed the same thing at this moment. Import the file again.")
            ) from error

    def do_instance_save(self, instance: Any, is_create: bool) -> None:
        if is_create:
            instance.save(force_insert=True)
            return
        # Only what the file changes: the rest may be changing at this moment.
        changed = self.changed(instance)
        own = {field.name for field in instance._meta.fields}
        attributes = {
            name for f in self.fields.values() if f.column_name in changed for name in f.attributes
        }
        instance.save(update_fields=attributes & own)

    def changed(self, instance: Any) -> dict[str, list[Any]]:
        """Return old and new of every cell that is not as it was."""
        now = self.shown_of(instance)
        return {
            name: [self.before.get(name, ""), value]
            for name, value in now.items()
            if self.before.get(name, "") != value
        }

    def after_save_instance(self, instance: Any, row: Any, **kwargs: Any) -> None:
        if kwargs["dry_run"]:
            return
        line = row_event(
            instance,
            changed=None if self.is_new else self.told(instance),
            scope=self.scope_of(instance),
            user=self.user,
            at=self.now,
        )
        events.record_many([line])

    def told(self, instance: Any) -> dict[str, Any]:
        """Return what changed as the trail says it: of what is personal only that it did."""
        return {
            name: "changed" if name in self.personal else values
            for name, values in self.changed(instance).items()
        }

    def save_m2m(self, instance: Any, row: Any, **kwargs: Any) -> None:
        """Do nothing: a subclass saves what hangs on a row in ``after_save_instance``."""

    def after_import_row(self, row: Any, row_result: Any, **kwargs: Any) -> None:
        if row_result.import_type == RowResult.IMPORT_TYPE_SKIP or self.shown == SHOWN_ROWS:
            return
        self.shown += 1
        changed = self.changed(row_result.instance)
        row_result.diff = [
            cell_html(changed.get(name), value, is_new=self.is_new)
            for name, value in self.shown_of(row_result.instance).items()
        ]

    def after_import(self, dataset: Any, result: Outcome, **kwargs: Any) -> None:
        result.note = self.note
        if kwargs.get("dry_run", True) or not result.is_good:
            return
        record_import(
            result,
            label=self._meta.model._meta.label_lower,
            file_name=kwargs.get("file_name") or "",
            scopes=[self.scope_of(row.instance) for row in result.rows],
            user=self.user,
            at=self.now,
        )

    @property
    def now(self) -> dt.datetime:
        assert self.at is not None  # whoever imports says when
        return self.at

    def get_user_visible_fields(self) -> list[Cell]:
        return [field for field in self.fields.values() if not isinstance(field, Shown)]

    # The way out.

    def get_export_fields(self, selected_fields: Any = None) -> list[Cell]:
        several = self.user is not None and organisations_of(self.user, VIEW)[:2].count() > 1
        return [
            field
            for field in self.fields.values()
            if field.is_exported and (several or field.column_name != "organisation")
        ]

    def export_resource(self, instance: Any, selected_fields: Any = None, **kwargs: Any) -> Any:
        return [written(field.give(instance)) for field in self.exported]

    def before_export(self, queryset: models.QuerySet[Any], **kwargs: Any) -> None:
        self.exported = self.get_export_fields()
