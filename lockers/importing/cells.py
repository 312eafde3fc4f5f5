"""The columns of a file: how each kind of cell is written, read and found wrong."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Choices
from django.utils.translation import gettext as _
from import_export.fields import Field

from audit.exports import FORMULA, neutral

# What an export puts an apostrophe before; one that stands there already gets a second.
# Of a line end a workbook keeps only that it is one.
_ESCAPED = re.compile("'+" + FORMULA)
_LINE_END = re.compile(r"\r\n?")
_YES = {"yes", "y", "true", "1", "x"}
_NO = {"no", "n", "false", "0"}


def written(value: Any) -> Any:
    """Return a cell as it goes into a file: no text in it is taken for a formula."""
    if not isinstance(value, str):
        return value
    return f"'{value}" if _ESCAPED.match(value) else neutral(value)


def text_of(raw: Any) -> str:
    """Return what a cell says, whatever kind it has in the file; the opposite of ``written``."""
    if raw is None:
        return ""
    if isinstance(raw, bool):
        return "yes" if raw else "no"
    if isinstance(raw, dt.date | dt.time | dt.timedelta):
        raise ValidationError(
            _("The spreadsheet made a date or time of this. Format the column as text.")
        )
    if isinstance(raw, float) and raw.is_integer():
        raw = int(raw)
    text = str(raw)
    return text[1:] if _ESCAPED.match(text) else text


def cell(row: dict[str, Any], column: str) -> str:
    """Return the text of a cell that may be missing; raises ValidationError under its column."""
    try:
        return text_of(row.get(column)).strip()
    except ValidationError as error:
        raise ValidationError({column: error.messages}) from error


class Cell(Field):
    """A column of text. In a known row an empty cell empties it.

    ``needed``: a new row must have it. ``keeps``: an empty cell leaves what is there,
    in a new row the usual.
    """

    def __init__(
        self,
        column: str,
        *,
        attribute: str | None = None,
        needed: bool = False,
        keeps: bool = False,
        is_exported: bool = True,
    ) -> None:
        super().__init__(attribute=attribute or column, column_name=column)
        self.needed, self.keeps, self.is_exported = needed, keeps, is_exported

    @property
    def attributes(self) -> set[str]:
        """Return the fields of a row that this column writes."""
        return {self.attribute}

    def get_value(self, instance: Any) -> Any:
        # Asked of every cell of every row, several times: straight, where there is no path.
        if "__" in self.attribute:
            return super().get_value(instance)
        return getattr(instance, self.attribute)

    def give(self, instance: Any) -> Any:
        """Return the value as a file shows it."""
        value: Any = self.get_value(instance)
        return "" if value is None else value

    def take(self, instance: Any, raw: Any, resource: Any, *, is_new: bool) -> None:
        """Put a cell into an instance; raises ValidationError with what to do."""
        text = text_of(raw)
        # What the export wrote stays to the letter, also with spaces that are trimmed otherwise.
        if not is_new and _LINE_END.sub("\n", text) == _LINE_END.sub(
            "\n", str(self.give(instance))
        ):
            return
        text = text.strip()
        if text == "" and self.keeps:
            return
        if text == "" and self.needed:
            raise ValidationError(_("Fill this in."))
        self.put(instance, self.parse(text, resource, instance))

    def parse(self, text: str, resource: Any, instance: Any) -> Any:
        return text

    def put(self, instance: Any, value: Any) -> None:
        setattr(instance, self.attribute, value)


class WholeNumber(Cell):
    def parse(self, text: str, resource: Any, instance: Any) -> int | None:
        if text == "":
            return None
        if not (text.isascii() and text.isdigit() and len(text) < 12):
            raise ValidationError(
                _("“%(text)s” is not a whole number. Write digits only.") % {"text": text[:40]}
            )
        return int(text)


class YesNo(Cell):
    def __init__(self, column: str) -> None:
        super().__init__(column, keeps=True)

    def give(self, instance: Any) -> str:
        return "yes" if self.get_value(instance) else "no"

    def parse(self, text: str, resource: Any, instance: Any) -> bool:
        if text.lower() not in _YES | _NO:
            raise ValidationError(_("Write yes or no instead of “%(text)s”.") % {"text": text[:40]})
        return text.lower() in _YES


class Word(Cell):
    """One of a few fixed words."""

    def __init__(self, column: str, choices: type[Choices]) -> None:
        super().__init__(column, keeps=True)
        self.choices = choices

    def parse(self, text: str, resource: Any, instance: Any) -> Any:
        for value, label in self.choices.choices:
            if text.lower() in {str(value).lower(), str(label).lower()}:
                return value
        raise ValidationError(
            _("“%(text)s” is none of: %(words)s.")
            % {"text": text[:40], "words": ", ".join(self.choices.values)}
        )


class Named(Cell):
    """Another row by its name, which the resource finds: ``find_<column>(name, instance)``."""

    def give(self, instance: Any) -> str:
        related = self.get_value(instance)
        return related.name if related is not None else ""

    def parse(self, text: str, resource: Any, instance: Any) -> Any:
        if text == "":
            return None
        return getattr(resource, f"find_{self.column_name}")(text, instance)


class Key(Cell):
    """Part of what a row is found by: read by the resource before anything else."""

    def take(self, instance: Any, raw: Any, resource: Any, *, is_new: bool) -> None:
        return


class KeyName(Key):
    """Part of the key that is the name of something the row hangs on."""

    def give(self, instance: Any) -> str:
        value = self.get_value(instance)
        return value.name if value is not None else ""


class Shown(Cell):
    """A column that is exported and never imported: there is another way to change it."""

    def __init__(self, column: str, sentence: Any) -> None:
        super().__init__(column)
        self.sentence = sentence

    def take(self, instance: Any, raw: Any, resource: Any, *, is_new: bool) -> None:
        text = text_of(raw).strip()
        if text not in ("", self.give(instance)):
            raise ValidationError(self.sentence)
