"""A door of a round, done: what was found there, each entry of a phone exactly once."""

from __future__ import annotations

import contextlib
import datetime as dt
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db import transaction

from audit.actions import Action
from audit.models import ActorKind
from audit.services import events
from audit.services.events import Actor
from lockers.choices import ServiceStatus
from lockers.services import commands
from maintenance.choices import Category, RoundKind, Source, StopResult
from maintenance.errors.rounds import (
    BadVoltage,
    ChecksMissing,
    EntryReused,
    PhotoMissing,
    RoundOver,
    StopDone,
    VoltageMissing,
)
from maintenance.models import BatteryReading, ChecklistItem, Round, RoundStop, StopCheck, Ticket
from maintenance.services.rounds import closing, late_entries
from maintenance.services.rounds.making import record
from maintenance.services.tickets import photographs, reporting
from maintenance.services.tickets.subjects import Subject
from occupancy.errors.reservations import NoClosure
from occupancy.models import Assignment
from occupancy.services.bookings import closures
from occupancy.services.claims.assignments import in_force
from occupancy.services.custody import overrides

VOLTAGES = range(100, 60_001)
_LONGEST = 400


@dataclass(frozen=True)
class Done:
    """What came of an entry; the same whenever it is sent."""

    stop_id: int
    result: StopResult
    ticket_id: int | None
    is_round_over: bool


def done(
    *,
    stop_id: int,
    entry_id: uuid.UUID,
    result: StopResult,
    checks: Mapping[int, bool],
    actor: Actor,
    at: dt.datetime,
    happened_at: dt.datetime,
    note: str = "",
    millivolts: int | None = None,
    photos: Mapping[int, bytes] | None = None,
) -> Done:
    """Write down what was found at a door, and let the door be used again at once.

    An item that is not all right makes the door one with which something is wrong, and opens the
    ticket that the item names. The same entry again answers the same. Raises StopDone and
    RoundOver, which keep what was sent; EntryReused, ChecksMissing, PhotoMissing, VoltageMissing,
    BadVoltage and BadPhoto.
    """
    photos = photos or {}
    happened_at, note = min(happened_at, at), note.strip()[:_LONGEST]
    sent = late_entries.Sent(entry_id, stop_id, result, note, happened_at, actor)
    with photographs.saved(photos.values()) as names, transaction.atomic():
        # The round first: whoever closes it locks it, too, and then looks at its doors.
        one = _round_of(stop_id)
        stop = (
            RoundStop.objects.select_for_update(no_key=True, of=("self",))
            .select_related("compartment__bank__site", "closure", "ticket")
            .get(pk=stop_id)
        )
        if stop.entry_id == entry_id:
            photographs.drop(names)
            return _answer(stop, one)
        if RoundStop.objects.filter(entry_id=entry_id).exists():
            raise EntryReused
        if stop.done_at is not None:
            raise late_entries.kept(_done_by(stop), sent, at)
        if one.closed_at is not None:
            raise late_entries.kept(RoundOver(), sent, at)
        items = _items(one)
        wrong = _judge(one, items, checks, photos, result, millivolts)
        if wrong and result == StopResult.PASSED:
            result = StopResult.FAILED
        ticket = _report(stop, wrong, note, photos, actor, at) if wrong else None
        RoundStop.objects.filter(pk=stop.pk).update(
            result=result, done_at=happened_at, done_by=_number(actor), note=note,
            millivolts=millivolts, entry_id=entry_id, ticket=ticket,
        )  # fmt: skip
        pictures = dict(zip(photos, names, strict=True))
        StopCheck.objects.bulk_create(
            StopCheck(
                stop=stop, item=item, is_passed=checks[item.pk], photo=pictures.get(item.pk, "")
            )
            for item in items
            if item.pk in checks
        )
        stop.result, stop.ticket = result, ticket
        record(
            Action.ROUND_STOP_DONE, one, actor, at, compartment=stop.compartment,
            stop=stop.pk, result=result.value, happened=happened_at, entry=str(entry_id),
            ticket=ticket.pk if ticket else None,
        )  # fmt: skip
        _follow_up(one, stop, millivolts, actor, at, happened_at)
        return _answer(stop, _go_on(one, actor, at, happened_at))


def open_door(*, stop_id: int, actor: Actor, at: dt.datetime) -> uuid.UUID:
    """Open a door of a round to look inside; whoever has it keeps it. Return the command's id.

    Raises RoundOver, BridgeOffline and NotWired.
    """
    stop = RoundStop.objects.select_related("round__site", "compartment").get(pk=stop_id)
    if stop.round.closed_at is not None:
        raise RoundOver
    held = Assignment.objects.filter(in_force(at), compartment=stop.compartment_id).first()
    return commands.request_open(
        compartment_id=stop.compartment_id, purpose="inspect", actor=actor, at=at,
        person_id=held.holder_id if held is not None else None, reason=stop.round.name,
        facts={"round": stop.round_id, "stop": stop.pk},
    )  # fmt: skip


