"""What is broken now, and what was put right lately: tickets of every kind, age and urgency."""

from __future__ import annotations

import datetime as dt
from typing import Any

from audit.services.events import Actor
from config.demo import banks as bank_plans
from config.demo.estate import BuiltSite, Estate
from config.demo.happenings import ACTOR
from config.demo.upkeep import assets, past, pictures, stores
from config.demo.upkeep.desk import DAY, HOUR, Desk
from config.demo.upkeep.past import Repair
from lockers.choices import ServiceStatus
from lockers.models import Compartment, Controller, LockEvent
from maintenance.choices import Category, EntryKind, PhotoMoment, Source
from maintenance.models import Ticket
from maintenance.services import parts
from maintenance.services.tickets import escalating, reporting, story, working
from maintenance.services.tickets.subjects import Subject
from maintenance.services.triaging import lock_events, standing
from maintenance.services.triaging.lock_events import TRIAGE

# The one that sticks when it is cold, the one that waits for a new door, and the one that comes
# back: doors that the estate has out of service, each with the ticket that says why.
JAMMED, BENT, KEY_LOST, AGAIN = past.NEXT, "150", "210", "104"


def add(estate: Estate, desk: Desk, *, at: dt.datetime) -> None:
    """Report, repair and reopen, in the order in which it happened."""
    office, school, pool = estate.sites
    _bent(office, desk, at - 9 * DAY)
    _again(pool, desk, at - 8 * DAY)
    _forced(desk, at)
    _mended(office, desk, at - 4 * DAY)
    key = _report(office, KEY_LOST, Category.OTHER, Source.STAFF, desk.first, at - 30 * HOUR,
                  "Key lost, cylinder is being replaced")  # fmt: skip
    _is_out(key, desk, at - 30 * HOUR)
    working.start(ticket_id=key.pk, actor=desk.technician, at=at - 28 * HOUR)
    _jammed(office, desk, at - 20 * HOUR)
    mud = _report(school, "206", Category.DIRTY, Source.STAFF, desk.first, at - 20 * HOUR,
                  "Mud from the last match")  # fmt: skip
    working.assign(ticket_id=mud.pk, assignee_id=desk.first_id, actor=desk.first, at=at - 19 * HOUR)
    _report(office, "112", Category.THINGS_LEFT, Source.PHONE, ACTOR, at - 7 * HOUR,
            "There is somebody's umbrella in it")  # fmt: skip
    _report(office, "23", Category.DIRTY, Source.KIOSK, ACTOR, at - 5 * HOUR,
            "Coffee spilled inside")  # fmt: skip
    _report(office, "139", Category.DAMAGED, Source.LABEL, ACTOR, at - 1.5 * HOUR,
            "The hook inside has come off")  # fmt: skip
    _silent(pool, at - HOUR / 3)
    standing.sweep(at=at)
    escalating.escalate_due(at=at)


def _report(
    built: BuiltSite,
    number: str,
    category: Category,
    source: Source,
    actor: Actor,
    at: dt.datetime,
    words: str,
    photos: tuple[bytes, ...] = (),
) -> Ticket:
    return reporting.report(
        subject=Subject.of_door(_door(built, number)), category=category, source=source,
        actor=actor, at=at, words=words, photos=photos,
    ).ticket  # fmt: skip


def _door(built: BuiltSite, number: str) -> Compartment:
    return Compartment.objects.select_related("bank__site").get(bank__in=built.banks, number=number)


def _is_out(ticket: Ticket, desk: Desk, at: dt.datetime) -> None:
    """Say that it is this ticket that has its door out: the estate was built with it so."""
    assert ticket.compartment is not None
    was, now = ServiceStatus.IN_SERVICE, ServiceStatus(ticket.compartment.service_status)
    story.change(ticket, door_was=was)
    story.add(
        ticket, EntryKind.DOOR_OUT, desk.first, at, str(now.label), before=was.value,
        after=now.value,
    )  # fmt: skip


