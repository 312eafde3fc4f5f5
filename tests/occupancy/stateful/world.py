"""Two banks, five people and five policies, and a clock that moves; all of it in the database."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from access.choices import PersonKind, PersonStatus
from access.models import Person
from audit.services.events import Actor
from lockers.models import Bank, Compartment
from occupancy.choices import AtEnd, ClaimKind, ClosedHow
from occupancy.models import (
    Assignment,
    Claim,
    LostItem,
    Offer,
    Policy,
    Recovery,
    Share,
    WaitingEntry,
)
from occupancy.services.policies import rulebooks
from tests import factories
from tests.conftest import MORNING
from tests.factories.cast import Estate

T = TypeVar("T")
MINUTE, HOUR, DAY = dt.timedelta(minutes=1), dt.timedelta(hours=1), dt.timedelta(days=1)


@dataclass
class World:
    """The estate, and small numbers by which Hypothesis names what is in it."""

    estate: Estate
    people: list[Person]
    banks: list[Bank]
    doors: list[Compartment]
    policies: list[Policy]
    at: dt.datetime = MORNING
    # Rows that a job could not do: there must never be any.
    aside: list[str] = field(default_factory=list)

    @classmethod
    def build(cls) -> World:
        """Make it all."""
        # What is rolled back takes its version numbers with it; another example uses them again.
        rulebooks._kept.clear()
        estate = Estate.build(at=MORNING)
        organisation, site = estate.organisation, estate.site
        estate.bridge.presence.last_seen_at = MORNING + 365 * DAY
        estate.bridge.presence.save(update_fields=["last_seen_at"])
        second = factories.BankFactory(site=site, bridge=estate.bridge, name="B")
        board = factories.ControllerFactory(bridge=estate.bridge, name="Board 2", unit=2)
        added = [
            factories.CompartmentFactory(
                bank=second, number=f"B{n}", column=n, size=estate.small, controller=board,
                channel=n,
            )
            for n in (1, 2)
        ]  # fmt: skip
        for door in added:
            factories.DoorFactory(compartment=door, changed_at=MORNING)
        day_use = estate.policy
        day_use.books_ahead = 7 * DAY
        day_use.renewals = 2
        day_use.limit_per_person = 2
        day_use.save()
        policies = [
            day_use,
            factories.PolicyFactory(
                organisation=organisation, name="Hours", bank=second, model="shared",
                lasts=3 * HOUR, limit_per_person=1, renewals=1, books_ahead=2 * DAY,
                grace=15 * MINUTE, at_end=AtEnd.HOLD, recovers_after=2 * HOUR,
                recovery_takes_two=True,
            ),
            factories.PolicyFactory(
                organisation=organisation, name="Session", bank=second, model="session",
                lasts=4 * HOUR, limit_per_person=1,
            ),
            factories.PolicyFactory(
                organisation=organisation, name="Everywhere", limit_per_person=2,
            ),
            factories.PolicyFactory(
                organisation=organisation, site=site, name="Permanent", model="permanent",
                person_kinds=[PersonKind.STUDENT], limit_per_person=None, at_end=AtEnd.HOLD,
            ),
        ]  # fmt: skip
        more = [
            factories.PersonFactory(organisation=organisation, home_site=site) for _ in range(3)
        ]
        return cls(
            estate,
            [estate.amira, estate.ben, *more],
            [estate.bank, second],
            [*estate.doors, *added],
            policies,
        )

    @property
    def staff(self) -> Actor:
        """Max, who may do everything here."""
        return Actor.staff(self.estate.max.pk)

    def user(self, number: int) -> int:
        """Return the number of one of the two who are staff here."""
        return (self.estate.max, self.estate.olga)[number % 2].pk

    def person(self, number: int) -> Person:
        """Return one of the people as they are now."""
        return Person.objects.get(pk=self.people[number % len(self.people)].pk)

    def bank(self, number: int) -> Bank:
        """Return one of the banks."""
        return self.banks[number % len(self.banks)]

    def door(self, number: int) -> Compartment:
        """Return one of the doors."""
        return self.doors[number % len(self.doors)]

    def policy(self, number: int) -> Policy:
        """Return one of the policies as it is now."""
        return Policy.objects.get(pk=self.policies[number % len(self.policies)].pk)

    def there(self) -> set[str]:
        """Return what there is to do something about."""
        uses = Assignment.objects.filter(closed_at=None).count()
        finished = Assignment.objects.filter(
            closed_how=ClosedHow.FINISHED, closed_at__gt=self.at - MINUTE
        )
        stopped = Person.objects.filter(pk__in=[one.pk for one in self.people]).exclude(
            status=PersonStatus.ACTIVE
        )
        found = {
            "use": uses > 0,
            "uses": uses > 1,
            "finished": finished.exists(),
            "booking": Claim.objects.filter(kind=ClaimKind.RESERVATION, closed_at=None).exists(),
            "entry": WaitingEntry.objects.filter(closed_at=None).exists(),
            "offer": Offer.objects.filter(closed_at=None).exists(),
            "share": Share.objects.filter(ended_at=None).exists(),
            "recovery": Recovery.objects.filter(closed_at=None).exists(),
            "item": LostItem.objects.exists(),
            "stopped": stopped.exists(),
        }
        return {name for name, is_there in found.items() if is_there}

    def use(self, number: int) -> Assignment | None:
        """Return one of the uses: one that is open, or now and then one that is over."""
        found = list(Assignment.objects.filter(closed_at=None).order_by("pk"))
        if number % 5 == 4 or not found:
            found = list(Assignment.objects.order_by("-pk")[:3])
        return _one(found, number)

    def booking(self, number: int) -> Claim | None:
        """Return one of the bookings."""
        bookings = Claim.objects.filter(kind=ClaimKind.RESERVATION)
        return _one(list(bookings.order_by("closed_at", "pk")[:6]), number)

    def entry(self, number: int) -> WaitingEntry | None:
        """Return one of the places on waiting lists."""
        return _one(list(WaitingEntry.objects.filter(closed_at=None).order_by("pk")), number)

    def offer(self, number: int) -> Offer | None:
        """Return one of the offers."""
        offers = Offer.objects.select_related("claim").filter(closed_at=None)
        return _one(list(offers.order_by("pk")), number)

    def a_share(self, number: int) -> Share | None:
        """Return one of the shares."""
        return _one(list(Share.objects.filter(ended_at=None).order_by("pk")), number)

    def recovery(self, number: int) -> Recovery | None:
        """Return one of the recoveries that go on."""
        return _one(list(Recovery.objects.filter(closed_at=None).order_by("pk")), number)


def _one(found: Sequence[T], number: int) -> T | None:
    return found[number % len(found)] if found else None
