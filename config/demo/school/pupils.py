"""The younger pupils of the school, who have a locker for the year, and next year's intake."""

from __future__ import annotations

import datetime as dt
import random

from access.choices import PersonKind
from access.models import Credential, Person
from config.demo import names, people
from config.demo.classes import Classes
from config.demo.estate import Estate

SEED = 7
# Of each form of years 7 to 9, and how many of year 7 are still to come.
IN_A_FORM = 11
INTAKE = 12
_BADGES_FROM = 5_000


def build(estate: Estate, classes: Classes, *, at: dt.datetime) -> list[Person]:
    """Write pupils of years 7 to 9 and next year's intake, with badges; return them by number.

    Who is in year 11 has a planned last day. Of guardians there is a contact, as far as letters
    need one.
    """
    rng = random.Random(SEED)
    young = [name for name, form in classes.forms.items() if form.year_group.rank < 10]
    forms = [name for name in young for _each in range(IN_A_FORM)]
    made = [_pupil(estate, classes, form, number, rng) for number, form in enumerate(forms)]
    for person in made:
        if person.year_group == classes.years[7]:
            person.starts_on = classes.this_year.starts_on
    for number in range(len(made), len(made) + INTAKE):
        person = _pupil(estate, classes, ("7A", "7B")[number % 2], number, rng)
        person.starts_on = classes.next_year.starts_on
        made.append(person)
    Person.objects.bulk_create(made)
    Credential.objects.bulk_create(
        people.badge(person, f"{people.FIRST_BADGE + _BADGES_FROM + number:010}", at)
        for number, person in enumerate(made)
    )
    pupils = Person.objects.filter(home_site=estate.school.site, kind=PersonKind.STUDENT)
    pupils.filter(year_group=classes.years[11]).update(leaves_on=classes.this_year.ends_on)
    everybody = list(pupils.order_by("pk").values_list("pk", flat=True))
    for number, house in enumerate(classes.houses):
        some = everybody[number :: len(classes.houses)]
        Person.objects.filter(pk__in=some).update(house=house)
    return made


def arrive(estate: Estate, classes: Classes, *, at: dt.datetime) -> Person:
    """Write somebody who came to the school last week, after the draw of this year's lockers."""
    number = len(classes.forms) * IN_A_FORM + INTAKE
    person = _pupil(estate, classes, "9B", number, random.Random(SEED + 1))
    person.starts_on = (at - dt.timedelta(days=7)).date()
    person.house = classes.houses[0]
    person.save(force_insert=True)
    people.badge(person, f"{people.FIRST_BADGE + _BADGES_FROM + number:010}", at).save()
    return person


def _pupil(estate: Estate, classes: Classes, form: str, number: int, rng: random.Random) -> Person:
    family = rng.choice(names.FAMILY)
    person = Person(
        organisation=estate.organisation,
        home_site=estate.school.site,
        kind=PersonKind.STUDENT,
        personal_number=str(int(people.ADMISSION) + number),
        given_name=rng.choice(names.GIVEN),
        family_name=family,
        guardian_name=f"{rng.choice(names.GIVEN)} {family}",
        needs_low_door=rng.random() < 0.03,
        needs_charging=rng.random() < 0.05,
        needs_near_entrance=rng.random() < 0.03,
        **classes.place(form),
    )
    person.email = people.email_of(person)
    person.guardian_email = people.email_of(Person(given_name="parents", family_name=family))
    return person
