"""The constraints of a school, broken around the services (see test_constraints)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from django.db import connection, transaction

from access.models import Person
from lockers.models import AcademicSession, SessionLevel, Site
from tests import factories
from tests.factories.cast import Estate
from tests.factories.school import (
    AcademicSessionFactory,
    HouseFactory,
    PupilFactory,
    RegistrationGroupFactory,
    YearGroupFactory,
)

UPN = "A801200001001"


def at_once(break_it: Callable[[], object]) -> None:
    """Do something and let the database look now, not at the end of the transaction."""
    with transaction.atomic():
        break_it()
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def year(estate: Estate, **values: Any) -> AcademicSession:
    made: AcademicSession = AcademicSessionFactory.create(**{"site": estate.site, **values})
    return made


def term(estate: Estate, **values: Any) -> AcademicSession:
    row: dict[str, Any] = {
        "level": SessionLevel.TERM, "name": "Autumn", "ends_on": dt.date(2026, 12, 18), **values,
    }  # fmt: skip
    row.setdefault("parent", year(estate) if "parent" not in values else None)
    return year(estate, **row)


def twice(factory: Any, **same: Any) -> None:
    for _each in range(2):
        factory.create(**same)


def form(estate: Estate, **values: Any) -> Any:
    return RegistrationGroupFactory.create(site=estate.site, **values)


def of_another_year(estate: Estate) -> None:
    other = YearGroupFactory.create(organisation=estate.organisation)
    PupilFactory.create(registration_group=form(estate), year_group=other)


def year_that_leaves_its_term(estate: Estate) -> None:
    whole = term(estate).parent
    assert whole is not None
    AcademicSession.objects.filter(pk=whole.pk).update(starts_on=dt.date(2026, 9, 2))


# Those that Django knows by name.
BREAKS: dict[str, Callable[[Estate], object]] = {
    "lockers_session_ends_after_it_starts": lambda e: year(e, ends_on=dt.date(2026, 9, 1)),
    "lockers_session_has_a_level": lambda e: term(e, level=4),
    "lockers_only_a_year_stands_alone": lambda e: term(e, parent=None),
    "lockers_sessions_of_a_level_do_not_overlap": lambda e: [
        year(e), year(e, name="Again", starts_on=dt.date(2027, 7, 21),
                      ends_on=dt.date(2028, 7, 20)),
    ],
    "lockers_one_session_per_external_id": lambda e: [
        year(e, external_id="a"), year(e, name="Next", starts_on=dt.date(2027, 9, 1),
                                       ends_on=dt.date(2028, 7, 20), external_id="a"),
    ],
    "lockers_one_session_per_name": lambda e: [
        year(e), year(e, starts_on=dt.date(2027, 9, 1), ends_on=dt.date(2028, 7, 20)),
    ],
    "lockers_one_site_per_external_id": lambda e: [
        Site.objects.filter(pk=e.site.pk).update(external_id="S1"),
        factories.SiteFactory.create(organisation=e.organisation, external_id="S1"),
    ],
    "access_one_year_group_per_name": lambda e: [
        YearGroupFactory.create(organisation=e.organisation, name="Year 7", rank=rank)
        for rank in (7, 8)
    ],
    "access_one_year_group_per_rank": lambda e: [
        YearGroupFactory.create(organisation=e.organisation, name=name, rank=7)
        for name in ("Year 7", "Sevens")
    ],
    "access_one_house_per_name": lambda e: twice(
        HouseFactory, organisation=e.organisation, name="Curie"
    ),
    "access_one_registration_group_per_name": lambda e: twice(
        RegistrationGroupFactory, site=e.site, name="7A"
    ),
    "access_one_registration_group_per_external_id": lambda e: twice(
        RegistrationGroupFactory, site=e.site, external_id="k7a"
    ),
    "access_one_person_per_upn": lambda e: twice(
        PupilFactory, organisation=e.organisation, upn=UPN
    ),
    "access_who_has_a_form_has_a_year": lambda e: PupilFactory.create(
        registration_group=form(e), year_group=None
    ),
    "access_person_leaves_after_they_start": lambda e: Person.objects.filter(
        pk=e.ben.pk
    ).update(starts_on=dt.date(2026, 9, 2), leaves_on=dt.date(2026, 9, 1)),
}  # fmt: skip
# Those that only the migrations name: a foreign key of two columns, and a trigger.
BY_MIGRATION: dict[str, Callable[[Estate], object]] = {
    "access_form_is_of_the_same_year": lambda e: at_once(lambda: of_another_year(e)),
    "lockers_session_lies_within": lambda e: at_once(lambda: year_that_leaves_its_term(e)),
}
OUTSIDE: dict[str, Callable[[Estate], object]] = {
    "too late": lambda e: term(e, ends_on=dt.date(2027, 7, 22)),
    "at another site": lambda e: term(e, site=e.other_site, parent=year(e)),
    "two levels below": lambda e: term(e, level=SessionLevel.HALF_TERM),
}
