"""Lockers of a school through the year: banks with keys, dials and boards, and who has what."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from access.models import Key, Lock, Person, User
from access.services import combinations, keys
from access.signatures import Signature
from lockers.choices import LockKind
from lockers.models import Bank, Compartment
from occupancy.models import Assignment, Policy
from occupancy.services.custody import giving
from tests import factories
from tests.factories.cast import SETUP, Estate
from tests.factories.school import School, school

SIGNED = Signature("Somebody", "typed")


@dataclass
class SchoolYear:
    """The small school in November, with a bank of each kind of lock, and a tutor of 7A."""

    school: School
    policy: Policy
    keyed: Bank
    dials: Bank
    tutor: User
    locks: dict[int, Lock] = field(default_factory=dict)

    @property
    def keyed_doors(self) -> list[Compartment]:
        """Doors K1 and on, each with a lock and two keys."""
        return list(self.keyed.compartments.order_by("column"))

    @property
    def dial_doors(self) -> list[Compartment]:
        """Doors C1 and on; the combination of C1 is 01-02-01, of C2 01-02-02, and so on."""
        return list(self.dials.compartments.order_by("column"))

    def give(
        self, pupil: Person, door: Compartment, at: dt.datetime, until: dt.datetime | None = None
    ) -> Assignment:
        """Give a pupil a door for the year."""
        return giving.give(
            policy_id=self.policy.pk, person_id=pupil.pk, compartment_id=door.pk, actor=SETUP,
            at=at, ends_at=until,
        )  # fmt: skip

    def hand_out(self, pupil: Person, door: Compartment, at: dt.datetime) -> Key:
        """Hand the first key of a door out to a pupil."""
        key = Key.objects.filter(lock=self.locks[door.pk]).earliest("copy")
        keys.issue(key=key, person=pupil, signature=SIGNED, actor=SETUP, at=at)
        return key


def doors(bank: Bank, kind: LockKind, prefix: str, count: int, size: object) -> list[Compartment]:
    """Make the doors of a bank."""
    return [
        factories.CompartmentFactory(
            bank=bank, number=f"{prefix}{number}", column=number, lock_kind=kind, size=size
        )
        for number in range(1, count + 1)
    ]


def school_year(estate: Estate, at: dt.datetime, *, each: int = 3, count: int = 6) -> SchoolYear:
    """Make the small school at the estate's site, with ``count`` doors a bank."""
    place = school(estate, each=each)
    # What staff have for a day is no rule for pupils.
    Policy.objects.filter(pk=estate.policy.pk).update(person_kinds=["staff"])
    policy = factories.PolicyFactory(
        organisation=estate.organisation, site=estate.site, name="School year", model="permanent",
        limit_per_person=2,
    )  # fmt: skip
    keyed = factories.BankFactory(site=estate.site, bridge=None, name="Hall keys")
    dials = factories.BankFactory(site=estate.site, bridge=None, name="Hall dials")
    tutor = factories.UserFactory(username="tutor", is_staff=False)
    place.form("7A").tutors.add(tutor)
    year = SchoolYear(place, policy, keyed, dials, tutor)
    for door in doors(keyed, LockKind.KEYED, "K", count, estate.small):
        year.locks[door.pk] = lock = factories.LockFactory(compartment=door)
        keys.cut(opens=lock, count=2, actor=SETUP, at=at)
    for number, door in enumerate(doors(dials, LockKind.COMBINATION, "C", count, estate.small), 1):
        year.locks[door.pk] = lock = factories.LockFactory(compartment=door)
        combinations.store(
            lock=lock, combinations={1: f"01-{number // 100 + 2:02}-{number % 100:02}"},
            actor=SETUP, at=at,
        )  # fmt: skip
    return year