def _round_of(stop_id: int) -> Round:
    return (
        Round.objects.select_for_update(no_key=True, of=("self",))
        .select_related("site")
        .get(stops=stop_id)
    )


def _items(one: Round) -> list[ChecklistItem]:
    if one.checklist_id is None:
        return []
    return list(ChecklistItem.objects.filter(checklist=one.checklist_id).order_by("position", "pk"))


def _judge(
    one: Round,
    items: list[ChecklistItem],
    checks: Mapping[int, bool],
    photos: Mapping[int, bytes],
    result: StopResult,
    millivolts: int | None,
) -> list[ChecklistItem]:
    """Return the items that are not all right; refuse an entry that is not whole."""
    if millivolts is not None and millivolts not in VOLTAGES:
        raise BadVoltage
    if result == StopResult.SKIPPED:
        return []
    if open_items := [item for item in items if item.pk not in checks]:
        raise ChecksMissing(items=_named(open_items))
    if bare := [item for item in items if item.needs_photo and item.pk not in photos]:
        raise PhotoMissing(items=_named(bare))
    if one.kind == RoundKind.BATTERY and millivolts is None:
        raise VoltageMissing
    return [item for item in items if not checks[item.pk]]


def _named(items: Iterable[ChecklistItem]) -> str:
    return ", ".join(item.text for item in items)


def _report(
    stop: RoundStop,
    wrong: Iterable[ChecklistItem],
    note: str,
    photos: Mapping[int, bytes],
    actor: Actor,
    at: dt.datetime,
) -> Ticket | None:
    """Open the tickets that the items name, one for each fault; return the first."""
    by_fault: dict[str, list[ChecklistItem]] = {}
    for item in wrong:
        if item.fault:
            by_fault.setdefault(item.fault, []).append(item)
    tickets = [
        reporting.report(
            subject=Subject.of_door(stop.compartment), category=Category(fault),
            source=Source.ROUND, actor=actor, at=at,
            words="\n".join(filter(None, [_named(items), note])),
            photos=[photos[item.pk] for item in items if item.pk in photos],
        ).ticket
        for fault, items in by_fault.items()
    ]  # fmt: skip
    return tickets[0] if tickets else None


def _follow_up(
    one: Round,
    stop: RoundStop,
    millivolts: int | None,
    actor: Actor,
    at: dt.datetime,
    happened_at: dt.datetime,
) -> None:
    """Do what a finding means for the door: its battery, its service, its closure."""
    door = stop.compartment
    if millivolts is not None:
        BatteryReading.objects.create(compartment=door, millivolts=millivolts, at=happened_at)
        events.record(
            action=Action.BATTERY_READ, actor=actor, at=at, site_id=one.site_id,
            organisation_id=one.site.organisation_id, bank_id=door.bank_id,
            compartment_id=door.pk, data={"millivolts": millivolts, "round": one.pk},
        )  # fmt: skip
    is_clean = one.kind == RoundKind.CLEANING and stop.result == StopResult.PASSED
    if is_clean and door.service_status == ServiceStatus.NEEDS_CLEANING:
        overrides.set_service_status(
            compartment_id=door.pk, status=ServiceStatus.IN_SERVICE, actor=actor, reason=one.name,
            at=at,
        )  # fmt: skip
    if stop.closure is not None and stop.closure.closed_at is None:
        with contextlib.suppress(NoClosure):  # its time was over
            closures.lift(claim_id=stop.closure.pk, actor=actor, at=at, reason=one.name)


def _go_on(one: Round, actor: Actor, at: dt.datetime, happened_at: dt.datetime) -> Round:
    """Note that the round has begun; after its last door it is over."""
    if one.begun_at is None or happened_at < one.begun_at:
        Round.objects.filter(pk=one.pk).update(begun_at=happened_at)
    if not RoundStop.objects.filter(round=one, done_at__isnull=True).exists():
        closing.end(one, actor=actor, at=at)
        one.closed_at = at
    return one


def _answer(stop: RoundStop, one: Round) -> Done:
    return Done(
        stop.pk, StopResult(stop.result), stop.ticket_id, one.closed_at is not None
    )  # fmt: skip


def _done_by(stop: RoundStop) -> StopDone:
    assert stop.done_at is not None  # the caller looked
    return StopDone(
        who=late_entries.name_of(stop.done_by), number=stop.compartment.number,
        when=late_entries.local(stop.done_at, stop.compartment.bank.site),
    )  # fmt: skip


def _number(actor: Actor) -> int | None:
    return int(actor.id) if actor.kind == ActorKind.STAFF and actor.id.isdecimal() else None
