"""A list to hand out, as a file: one sheet a form, with room to sign."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from lockers.choices import LockKind
from occupancy.papers import tables, workbooks
from occupancy.papers.tables import Column, Paper, Sheet
from occupancy.selectors.forms import Has, KeyIs, Pupil
from occupancy.services.hand_outs import HandOut


@dataclass(frozen=True)
class Made:
    """What stands on every page: where it is for, when it was made, and by whom."""

    place: str
    on: str
    by: str


def pdf(handed: HandOut, made: Made) -> bytes:
    """Return the list to print; each form begins on a page of its own."""
    columns = [
        Column(_("Pupil"), 4, is_bold=True), Column(_("Bank"), 2.4),
        Column(_("Door"), 1.1, is_bold=True), Column(_("Size"), 1.4),
        Column(_("Key or combination"), 2.8), Column(_("Received: signature"), 3.4),
    ]  # fmt: skip
    note = _("Made on %(day)s by %(who)s.") % {"day": made.on, "who": made.by}
    if handed.combinations:
        note += " " + _("With combinations: destroy it when they are handed out.")
    paper = Paper(
        name=made.place, note=note, pages=_("Page {page} of {pages}"),
        missing=_("□: see the spreadsheet."), empty=_("Nobody is in this form yet."),
    )  # fmt: skip
    return tables.pdf(
        _sheets(handed), columns, paper, more_fonts=settings.PRINT_FONTS
    )  # fmt: skip


def xlsx(handed: HandOut, title: str) -> bytes:
    """Return the list as a workbook: one row for each door."""
    headings = [
        _("Form"), _("Pupil"), _("Bank"), _("Door"), _("Size"), _("Lock"), _("Keys in the cabinet"),
        _("Key handed out"), _("Combination"), _("Received"),
    ]  # fmt: skip
    return workbooks.xlsx(
        headings, _rows(handed), title=title, widths=[10, 32, 20, 10, 12, 16, 28, 16, 16, 24]
    )


def _rows(handed: HandOut) -> Iterator[list[str]]:
    for pupil in handed.pupils:
        if not pupil.doors:
            yield [pupil.form, pupil.name, "", _("No locker"), "", "", "", "", "", ""]
        for has in pupil.doors:
            door = has.compartment
            out = [str(one.number) for one in has.copies if one.person_id == pupil.id]
            yield [
                pupil.form, pupil.name, door.bank.name, door.number, door.size.name,
                door.get_lock_kind_display(), _copies(has), ", ".join(out),
                handed.combinations.get(door.pk, ""), "",
            ]  # fmt: skip


def _sheets(handed: HandOut) -> Iterator[Sheet]:
    for form, group in groupby(handed.pupils, key=lambda pupil: pupil.form):
        pupils = list(group)
        without = sum(not pupil.doors for pupil in pupils)
        below = ngettext("%(n)d pupil", "%(n)d pupils", len(pupils)) % {"n": len(pupils)}
        if without:
            below += ", " + ngettext(
                "%(n)d without a locker", "%(n)d without a locker", without
            ) % {"n": without}  # fmt: skip
        title = _("Form %(form)s") % {"form": form} if form else _("In no form")
        yield Sheet(title, [row for pupil in pupils for row in _lines(pupil, handed)], below)


def _lines(pupil: Pupil, handed: HandOut) -> Iterator[list[str]]:
    if not pupil.doors:
        yield [pupil.name, "", "–", "", _("No locker"), ""]
    for has in pupil.doors:
        door = has.compartment
        yield [
            pupil.name, door.bank.name, door.number, door.size.name,
            handed.combinations.get(door.pk) or _opens(has, pupil), "",
        ]  # fmt: skip


def _opens(has: Has, pupil: Pupil) -> str:
    kind = has.compartment.lock_kind
    if kind == LockKind.KEYED:
        if has.key is KeyIs.OUT:
            out = next(one.number for one in has.copies if one.person_id == pupil.id)
            return _("Has key %(number)d") % {"number": out}
        return _copies(has) or _("No key here")
    return _("Combination") if kind == LockKind.COMBINATION else _("Badge")


def _copies(has: Has) -> str:
    """Say which keys hang in the cabinet, and on which hook."""
    here = [one for one in has.copies if one.person_id is None]
    return "; ".join(
        _("Key %(number)d, hook %(hook)s") % {"number": one.number, "hook": one.hook}
        if one.hook
        else _("Key %(number)d") % {"number": one.number}
        for one in here
    )
