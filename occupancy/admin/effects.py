"""What a change would do, in sentences, with the names that a reader may see."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from access.models import Person
from lockers.models import Bank, Compartment
from lockers.scoping import people, within
from occupancy.models import Assignment
from occupancy.services.policies.previews import Effect

# Names behind a disclosure; the rest is a number.
SHOWN = 50


@dataclass(frozen=True)
class Line:
    """One sentence, and what is behind its disclosure."""

    text: str
    names: tuple[str, ...] = ()
    # How many more there are, or that their reader may not see.
    more: int = 0
    is_loss: bool = False


def lines(effect: Effect, user: Any, *, follows: bool) -> list[Line]:
    """Say an effect in sentences, what hurts first."""
    names = _Names(effect, user)
    found: list[Line] = []
    if effect.released:
        count = len(effect.released)
        text = (
            ngettext("%d compartment would be released tonight.",
                     "%d compartments would be released tonight.", count)
            if follows else
            ngettext("%d compartment in use would be released tonight if it followed the new"
                     " rules; it keeps its end.",
                     "%d compartments in use would be released tonight if they followed the new"
                     " rules; they keep their end.", count)
        )  # fmt: skip
        found.append(Line(text % count, *names.claims(effect.released), is_loss=follows))
    if effect.over_limit:
        count = len(effect.over_limit)
        text = ngettext(
            "%d person would exceed the limit: they keep what they have and get no more.",
            "%d people would exceed the limit: they keep what they have and get no more.", count,
        )  # fmt: skip
        found.append(Line(text % count, *names.people(effect.over_limit), is_loss=True))
    if effect.lose:
        count = len(effect.lose.people)
        text = ngettext(
            "%(count)d person could no longer get these doors: %(doors)s.",
            "%(count)d people could no longer get these doors: %(doors)s.", count,
        )  # fmt: skip
        found.append(
            Line(text % {"count": count, "doors": names.doors(effect.lose.doors)},
                 *names.people(effect.lose.people), is_loss=True)
        )  # fmt: skip
    found += [
        Line(_("Nobody could get a door in bank %s any more.") % name, is_loss=True)
        for name in names.banks(effect.closed_banks)
    ]
    if effect.gain:
        count = len(effect.gain.people)
        text = ngettext(
            "%(count)d person could newly get these doors: %(doors)s.",
            "%(count)d people could newly get these doors: %(doors)s.", count,
        )  # fmt: skip
        found.append(
            Line(text % {"count": count, "doors": names.doors(effect.gain.doors)},
                 *names.people(effect.gain.people))
        )  # fmt: skip
    if effect.governed:
        count = len(effect.governed.people)
        text = ngettext(
            "It would decide for %(count)d person at these doors: %(doors)s.",
            "It would decide for %(count)d people at these doors: %(doors)s.", count,
        )  # fmt: skip
        found.append(Line(text % {"count": count, "doors": names.doors(effect.governed.doors)}))
    if effect.holding and not follows:
        count = len(effect.holding)
        text = ngettext("%d compartment that is in use under it keeps the end it was told.",
                        "%d compartments that are in use under it keep the end they were told.",
                        count)  # fmt: skip
        found.append(Line(text % count))
    return [*found, *_warned(effect, names)] or [Line(_("Nothing changes for anybody now."))]


def _warned(effect: Effect, names: _Names) -> Iterator[Line]:
    """Say whose warnings change."""
    if effect.warned_at_once:
        count = len(effect.warned_at_once)
        text = ngettext("A warning would be sent at once for %d compartment in use.",
                        "Warnings would be sent at once for %d compartments in use.",
                        count)  # fmt: skip
        yield Line(text % count, *names.claims(effect.warned_at_once))
    if effect.warned_later:
        count = len(effect.warned_later)
        text = ngettext("The warnings to come would change for %d compartment in use.",
                        "The warnings to come would change for %d compartments in use.",
                        count)  # fmt: skip
        yield Line(text % count, *names.claims(effect.warned_later))


class _Names:
    """Names for ids, read at once, only of what the reader may see."""

    def __init__(self, effect: Effect, user: Any) -> None:
        self.user = user
        self._doors = _doors(effect, user)
        wanted = {*effect.over_limit, *effect.lose.people, *effect.gain.people}
        self._people = {
            person.pk: str(person)
            for person in Person.objects.filter(people(user), pk__in=wanted).order_by(
                "family_name", "given_name"
            )
        }

    def people(self, ids: Iterable[int]) -> tuple[tuple[str, ...], int]:
        wanted = set(ids)
        seen = [name for pk, name in self._people.items() if pk in wanted]
        return tuple(seen[:SHOWN]), len(wanted) - len(seen[:SHOWN])

    def claims(self, ids: Iterable[int]) -> tuple[tuple[str, ...], int]:
        wanted = list(ids)
        rows = Assignment.objects.filter(
            within(self.user, "lockers.view_site", "compartment__bank"), pk__in=wanted
        ).select_related("compartment__bank", "holder")[:SHOWN]
        seen = tuple(
            f"{row.compartment.bank} {row.compartment.number}: {row.holder or '–'}" for row in rows
        )
        return seen, len(wanted) - len(seen)

    def doors(self, ids: Iterable[int]) -> str:
        """Name banks of which all doors are meant, and how many doors of others."""
        wanted = set(ids)
        texts = []
        for name, (size, theirs) in self._doors.items():
            count = len(wanted & theirs)
            if count == size:
                texts.append(_("all of bank %s") % name)
            elif count:
                texts.append(_("%(count)d of bank %(name)s") % {"count": count, "name": name})
            wanted -= theirs
        if wanted:
            texts.append(_("%d elsewhere") % len(wanted))
        return ", ".join(texts)

    def banks(self, ids: Iterable[int]) -> list[str]:
        wanted = list(ids)
        rows = Bank.objects.filter(within(self.user, "lockers.view_site"), pk__in=wanted).order_by(
            "name"
        )
        return [row.name for row in rows]


def _doors(effect: Effect, user: Any) -> dict[str, tuple[int, set[int]]]:
    touched = effect.lose.doors | effect.gain.doors | effect.governed.doors
    found: dict[str, tuple[int, set[int]]] = {}
    if not touched:
        return found
    by_bank: dict[tuple[str, int], set[int]] = {}
    rows = Compartment.objects.filter(within(user, "lockers.view_site", "bank")).order_by()
    for pk, bank_id, name in rows.values_list("pk", "bank_id", "bank__name"):
        by_bank.setdefault((name, bank_id), set()).add(pk)
    for (name, bank_id), doors in sorted(by_bank.items()):
        if doors & touched:
            found[name if name not in found else f"{name} ({bank_id})"] = (len(doors), doors)
    return found
