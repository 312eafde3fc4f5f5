"""All answers on one page, in the words of the questions."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.forms import BoundField
from django.utils.formats import time_format
from django.utils.translation import gettext as _

from config.setup.forms import Answers
from config.setup.steps import STEPS, Step
from lockers import layouts


@dataclass(frozen=True)
class Section:
    """The answers of one page."""

    step: Step
    lines: list[tuple[str, str]]


def sections(answers: Answers) -> list[Section]:
    """Return what was answered, without what was not asked."""
    found = []
    for step in STEPS:
        given = answers[step.slug]
        if step.slug == "administrator":
            lines = [(str(step.form.base_fields["username"].label), given["username"])]
        else:
            form = step.form(initial=given, answers=answers)
            lines = [
                (str(field.label), _words(field, given[field.name]))
                for field in form
                if form.was_asked(field.name, given)
            ]
        if step.slug == "lockers":
            lines += _counted(given["layout"])
        found.append(Section(step, lines))
    return found


def _words(field: BoundField, value: Any) -> str:
    choices = getattr(field.field, "choices", None)
    if choices:
        labels = {str(key): str(label) for key, label in choices}
        values = value if isinstance(value, list) else [value]
        return ", ".join(labels[str(one)] for one in values) or "–"
    if isinstance(value, dt.time):
        return time_format(value, "H:i")
    return str(value) if value not in (None, "") else "–"


def _counted(layout: str) -> list[tuple[str, str]]:
    doors = layouts.read(layout)
    sizes: dict[str, int] = {}
    for door in doors:
        sizes[door.size] = sizes.get(door.size, 0) + 1
    words = ", ".join(f"{count} {name}" for name, count in sizes.items())
    return [(_("Doors"), f"{len(doors)} ({words})")]
