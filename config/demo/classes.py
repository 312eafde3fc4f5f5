"""Years and terms, year groups, houses and forms of the school, whatever day it is today."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from access.models import House, RegistrationGroup, YearGroup
from config.demo.estate import Estate
from lockers.choices import AreaKind
from lockers.models import AcademicSession, Area, SessionLevel, Site

# The floor of each form's room.
FORMS = {
    "7A": "Ground floor",
    "7B": "Ground floor",
    "8A": "First floor",
    "8B": "First floor",
    "9A": "First floor",
    "9B": "Second floor",
    "10A": "Second floor",
    "10B": "Second floor",
    "10C": "Second floor",
    "11A": "Second floor",
    "11B": "Ground floor",
}
HOUSES = ("Curie", "Lovelace", "Noether", "Turing")
# Month and day of the first and the last, and of the last before half-term; spring and summer are
# in the second calendar year.
_TERMS = (
    ("Autumn", 0, (9, 1), (10, 25), (12, 18)),
    ("Spring", 1, (1, 5), (2, 14), (3, 26)),
    ("Summer", 1, (4, 12), (5, 30), (7, 21)),
)
# Holidays, but lockers go on.
_YEAR_ENDS = (8, 31)


@dataclass(frozen=True)
class Classes:
    """The school's year and the next one, and its forms by name."""

    this_year: AcademicSession
    next_year: AcademicSession
    years: dict[int, YearGroup]
    houses: list[House]
    forms: dict[str, RegistrationGroup]

    def place(self, form: str) -> dict[str, Any]:
        """Return what a pupil of a form has besides a name."""
        group = self.forms[form]
        return {"registration_group": group, "year_group": group.year_group}


def build(estate: Estate, *, at: dt.datetime) -> Classes:
    """Write the calendar of two years, and who is registered where."""
    site = estate.school.site
    today = at.astimezone(site.zone).date()
    first = first_year(today)
    years = YearGroup.objects.bulk_create(
        YearGroup(organisation=estate.organisation, name=f"Year {rank}", rank=rank)
        for rank in range(7, 12)
    )
    by_rank = {year.rank: year for year in years}
    rooms = _rooms(site)
    forms = RegistrationGroup.objects.bulk_create(
        RegistrationGroup(
            site=site, name=name, year_group=by_rank[_rank(name)], room=rooms[name],
            external_id=f"form-{name.lower()}",
        )
        for name in FORMS
    )  # fmt: skip
    return Classes(
        this_year=_calendar(site, first),
        next_year=_calendar(site, first + 1),
        years=by_rank,
        houses=House.objects.bulk_create(
            House(organisation=estate.organisation, name=name) for name in HOUSES
        ),
        forms={form.name: form for form in forms},
    )


def first_year(today: dt.date) -> int:
    """Return the calendar year in which the school year of a day began."""
    return today.year if (today.month, today.day) >= _TERMS[0][2] else today.year - 1


def _rank(form: str) -> int:
    return int(form.rstrip("ABC"))


def _rooms(site: Site) -> dict[str, Area]:
    floors = {area.name: area for area in Area.objects.filter(site=site, kind=AreaKind.FLOOR)}
    rooms = Area.objects.bulk_create(
        Area(site=site, parent=floors[floor], name=f"Room {form}", kind=AreaKind.ROOM)
        for form, floor in FORMS.items()
    )
    return dict(zip(FORMS, rooms, strict=True))


def _calendar(site: Site, first: int) -> AcademicSession:
    """Write a year with its terms and their halves: from September to the end of August."""
    year = AcademicSession.objects.create(
        site=site, name=f"{first}/{(first + 1) % 100:02}", level=SessionLevel.YEAR,
        starts_on=dt.date(first, 9, 1), ends_on=dt.date(first + 1, *_YEAR_ENDS),
    )  # fmt: skip
    for name, later, begins, half, ends in _TERMS:
        days = [dt.date(first + later, *day) for day in (begins, half, ends)]
        term = AcademicSession.objects.create(
            site=site, parent=year, level=SessionLevel.TERM, name=name,
            starts_on=days[0], ends_on=days[2],
        )  # fmt: skip
        AcademicSession.objects.bulk_create(
            AcademicSession(
                site=site, parent=term, level=SessionLevel.HALF_TERM, name=part,
                starts_on=begins_on, ends_on=ends_on,
            )
            for part, begins_on, ends_on in (
                (f"{name} 1", days[0], days[1]),
                (f"{name} 2", days[1] + dt.timedelta(days=1), days[2]),
            )
        )  # fmt: skip
    return year
