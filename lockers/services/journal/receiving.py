"""Lines in: a batch costs a few statements, however many lines it has."""

from __future__ import annotations

import datetime as dt
import uuid
from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import partial

from django.db import connection, transaction

from audit.actions import Action
from audit.models import ActorKind
from audit.services import events
from audit.services.events import Actor
from lockers.choices import BoardState, CommandStatus, JournalAlarm
from lockers.models import Bridge, BridgePresence, Command, Compartment, LockEvent
from lockers.services.journal import doors, ladder
from lockers.services.journal.ladder import Rung
from lockers.services.journal.lines import Line, LinesMissing, store
from lockers.signals import lock_events_stored

Tell = Callable[[Bridge, Sequence[Line]], None]
# What the trail is told, by the number of the line that told it.
Trail = list[tuple[int, events.Line]]

_CLIMBED = """
UPDATE lockers_command c SET status = n.status, detail = n.detail, actuated_at = n.actuated_at,
    opened_at = n.opened_at, ended_at = n.ended_at
FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::timestamptz[], %s::timestamptz[],
            %s::timestamptz[]) AS n (id, status, detail, actuated_at, opened_at, ended_at)
WHERE c.id = n.id
"""


def receive(
    *,
    bridge: Bridge,
    journal: uuid.UUID,
    lines: Sequence[Line],
    at: dt.datetime,
    after: int = 0,
    is_renamed: bool = False,
    tell: Tell | None = None,
) -> int:
    """Store journal lines and apply the new ones; return the number to acknowledge.

    The first line is the next that the bridge has behind ``after``, so a number that is left out
    is gone: recorded, shown to staff, and what follows is stored. Raises LinesMissing when lines
    before ``after`` did not arrive. Lines of a journal that ``is_renamed`` may be stored under its
    earlier name. ``tell`` is handed the new lines that are ``about`` something, in the same
    transaction.

    Redelivery is normal: a line that is stored already changes nothing. Lines for doors of another
    bridge are stored and recorded but applied to nothing.
    """
    with transaction.atomic():
        presence = BridgePresence.objects.select_for_update(no_key=True).get(bridge=bridge)
        known = presence.last_seq if presence.journal == journal else 0
        if after > known:
            raise LinesMissing(f"lines {known + 1} to {after} did not arrive")
        fresh = sorted((line for line in lines if line.seq > known), key=lambda line: line.seq)
        if not fresh:
            return known
        trail = [_gap(bridge, at, *hole) for hole in _holes(known, fresh)]
        told: dict[str, object] = {}
        if trail or any(line.kind == "lines_lost" for line in fresh):
            told = {"journal_alarm": JournalAlarm.GAP, "journal_alarm_at": at}
        last = fresh[-1].seq
        if is_renamed:
            fresh = _unknown(bridge, journal, fresh)
        mine = _doors(bridge, fresh)
        ids = store(bridge, journal, fresh, mine)
        about = [line for line in fresh if line.about is not None]
        if about and tell is not None:
            # First: it may be about commands that the bridge gave itself, and that others move.
            tell(bridge, about)
        trail += _apply(bridge, journal, fresh, mine, at)
        trail += _notes(bridge, fresh, mine, at)
        events.record_many(line for _, line in sorted(trail, key=lambda one: one[0]))
        BridgePresence.objects.filter(bridge=bridge).update(
            journal=journal, last_seq=last, last_seen_at=at, **told
        )
        transaction.on_commit(partial(lock_events_stored.send_robust, LockEvent, event_ids=ids))
    return last


def heed(*, bridge: Bridge, journal: uuid.UUID, lines: Sequence[Line], at: dt.datetime) -> None:
    """Move commands and doors by lines that came ahead of others; they are stored in their turn."""
    with transaction.atomic():
        trail = _apply(bridge, journal, lines, _doors(bridge, lines), at)
        events.record_many(line for _, line in trail)


def _doors(bridge: Bridge, lines: Sequence[Line]) -> dict[int, Compartment]:
    told = {line.compartment_id for line in lines if line.compartment_id}
    mine = Compartment.objects.select_related("bank__site").filter(bank__bridge=bridge)
    return mine.in_bulk(told) if told else {}


def _holes(known: int, fresh: Sequence[Line]) -> list[tuple[int, int]]:
    """Return each pair of neighbours between which numbers are left out."""
    numbers = [known, *(line.seq for line in fresh)]
    return [(one, two) for one, two in zip(numbers, numbers[1:], strict=False) if two > one + 1]


def _unknown(bridge: Bridge, journal: uuid.UUID, fresh: Sequence[Line]) -> list[Line]:
    """Leave out what is stored under another name of the journal, told by number and instant."""
    stored = set(
        LockEvent.objects.filter(bridge=bridge, seq__in=[line.seq for line in fresh])
        .exclude(journal=journal)
        .values_list("seq", "kind", "occurred_at")
    )
    return [line for line in fresh if (line.seq, line.kind, line.occurred_at) not in stored]


