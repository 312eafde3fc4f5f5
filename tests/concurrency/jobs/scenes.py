"""For every job that ends or moves something: three rows that wait for it, and what it leaves."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field

from django.db import transaction

from access.models import Notice, Person
from audit.actions import Action
from audit.models import Event
from lockers.models import BridgePresence, Command
from occupancy.models import Allotment, Claim, LostItem, Offer, Recovery, WaitingEntry
from occupancy.services import keeping
from occupancy.services.ending import day_ends
from tests import factories
from tests.cut_off import works_alone
from tests.factories.cast import SETUP, Estate
from tests.factories.school import academic_year
from tests.occupancy.ending.held import DAY, HOUR, MINUTE, hold, policy

# The ends of three uses in the order of their doors: the rows are not in the order of time.
_ENDS = (3 * HOUR, HOUR, 2 * HOUR)
_ORDER = (1, 2, 0)


@dataclass(frozen=True)
class Scene:
    """Three rows of a job, made at an instant; each leaves one event that names it."""

    job: str
    action: Action
    # Returns the numbers of the rows in the order in which they are to be done.
    make: Callable[[Estate, dt.datetime], list[int]]
    after: dt.timedelta
    # How many rows of the table are done, asked beside the trail.
    count: Callable[[], int]
    letters: dict[str, int] = field(default_factory=dict)
    # Where the event says which row it is: "compartment", or a word in its data.
    named: str = "compartment"

    def done(self) -> list[int]:
        """Return the rows that were done, in the order of the trail."""
        found = Event.objects.filter(action=self.action).order_by("pk")
        if self.named == "compartment":
            return [event.compartment_id or 0 for event in found]
        return [event.data[self.named] for event in found]

    @property
    def row_sql(self) -> str:
        """Return the same as SQL, for a trigger."""
        if self.named == "compartment":
            return "NEW.compartment_id"
        return f"(NEW.data->>'{self.named}')::bigint"


def people(estate: Estate, count: int = 3) -> list[Person]:
    return [
        factories.PersonFactory(
            organisation=estate.organisation, home_site=estate.site, email=f"p{n}@example.org"
        )
        for n in range(count)
    ]


def _held(estate: Estate, at: dt.datetime, **rules: object) -> list[Claim]:
    under = policy(estate, **rules)
    return [
        hold(estate, under, at, at + end, door=door, who=who)
        for door, (end, who) in enumerate(zip(_ENDS, people(estate), strict=True))
    ]


def _in_order(claims: list[Claim]) -> list[int]:
    return [claims[place].compartment_id for place in _ORDER]


def _expiring(estate: Estate, at: dt.datetime) -> list[int]:
    return _in_order(_held(estate, at))


def _overdue(estate: Estate, at: dt.datetime) -> list[int]:
    return _in_order(_held(estate, at, at_end="hold"))


def _to_recover(estate: Estate, at: dt.datetime) -> list[int]:
    return _in_order(_held(estate, at, at_end="hold", recovers_after=HOUR))


def _ending_soon(estate: Estate, at: dt.datetime) -> list[int]:
    under = policy(estate)
    claims = [
        hold(estate, under, at, at + 8 * HOUR + n * MINUTE, door=door, who=who)
        for door, (n, who) in enumerate(zip((2, 0, 1), people(estate), strict=True))
    ]
    return _in_order(claims)


def _of_the_stopped(estate: Estate, at: dt.datetime) -> list[int]:
    under = policy(estate)
    found = people(estate)
    claims = [
        hold(estate, under, at, at + 50 * HOUR, door=door, who=who)
        for door, who in enumerate(found)
    ]
    # As if the process had died before anybody was told.
    Person.objects.filter(pk__in=[one.pk for one in found]).update(status="suspended")
    return [claim.compartment_id for claim in claims]


def _opened_last(estate: Estate, at: dt.datetime) -> list[int]:
    under = policy(estate, model="session", lasts=DAY)
    claims = [
        hold(estate, under, at, at + DAY, door=door, who=who)
        for door, who in enumerate(people(estate))
    ]
    for claim in claims:
        Command.objects.create(
            compartment=claim.compartment, bridge=estate.bridge, purpose="open_and_finish",
            actor_kind="person", actor_id=str(claim.holder_id), claim_id=claim.pk, status="opened",
            requested_at=at + HOUR, deadline=at + HOUR + MINUTE,
        )  # fmt: skip
    return [claim.compartment_id for claim in claims]


def _day_end(estate: Estate, at: dt.datetime) -> list[int]:
    under = policy(estate)
    for door, who in enumerate(people(estate)):
        hold(estate, under, at, at + DAY, door=door, who=who)
    BridgePresence.objects.update(last_seen_at=at + DAY)
    # Written down, and then the process died.
    day_ends.plan(site=estate.site, reason="closing", actor=SETUP, at=at + HOUR)
    return [door.pk for door in estate.doors]


def _lost(estate: Estate, at: dt.datetime) -> list[int]:
    items = [
        LostItem.objects.create(
            site=estate.site, compartment=door, what="Coat", stored_where="Shelf",
            found_at=at - n * HOUR,
        )
        for n, door in zip((0, 2, 1), estate.doors, strict=True)
    ]  # fmt: skip
    return [items[place].compartment_id or 0 for place in _ORDER]


def _waited_for(estate: Estate, at: dt.datetime) -> list[int]:
    """Let three wait for three free small doors that nobody was offered yet."""
    estate.doors[2].size = estate.small
    estate.doors[2].save(update_fields=["size"])
    BridgePresence.objects.update(last_seen_at=at + DAY)
    entries = [
        WaitingEntry.objects.create(
            person=who, site=estate.site, size=estate.small, bank=estate.bank,
            joined_at=at - n * MINUTE,
        )
        for n, who in zip((1, 3, 2), people(estate), strict=True)
    ]  # fmt: skip
    return [entries[place].pk for place in _ORDER]


def _offered(estate: Estate, at: dt.datetime) -> list[int]:
    """Let three offers be open; they began, and so lapse, one after another."""
    entries = []
    for door, (n, who) in enumerate(zip((2, 0, 1), people(estate), strict=True)):
        entry = WaitingEntry.objects.create(
            person=who, site=estate.site, size=estate.doors[door].size, bank=estate.bank,
            joined_at=at,
        )  # fmt: skip
        starts = at + n * MINUTE
        claim = Claim.objects.create(
            compartment=estate.doors[door], kind="offer", holder=who, starts_at=starts,
            due_at=starts + 15 * MINUTE, ends_at=starts + 15 * MINUTE,
        )  # fmt: skip
        Offer.objects.create(entry=entry, claim=claim, made_at=at)
        entries.append(entry)
    return [entries[place].pk for place in _ORDER]


def _nobody_came(estate: Estate, at: dt.datetime) -> list[int]:
    under = policy(estate, books_ahead=7 * DAY)
    claims = [
        Claim.objects.create(
            compartment=estate.doors[door], kind="reservation", holder=who, policy=under,
            starts_at=at + n * HOUR, due_at=at + 9 * HOUR, ends_at=at + 9 * HOUR,
            lapses_at=at + n * HOUR + 10 * MINUTE,
        )
        for door, (n, who) in enumerate(zip((3, 1, 2), people(estate), strict=True))
    ]  # fmt: skip
    return _in_order(claims)


def _closures(estate: Estate, at: dt.datetime) -> list[int]:
    for door, end in zip(estate.doors, _ENDS, strict=True):
        Claim.objects.create(compartment=door, kind="closure", starts_at=at, ends_at=at + end)
    return [estate.doors[place].pk for place in _ORDER]


def _not_kept(estate: Estate, at: dt.datetime) -> list[int]:
    """Let three processes have died while they waited for the bridge's word."""
    works_alone(estate)
    with transaction.atomic(), keeping.beyond_authority():
        claims = [
            hold(estate, policy(estate), at + n * MINUTE, at + DAY, door=door, who=who)
            for door, (n, who) in enumerate(zip((3, 1, 2), people(estate), strict=True))
        ]
    return _in_order(claims)


