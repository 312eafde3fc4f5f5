"""A bridge comes, speaks and goes: its presence, and whether it may."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from audit.actions import Action
from audit.services import events
from audit.services.events import Actor
from lockers.choices import DoorState, JournalAlarm
from lockers.health import CLOCK_TOLERATED
from lockers.models import Bridge, BridgePresence, Door, LockEvent
from lockers.presence import SILENT_AFTER


@dataclass(frozen=True)
class Known:
    """What is stored of a journal: its last number, and when that line was written."""

    seq: int
    written_at: dt.datetime | None


def find(*, bridge_id: int) -> Bridge | None:
    """Return a bridge that may prove itself with its key; None when it is unknown or revoked."""
    return (
        Bridge.objects.select_related("site")
        .filter(pk=bridge_id, revoked_at__isnull=True)
        .exclude(public_key="")
        .first()
    )


def record_refused(*, bridge_id: int, problem: str, at: dt.datetime) -> None:
    """Record that what came as from a bridge was not proven to be its own."""
    bridge = Bridge.objects.select_related("site").filter(pk=bridge_id).first()
    if bridge is not None:
        _record(Action.FRAME_REFUSED, bridge, at, problem=problem)
    else:
        events.record(
            action=Action.FRAME_REFUSED,
            actor=Actor.anonymous(),
            at=at,
            data={"problem": problem},
        )


def arrive(
    *,
    bridge: Bridge,
    connection: uuid.UUID,
    software: str,
    journal: uuid.UUID,
    last_seq: int,
    clock_offset_ms: int,
    at: dt.datetime,
    starts_after: int | None = None,
) -> Known:
    """Note that a bridge connected; return what is stored of its journal.

    A journal that is new, or shorter than what is stored of it, means a replaced disk: recorded
    and shown. One that was named anew for that (it begins behind ``starts_after``) is no news.
    """
    with transaction.atomic():
        presence, _new = BridgePresence.objects.select_for_update(no_key=True).get_or_create(
            bridge=bridge, defaults={"last_seen_at": at}
        )
        last = LockEvent.objects.filter(bridge=bridge, journal=journal).order_by("-seq").first()
        known = presence.last_seq if presence.journal == journal else last.seq if last else 0
        known = known or starts_after or 0
        is_another = presence.journal not in (None, journal) or last_seq < known
        is_news = starts_after is None or presence.journal_alarm != JournalAlarm.REPLACED
        if is_another and is_news:
            _record(Action.JOURNAL_REWOUND, bridge, at, stored=presence.last_seq, told=last_seq)
            presence.journal_alarm, presence.journal_alarm_at = JournalAlarm.REPLACED, at
        BridgePresence.objects.filter(bridge=bridge).update(
            connection=connection,
            last_seen_at=at,
            software=software[:60],
            journal=journal,
            last_seq=known,
            journal_alarm=presence.journal_alarm,
            journal_alarm_at=presence.journal_alarm_at,
            clock_offset_ms=clock_offset_ms,
        )
        _record(Action.CONNECTED, bridge, at, software=software[:60])
    return Known(known, last.occurred_at if last is not None and last.seq == known else None)


def settle_journal(*, bridge: Bridge, actor: Actor, at: dt.datetime) -> bool:
    """Take an alarm about a journal back once staff looked into it; False: there was none."""
    with transaction.atomic():
        alarmed = BridgePresence.objects.filter(bridge=bridge).exclude(journal_alarm="")
        if not alarmed.update(journal_alarm="", journal_alarm_at=None):
            return False
        events.record(
            action=Action.JOURNAL_SETTLED,
            actor=actor,
            at=at,
            organisation_id=bridge.site.organisation_id,
            site_id=bridge.site_id,
            subject=f"bridge:{bridge.pk}",
        )
    return True


def hear(
    *,
    bridge: Bridge,
    connection: uuid.UUID,
    config_hash: str,
    clock_offset_ms: int,
    queue_depth: int,
    unacknowledged: int,
    at: dt.datetime,
    health: dict[str, Any] | None = None,
    figures: dict[str, Any] | None = None,
) -> bool:
    """Take a heartbeat; return False when this is not the bridge's current connection.

    ``health`` and ``figures`` are written when they are given: one statement in any case.
    """
    told = {"health": health, "figures": figures}
    return bool(
        BridgePresence.objects.filter(
            bridge=bridge,
            connection=connection,
            bridge__public_key=bridge.public_key,
            bridge__revoked_at__isnull=True,
        ).update(
            last_seen_at=at,
            config_hash=config_hash[:64],
            clock_offset_ms=clock_offset_ms,
            queue_depth=queue_depth,
            unacknowledged=unacknowledged,
            **{name: value for name, value in told.items() if value is not None},
        )
    )


def give_up(*, bridge: Bridge, connection: uuid.UUID, at: dt.datetime) -> bool:
    """Take leave of a bridge that is silent; False when it was heard after all."""
    if BridgePresence.objects.filter(
        bridge=bridge, connection=connection, last_seen_at__gt=at - SILENT_AFTER
    ).exists():
        return False
    leave(bridge=bridge, connection=connection, at=at)
    return True


def leave(*, bridge: Bridge, connection: uuid.UUID, at: dt.datetime) -> None:
    """Note that a connection ended; what its doors last read is not known any more."""
    with transaction.atomic():
        if BridgePresence.objects.filter(bridge=bridge, connection=connection).update(
            connection=None
        ):
            Door.objects.filter(compartment__bank__bridge=bridge).exclude(
                state=DoorState.UNKNOWN
            ).update(state=DoorState.UNKNOWN, changed_at=at)
            _record(Action.DISCONNECTED, bridge, at)


def is_wrong(clock_offset_ms: int) -> bool:
    """Say whether a machine's clock is too far ahead of or behind ours."""
    return abs(clock_offset_ms) > CLOCK_TOLERATED / dt.timedelta(milliseconds=1)


def record_wrong_clock(*, bridge: Bridge, clock_offset_ms: int, at: dt.datetime) -> None:
    """Record that a bridge's own clock is wrong, and by how much."""
    _record(Action.CLOCK_WRONG, bridge, at, ahead_seconds=round(clock_offset_ms / 1000))


def _record(action: Action, bridge: Bridge, at: dt.datetime, **data: object) -> None:
    events.record(
        action=action,
        actor=Actor.bridge(bridge.pk),
        at=at,
        organisation_id=bridge.site.organisation_id,
        site_id=bridge.site_id,
        subject=f"bridge:{bridge.pk}",
        data=dict(data),
    )
