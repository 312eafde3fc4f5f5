"""A term's end: pupils of the small school with lockers of each kind, and their collection."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Any

import factory
from factory.django import DjangoModelFactory

from access.choices import SignedHow
from access.models import Key, KeyHolding, Person
from access.services import combinations, keys
from access.signatures import Signature
from audit.services.events import Actor
from lockers.models import Compartment
from maintenance.choices import About
from maintenance.models import Collection, CollectionLine
from maintenance.services.collections import beginning, saying
from occupancy.models import Assignment
from occupancy.services.custody import giving
from tests import factories
from tests.factories.cast import SETUP, Estate
from tests.factories.school import School, school


class CollectionFactory(DjangoModelFactory[Collection]):
    """Collected in the week of the tests; ``site`` and ``session`` are to be given."""

    class Meta:
        model = Collection

    name = factory.Sequence(lambda n: f"Collection {n}")
    starts_on = dt.date(2026, 11, 16)
    ends_on = dt.date(2026, 11, 20)


@dataclass
class TermEnd:
    """Form 7A has an electronic, a keyed and a combination door; 7B an electronic one."""

    estate: Estate
    school: School
    collection: Collection
    # By pupil: the first three are 7A, the fourth is 7B.
    claims: list[Assignment]
    key: Key

    def line(self, number: int) -> CollectionLine:
        """Return the line of the nth pupil, from 1, as it is now."""
        return CollectionLine.objects.get(
            collection=self.collection, claim=self.claims[number - 1]
        )  # fmt: skip

    def pupil(self, number: int) -> Person:
        return self.claims[number - 1].holder  # type: ignore[return-value]  # each has one

    def begin(self, at: dt.datetime, **which: Any) -> int:
        return beginning.begin(collection_id=self.collection.pk, actor=SETUP, at=at, **which)

    def say(
        self, number: int, about: str, answer: str, at: dt.datetime, **values: Any
    ) -> CollectionLine:
        """Say one thing of the nth pupil's locker, as Olga."""
        return saying.say(
            line_id=self.line(number).pk, about=About(about), answer=answer,
            actor=Actor.staff(self.estate.olga.pk), at=at,
            **{"entry_id": uuid.uuid4(), **values},
        )  # fmt: skip

    def all_back(self, number: int, at: dt.datetime) -> CollectionLine:
        """Say that everything of the nth pupil's locker is as it should be."""
        self.say(number, "emptied", "yes", at)
        if self.line(number).key != "none":
            self.say(number, "key", "back", at)
        return self.say(number, "condition", "good", at)


def term_end(estate: Estate, at: dt.datetime, *, begun: bool = True) -> TermEnd:
    """Make the small school at the estate, its lockers given, and a collection of them."""
    made = school(estate)
    keyed: Compartment = factories.CompartmentFactory(
        bank=estate.bank, size=estate.small, number="K1", column=21, lock_kind="keyed"
    )
    dial: Compartment = factories.CompartmentFactory(
        bank=estate.bank, size=estate.small, number="C1", column=22, lock_kind="combination"
    )
    lock = factories.LockFactory(compartment=dial)
    combinations.store(lock=lock, combinations={1: "12-34-56", 2: "65-43-21"}, actor=SETUP, at=at)
    doors = [estate.doors[0], keyed, dial, estate.doors[1]]
    claims = [
        giving.give(
            policy_id=estate.policy.pk, compartment_id=door.pk, person_id=pupil.pk, actor=SETUP,
            at=at, ends_at=None,
        )
        for door, pupil in zip(doors, made.pupils, strict=False)
    ]  # fmt: skip
    Assignment.objects.update(ends_at=None, due_at=None)
    key = factories.KeyFactory(lock=factories.LockFactory(compartment=keyed), copy=1)
    keys.issue(
        key=key, person=made.pupils[1], actor=SETUP, at=at,
        signature=Signature("Pupil2", SignedHow.TYPED),
    )  # fmt: skip
    one = TermEnd(
        estate, made,
        CollectionFactory(site=estate.site, session=made.session, name="Summer 2027"), claims, key,
    )  # fmt: skip
    if begun:
        one.begin(at)
    return one


def holding(one: TermEnd) -> KeyHolding:
    """Return the holding of the key, as it is now."""
    return KeyHolding.objects.get(key=one.key)
