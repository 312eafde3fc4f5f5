"""The columns that only people have."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from access.models import Group, Person
from lockers.importing.cells import Cell


class Groups(Cell):
    """Names with semicolons between them; a cell says all groups of a person."""

    def give(self, instance: Person) -> str:
        if not hasattr(instance, "_groups"):
            instance._groups = list(instance.groups.all()) if instance.pk else []  # type: ignore[attr-defined]
        groups: list[Group] = instance._groups  # type: ignore[attr-defined]
        return "; ".join(sorted(group.name for group in groups))

    def parse(self, text: str, resource: Any, instance: Person) -> list[Group]:
        names = {name.strip() for name in text.split(";")} - {""}
        return [resource.find("groups", name, instance) for name in sorted(names)]

    def put(self, instance: Person, value: list[Group]) -> None:
        instance._groups = value  # type: ignore[attr-defined]  # saved after the person


class Badge(Cell):
    """A badge to issue, and how it is written. Only taken: its number is stored nowhere."""

    def __init__(self, column: str) -> None:
        super().__init__(column, is_exported=False)

    def give(self, instance: Person) -> str:
        hint = getattr(instance, "_badge_hint", "") if self.column_name == "badge" else ""
        return f"…{hint}" if hint else ""

    def take(self, instance: Any, raw: Any, resource: Any, *, is_new: bool) -> None:
        # Read with all others before the first row; a cell that says nothing issues nothing.
        return


class Day(Cell):
    """A date: of a workbook as it stands there, of a text only in the one order nobody mistakes."""

    def give(self, instance: Any) -> str:
        value: dt.date | None = self.get_value(instance)
        return "" if value is None else value.isoformat()

    def take(self, instance: Any, raw: Any, resource: Any, *, is_new: bool) -> None:
        if isinstance(raw, dt.datetime):
            raw = raw.date()
        if isinstance(raw, dt.date):
            raw = raw.isoformat()
        super().take(instance, raw, resource, is_new=is_new)

    def parse(self, text: str, resource: Any, instance: Any) -> dt.date | None:
        if text == "":
            return None
        try:
            return dt.date.fromisoformat(text)
        except ValueError as error:
            raise ValidationError(
                _("Write “%(text)s” as year-month-day, like 2027-07-31.") % {"text": text[:40]}
            ) from error


class Needs(Cell):
    """Words with semicolons between them; a cell says all needs of a person."""

    words: ClassVar[dict[str, str]] = {
        "low": "needs_low_door",
        "wide": "needs_wide_door",
        "charging": "needs_charging",
        "near entrance": "needs_near_entrance",
    }

    @property
    def attributes(self) -> set[str]:
        return set(self.words.values())

    def give(self, instance: Person) -> str:
        return "; ".join(word for word, name in self.words.items() if getattr(instance, name))

    def parse(self, text: str, resource: Any, instance: Person) -> set[str]:
        said = {" ".join(one.lower().split()) for one in text.split(";")} - {""}
        if unknown := sorted(said - self.words.keys()):
            raise ValidationError(
                _("“%(text)s” is no need that is known here; known are: %(words)s.")
                % {"text": unknown[0][:40], "words": "; ".join(self.words)}
            )
        return {self.words[word] for word in said}

    def put(self, instance: Person, value: set[str]) -> None:
        for name in self.attributes:
            setattr(instance, name, name in value)
