"""Asking for a door to open: the row is the truth, the socket to the bridge only says "look"."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections.abc import Collection
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet

from audit.actions import Action
from audit.models import ActorKind
from audit.services import events
from audit.services.events import Actor
from lockers import notify, presence
from lockers.choices import CommandStatus, OpeningStatus
from lockers.errors import BridgeOffline, NotWired
from lockers.models import Bridge, Command, Compartment

# A pulse later than this is a door that pops open with nobody there.
OPEN_WITHIN = dt.timedelta(seconds=10)
_JOB = Actor.job("commands")
_AT_THE_BRIDGE = [CommandStatus.SENT, CommandStatus.ACCEPTED]

_INSERT = """
WITH door AS (
    SELECT c.id, b.bridge_id, s.organisation_id, b.site_id, b.id AS bank_id
    FROM lockers_compartment c
    JOIN lockers_bank b ON b.id = c.bank_id
    JOIN lockers_site s ON s.id = b.site_id
    JOIN lockers_bridgepresence p ON p.bridge_id = b.bridge_id
    WHERE c.id = %(compartment)s AND c.controller_id IS NOT NULL
      AND p.connection IS NOT NULL AND p.last_seen_at > %(silent_since)s),
queued AS (
    INSERT INTO lockers_command (id, compartment_id, bridge_id, opening_id, purpose, actor_kind,
                                 actor_id, claim_id, status, detail, requested_at, not_before,
                                 deadline)
    SELECT %(id)s, door.id, door.bridge_id, %(opening)s, %(purpose)s, %(actor_kind)s,
           %(actor_id)s, %(claim)s, 'queued', '', %(at)s, %(not_before)s, %(deadline)s
    FROM door)
