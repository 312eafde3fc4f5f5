"""What a model and the database say against a row, each finding under its column."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import models
from django.utils.translation import gettext as _

# What to do when a constraint of the database is in the way: its name, the column, a sentence.
Sentences = dict[str, tuple[str, Any]]


def findings(instance: Any, columns: dict[str, str], wrong: set[str]) -> dict[str, Any]:
    """Return what ``full_clean`` finds, but for constraints; ``wrong`` fields are left out.

    Whether related rows exist is not asked either: they were found a moment ago.
    """
    found: dict[str, Any] = {}
    related = {field.name for field in instance._meta.fields if field.is_relation}
    for check in (
        lambda: instance.clean_fields(exclude=related | wrong),
        instance.clean,
        lambda: instance.validate_unique(exclude=wrong),
    ):
        try:
            check()
        except ValidationError as error:
            for name, messages in error.update_error_dict({}).items():
                found.setdefault(columns.get(name, name), messages)
                wrong.add(name)
    return found


def broken(instance: Any, sentences: Sentences, wrong: set[str]) -> dict[str, Any]:
    """Return the constraints that an instance breaks, apart from those of ``wrong`` fields."""
    found: dict[str, Any] = {}
    for constraint in instance._meta.constraints:
        column, sentence = sentences.get(constraint.name, (NON_FIELD_ERRORS, None))
        try:
            constraint.validate(type(instance), instance, exclude=wrong)
        except ValidationError as error:
            found[column] = [sentence] if sentence else error.messages
    return found


class Twins:
    """Which row of a file was first to want what only one may have.

    A preview takes every row back at once, so the database cannot see two of them collide.
    """

    def __init__(self) -> None:
        self._rows: dict[tuple[Any, ...], int] = {}

    def collisions(self, instance: Any, number: int, sentences: Sentences) -> dict[str, str]:
        """Return what an earlier row wants too, by column."""
        found = {}
        for constraint in instance._meta.constraints:
            # Those with a condition are about what rows are found by; that is compared anyway.
            if not isinstance(constraint, models.UniqueConstraint) or constraint.condition:
                continue
            names = [instance._meta.get_field(name).attname for name in constraint.fields]
            values = [getattr(instance, name) for name in names]
            if None in values:
                continue
            first = self._rows.setdefault((constraint.name, *values), number)
            if first != number and constraint.name in sentences:
                column, sentence = sentences[constraint.name]
                found[column] = _("Row %(row)d wants the same. %(sentence)s") % {
                    "row": first, "sentence": sentence,
                }  # fmt: skip
        return found