def _bent(built: BuiltSite, desk: Desk, at: dt.datetime) -> None:
    """A hinge is bent, with photos; the new door has been on its way for too long."""
    picture = pictures.door(number=BENT, is_bent=True)
    ticket = _report(built, BENT, Category.DAMAGED, Source.KIOSK, ACTOR, at,
                     "The door is bent and scrapes", (picture,))  # fmt: skip
    _is_out(ticket, desk, at + HOUR)
    by: dict[str, Any] = {"ticket_id": ticket.pk, "actor": desk.technician}
    working.start(at=at + 2 * HOUR, **by)
    working.add_photo(data=picture, moment=PhotoMoment.BEFORE, at=at + 2 * HOUR, **by)
    working.add_labour(minutes=20, at=at + 3 * HOUR, words="Tried to bend it back", **by)
    working.wait(at=at + 3 * HOUR, words="Hinge bent, new door is ordered", **by)
    working.set_reference(reference="HSF-88213", at=at + 4 * HOUR, **by)


def _again(built: BuiltSite, desk: Desk, at: dt.datetime) -> None:
    """It was put right and came back in the night: the same ticket, opened again."""
    words = "Door does not click shut, please use another"
    ticket = _report(built, AGAIN, Category.WONT_CLOSE, Source.LABEL, ACTOR, at, words)
    work = Repair(AGAIN, 0, Category.WONT_CLOSE, words, "Strike plate set anew", 25)
    past.put_right(ticket, work, desk, at + DAY)
    ticket = _report(built, AGAIN, Category.WONT_CLOSE, Source.LABEL, ACTOR, at + 7.6 * DAY, words)
    _is_out(ticket, desk, at + 7.6 * DAY + HOUR)


def _forced(desk: Desk, at: dt.datetime) -> None:
    """Judge what the locks said, each as it came: one door stood forced, another does now."""
    for event in LockEvent.objects.filter(kind="door_forced").order_by("occurred_at"):
        lock_events.judge(event_ids=[event.pk], at=event.received_at)
        if event.received_at < at - DAY:
            ticket = event.finding.ticket
            assert ticket is not None  # a forced door is a fault
            work = Repair("", 0, Category.FORCED, "", "Nothing broken: pulled open by hand", 15)
            past.put_right(ticket, work, desk, event.received_at + HOUR)
    lock_events.sweep(at=at)


def _mended(built: BuiltSite, desk: Desk, at: dt.datetime) -> None:
    """One with everything: photos before and after, parts, minutes, every item ticked."""
    picture = pictures.door(number="9", is_bent=True)
    ticket = _report(built, "9", Category.JAMMED, Source.STAFF, desk.first, at,
                     "Did not open, bag inside", (picture,))  # fmt: skip
    words = "New hinges, door set straight. The lock is worn: a new one tomorrow"
    work = Repair("9", 0, Category.JAMMED, "", words, 55, stores.HINGE)
    past.put_right(ticket, work, desk, at + 3 * HOUR)
    assets.swap_lock(_door(built, "9"), desk, at=at + DAY + 4 * HOUR)


def _jammed(built: BuiltSite, desk: Desk, at: dt.datetime) -> None:
    """The door of many repairs did not open again: seen three times, looked at, a part taken."""
    door = _door(built, JAMMED)
    for hours in (0, 1, 13):
        ticket = reporting.report(
            subject=Subject.of_door(door), category=Category.JAMMED, source=Source.SYSTEM,
            actor=TRIAGE, at=at + hours * HOUR,
        ).ticket  # fmt: skip
        if not hours:
            _is_out(ticket, desk, at)
    by: dict[str, Any] = {"ticket_id": ticket.pk, "actor": desk.technician}
    working.start(at=at + 15 * HOUR, **by)
    picture = pictures.door(number=JAMMED, is_bent=False)
    working.add_photo(data=picture, moment=PhotoMoment.BEFORE, at=at + 15 * HOUR, **by)
    parts.issue(stock_id=stores.stock(stores.BOLT), count=1, at=at + 16 * HOUR, **by)
    working.add_labour(minutes=40, at=at + 16 * HOUR, words="Bolt taken out, sticks in the cold",
                       **by)  # fmt: skip


def _silent(built: BuiltSite, at: dt.datetime) -> None:
    """The boards of the bank without power have been silent for a while."""
    boards = Controller.objects.filter(compartments__bank__name__in=bank_plans.SILENT)
    for board in boards.filter(bridge=built.bridge).select_related("bridge").distinct():
        reporting.report(
            subject=Subject.of_board(board), category=Category.SILENT, source=Source.SYSTEM,
            actor=TRIAGE, at=at,
        )  # fmt: skip
