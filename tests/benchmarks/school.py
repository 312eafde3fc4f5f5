"""A school of 1,500 pupils and as many doors, for what is measured of a whole year group."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from access.models import Person, YearGroup
    from lockers.models import Compartment, Site
    from occupancy.models import Policy

PUPILS, YEARS, FORMS_OF_A_YEAR = 1_500, 5, 10


@dataclass
class School:
    """Five years of ten forms of thirty, and a bank with a keyed door for each pupil."""

    site: Site
    years: list[YearGroup]
    people: list[Person]
    doors: list[Compartment]
    policy: Policy


def make(organisation: int, site_id: int, first_rank: int) -> School:
    """Make one; ``first_rank`` tells its years, and all its names, from those of another."""
    from access.choices import PersonKind
    from access.models import Person, RegistrationGroup, YearGroup
    from lockers.models import Compartment, Site
    from occupancy.choices import AtEnd, UseModel
    from occupancy.models import Policy
    from tests import factories

    site = Site.objects.get(pk=site_id)
    years = [
        YearGroup.objects.create(organisation_id=organisation, rank=n, name=f"Year {n}")
        for n in range(first_rank, first_rank + YEARS)
    ]
    forms = [
        RegistrationGroup.objects.create(site=site, year_group=year, name=f"{year.rank}-{n}")
        for year in years
        for n in range(FORMS_OF_A_YEAR)
    ]
    of_a_form = PUPILS // len(forms)
    people = Person.objects.bulk_create(
        Person(
            organisation_id=organisation, home_site=site, kind=PersonKind.STUDENT,
            given_name=f"Pupil {n}", personal_number=f"R{first_rank}-{n:05}",
            year_group=forms[n // of_a_form].year_group, registration_group=forms[n // of_a_form],
        )
        for n in range(PUPILS)
    )  # fmt: skip
    bank = factories.BankFactory(site=site, bridge=None, name=f"School {first_rank}")
    size = factories.SizeFactory(
        organisation=site.organisation, name=f"School {first_rank}", rank=first_rank + 2
    )
    doors = Compartment.objects.bulk_create(
        Compartment(
            bank=bank, number=f"{n + 1}", size=size, column=n // 10 + 1, row=n % 10 + 1,
            x_mm=n // 10 * 300, y_mm=n % 10 * 180, width_mm=300, height_mm=180, floor_mm=0,
            lock_kind="keyed",
        )
        for n in range(PUPILS)
    )  # fmt: skip
    policy = Policy.objects.create(
        organisation_id=organisation, site=site, name=f"School year {first_rank}",
        model=UseModel.PERMANENT, person_kinds=["student"], at_end=AtEnd.HOLD,
    )  # fmt: skip
    return School(site, years, people, doors, policy)
