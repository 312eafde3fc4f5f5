"""What an occupancy review says, in sentences with their figures, and as a sheet."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from maintenance.choices import Category
from maintenance.reviews import Advice, Group, Kind, Review
from maintenance.sheets import Sheet


def sentence(advice: Advice) -> str:
    """Say one thing to change, with the figures it rests on."""
    here, there = advice.here, advice.there
    facts: dict[str, Any] = {
        "place": place(here), "doors": here.doors, "unused": here.never_used,
        "unopened": here.never_opened, "damaged": here.damaged, "waited": here.waited,
        "refused": here.refused,
        "there": place(there) if there is not None else "",
        "wanted": there.wanted if there is not None else 0,
    }  # fmt: skip
    words = {
        Kind.FEWER: _("%(unused)d of %(doors)d doors of %(place)s were never used: fewer there, or"
                      " move them."),
        Kind.MOVE: _("%(unused)d of %(doors)d doors of %(place)s were never used, while %(wanted)d"
                     " times somebody asked in vain at %(there)s: move doors there, or offer those"
                     " here first."),
        Kind.MORE: _("At %(place)s, with %(doors)d doors, %(waited)d waited and %(refused)d"
                     " requests were refused: more of them there."),
        Kind.ASK: _("%(unopened)d of %(doors)d doors of %(place)s were given to somebody and never"
                    " opened: ask their holders whether they need one."),
        Kind.DAMAGE: _("%(damaged)d of %(doors)d doors of %(place)s were damaged: look at where"
                       " they stand and how they are used."),
    }  # fmt: skip
    return words[advice.kind] % facts


def place(group: Group) -> str:
    """Name what a group is of."""
    facts = {"bank": group.bank, "size": group.size}
    if group.bank and group.size:
        return _("bank %(bank)s, size %(size)s") % facts
    if group.bank:
        return _("bank %(bank)s") % facts
    return _("size %(size)s") % facts if group.size else _("all banks")


def faults(group: Group) -> str:
    """Say which faults there were, the most frequent first."""
    return ", ".join(f"{Category(name).label} {count}" for name, count in group.faults.items())


def sheet(review: Review, title: str, below: str) -> Sheet:
    """Return the review as one list: the figures first, what to change below them."""
    heads = [
        _("Bank"), _("Size"), _("Doors"), _("Held (%)"), _("Never used"), _("Never opened"),
        _("Damaged"), _("Faults"), _("Waited"), _("Refused"), _("Doors never used"),
    ]  # fmt: skip
    rows: list[list[Any]] = [_row(one) for one in review.rows]
    rows += [_row(one) for one in (*review.banks, *review.sizes, review.total)]
    rows += [
        [sentence(one), *[""] * (len(heads) - 1)] for one in review.advice
    ]  # fmt: skip
    return Sheet(title, below, heads, rows)


def _row(one: Group) -> list[Any]:
    return [
        one.bank or _("all"), one.size or _("all"), one.doors, one.held_percent, one.never_used,
        one.never_opened, one.damaged, faults(one), one.waited, one.refused,
        ", ".join(one.unused_numbers),
    ]  # fmt: skip
