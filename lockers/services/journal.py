"""Taking in what a bridge wrote in its journal: stored once, in order, and applied."""

from __future__ import annotations

import datetime as dt
import logging
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.db import connection, transaction

from audit.actions import Action
from audit.models import ActorKind
from audit.services import events
from audit.services.events import Actor
from lockers.choices import BoardState, CommandStatus, DoorState
from lockers.models import Bridge, BridgePresence, Command, Compartment, Controller, Door, LockEvent
from lockers.signals import lock_event_stored

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Line:
    """One journal line as the bridge sent it."""

    seq: int
    kind: str
    occurred_at: dt.datetime
    clock_ok: bool = True
    compartment_id: int | None = None
    controller_id: int | None = None
    command_id: uuid.UUID | None = None
    detail: str = ""
    # What it tells an app on the right, which receive() hands it to.
    about: Any = None


# What a journal line says of the command, the instant it fills, and what the trail calls it.
_COMMAND: dict[str, tuple[CommandStatus, str, Action | None]] = {
    "command_accepted": (CommandStatus.ACCEPTED, "", None),
    "command_actuated": (CommandStatus.ACTUATED, "actuated_at", None),
    "command_opened": (CommandStatus.OPENED, "opened_at", Action.OPENED),
    "command_closed": (CommandStatus.CLOSED, "ended_at", Action.CLOSED),
    "command_failed": (CommandStatus.FAILED, "ended_at", Action.NOT_OPENED),
    "command_expired": (CommandStatus.EXPIRED, "ended_at", Action.OPEN_EXPIRED),
    "command_unknown": (CommandStatus.UNKNOWN, "ended_at", Action.OPEN_UNKNOWN),
    "command_cancelled": (CommandStatus.CANCELLED, "ended_at", Action.OPEN_CANCELLED),
}
_RANK = {
    CommandStatus.QUEUED: 0,
    CommandStatus.SENT: 1,
    CommandStatus.ACCEPTED: 2,
    CommandStatus.ACTUATED: 3,
    CommandStatus.OPENED: 4,
    CommandStatus.CLOSED: 5,
}
_DOOR: dict[str, tuple[DoorState, Action | None]] = {
    "door_opened": (DoorState.OPEN, Action.OPENED),
    "door_closed": (DoorState.CLOSED, Action.CLOSED),
    "door_forced": (DoorState.OPEN, Action.FORCED),
    "door_unknown": (DoorState.UNKNOWN, Action.UNREADABLE),
}


def receive(
    *,
    bridge: Bridge,
    journal: uuid.UUID,
    lines: Sequence[Line],
    at: dt.datetime,
    tell: Callable[[Bridge, Line], None] | None = None,
) -> int:
    """Store journal lines and apply the new ones; return the number to acknowledge.

    ``tell`` is handed every new line that is ``about`` something, in the same transaction.

    Redelivery is normal: a line that is stored already changes nothing. Lines for doors of another
    bridge are stored and recorded but applied to nothing.
    """
    with transaction.atomic():
        presence = BridgePresence.objects.select_for_update(no_key=True).get(bridge=bridge)
        known = presence.last_seq if presence.journal == journal else 0
        fresh = sorted((line for line in lines if line.seq > known), key=lambda line: line.seq)
        if not fresh:
            return known
        if known and fresh[0].seq > known + 1:
            _note(Action.JOURNAL_GAP, bridge, at, after=known, next=fresh[0].seq)
        doors = {
            door.pk: door
            for door in Compartment.objects.select_related("bank__site").filter(
                bank__bridge=bridge,
                pk__in={line.compartment_id for line in fresh if line.compartment_id},
            )
        }
        stored = LockEvent.objects.bulk_create(
            [_row(bridge, journal, line, doors) for line in fresh], ignore_conflicts=False
        )
        for line in fresh:
            _apply(bridge, line, doors.get(line.compartment_id or 0), at)
            if tell is not None and line.about is not None:
                tell(bridge, line)
        BridgePresence.objects.filter(bridge=bridge).update(
            journal=journal, last_seq=fresh[-1].seq, last_seen_at=at
        )
        for event in stored:
            transaction.on_commit(
                partial(lock_event_stored.send_robust, LockEvent, event_id=event.pk)
            )
    return fresh[-1].seq


def read_doors(*, bridge: Bridge, readings: dict[int, DoorState], at: dt.datetime) -> None:
    """Take what every door reads now (the answer to "how do you stand", not an event)."""
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO lockers_door (compartment_id, state, changed_at, is_forced)"
            " SELECT c.id, %s, %s, false FROM lockers_compartment c"
            " JOIN lockers_bank b ON b.id = c.bank_id WHERE c.id = %s AND b.bridge_id = %s"
            " ON CONFLICT (compartment_id) DO UPDATE SET state = excluded.state,"
            " changed_at = excluded.changed_at,"
            # A bridge that was away for a moment makes a forced door no better.
            " is_forced = lockers_door.is_forced AND excluded.state <> 'closed'"
            " WHERE lockers_door.state <> excluded.state",
            [(state.value, at, door, bridge.pk) for door, state in readings.items()],
        )