def _apply(
    bridge: Bridge,
    journal: uuid.UUID,
    lines: Sequence[Line],
    mine: dict[int, Compartment],
    at: dt.datetime,
) -> Trail:
    """Move the commands and then the doors that lines are about; return what became of commands."""
    trail: Trail = []
    not_opened: set[int] = set()
    for line, actor in _climb(bridge, [line for line in lines if line.kind in ladder.SAYS]):
        status, _, action = ladder.SAYS[line.kind]
        door = mine.get(line.compartment_id or 0)
        if status == CommandStatus.FAILED and line.detail == "did_not_open":
            not_opened.add(line.seq)
        if action is not None and door is not None:
            trail.append((line.seq, _recorded(action, actor, door, line)))
    about: defaultdict[int, list[Line]] = defaultdict(list)
    for line in lines:
        is_told = line.kind in doors.SAYS and line.detail != "unknown_door"
        if line.compartment_id in mine and (is_told or line.seq in not_opened):
            about[line.compartment_id].append(line)

    def stands(door: int, standing: doors.Standing) -> doors.Standing:
        for line in about[door]:
            if line.kind in doors.SAYS:
                standing = standing.after(line, journal)
            else:
                standing = standing.not_opened()
        return standing

    doors.change(about, stands, at)
    return trail


def _climb(bridge: Bridge, lines: Sequence[Line]) -> list[tuple[Line, Actor]]:
    """Move commands up their ladder; return the lines that said something new, and who asked."""
    ids = {line.command_id for line in lines if line.command_id is not None}
    if not ids:
        return []
    fields = ("pk", "actor_kind", "actor_id", "status", "detail")
    instants = ("actuated_at", "opened_at", "ended_at")
    rows = (
        Command.objects.select_for_update(no_key=True)
        .filter(pk__in=ids, bridge=bridge)
        .order_by("pk")
        .values_list(*fields, *instants)
    )
    actors: dict[uuid.UUID, Actor] = {}
    rungs: dict[uuid.UUID, Rung] = {}
    for pk, kind, number, status, *rest in rows:
        actors[pk] = Actor(ActorKind(kind), number)
        rungs[pk] = Rung(CommandStatus(status), *rest)
    news = [
        (line, actors[line.command_id])
        for line in lines
        if line.command_id is not None
        and line.command_id in rungs
        and rungs[line.command_id].climb(line)
    ]
    if news:
        moved = {line.command_id: rungs[line.command_id] for line, _ in news if line.command_id}
        with connection.cursor() as cursor:
            cursor.execute(
                _CLIMBED,
                [
                    list(moved),
                    [rung.status.value for rung in moved.values()],
                    [rung.detail for rung in moved.values()],
                    *([getattr(rung, name) for rung in moved.values()] for name in instants),
                ],
            )
    return news


def _notes(
    bridge: Bridge, lines: Sequence[Line], mine: dict[int, Compartment], at: dt.datetime
) -> Trail:
    """Return what the trail is told of lines that are about no command."""
    trail: Trail = []
    for line in lines:
        door = mine.get(line.compartment_id or 0)
        action = doors.SAYS[line.kind][1] if line.kind in doors.SAYS else None
        if action is not None and door is not None and line.command_id is None:
            recorded = _recorded(action, Actor.bridge(bridge.pk), door, line)
            trail.append((line.seq, recorded))
        elif line.kind == "bridge_started":
            data = {"journal_put_aside": line.detail} if line.detail else {}
            trail.append((line.seq, _noted(Action.BRIDGE_STARTED, bridge, at, **data)))
        elif line.kind == "alone_began":
            begun = _noted(Action.ALONE_BEGAN, bridge, line.occurred_at, term=line.detail)
            trail.append((line.seq, begun))
        elif line.kind == "board_state" and line.detail in BoardState.values:
            # Its word for how the board is now comes with every heartbeat; one that only a newer
            # bridge knows is stored and says nothing to us.
            told = {"controller": line.controller_id, "state": line.detail}
            trail.append((line.seq, _noted(Action.BOARD_STATE, bridge, at, **told)))
        elif line.kind == "frame_refused":
            trail.append((line.seq, _noted(Action.FRAME_REFUSED, bridge, at, problem=line.detail)))
        elif line.kind == "lines_lost":
            trail.append((line.seq, _noted(Action.JOURNAL_GAP, bridge, at, lost=line.detail)))
    return trail


def _gap(bridge: Bridge, at: dt.datetime, after: int, before: int) -> tuple[int, events.Line]:
    return before, _noted(Action.JOURNAL_GAP, bridge, at, after=after, next=before)


def _recorded(action: Action, actor: Actor, door: Compartment, line: Line) -> events.Line:
    data: dict[str, object] = {"seq": line.seq}
    if line.command_id is not None:
        data["command"] = str(line.command_id)
    if line.detail:
        data["detail"] = line.detail
    if not line.clock_ok:
        data["clock_ok"] = False
    return events.Line(
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


def _noted(action: Action, bridge: Bridge, at: dt.datetime, **data: object) -> events.Line:
    return events.Line(
        action=action,
        actor=Actor.bridge(bridge.pk),
        at=at,
        organisation_id=bridge.site.organisation_id,
        site_id=bridge.site_id,
        subject=f"bridge:{bridge.pk}",
        data=data,
    )