def _blocked(estate: Estate, at: dt.datetime) -> list[int]:
    """Let three doors be overdue that are booked next, and three equal ones be free."""
    bank_wide = factories.PolicyFactory(
        organisation=estate.organisation, bank=estate.bank, model="reservation",
        books_ahead=7 * DAY,
    )  # fmt: skip
    estate.policy.delete()
    estate.doors[2].size = estate.small
    estate.doors[2].save(update_fields=["size"])
    for n in (4, 5, 6):
        made = factories.CompartmentFactory(
            bank=estate.bank, number=str(n), column=n, size=estate.small,
            controller=estate.controller, channel=n,
        )  # fmt: skip
        factories.DoorFactory(compartment=made, changed_at=at)
    BridgePresence.objects.update(last_seen_at=at + 2 * DAY)
    late = policy(estate, at_end="hold", name="Late")
    booked = []
    for door, (n, who) in enumerate(zip((2, 0, 1), people(estate), strict=True)):
        hold(estate, late, at, at + HOUR, door=door, who=factories.PersonFactory(
            organisation=estate.organisation, home_site=estate.site
        ))  # fmt: skip
        starts = at + 3 * HOUR + n * MINUTE
        booked.append(
            Claim.objects.create(
                compartment=estate.doors[door], kind="reservation", holder=who, policy=bank_wide,
                starts_at=starts, due_at=starts + HOUR, ends_at=starts + HOUR,
                lapses_at=starts + 10 * MINUTE,
            )
        )  # fmt: skip
    return [booked[place].pk for place in _ORDER]


