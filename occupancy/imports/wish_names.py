"""What a cell of wishes names: an area, lockers or one door, by the names on the site."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from django.utils.translation import gettext as _

from access.models import Person
from lockers.choices import ServiceStatus
from lockers.models import Area, Bank, Compartment
from occupancy.allotment import walks
from occupancy.models import Allotment
from occupancy.services.allotting import facts, problems

Thing = Area | Bank | Compartment


class NotOffered(Exception):
    """A cell names nothing that can be wished for; the sentence says why and what to do."""


@dataclass(frozen=True)
class _Offer:
    """What one set of doors makes possible to wish for."""

    doors: frozenset[int]
    banks: frozenset[int]
    areas: frozenset[int]

    def has(self, thing: Thing) -> bool:
        if isinstance(thing, Area):
            return thing.pk in self.areas
        return thing.pk in (self.banks if isinstance(thing, Bank) else self.doors)


class Names:
    """The names of a site, and what of them is offered to whom."""

    def __init__(self, allotment: Allotment, pupils: list[Person]) -> None:
        site = allotment.site_id
        self._in_draw = set(allotment.banks.values_list("pk", flat=True))
        self._bank_names = sorted(allotment.banks.values_list("name", flat=True))
        self._things: defaultdict[str, list[Thing]] = defaultdict(list)
        for bank in Bank.objects.filter(site=site):
            self._things[folded(bank.name)].append(bank)
        for area in Area.objects.filter(site=site):
            self._things[folded(area.name)].append(area)
        every = Compartment.objects.filter(bank__site=site).select_related("bank")
        for door in every.order_by("bank__position", "bank_id", "pk"):
            for name in (door.number, f"{door.bank.name} {door.number}"):
                self._things[folded(name)].append(door)
        doors, self._allowed = problems.allowed_each(allotment, pupils)
        self._bank_of = {door.pk: door.bank for door in doors}
        self._places = facts.areas_of(allotment)
        self._everything = self._offer(frozenset(self._bank_of))
        self._offers: dict[frozenset[int], _Offer] = {}

    def find(self, text: str, pupil: Person) -> Thing:
        """Return what a cell names for a pupil. Raises NotOffered."""
        named = self._things.get(folded(text), [])
        if not named:
            raise NotOffered(
                _("There is no area, no lockers and no door “%(text)s” at this site.")
                % {"text": text[:60]}
            )
        doors = self._allowed[pupil.pk]
        if doors not in self._offers:
            self._offers[doors] = self._offer(doors)
        offered = [one for one in named if self._offers[doors].has(one)]
        # Lockers that are called as the area they stand in: they are the nearer thing.
        offered = [one for one in offered if isinstance(one, Bank)] or offered
        if len(offered) > 1:
            raise NotOffered(
                _("Several are called “%(text)s”. Write the lockers and the number: %(such)s.")
                % {"text": text[:60], "such": _label(offered[0])}
            )
        if not offered:
            raise NotOffered(self._why_not(named[0], text))
        return offered[0]

    def _offer(self, doors: frozenset[int]) -> _Offer:
        banks = {self._bank_of[door].pk: self._bank_of[door].area_id for door in doors}
        areas: set[int] = set()
        around = set(banks.values())
        for pk in self._places:
            if around & walks.inside(self._places, pk):
                areas.add(pk)
        return _Offer(doors, frozenset(banks), frozenset(areas))

    def _why_not(self, thing: Thing, text: str) -> str:
        bank = thing.bank if isinstance(thing, Compartment) else thing
        facts_ = {"text": text[:60], "banks": ", ".join(self._bank_names)}
        if isinstance(bank, Bank) and bank.pk not in self._in_draw:
            return (
                _(
                    "“%(text)s” is not among the lockers of this draw: they closed, or were taken"
                    " out. Choose from %(banks)s, or leave the cell empty."
                )
                % facts_
            )
        if isinstance(thing, Compartment) and thing.service_status != ServiceStatus.IN_SERVICE:
            return _("Door “%(text)s” is not given out: %(status)s. Choose another one.") % {
                "text": text[:60], "status": thing.get_service_status_display()
            }  # fmt: skip
        if not self._everything.has(thing):
            return (
                _(
                    "“%(text)s” has no door that is given out. Choose from %(banks)s, or leave the"
                    " cell empty."
                )
                % facts_
            )
        return _("By the rules “%(text)s” is not for this pupil. Choose something else.") % facts_


def folded(text: str) -> str:
    """Return a name as it is compared: commas, capitals and spaces do not matter."""
    return " ".join(text.replace(",", " ").casefold().split())


def _label(thing: Thing) -> str:
    return f"{thing.bank.name} {thing.number}" if isinstance(thing, Compartment) else str(thing)
