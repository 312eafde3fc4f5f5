"""What an import found and did: for the page, and for the trail."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.utils.html import format_html
from django.utils.translation import gettext as _
from import_export.results import Result, RowResult

from audit.actions import Action
from audit.services import events
from audit.services.events import Actor
from lockers.importing.files import ROW


class Outcome(Result):
    """The result of an import, in which a row has the number that its file shows."""

    # What is worth knowing about the file itself.
    note = ""

    def append_invalid_row(self, number: int, row: Any, validation_error: Any) -> None:
        super().append_invalid_row(row[ROW], row, validation_error)

    def append_error_row(self, number: int, row: Any, errors: Any) -> None:
        super().append_error_row(row[ROW], row, errors)

    @property
    def is_good(self) -> bool:
        return not self.has_errors() and not self.has_validation_errors()


def cell_html(changed: list[Any] | None, value: Any, *, is_new: bool) -> str:
    """Return a cell of the preview, with what it was when it changes."""
    if changed is None or is_new:
        return format_html("{}", value)
    return format_html("<del>{}</del> <ins>{}</ins>", *changed)


def row_event(
    instance: Any,
    *,
    changed: dict[str, Any] | None,
    scope: dict[str, Any],
    user: Any,
    at: dt.datetime,
) -> events.Line:
    """Return the event of a row that was added (``changed`` is None) or changed."""
    label = instance._meta.label_lower
    return events.Line(
        action=Action.ADDED if changed is None else Action.CHANGED,
        actor=Actor.staff(user.pk),
        at=at,
        subject=f"{label}:{instance.pk}",
        reason=_("imported"),
        data={"object": label} | ({} if changed is None else {"changed": changed}),
        **scope,
    )


def record_import(
    result: Outcome,
    *,
    label: str,
    file_name: str,
    scopes: list[dict[str, Any]],
    user: Any,
    at: dt.datetime,
) -> None:
    """Write one event for a whole import; its place is named where all rows are of one."""
    common: dict[str, Any] = {}
    for name in ("organisation_id", "site_id"):
        values = {scope.get(name) for scope in scopes}
        common[name] = values.pop() if len(values) == 1 else None
    events.record(
        action=Action.IMPORTED,
        actor=Actor.staff(user.pk),
        at=at,
        subject=label,
        data={
            "file": file_name,
            "new": result.totals[RowResult.IMPORT_TYPE_NEW],
            "updated": result.totals[RowResult.IMPORT_TYPE_UPDATE],
            "unchanged": result.totals[RowResult.IMPORT_TYPE_SKIP],
        },
        **common,
    )


def record_refused(
    result: Outcome, *, label: str, file_name: str, user: Any, at: dt.datetime
) -> None:
    """Write one event for an import that was confirmed and changed nothing after all."""
    events.record(
        action=Action.REFUSED,
        actor=Actor.staff(user.pk),
        at=at,
        subject=label,
        data={
            "code": "import_refused",
            "file": file_name,
            "rows": [row.number for row in result.invalid_rows][:100],
        },
    )