SELECT organisation_id, site_id, bank_id FROM door
"""


def request_open(
    *,
    compartment_id: int,
    purpose: str,
    actor: Actor,
    at: dt.datetime,
    person_id: int | None = None,
    claim_id: int | None = None,
    opening_id: int | None = None,
    not_before: dt.datetime | None = None,
    reason: str = "",
    facts: dict[str, Any] | None = None,
) -> uuid.UUID:
    """Queue one open and record who asked; return the command's id.

    Raises BridgeOffline when the bank's bridge is silent, NotWired when no board drives the door.
    """
    command_id = uuid.uuid4()
    with transaction.atomic(savepoint=False), connection.cursor() as cursor:
        cursor.execute(
            _INSERT,
            {
                "id": command_id,
                "compartment": compartment_id,
                "opening": opening_id,
                "purpose": purpose,
                "actor_kind": actor.kind.value,
                "actor_id": actor.id,
                "claim": claim_id,
                "at": at,
                "not_before": not_before,
                "deadline": (not_before or at) + OPEN_WITHIN,
                "silent_since": at - presence.SILENT_AFTER,
            },
        )
        row = cursor.fetchone()
        if row is None:
            _refuse(compartment_id)
        events.record(
            action=Action.OPEN_REQUESTED,
            actor=actor,
            at=at,
            organisation_id=row[0],
            site_id=row[1],
            bank_id=row[2],
            compartment_id=compartment_id,
            person_id=person_id,
            reason=reason,
            data={"command": str(command_id), "purpose": purpose, **(facts or {})},
        )
    return command_id


def record_alone(
    *,
    command_id: uuid.UUID,
    door: Compartment,
    bridge: Bridge,
    actor: Actor,
    at: dt.datetime,
    person_id: int | None = None,
    claim_id: int | None = None,
    reason: str = "",
    facts: dict[str, Any] | None = None,
) -> bool:
    """Record an open that a bridge asked of itself while we were away; False when it is known.

    How far it came is told by its other lines.
    """
    _, is_new = Command.objects.get_or_create(
        pk=command_id,
        defaults={
            "compartment": door,
            "bridge": bridge,
            "purpose": "alone",
            "actor_kind": actor.kind.value,
            "actor_id": actor.id,
            "claim_id": claim_id,
            "status": CommandStatus.ACCEPTED,
            "requested_at": at,
            "deadline": at + OPEN_WITHIN,
        },
    )
    if is_new:
        events.record(
            action=Action.OPEN_REQUESTED,
            actor=actor,
            at=at,
            organisation_id=door.bank.site.organisation_id,
            site_id=door.bank.site_id,
            bank_id=door.bank_id,
            compartment_id=door.pk,
            person_id=person_id,
            reason=reason,
            data={"command": str(command_id), "purpose": "alone", **(facts or {})},
        )
    return is_new


def answers(*, command_id: uuid.UUID, scan_id: uuid.UUID) -> None:
    """Note which read a command answers: once the bridge has decided on that, it opens nothing."""
    Command.objects.filter(pk=command_id).update(scan_id=scan_id)


def _refuse(compartment_id: int) -> None:
    wired = Compartment.objects.filter(pk=compartment_id, controller__isnull=False).exists()
    raise BridgeOffline if wired else NotWired


def take_queued(
    *, bridge_id: int, at: dt.datetime, only: Collection[uuid.UUID] | None = None
) -> list[Command]:
    """Mark this bridge's waiting commands as sent and return them, oldest first.

    With ``only`` the others go on waiting. Commands past their deadline are left to
    ``expire_overdue``: nothing fires late. One statement, for it stands between a tap and the wire.
    """
    taken = Command.objects.raw(
        "UPDATE lockers_command SET status = 'sent', sent_at = %s"
        " WHERE bridge_id = %s AND status = 'queued' AND deadline > %s"
        " AND (%s::uuid[] IS NULL OR id = ANY(%s::uuid[]))"
        " RETURNING id, compartment_id, bridge_id, opening_id, actor_kind, requested_at,"
        " not_before, deadline, scan_id",
        (at, bridge_id, at, *[list(only) if only is not None else None] * 2),
    ).prefetch_related("opening")
    return sorted(taken, key=lambda command: command.not_before or command.requested_at)


def withdraw(*, claim_id: int, at: dt.datetime) -> int:
    """End what waits to be sent for a claim that is withdrawn; return how many."""
    waiting = Command.objects.filter(claim_id=claim_id, status=CommandStatus.QUEUED)
    return _end(waiting, CommandStatus.CANCELLED, "withdrawn", at)


def withdraw_asked(*, bridge_id: int, at: dt.datetime) -> int:
    """End what waits to be sent to a bridge, but what staff ordered; return how many."""
    waiting = Command.objects.filter(bridge_id=bridge_id, status=CommandStatus.QUEUED)
    return _end(waiting.exclude(actor_kind=ActorKind.STAFF), CommandStatus.CANCELLED, "cut_off", at)


def expire_overdue(*, at: dt.datetime, bridge_id: int | None = None) -> int:
    """End commands that never left the queue in time; return how many."""
    waiting = Command.objects.filter(status=CommandStatus.QUEUED, deadline__lte=at)
    if bridge_id is not None:
        waiting = waiting.filter(bridge_id=bridge_id)
    return _end(waiting, CommandStatus.EXPIRED, "never_sent", at)


def forget_unanswered(*, at: dt.datetime) -> int:
    """Call commands unknown whose bridge said nothing for a minute after the deadline."""
    silent = Command.objects.filter(
        status__in=_AT_THE_BRIDGE, deadline__lte=at - dt.timedelta(minutes=1)
    )
    return _end(silent, CommandStatus.UNKNOWN, "no_answer", at)


_ENDING = {
    CommandStatus.EXPIRED: Action.OPEN_EXPIRED,
    CommandStatus.UNKNOWN: Action.OPEN_UNKNOWN,
    CommandStatus.CANCELLED: Action.OPEN_CANCELLED,
}


def _end(
    waiting: QuerySet[Command],
    status: CommandStatus,
    detail: str,
    at: dt.datetime,
    actor: Actor = _JOB,
) -> int:
    """Move each command that still waits so to an end, with its audit event; return how many."""
    ended = 0
    for command_id in waiting.values_list("pk", flat=True):
        with transaction.atomic():
            row = (
                waiting.select_for_update(no_key=True, of=("self",))
                .select_related("compartment__bank__site")
                .filter(pk=command_id)
                .first()
            )
            if row is None:
                continue
            Command.objects.filter(pk=row.pk).update(status=status, detail=detail, ended_at=at)
            bank = row.compartment.bank
            events.record(
                action=_ENDING[status],
                actor=actor,
                at=at,
                organisation_id=bank.site.organisation_id,
                site_id=bank.site_id,
                bank_id=bank.pk,
                compartment_id=row.compartment_id,
                data={"command": str(row.pk), "detail": detail},
            )
            ended += 1
    return ended


def cancel_opening(*, opening_id: int, actor: Actor, at: dt.datetime) -> int:
    """Cancel what is still waiting of a bank opening; return how many doors are to stay shut.

    What the bridge has it alone can take back, and tells us that it did: until then nobody knows
    whether its pulse was given in this moment.
    """
    ours = Command.objects.filter(opening_id=opening_id)
    queued = ours.filter(status=CommandStatus.QUEUED)
    ended = _end(queued, CommandStatus.CANCELLED, "cancelled", at, actor)
    asked = ours.filter(status__in=_AT_THE_BRIDGE, deadline__gt=at)
    bridges = sorted(set(asked.values_list("bridge_id", flat=True)))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_notify(%s, %s)",
            (notify.COMMAND, json.dumps({"bridges": bridges, "queued": True})),
        )
    return ended + asked.count()


def taken_back(*, bridge_id: int, at: dt.datetime) -> list[uuid.UUID]:
    """Return the commands that a bridge has and should give up, as their opening was cancelled."""
    return list(
        Command.objects.filter(
            bridge_id=bridge_id,
            opening__status=OpeningStatus.CANCELLED,
            status__in=_AT_THE_BRIDGE,
            deadline__gt=at,
        ).values_list("pk", flat=True)
    )
