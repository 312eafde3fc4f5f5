"""Factories of a school: its calendar, its years, forms and houses, and a small one whole."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import factory
from factory.django import DjangoModelFactory

from access.choices import PersonKind
from access.models import House, Person, RegistrationGroup, YearGroup
from lockers.models import AcademicSession, Area, Organisation, SessionLevel, Site
from tests.factories import OrganisationFactory, PersonFactory, SiteFactory

if TYPE_CHECKING:
    from tests.factories.cast import Estate


class AcademicSessionFactory(DjangoModelFactory[AcademicSession]):
    """A year, 2026/27 unless told otherwise; for a part give ``parent`` and ``level``."""

    class Meta:
        model = AcademicSession

    site = factory.SubFactory(SiteFactory)
    level = SessionLevel.YEAR
    name = "2026/27"
    starts_on = dt.date(2026, 9, 1)
    ends_on = dt.date(2027, 7, 21)


class YearGroupFactory(DjangoModelFactory[YearGroup]):
    """A year group; ranks count up within a test."""

    class Meta:
        model = YearGroup

    organisation = factory.SubFactory(OrganisationFactory)
    rank = factory.Sequence(lambda n: n % 30_000 + 1)
    name = factory.LazyAttribute(lambda o: f"Year {o.rank}")


class HouseFactory(DjangoModelFactory[House]):
    class Meta:
        model = House

    organisation = factory.SubFactory(OrganisationFactory)
    name = factory.Sequence(lambda n: f"House {n}")


class RegistrationGroupFactory(DjangoModelFactory[RegistrationGroup]):
    """A form; its year group is of the organisation of its site."""

    class Meta:
        model = RegistrationGroup

    site = factory.SubFactory(SiteFactory)
    year_group = factory.SubFactory(
        YearGroupFactory, organisation=factory.SelfAttribute("..site.organisation")
    )
    name = factory.Sequence(lambda n: f"Form {n}")


class PupilFactory(PersonFactory):
    """A pupil; with a form they are of its site, organisation and year."""

    organisation: Any = factory.LazyAttribute(
        lambda o: (
            o.registration_group.site.organisation
            if o.registration_group is not None
            else OrganisationFactory()
        )
    )
    home_site: Any = factory.LazyAttribute(
        lambda o: o.registration_group.site if o.registration_group is not None else None
    )
    kind = PersonKind.STUDENT
    registration_group: Any = None
    year_group: Any = factory.LazyAttribute(
        lambda o: o.registration_group.year_group if o.registration_group is not None else None
    )
    given_name = factory.Sequence(lambda n: f"Pupil {n}")
    personal_number = factory.Sequence(lambda n: f"P{n:06d}")


@dataclass
class School:
    """Years 7 and 8 of a site: forms 7A and 7B, 8A and 8B, two houses, three pupils each form."""

    organisation: Organisation
    site: Site
    session: AcademicSession
    next_session: AcademicSession
    terms: list[AcademicSession]
    years: list[YearGroup]
    houses: list[House]
    forms: list[RegistrationGroup]
    rooms: list[Area]
    pupils: list[Person]

    def form(self, name: str) -> RegistrationGroup:
        """Return a form by its name."""
        return next(one for one in self.forms if one.name == name)

    def of(self, form: str) -> list[Person]:
        """Return the pupils of a form."""
        return [one for one in self.pupils if one.registration_group == self.form(form)]


def academic_year(site: Site, first: int = 2026, **more: Any) -> AcademicSession:
    """Make the year from September of ``first``."""
    return AcademicSessionFactory(
        site=site,
        name=f"{first}/{(first + 1) % 100:02d}",
        starts_on=dt.date(first, 9, 1),
        ends_on=dt.date(first + 1, 7, 21),
        **more,
    )


def school(estate: Estate | None = None, *, site: Site | None = None, each: int = 3) -> School:
    """Make a small school at a site: the one of ``estate``, that given, or a new one.

    ``each`` is how many pupils a form has. The years are 2026/27, with its three terms, and
    2027/28; admission numbers are 700001 and on.
    """
    if site is None:
        site = estate.site if estate is not None else SiteFactory()
    organisation = site.organisation
    session, next_session = academic_year(site), academic_year(site, 2027)
    terms = [
        AcademicSessionFactory(
            site=site, parent=session, level=SessionLevel.TERM, name=name, starts_on=a, ends_on=b
        )
        for name, a, b in (
            ("Autumn", dt.date(2026, 9, 1), dt.date(2026, 12, 18)),
            ("Spring", dt.date(2027, 1, 4), dt.date(2027, 3, 26)),
            ("Summer", dt.date(2027, 4, 12), dt.date(2027, 7, 21)),
        )
    ]
    years = [
        YearGroupFactory(organisation=organisation, rank=rank, name=f"Year {rank}")
        for rank in (7, 8)
    ]
    houses = [HouseFactory(organisation=organisation, name=name) for name in ("Curie", "Noether")]
    forms, rooms, pupils = [], [], []
    for year in years:
        for letter in "AB":
            name = f"{year.rank}{letter}"
            room = Area.objects.create(site=site, name=f"Room {name}")
            rooms.append(room)
            form = RegistrationGroupFactory(site=site, year_group=year, name=name, room=room)
            forms.append(form)
            for _each in range(each):
                pupils.append(
                    PupilFactory(
                        registration_group=form,
                        house=houses[len(pupils) % 2],
                        given_name=f"Pupil{len(pupils) + 1}",
                        family_name=f"Of{name}",
                        personal_number=str(700_001 + len(pupils)),
                    )
                )
    return School(
        organisation=organisation,
        site=site,
        session=session,
        next_session=next_session,
        terms=terms,
        years=years,
        houses=houses,
        forms=forms,
        rooms=rooms,
        pupils=pupils,
    )
