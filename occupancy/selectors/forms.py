"""The pupils of a form, or of many, and the doors they have: for tutors, and to hand out."""

from __future__ import annotations

import datetime as dt
import enum
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db.models import Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from access import folding
from access.choices import HoldingEnd, KeyStatus, PersonKind, PersonStatus
from access.models import Key, KeyHolding, Person, RegistrationGroup, User
from lockers.choices import LockKind
from lockers.models import Compartment
from lockers.scoping import VIEW, sites_of
from occupancy.models import Assignment, Claim
from occupancy.services.claims.assignments import in_force


class KeyIs(enum.StrEnum):
    """Where the key of a pupil's door is."""

    OUT = "out"
    LOST = "lost"
    HERE = "here"
    NONE = "none"


_KEY_WORDS: dict[KeyIs, str | Promise] = {
    KeyIs.OUT: _("Key handed out"),
    KeyIs.LOST: _("Key missing"),
    KeyIs.HERE: _("Key not handed out"),
    KeyIs.NONE: "",
}


@dataclass(frozen=True, slots=True)
class Copy:
    """One key to a door: the number stamped on it, where it hangs, and who has it."""

    id: int
    number: int
    hook: str
    person_id: int | None


@dataclass(frozen=True, slots=True)
class Has:
    """A door that a pupil has."""

    compartment: Compartment
    until: dt.datetime | None
    is_overdue: bool
    is_in_recovery: bool
    key: KeyIs = KeyIs.NONE
    copies: tuple[Copy, ...] = ()

    @property
    def key_words(self) -> str:
        """Say where its key is; nothing where it takes none."""
        return str(_KEY_WORDS[self.key])


@dataclass(frozen=True, slots=True)
class Pupil:
    """A pupil, by name and form alone, with their doors."""

    id: int
    name: str
    form: str
    doors: list[Has] = field(default_factory=list)


def forms_for(user: User) -> QuerySet[RegistrationGroup]:
    """Return the forms whose pupils somebody may see: their own, and all where they may look."""
    return RegistrationGroup.objects.filter(
        Q(pk__in=RegistrationGroup.objects.filter(tutors=user).values("pk"))
        | Q(site__in=sites_of(user, VIEW))
    )


def is_tutor(user: User) -> bool:
    """Say whether a log-in is the tutor of any form."""
    return RegistrationGroup.objects.filter(tutors=user).exists()


def here(people: Q) -> QuerySet[Person]:
    """Return the pupils among some people who have not left."""
    return Person.objects.filter(people, kind=PersonKind.STUDENT).exclude(status=PersonStatus.LEFT)


def register(people: Q, *, any_kind: bool = False) -> list[Person]:
    """Return those pupils, or people, in the order of a register: form and name, accents aside."""
    found = (
        (Person.objects.filter(people) if any_kind else here(people))
        .select_related("registration_group__year_group")
        .only(
            "given_name", "family_name", "registration_group__name",
            "registration_group__year_group__rank",
        )
    )  # fmt: skip

    def place(person: Person) -> tuple[bool, int, str, str, str, int]:
        form = person.registration_group
        rank, name = (form.year_group.rank, form.name) if form is not None else (0, "")
        family, given = folding.fold(person.family_name), folding.fold(person.given_name)
        return form is None, rank, name, family, given, person.pk

    return sorted(found, key=place)


def pupils(people: Q, at: dt.datetime, *, site_id: int | None = None) -> list[Pupil]:
    """Return pupils with the doors they have, at one site or anywhere: four statements at most."""
    found = register(people)
    held = Assignment.objects.filter(
        in_force(at), holder__in=[person.pk for person in found]
    ).select_related("compartment__bank", "compartment__size")
    if site_id is not None:
        held = held.filter(compartment__bank__site=site_id)
    claims = list(held.order_by("compartment__bank__name", "pk"))
    has: defaultdict[int | None, list[Has]] = defaultdict(list)
    for claim, door in zip(claims, having(claims, at), strict=True):
        has[claim.holder_id].append(door)
    return [
        Pupil(
            person.pk,
            str(person),
            person.registration_group.name if person.registration_group else "",
            has[person.pk],
        )
        for person in found
    ]


def _has(claim: Claim, copies: Sequence[Copy], lost: set[tuple[int, int]], at: dt.datetime) -> Has:
    door, holder_id = claim.compartment, claim.holder_id
    key = KeyIs.NONE
    if door.lock_kind == LockKind.KEYED:
        key = KeyIs.HERE
        if any(copy.person_id == holder_id for copy in copies):
            key = KeyIs.OUT
        elif (door.pk, holder_id) in lost:
            key = KeyIs.LOST
    is_in_recovery = claim.recovery_at is not None
    is_overdue = not is_in_recovery and claim.due_at is not None and claim.due_at <= at
    return Has(door, claim.due_at, is_overdue, is_in_recovery, key, tuple(copies))


def _copies(door_ids: Sequence[int]) -> dict[int, list[Copy]]:
    """Return the keys in use to some doors, and who has them."""
    found: defaultdict[int, list[Copy]] = defaultdict(list)
    out = KeyHolding.objects.filter(
        returned_at__isnull=True, key__lock__compartment__in=door_ids
    ).values_list("key", "person")
    has = dict(out)
    rows = Key.objects.filter(lock__compartment__in=door_ids, status=KeyStatus.IN_USE)
    for key_id, door_id, copy, hook in rows.order_by("copy").values_list(
        "pk", "lock__compartment", "copy", "hook"
    ):
        found[door_id].append(Copy(key_id, copy, hook, has.get(key_id)))
    return dict(found)


def _lost(door_ids: Sequence[int]) -> set[tuple[int, int]]:
    """Return who lost a key to which door, and the lock is still the same."""
    rows = KeyHolding.objects.filter(
        ended_how=HoldingEnd.LOST,
        key__status=KeyStatus.LOST,
        key__lock__compartment__in=door_ids,
    )
    return set(rows.values_list("key__lock__compartment", "person"))


def having(claims: Sequence[Claim], at: dt.datetime) -> list[Has]:
    """Return the doors of some uses, with their keys; in three statements at most."""
    doors = [one.compartment_id for one in claims]
    copies = _copies(doors)
    lost = _lost(doors) if copies else set()
    return [_has(one, copies.get(one.compartment_id, ()), lost, at) for one in claims]


def booked(booked_set_id: int) -> list[Pupil]:
    """Return who has which door by a set of bookings that stand or are used, as in a register."""
    rows = Claim.objects.filter(
        Q(closed_at__isnull=True), booked_set_door__booked_set=booked_set_id
    ).select_related("compartment__bank", "compartment__size")
    has = {one.holder_id: one for one in rows}
    people = register(Q(pk__in=[pk for pk in has if pk is not None]), any_kind=True)
    return [
        Pupil(
            person.pk,
            str(person),
            person.registration_group.name if person.registration_group else "",
            [Has(has[person.pk].compartment, has[person.pk].due_at, False, False)],
        )
        for person in people
    ]
