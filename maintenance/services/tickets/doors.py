"""The door of a ticket: kept from others, out of service and back, opened to look inside."""

from __future__ import annotations

import datetime as dt
import uuid

from django.db import models, transaction

from audit.actions import Action
from audit.errors import Refusal
from audit.services import events
from audit.services.events import Actor
from lockers.choices import ServiceStatus
from lockers.models import Compartment
from lockers.services import commands
from maintenance.choices import EntryKind
from maintenance.errors.tickets import (
    HolderHasIt,
    HolderNotReached,
    NoDoor,
    NotOut,
    NowhereToMove,
)
from maintenance.models import Ticket
from maintenance.services import decommissioning
from maintenance.services.tickets import letters, story
from occupancy.models import Assignment
from occupancy.services.claims.assignments import in_force
from occupancy.services.custody import moving, overrides

# What nobody is given, and what this room may put back.
_OUT = (ServiceStatus.FAULT, ServiceStatus.OUT_OF_SERVICE)
_TRIED = 8


def keep_free(ticket: Ticket, actor: Actor, at: dt.datetime) -> None:
    """Give the door of a locked ticket to nobody new; whoever has it keeps it."""
    door = ticket.compartment
    if door is None or door.service_status not in (
        ServiceStatus.IN_SERVICE, ServiceStatus.NEEDS_CLEANING,
    ):  # fmt: skip
        return
    _put(ticket, ServiceStatus.FAULT, actor, at, str(ticket))


def take_out(
    *,
    ticket_id: int,
    actor: Actor,
    at: dt.datetime,
    reason: str = "",
    move_holder: bool = False,
    move_to_id: int | None = None,
    tell_holder: bool = False,
) -> ServiceStatus:
    """Take the door of a ticket out of service; return how it is then.

    Whoever has it is moved to another door of the bank (``move_to_id``, or the best that is free),
    or told by letter: then nobody new gets it, and it goes out of service once it was given back.
    Raises TicketOver, NoDoor, HolderHasIt, NowhereToMove, HolderNotReached, and what moving raises.
    """
    with transaction.atomic():
        ticket = story.get(ticket_id)
        door = _door(ticket)
        holding = _held(door, at)
        reason = reason.strip() or str(ticket)
        if holding is not None and (move_holder or move_to_id is not None):
            # Before the ticket is locked: doors are locked in their own order.
            moved = _move(holding, move_to_id, actor, at, reason)
            ticket = story.going_on(ticket_id)
            _told(ticket, EntryKind.HOLDER_MOVED, moved, actor, at, moved.compartment.number)
        elif holding is not None and tell_holder:
            ticket = story.going_on(ticket_id)
            if not letters.tell_holder(ticket, holding, at):
                raise HolderNotReached
            _told(ticket, EntryKind.HOLDER_TOLD, holding, actor, at)
            keep_free(ticket, actor, at)
            return ServiceStatus(_now(door).service_status)
        elif holding is not None:
            raise HolderHasIt(number=door.number)
        else:
            ticket = story.going_on(ticket_id)
        _put(ticket, ServiceStatus.OUT_OF_SERVICE, actor, at, reason)
        return ServiceStatus.OUT_OF_SERVICE


def _put(ticket: Ticket, status: ServiceStatus, actor: Actor, at: dt.datetime, reason: str) -> None:
    door = _now(_door(ticket))
    if not ticket.door_was:
        # Another ticket may have it out: then the last of them puts back what was before.
        others = _others_out(ticket).values_list("door_was", flat=True).first()
        if door.service_status == ServiceStatus.DECOMMISSIONED:
            return
        story.change(ticket, door_was=others or door.service_status)
    changed = overrides.set_service_status(
        compartment_id=door.pk, status=status, actor=actor, reason=reason, at=at
    )
    if changed:
        story.add(
            ticket, EntryKind.DOOR_OUT, actor, at, str(status.label),
            action=Action.TICKET_DOOR_OUT, before=door.service_status, after=status.value,
        )  # fmt: skip


def bring_back(*, ticket_id: int, actor: Actor, at: dt.datetime) -> None:
    """Put the door of a ticket back as it was before; raises TicketOver and NotOut."""
    with transaction.atomic():
        ticket = story.going_on(ticket_id)
        if not ticket.door_was:
            raise NotOut
        put_back(ticket, actor, at)