def set_board_state(
    *, bridge: Bridge, controller_id: int, state: BoardState, detail: str, at: dt.datetime
) -> None:
    """Note a board's health; the map shows its doors as unknown while it is silent."""
    changed = (
        Controller.objects.filter(pk=controller_id, bridge=bridge)
        .exclude(state=state, state_detail=detail)
        .update(state=state, state_detail=detail[:200], state_at=at)
    )
    if changed and state == BoardState.OFFLINE:
        Door.objects.filter(compartment__controller_id=controller_id).exclude(
            state=DoorState.UNKNOWN
        ).update(state=DoorState.UNKNOWN, changed_at=at)


def _row(
    bridge: Bridge, journal: uuid.UUID, line: Line, doors: dict[int, Compartment]
) -> LockEvent:
    return LockEvent(
        bridge=bridge,
        journal=journal,
        seq=line.seq,
        kind=line.kind,
        compartment_id=line.compartment_id if line.compartment_id in doors else None,
        command_id=line.command_id,
        detail=line.detail[:200],
        occurred_at=line.occurred_at,
        clock_ok=line.clock_ok,
    )


def _apply(bridge: Bridge, line: Line, door: Compartment | None, at: dt.datetime) -> None:
    if line.kind == "bridge_started":
        _note(Action.BRIDGE_STARTED, bridge, at)
    elif (
        line.kind == "board_state"
        and line.controller_id is not None
        # A word that only a newer bridge knows is stored and says nothing to us.
        and line.detail in BoardState.values
    ):
        set_board_state(
            bridge=bridge,
            controller_id=line.controller_id,
            state=BoardState(line.detail),
            detail="",
            at=line.occurred_at,
        )
        _note(Action.BOARD_STATE, bridge, at, controller=line.controller_id, state=line.detail)
    elif line.kind in _COMMAND and line.command_id is not None:
        _apply_to_command(bridge, line, line.command_id, door)
    elif line.kind in _DOOR and door is not None:
        state, action = _DOOR[line.kind]
        _set_door(door.pk, state, line, forced=line.kind == "door_forced")
        if action is not None and line.command_id is None:
            _record(action, Actor.bridge(bridge.pk), door, line, None)


def _apply_to_command(
    bridge: Bridge, line: Line, command_id: uuid.UUID, door: Compartment | None
) -> None:
    status, instant, action = _COMMAND[line.kind]
    lower = [rung for rung, rank in _RANK.items() if rank < _RANK.get(status, 4)]
    if status == CommandStatus.CLOSED:
        lower = [CommandStatus.OPENED]
    changes: dict[str, Any] = {"status": status, "detail": line.detail[:120]}
    if instant:
        changes[instant] = line.occurred_at
    moved = Command.objects.filter(pk=command_id, bridge=bridge, status__in=lower).update(**changes)
    if door is not None and line.detail != "unknown_door":
        if status == CommandStatus.OPENED:
            _set_door(door.pk, DoorState.OPEN, line, forced=False)
        elif status == CommandStatus.CLOSED:
            _set_door(door.pk, DoorState.CLOSED, line, forced=False)
    if moved and action is not None and door is not None:
        command = Command.objects.only("actor_kind", "actor_id").get(pk=command_id)
        actor = Actor(ActorKind(command.actor_kind), command.actor_id)
        _record(action, actor, door, line, command_id)


def _set_door(door_id: int, state: DoorState, line: Line, *, forced: bool) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO lockers_door (compartment_id, state, changed_at, is_forced)"
            " VALUES (%s, %s, %s, %s) ON CONFLICT (compartment_id) DO UPDATE"
            " SET state = excluded.state, changed_at = excluded.changed_at,"
            # One that cannot be read just now is still as it was left.
            " is_forced = excluded.is_forced"
            " OR lockers_door.is_forced AND excluded.state = 'unknown'"
            " WHERE (lockers_door.state, lockers_door.is_forced)"
            " IS DISTINCT FROM (excluded.state, excluded.is_forced)",
            (door_id, state.value, line.occurred_at, forced),
        )


def _record(
    action: Action, actor: Actor, door: Compartment, line: Line, command_id: uuid.UUID | None
) -> None:
    data: dict[str, Any] = {"seq": line.seq}
    if command_id is not None:
        data["command"] = str(command_id)
    if line.detail:
        data["detail"] = line.detail
    if not line.clock_ok:
        data["clock_ok"] = False
    events.record(
        action=action,
        actor=actor,
        at=line.occurred_at,
        organisation_id=door.bank.site.organisation_id,
        site_id=door.bank.site_id,
        bank_id=door.bank_id,
        compartment_id=door.pk,
        person_id=int(actor.id) if actor.kind == ActorKind.PERSON else None,
        data=data,
    )


def _note(action: Action, bridge: Bridge, at: dt.datetime, **data: object) -> None:
    events.record(
        action=action,
        actor=Actor.bridge(bridge.pk),
        at=at,
        organisation_id=bridge.site.organisation_id,
        site_id=bridge.site_id,
        subject=f"bridge:{bridge.pk}",
        data=dict(data),
    )
