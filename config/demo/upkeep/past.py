"""Years of one bank: what broke, what that took, and the rounds that went by."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from config.demo.estate import BuiltSite
from config.demo.upkeep import assets, pictures, stores
from config.demo.upkeep.desk import DAY, HOUR, INSPECTION, Desk
from lockers.models import Compartment
from maintenance.choices import Category, PhotoMoment, RoundKind, Source, StopResult
from maintenance.models import RoundStop, Ticket
from maintenance.selectors import tickets as selectors
from maintenance.services import parts
from maintenance.services.rounds import closing as rounds
from maintenance.services.rounds import making
from maintenance.services.tickets import closing, reporting, working
from maintenance.services.tickets.subjects import Subject

# The door that has the richest history, and is worth a new lock; and the one that is next.
RICH, NEXT = "45", "52"
ROUNDS, EVERY = 12, 91


@dataclass(frozen=True)
class Repair:
    """Something that broke at a door some days ago and was put right the day after."""

    door: str
    days_ago: int
    category: Category
    words: str
    done: str
    minutes: int
    part: str = ""


_JAM, _CLOSE, _BENT = Category.JAMMED, Category.WONT_CLOSE, Category.DAMAGED
_REPAIRS = (
    Repair(RICH, 1690, _JAM, "Opens only when you push", "New spring", 35, stores.SPRING),
    Repair("66", 1580, _CLOSE, "Does not click shut", "Strike plate set anew", 20),
    Repair(RICH, 1320, _CLOSE, "Springs open again", "Strike plate set anew", 25),
    Repair(NEXT, 1105, _JAM, "Did not open", "New spring", 30, stores.SPRING),
    Repair(RICH, 960, _BENT, "Somebody kicked it", "New hinges, door set straight", 50,
           stores.HINGE),
    Repair("60", 800, _JAM, "Did not open", "Bolt replaced", 40, stores.BOLT),
    Repair(RICH, 590, _JAM, "Stuck with a bag inside", "Bolt and strike replaced", 60,
           stores.BOLT),
    Repair(NEXT, 431, _JAM, "Did not open", "Bolt replaced", 45, stores.BOLT),
    Repair(RICH, 252, _JAM, "Did not open twice", "Bolt replaced again", 60, stores.BOLT),
    Repair("71", 160, _JAM, "Did not open", "New spring", 25, stores.SPRING),
    Repair(NEXT, 120, _CLOSE, "Has to be pressed shut", "Strike plate set anew", 25),
    Repair(RICH, 64, _JAM, "Did not open twice", "New spring", 45, stores.SPRING),
)  # fmt: skip


def add(built: BuiltSite, desk: Desk, *, at: dt.datetime) -> None:
    """Write the years before Lockwright's demonstration begins, oldest first."""
    bank = next(one for one in built.banks if one.name == assets.OLD)
    doors = {
        door.number: door
        for door in Compartment.objects.filter(bank=bank).select_related("bank__site")
    }
    due: list[tuple[dt.datetime, Repair | None]] = [
        (at - one.days_ago * DAY, one) for one in _REPAIRS
    ]
    due += [(at - (EVERY * back - 20) * DAY, None) for back in range(1, ROUNDS + 1)]
    for then, one in sorted(due, key=lambda row: row[0]):
        if one is None:
            _round(built, list(doors.values()), desk, then)
        else:
            repair(doors[one.door], one, desk, then)


def repair(door: Compartment, one: Repair, desk: Desk, then: dt.datetime) -> Ticket:
    """Report a fault and put it right the day after: parts, minutes, photo, every item ticked."""
    ticket = reporting.report(
        subject=Subject.of_door(door), category=one.category, source=Source.STAFF,
        actor=desk.first, at=then, words=one.words, needs_out=one.category == Category.JAMMED,
    ).ticket  # fmt: skip
    put_right(ticket, one, desk, then + DAY)
    return ticket


def put_right(ticket: Ticket, one: Repair, desk: Desk, then: dt.datetime) -> None:
    """Do the work on a ticket, and close it."""
    by: dict[str, Any] = {"ticket_id": ticket.pk, "actor": desk.technician}
    working.start(at=then, **by)
    if one.part:
        parts.issue(stock_id=stores.stock(one.part), count=1, at=then + HOUR / 4, **by)
    working.add_labour(minutes=one.minutes, at=then + HOUR, **by)
    finish(ticket, one.done, desk, then + HOUR)


def finish(ticket: Ticket, words: str, desk: Desk, at: dt.datetime) -> None:
    """Tick every item of a ticket's checklist, take a photo where one is asked for, and close."""
    items = selectors.checklist_of(ticket)
    by: dict[str, Any] = {"ticket_id": ticket.pk, "actor": desk.technician, "at": at}
    for item in items:
        closing.check(item_id=item.item.pk, is_checked=True, **by)
    if ticket.compartment is not None and any(item.item.needs_photo for item in items):
        picture = pictures.door(number=ticket.compartment.number, is_bent=False)
        working.add_photo(data=picture, moment=PhotoMoment.AFTER, **by)
    closing.close(resolution=words, **by)


def _round(built: BuiltSite, doors: list[Compartment], desk: Desk, then: dt.datetime) -> None:
    """Walk an inspection of years ago. The stops are written in bulk: nobody looks for each."""
    begins = then.replace(hour=7, minute=0, second=0, microsecond=0)
    one = making.of_doors(
        site=built.site, kind=RoundKind.INSPECTION, name="Inspection, bank B",
        door_ids=[door.pk for door in doors], starts_at=begins, minutes_per_door=2,
        actor=desk.first, at=begins - DAY, team=desk.team, checklist=desk.lists[INSPECTION],
    )  # fmt: skip
    stops = list(RoundStop.objects.filter(round=one).order_by("position"))
    for stop in stops:
        stop.result, stop.done_by = StopResult.PASSED, desk.technician_id
        stop.done_at = stop.planned_until
    RoundStop.objects.bulk_update(stops, ["result", "done_by", "done_at"])
    rounds.close(round_id=one.pk, actor=desk.technician, at=one.due_at)
