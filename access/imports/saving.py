"""Writing what an import found right: many rows at once, with the same events as one by one."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext as _

from access import hashing
from access.choices import PersonStatus
from access.errors.badges import BadgeTaken
from access.imports.badges import Given
from access.models import Person
from access.services import credentials, leaving
from audit.services import events
from audit.services.events import Actor
from lockers.importing.results import Outcome, row_event
from lockers.importing.rows import Rows

_BATCH = 1000


@dataclass(frozen=True)
class Waiting:
    """A row that was found right and is written with all others at the end."""

    instance: Person
    row: dict[str, Any]
    is_new: bool
    # Names of what changes in the row itself, and the same as the trail tells it.
    fields: list[str]
    told: dict[str, Any]
    has_new_groups: bool
    badge: Given | None
    # The status to bring about, when it changes.
    status: str | None


def save(rows: Rows, waiting: list[Waiting], result: Outcome) -> None:
    """Write all rows that wait; what goes wrong at this moment is told in ``result``.

    The transaction is the import's: one wrong row takes back all of them.
    """
    try:
        with transaction.atomic():
            _people(waiting)
            _groups(waiting)
    except IntegrityError:
        result.append_base_error(
            rows.get_error_result_class()(
                ValidationError(
                    _("Somebody changed the same thing at this moment. Import the file again.")
                )
            )
        )
        return
    _badges(rows, waiting, result)
    if result.has_validation_errors():
        return
    events.record_many(
        row_event(
            one.instance,
            changed=None if one.is_new else one.told,
            scope=rows.scope_of(one.instance),
            user=rows.user,
            at=rows.now,
        )
        for one in waiting
        if one.is_new or one.told
    )
    _statuses(rows, waiting)


def _people(waiting: list[Waiting]) -> None:
    Person.objects.bulk_create([one.instance for one in waiting if one.is_new], batch_size=_BATCH)
    # Only what the file changes: the rest may be changing at this moment.
    by_fields: defaultdict[tuple[str, ...], list[Person]] = defaultdict(list)
    for one in waiting:
        if not one.is_new and one.fields:
            by_fields[tuple(one.fields)].append(one.instance)
    for names, people in by_fields.items():
        _update(names, people)


def _update(names: tuple[str, ...], people: list[Person]) -> None:
    """Write the same columns of many people; together they are one round trip."""
    fields: list[Any] = [Person._meta.get_field(name) for name in names]
    quote = connection.ops.quote_name
    columns = ", ".join(f"{quote(field.column)} = %s" for field in fields)
    with connection.cursor() as cursor:
        cursor.executemany(
            f"UPDATE {quote(Person._meta.db_table)} SET {columns} WHERE id = %s",
            [
                (*(f.get_db_prep_save(getattr(one, f.attname), connection) for f in fields), one.pk)
                for one in people
            ],
        )


def _groups(waiting: list[Waiting]) -> None:
    changed = [one.instance for one in waiting if one.has_new_groups]
    through: Any = Person.groups.through
    known = [one.instance.pk for one in waiting if one.has_new_groups and not one.is_new]
    through.objects.filter(person_id__in=known).delete()
    through.objects.bulk_create(
        (
            through(person_id=person.pk, group_id=group.pk)
            for person in changed
            for group in person._groups  # type: ignore[attr-defined]
        ),
        batch_size=_BATCH,
    )


def _badges(rows: Rows, waiting: list[Waiting], result: Outcome) -> None:
    for one in waiting:
        if one.badge is None:
            continue
        try:
            credentials.issue_badge(
                person=one.instance,
                text=one.badge.text,
                profile=one.badge.profile,
                printed=one.badge.printed,
                actor=Actor.staff(rows.user.pk),
                at=rows.now,
            )
        except BadgeTaken as error:
            wrong = ValidationError({"badge": str(error)})
            result.append_invalid_row(0, one.row, wrong)
            return
        one.instance._badge_hint = hashing.hint(one.badge.canonical)  # type: ignore[attr-defined]


def _statuses(rows: Rows, waiting: list[Waiting]) -> None:
    """Change statuses by the verbs that staff use, which take back what somebody has."""
    actor, at, reason = Actor.staff(rows.user.pk), rows.now, _("imported")
    gone = [one.instance for one in waiting if one.status == PersonStatus.LEFT]
    leaving.leave_all(people=gone, actor=actor, at=at, reason=reason)
    for one in waiting:
        status = one.status
        if status is None or status == PersonStatus.LEFT:
            continue
        person: Person = one.instance
        leaving.reinstate(person=person, actor=actor, at=at, reason=reason)
        if status == PersonStatus.SUSPENDED:
            leaving.suspend(person=person, actor=actor, at=at, reason=reason)