def put_back(ticket: Ticket, actor: Actor, at: dt.datetime) -> None:
    """Put the door of a locked ticket back, if this ticket has it out and no other does."""
    if not ticket.door_was:
        return
    was = ServiceStatus(ticket.door_was)
    story.change(ticket, door_was="")
    door = _now(_door(ticket))
    # Others still need it out, or staff decided something else meanwhile.
    if door.service_status not in _OUT or _others_out(ticket).exists():
        return
    if decommissioning.keep_shut(door, was):
        return
    changed = overrides.set_service_status(
        compartment_id=door.pk, status=was, actor=actor, reason=str(ticket), at=at
    )
    if changed:
        story.add(
            ticket, EntryKind.DOOR_BACK, actor, at, str(was.label),
            action=Action.TICKET_DOOR_BACK, before=door.service_status, after=was.value,
        )  # fmt: skip


def inspect(*, ticket_id: int, actor: Actor, at: dt.datetime, reason: str = "") -> uuid.UUID:
    """Open the door of a ticket to look inside; return the command's id. Its holder keeps it.

    Raises TicketOver, NoDoor, BridgeOffline and NotWired.
    """
    with transaction.atomic():
        ticket = story.going_on(ticket_id)
        door = _door(ticket)
        holding = _held(door, at)
        why = reason.strip() or str(ticket)
        claim_id = holding.pk if holding is not None else None
        person_id = holding.holder_id if holding is not None else None
        command_id = commands.request_open(
            compartment_id=door.pk, purpose="inspect", actor=actor, at=at,
            person_id=person_id, claim_id=claim_id, reason=why, facts={"ticket": ticket.pk},
        )  # fmt: skip
        events.record(
            action=Action.INSPECTED, actor=actor, at=at,
            organisation_id=ticket.site.organisation_id, site_id=ticket.site_id,
            bank_id=ticket.bank_id, compartment_id=door.pk, person_id=person_id, reason=why,
            subject=f"ticket:{ticket.pk}",
            data={"command": str(command_id), "claim": claim_id, "ticket": ticket.pk},
        )  # fmt: skip
        story.add(
            ticket, EntryKind.OPENED_DOOR, actor, at, reason.strip(), person_id=person_id,
            command=str(command_id),
        )  # fmt: skip
    return command_id


def _door(ticket: Ticket) -> Compartment:
    if ticket.compartment is None:
        raise NoDoor
    return ticket.compartment


def _now(door: Compartment) -> Compartment:
    return Compartment.objects.get(pk=door.pk)


def _held(door: Compartment, at: dt.datetime) -> Assignment | None:
    return (
        Assignment.objects.filter(in_force(at), compartment=door, started_at__lte=at)
        .select_related("holder", "compartment__bank")
        .first()
    )


def _others_out(ticket: Ticket) -> models.QuerySet[Ticket]:
    return (
        Ticket.objects.filter(compartment=ticket.compartment_id, closed_at__isnull=True)
        .exclude(pk=ticket.pk)
        .exclude(door_was="")
        .order_by("pk")
    )


def _move(
    holding: Assignment, to_id: int | None, actor: Actor, at: dt.datetime, reason: str
) -> Assignment:
    if to_id is not None:
        return moving.move(
            claim_id=holding.pk, compartment_id=to_id, actor=actor, at=at, reason=reason
        )
    for one in _free_doors(holding.compartment, at):
        try:
            with transaction.atomic():
                return moving.move(
                    claim_id=holding.pk, compartment_id=one, actor=actor, at=at, reason=reason
                )
        except Refusal:
            continue  # not for this holder, or somebody was faster
    raise NowhereToMove


def _free_doors(door: Compartment, at: dt.datetime) -> list[int]:
    """Return doors of the bank that nobody has, those of the same size and nearest first."""
    held = Assignment.objects.filter(in_force(at), compartment__bank=door.bank_id)
    free = Compartment.objects.filter(
        bank=door.bank_id, service_status=ServiceStatus.IN_SERVICE
    ).exclude(pk__in=held.values("compartment")).exclude(pk=door.pk)  # fmt: skip
    ranked = sorted(
        free,
        key=lambda one: (
            one.size_id != door.size_id,
            one.is_accessible != door.is_accessible,
            abs(one.column - door.column) + abs(one.row - door.row),
            one.pk,
        ),
    )
    return [one.pk for one in ranked[:_TRIED]]


def _told(
    ticket: Ticket,
    kind: EntryKind,
    holding: Assignment,
    actor: Actor,
    at: dt.datetime,
    text: str = "",
) -> None:
    story.add(
        ticket, kind, actor, at, text, person_id=holding.holder_id, claim=holding.pk
    )  # fmt: skip
