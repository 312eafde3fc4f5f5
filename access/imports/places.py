"""Year groups, forms and houses of a site, by the names that files give them, and new ones."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from access.imports import years
from access.models import House, RegistrationGroup, YearGroup
from lockers.models import Area, Site

MAX_NAME = 40


@dataclass(frozen=True)
class Class:
    """A homeroom class of OneRoster: what is known of a form besides its name."""

    id: str
    name: str
    year: str
    room: str


class Places:
    """Looked up once per import; what is missing is made in memory, and saved with the rows.

    Only with ``makes``: without it a name that is not known is refused.
    """

    def __init__(self, site: Site, *, makes: bool) -> None:
        self.site, self.makes = site, makes
        organisation = site.organisation_id
        self.years = list(YearGroup.objects.filter(organisation_id=organisation))
        self.houses = {
            one.name.casefold(): one for one in House.objects.filter(organisation_id=organisation)
        }
        by_pk = {one.pk: one for one in self.years}
        self.forms: dict[str, RegistrationGroup] = {}
        self.by_id: dict[str, RegistrationGroup] = {}
        for form in RegistrationGroup.objects.filter(site=site):
            form.site, form.year_group = site, by_pk[form.year_group_id]
            self.forms[form.name.casefold()] = form
            if form.external_id:
                self.by_id[form.external_id] = form
        self.rooms = {one.name.casefold(): one for one in Area.objects.filter(site=site)}
        self.new_years: list[YearGroup] = []
        self.new_houses: list[House] = []
        self.new_forms: list[RegistrationGroup] = []
        # Forms that were known by their name alone.
        self.named: list[RegistrationGroup] = []
        # Forms that the register calls otherwise now, with their old names.
        self.renamed: list[tuple[RegistrationGroup, str]] = []

    def knows_form(self, name: str) -> bool:
        """Say whether a form of this name is here already."""
        form = self.forms.get(name.casefold())
        return form is not None and form.pk is not None

    def year(self, text: str) -> YearGroup:
        """Return the year group that a text means; raises ValidationError."""
        plain, rank = text.casefold(), years.rank_of(text)
        for one in self.years:
            if one.name.casefold() == plain:
                return one
        for one in self.years:
            if rank is not None and one.rank == rank:
                return one
        self._may_make(_("There is no year group “%s”.") % text[:80], text)
        if rank is None:
            raise ValidationError(
                _("Which year comes after “%s” cannot be told. Add it under “Year groups”, with its"
                  " rank.") % text[:80]
            )  # fmt: skip
        made = YearGroup(organisation=self.site.organisation, name=years.name_of(text), rank=rank)
        self.years.append(made)
        self.new_years.append(made)
        return made

    def house(self, text: str) -> House:
        """Return the house of a name; raises ValidationError."""
        found = self.houses.get(text.casefold())
        if found is None:
            self._may_make(_("There is no house “%s”.") % text[:80], text)
            found = House(organisation=self.site.organisation, name=text)
            self.houses[text.casefold()] = found
            self.new_houses.append(found)
        return found

    def link(self, classes: Iterable[Class]) -> None:
        """Find the forms that are homeroom classes: by what the register calls them, or by name.

        One that the register calls otherwise now is called so here, where no other form is.
        """
        for one in classes:
            form, named = self.by_id.get(one.id), self.forms.get(one.name.casefold())
            if form is None and named is not None and not named.external_id:
                named.external_id = one.id
                self.by_id[one.id] = named
                self.named.append(named)
            elif form is not None and named is None and 0 < len(one.name) <= MAX_NAME:
                self.renamed.append((form, form.name))
                self.forms[one.name.casefold()] = form
                form.name = one.name

    def form(self, text: str, year: YearGroup | None, of: Class | None) -> RegistrationGroup:
        """Return the form of a name, or of a homeroom class; raises ValidationError."""
        if of is not None and of.id in self.by_id:
            return self.by_id[of.id]
        found = self.forms.get(text.casefold())
        return found if found is not None else self._made(text, year, of)

    def _made(self, text: str, year: YearGroup | None, of: Class | None) -> RegistrationGroup:
        self._may_make(
            _("There is no form “%(form)s” at %(site)s.")
            % {"form": text[:80], "site": self.site}, text
        )  # fmt: skip
        if year is None:
            raise ValidationError(
                _("Say the year group, too, so that the form “%s” can be made.") % text[:80]
            )
        made = RegistrationGroup(
            site=self.site,
            name=text,
            year_group=year,
            room=self.rooms.get(of.room.casefold()) if of is not None and of.room else None,
            external_id=of.id if of is not None else "",
        )
        self.forms[text.casefold()] = made
        if of is not None:
            self.by_id[of.id] = made
        self.new_forms.append(made)
        return made

    def _may_make(self, sentence: str, text: str) -> None:
        if not self.makes:
            raise ValidationError(
                _("%s Check the name, or tick “Make what is missing” and upload the file again.")
                % sentence
            )
        if len(text) > MAX_NAME:
            raise ValidationError(_("A name has at most %d letters. Shorten it.") % MAX_NAME)

    @property
    def made(self) -> list[tuple[str, list[str]]]:
        """Return what will be made: of each kind the names."""
        found: list[tuple[str, list[Any]]] = [
            (_("Year groups"), self.new_years),
            (_("Forms"), self.new_forms),
            (_("Houses"), self.new_houses),
        ]
        return [(str(kind), sorted(one.name for one in ones)) for kind, ones in found if ones]

    def save(self) -> list[Any]:
        """Write what was made and return it; years before the forms that are of them."""
        YearGroup.objects.bulk_create(self.new_years)
        House.objects.bulk_create(self.new_houses)
        for form in self.new_forms:
            form.year_group = form.year_group  # which has its number by now
        RegistrationGroup.objects.bulk_create(self.new_forms)
        RegistrationGroup.objects.bulk_update(self.named, ["external_id"])
        RegistrationGroup.objects.bulk_update([form for form, _old in self.renamed], ["name"])
        return [*self.new_years, *self.new_houses, *self.new_forms]
