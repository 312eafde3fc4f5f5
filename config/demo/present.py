"""What is going on right now: a booking, a shared door, a waiting list, something to empty.

Done by the very services that people's hands lead to, so that everything can be gone on with:
the booking checked in to, the place on the list left, the recovery closed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from access.choices import PersonKind
from access.models import Person, User
from audit.errors import Again, Refusal
from config.demo.estate import BuiltSite
from config.demo.happenings import ACTOR
from config.demo.rules import BOOKED_AHEAD
from lockers.models import Bank, Compartment, Site
from occupancy.models import Assignment, Claim, Recovery, Share, WaitingEntry
from occupancy.services.bookings import reservations
from occupancy.services.claims.assignments import Wanted, in_force
from occupancy.services.custody import giving, sharing
from occupancy.services.ending import lost_property, recovery
from occupancy.services.ending.lost_property import Found
from occupancy.services.queue import waiting

HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
# Of this size the first floor has one single door.
RARE, RARE_FLOOR = "Tall", "First floor"
WAITING = 2
SMELL = "It smells, and its holder does not answer"


def go_on(built: BuiltSite, people: Sequence[Person], *, at: dt.datetime) -> None:
    """Let the office have one of each; what is still going on is left as it is."""
    present = _Present(built, [one for one in people if one.kind == PersonKind.STAFF], at)
    present.book()
    present.share()
    present.wait()
    present.empty()


def found_before(site: Site, *, at: dt.datetime) -> None:
    """Have something in the lost property: one thing new, one that was kept long enough."""
    umbrella = Found(what="Grey umbrella", stored_where="Reception, shelf 1")
    glasses = Found(
        what="Reading glasses in a red case", stored_where="Reception, drawer", seal_number="S-0391"
    )
    for days, found in ((31, glasses), (3, umbrella)):
        lost_property.store(site=site, found=found, actor=ACTOR, at=at - days * DAY)
    lost_property.propose_due(at=at)


@dataclass(frozen=True)
class _Present:
    built: BuiltSite
    staff: Sequence[Person]
    at: dt.datetime

    def book(self) -> None:
        """Book a door for somebody who comes in an hour, where doors are booked ahead."""
        reservations.release_no_shows(self.at)
        stands = Claim.objects.filter(
            reservations.stands(self.at), compartment__bank__site=self.built.site,
            offer__isnull=True,
        )  # fmt: skip
        bank = Bank.objects.filter(
            site=self.built.site, compartments__groups__policies__name=BOOKED_AHEAD
        ).first()
        if bank is None or stands.exists():
            return
        begins = (self.at + HOUR).replace(second=0, microsecond=0)
        for person in self._idle()[:1]:
            self._do(
                reservations.reserve, person_id=person.pk, bank_id=bank.pk, wanted=Wanted(),
                starts_at=begins, ends_at=begins + 4 * HOUR,
            )  # fmt: skip

    def share(self) -> None:
        """Let two colleagues have one door for the day."""
        held = self._held().filter(holder__in=self.staff, policy__may_share=True)
        shared = Share.objects.filter(sharing.in_force(self.at), claim__in=held.values("pk"))
        mine = held.first()
        if mine is None or mine.holder_id is None or shared.exists():
            return
        for other in self._idle()[:1]:
            self._do(
                sharing.share, claim_id=mine.pk, person_id=mine.holder_id, with_id=other.pk,
                until=mine.ends_at, note="The projector for the afternoon",
            )  # fmt: skip

    def wait(self) -> None:
        """Let two people wait for the only door of its size on a floor, which somebody has."""
        floor = Compartment.objects.filter(bank__in=self.built.banks, bank__area__name=RARE_FLOOR)
        rare = floor.filter(size__name=RARE, controller__isnull=False).first()
        listed = WaitingEntry.objects.filter(site=self.built.site, closed_at__isnull=True)
        if rare is None or listed.exists():
            return
        idle = self._idle()[: 1 + WAITING]
        if not idle:
            return
        has, *others = idle
        if not Claim.objects.filter(compartment=rare, closed_at__isnull=True).exists():
            self._do(
                giving.give, policy_id=self.built.policy.pk, person_id=has.pk,
                compartment_id=rare.pk,
            )  # fmt: skip
        for person in others:
            self._do(waiting.join, person_id=person.pk, bank_id=rare.bank_id, size_id=rare.size_id)

    def empty(self) -> None:
        """Have one door half-way through being emptied: what was inside is in the register."""
        user = User.objects.filter(is_superuser=True).order_by("pk").first()
        held = self._held().filter(holder__in=self.staff, shares__isnull=True).last()
        going_on = Recovery.objects.filter(recovery.waiting(self.at))
        if user is None or held is None or going_on.exists():
            return
        begun = self._do(recovery.begin, claim_id=held.pk, reason=SMELL)
        if begun is None:
            return
        recovery.opened_by_key(recovery_id=begun.pk, user_id=user.pk, at=self.at, reason=SMELL)
        self._do(
            lost_property.store_item, recovery_id=begun.pk,
            found=Found(what="Lunch box, blue", stored_where="Reception, shelf 2",
                        seal_number="S-0418", witness="Sam Second"),
        )  # fmt: skip

    def _held(self) -> Any:
        return Assignment.objects.filter(
            in_force(self.at), compartment__in=self.built.doors, recovery_at__isnull=True
        ).order_by("pk")

    def _idle(self) -> list[Person]:
        """Return staff who have no door and no booking, wait for none, and are glad of any."""
        busy = set(Claim.objects.filter(closed_at__isnull=True).values_list("holder", flat=True))
        busy |= set(
            WaitingEntry.objects.filter(closed_at__isnull=True).values_list("person", flat=True)
        )
        return [one for one in self.staff if one.pk not in busy and not _needs(one)]

    def _do(self, verb: Callable[..., Any], **asked: Any) -> Any:
        """Do it unless it is refused: somebody may have changed the rules, or it is Christmas."""
        try:
            with transaction.atomic():
                return verb(**asked, actor=ACTOR, at=self.at)
        except (Refusal, Again):
            return None


def _needs(person: Person) -> bool:
    return (
        person.needs_low_door
        or person.needs_wide_door
        or person.needs_charging
        or person.needs_near_entrance
    )
