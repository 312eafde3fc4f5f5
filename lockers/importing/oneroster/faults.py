"""What is wrong with a OneRoster file: sentences, each with its file, row and column."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _

from lockers.importing.files import Unreadable

# More than these are counted: whoever corrects a program's export sees the pattern by then.
SHOWN = 20


class Faulty(Unreadable):
    """A set of files that cannot be imported, with a sentence for each reason."""

    def __init__(self, sentences: Sequence[str]) -> None:
        self.found = list(sentences)
        self.sentences = self.found[:SHOWN]
        if len(sentences) > SHOWN:
            self.sentences.append(_("And %d more.") % (len(sentences) - SHOWN))
        super().__init__(" ".join(self.sentences))


def place(file: str, row: int, column: str = "") -> str:
    """Name a cell, or a row, of a file."""
    if column:
        return _("%(file)s, row %(row)d, column %(column)s") % {
            "file": file, "row": row, "column": column,
        }  # fmt: skip
    return _("%(file)s, row %(row)d") % {"file": file, "row": row}
