"""Three hundred people with badges, some with PINs: the same ones every time."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from access import hashing
from access.badges.profiles import MAIN
from access.choices import CredentialKind, CredentialStatus, PersonKind, PersonStatus
from access.models import Credential, Department, Group, Person, Role
from access.services import digests, procedures
from config.demo import names
from config.demo.classes import Classes
from config.demo.estate import BuiltSite, Estate

SEED = 1001
FIRST_BADGE = 4215873
# The first of the longer numbers, under which the younger pupils of the school are registered.
ADMISSION = "700101"
# Personal numbers with their PINs: Amira's, and a few more. Argon2 is slow on purpose.
PINS = {"1001": "274951", "1002": "830264", "1005": "591738", "1180": "406193", "1252": "713805"}


@dataclass(frozen=True)
class Crowd:
    """People of one kind at one site (by its place in SITES)."""

    site: int
    kind: PersonKind
    count: int
    departments: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    # Pupils are in a form, and in no department.
    forms: tuple[str, ...] = ()


OFFICE_TEAMS = (
    "Communications",
    "Engineering",
    "Facilities",
    "Finance",
    "Legal",
    "People and Culture",
    "Research",
)
CROWDS = (
    Crowd(0, PersonKind.STAFF, 149, OFFICE_TEAMS, ("Receptionist", "Engineer", "Analyst", "")),
    Crowd(
        0,
        PersonKind.CONTRACTOR,
        14,
        ("Facilities", "Engineering"),
        ("Electrician", "Cleaner"),
    ),
    Crowd(0, PersonKind.VISITOR, 14),
    Crowd(1, PersonKind.STUDENT, 61, forms=("10A", "10B", "10C", "11A", "11B")),
    Crowd(1, PersonKind.STAFF, 12, ("Teaching", "School office"), ("Teacher", "Caretaker")),
    Crowd(2, PersonKind.MEMBER, 41, ("Membership",)),
    Crowd(2, PersonKind.STAFF, 6, ("Pool team",), ("Lifeguard", "Duty manager")),
)
GROUPS = ("Cyclists", "Fire wardens", "First aiders", "Early shift", "Swimming club")


@dataclass(frozen=True)
class DemoBadge:
    """A badge worth trying, with what it is for."""

    number: str
    label: str


AMIRA = DemoBadge("0004215873", "Amira, staff")
BEN = DemoBadge("0004215874", "Ben, student")
CARLA = DemoBadge("0004215875", "Carla, suspended")
REVOKED = DemoBadge("0009999001", "Amira's old badge, revoked")
UNKNOWN = DemoBadge("0001234567", "nobody's badge")
TO_TRY = (AMIRA, BEN, CARLA)
BEN_NUMBER = "1002"


def build(estate: Estate, classes: Classes, *, at: dt.datetime) -> list[Person]:
    """Write everybody with their badges and PINs; return them in the order of their numbers.

    Of the school it is those of years 10 and 11, who take a locker for the day.
    """
    rng = random.Random(SEED)
    issued_at = at - dt.timedelta(days=60)
    departments = _named(estate, Department, {name for c in CROWDS for name in c.departments})
    people = [
        *_cast(estate, departments, classes),
        *_crowd(estate, departments, classes, rng),
    ]
    for place, person in enumerate(people):
        person.organisation = estate.organisation
        person.personal_number = str(1001 + place)
        person.email = email_of(person)
    Person.objects.bulk_create(people)
    procedures.add_usual(organisation=estate.organisation)
    _join_groups(estate, people, rng)
    Credential.objects.bulk_create([*_badges(people, issued_at, rng), *_pins(people, issued_at)])
    return people


def _cast(estate: Estate, departments: dict[str, Department], classes: Classes) -> list[Person]:
    """Return the people whose badges the start table names."""
    office, school = estate.sites[0].site, estate.sites[1].site
    return [
        Person(
            home_site=office,
            given_name="Amira",
            family_name="Haddad",
            department=departments["Research"],
        ),
        Person(
            home_site=school,
            given_name="Ben",
            family_name="Okafor",
            kind=PersonKind.STUDENT,
            **classes.place("10A"),
        ),
        Person(
            home_site=office,
            given_name="Carla",
            family_name="Rossi",
            department=departments["Finance"],
            status=PersonStatus.SUSPENDED,
        ),
    ]


def _crowd(
    estate: Estate, departments: dict[str, Department], classes: Classes, rng: random.Random
) -> list[Person]:
    roles = _named(estate, Role, {name for c in CROWDS for name in c.roles if name})
    pairs = rng.sample(range(len(names.GIVEN) * len(names.FAMILY)), sum(c.count for c in CROWDS))
    people: list[Person] = []
    for crowd in CROWDS:
        for _each in range(crowd.count):
            given, family = divmod(pairs[len(people)], len(names.FAMILY))
            people.append(
                Person(
                    home_site=estate.sites[crowd.site].site,
                    kind=crowd.kind,
                    status=_status(rng),
                    given_name=names.GIVEN[given],
                    family_name=names.FAMILY[family],
                    **_belongs(crowd, departments, classes, rng),
                    role=roles.get(rng.choice(crowd.roles)) if crowd.roles else None,
                    needs_low_door=rng.random() < 0.03,
                    needs_wide_door=rng.random() < 0.03,
                    needs_charging=rng.random() < 0.08,
                    needs_near_entrance=rng.random() < 0.02,
                )
            )
    return people


def _belongs(
    crowd: Crowd, departments: dict[str, Department], classes: Classes, rng: random.Random
) -> dict[str, Any]:
    """Return the department or the form that somebody is in, if any."""
    if crowd.forms:
        return classes.place(rng.choice(crowd.forms))
    if crowd.departments:
        return {"department": departments[rng.choice(crowd.departments)]}
    return {}


def _status(rng: random.Random) -> PersonStatus:
    draw = rng.random()
    if draw < 0.02:
        return PersonStatus.SUSPENDED
    return PersonStatus.LEFT if draw < 0.05 else PersonStatus.ACTIVE


def email_of(person: Person) -> str:
    """Return an address that says the name."""
    given, family = (
        "".join(letter for letter in name.lower() if letter.isalpha())
        for name in (person.given_name, person.family_name)
    )
    return f"{given}.{family}@northwind.example"


def _named(estate: Estate, model: type[Any], wanted: set[str]) -> dict[str, Any]:
    rows = [model(organisation=estate.organisation, name=name) for name in sorted(wanted)]
    return {row.name: row for row in model.objects.bulk_create(rows)}


def _join_groups(estate: Estate, people: list[Person], rng: random.Random) -> None:
    groups = Group.objects.bulk_create(
        Group(organisation=estate.organisation, name=name) for name in GROUPS
    )
    through = Person.groups.through
    through.objects.bulk_create(
        through(person_id=person.pk, group_id=group.pk)
        for person in people
        for group in groups
        if rng.random() < 0.08
    )


def _badges(
    people: Iterable[Person], issued_at: dt.datetime, rng: random.Random
) -> list[Credential]:
    """Return a badge for nearly everybody; some visitors have not been given one yet."""
    badges = []
    for place, person in enumerate(people):
        if person.kind == PersonKind.VISITOR and rng.random() < 0.4:
            continue
        has_left = person.status == PersonStatus.LEFT
        status = CredentialStatus.REVOKED if has_left else CredentialStatus.ACTIVE
        badges.append(badge(person, f"{FIRST_BADGE + place:010}", issued_at, status))
        if place == 0 or rng.random() < 0.02:
            old = f"{9999001 + place:010}"
            badges.append(badge(person, old, issued_at, CredentialStatus.REVOKED))
    return badges


def badge(
    person: Person,
    number: str,
    issued_at: dt.datetime,
    status: CredentialStatus = CredentialStatus.ACTIVE,
) -> Credential:
    """Return a badge of somebody, not yet written."""
    return Credential(
        organisation_id=person.organisation_id,
        person=person,
        kind=CredentialKind.BADGE,
        status=status,
        scheme=MAIN.scheme,
        digest=digests.of(person.organisation_id, hashing.canonical_text(number)),
        hint=hashing.hint(number),
        issued_at=issued_at,
    )


def _pins(people: Iterable[Person], issued_at: dt.datetime) -> list[Credential]:
    return [
        Credential(
            organisation_id=person.organisation_id,
            person=person,
            kind=CredentialKind.PIN,
            verifier=hashing.pin_verifier(PINS[person.personal_number]),
            issued_at=issued_at,
        )
        for person in people
        if person.personal_number in PINS
    ]


def of_site(built: BuiltSite, people: list[Person]) -> list[Person]:
    """Return who takes lockers for the day at a site.

    The people of the start table keep their hands free, and pupils who have one for the year.
    """
    cast = {str(1001 + place) for place in range(len(TO_TRY))}
    return [
        person
        for person in people
        if person.home_site_id == built.site.pk
        and person.status == PersonStatus.ACTIVE
        and person.personal_number not in cast
        and len(person.personal_number) < len(ADMISSION)
    ]