def _wished(estate: Estate, at: dt.datetime) -> list[int]:
    """Let wishes be taken for three years that are long over."""
    under = policy(estate)
    made = [
        Allotment.objects.create(
            site=estate.site, session=academic_year(estate.site, year), policy=under, name="Hall",
            code=f"hall{year}", committed_at=at, commitment="0" * 64, sealed_seed="x",
        )
        for year in (2023, 2021, 2022)
    ]  # fmt: skip
    return [made[place].pk for place in _ORDER]


def _closed() -> int:
    return Claim.objects.filter(closed_at__isnull=False).count()


def _letters() -> int:
    return Notice.objects.count()


SCENES = {
    "ends": Scene(
        "occupancy.jobs.expire", Action.EXPIRED, _expiring, 30 * HOUR, _closed,
        {"claim_ended": 3},
    ),
    "last openings": Scene(
        "occupancy.jobs.finish_opened", Action.RELEASED, _opened_last, 3 * HOUR, _closed,
    ),
    "what leavers hold": Scene(
        "occupancy.jobs.recover_leavers", Action.RECOVERY_BEGUN, _of_the_stopped, 30 * HOUR,
        Recovery.objects.count, {"recovery_begun": 3},
    ),
    "recoveries": Scene(
        "occupancy.jobs.recover", Action.RECOVERY_BEGUN, _to_recover, 30 * HOUR,
        Recovery.objects.count, {"recovery_begun": 3},
    ),
    "what is overdue": Scene(
        "occupancy.jobs.recover", Action.WARNED, _overdue, 30 * HOUR, _letters,
        {"claim_overdue": 3},
    ),
    "warnings": Scene(
        "occupancy.jobs.warn", Action.WARNED, _ending_soon, 6 * HOUR + 10 * MINUTE, _letters,
        {"claim_ends": 3},
    ),
    "ends of day": Scene(
        "occupancy.jobs.settle_days", Action.OPEN_REQUESTED, _day_end, HOUR + MINUTE,
        lambda: Command.objects.count(),
    ),
    "lost property": Scene(
        "occupancy.jobs.propose_disposal", Action.ITEM_PROPOSED, _lost, 30 * DAY,
        lambda: LostItem.objects.filter(proposed_at__isnull=False).count(),
    ),
    "offers": Scene(
        "occupancy.jobs.offer_waiting", Action.OFFER_MADE, _waited_for, MINUTE,
        lambda: Offer.objects.count(), {"door_offered": 3}, "entry",
    ),
    "offers that lapse": Scene(
        "occupancy.jobs.offer_waiting", Action.OFFER_LAPSED, _offered, 30 * HOUR, _closed,
        {"offer_lapsed": 3}, "entry",
    ),
    "no-shows": Scene(
        "occupancy.jobs.release_no_shows", Action.NO_SHOW, _nobody_came, 30 * HOUR, _closed,
    ),
    "closures": Scene(
        "occupancy.jobs.end_closures", Action.CLOSURE_ENDED, _closures, 30 * HOUR, _closed,
    ),
    "what was not kept": Scene(
        "occupancy.jobs.withdraw_unkept", Action.WITHDRAWN, _not_kept, HOUR, _closed,
    ),
    "bookings to move": Scene(
        "occupancy.jobs.move_bookings", Action.BOOKING_MOVED, _blocked, 2 * HOUR + 45 * MINUTE,
        lambda: Event.objects.filter(action=Action.BOOKING_MOVED).count(), {"booking_moved": 3},
        "claim",
    ),
    "wishes of years long over": Scene(
        "occupancy.jobs.forget_wishes", Action.WISHES_FORGOTTEN, _wished, HOUR,
        lambda: Allotment.objects.filter(forgotten_at__isnull=False).count(), {}, "allotment",
    ),
}  # fmt: skip
