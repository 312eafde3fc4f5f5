"""A bridge comes, speaks and goes: its presence, its configuration, its token."""

from __future__ import annotations

import datetime as dt
import uuid

from django.db import transaction

from audit.actions import Action
from audit.services import events
from audit.services.events import Actor
from lockers.choices import DoorState
from lockers.errors import DeviceRevoked
from lockers.models import Bridge, BridgePresence, Door
from lockers.services import enrolment

# Further off than this and somebody should look at the machine's clock.
CLOCK_TOLERATED = dt.timedelta(minutes=2)


def authenticate(*, token: str) -> Bridge:
    """Return the bridge that owns a token; raises DeviceRevoked."""
    bridge = (
        Bridge.objects.select_related("site")
        .filter(token_digest=enrolment.digest(token), revoked_at__isnull=True)
        .first()
    )
    if bridge is None:
        raise DeviceRevoked
    return bridge


def arrive(
    *,
    bridge: Bridge,
    connection: uuid.UUID,
    software: str,
    journal: uuid.UUID,
    last_seq: int,
    clock_offset_ms: int,
    at: dt.datetime,
) -> int:
    """Note that a bridge connected; return the last journal number that is stored.

    A journal that is new, or shorter than what is stored of it, means a replaced disk: recorded.
    """
    with transaction.atomic():
        presence, _new = BridgePresence.objects.select_for_update(no_key=True).get_or_create(
            bridge=bridge, defaults={"last_seen_at": at}
        )
        known = presence.last_seq if presence.journal == journal else 0
        if presence.journal is not None and (presence.journal != journal or last_seq < known):
            _record(Action.JOURNAL_REWOUND, bridge, at, stored=presence.last_seq, told=last_seq)
        BridgePresence.objects.filter(bridge=bridge).update(
            connection=connection,
            last_seen_at=at,
            software=software[:60],
            journal=journal,
            last_seq=known,
            clock_offset_ms=clock_offset_ms,
        )
        _record(Action.CONNECTED, bridge, at, software=software[:60])
    return known


def hear(
    *,
    bridge: Bridge,
    connection: uuid.UUID,
    config_hash: str,
    clock_offset_ms: int,
    queue_depth: int,
    at: dt.datetime,
) -> bool:
    """Take a heartbeat; return False when this is not the bridge's current connection."""
    return bool(
        BridgePresence.objects.filter(
            bridge=bridge,
            connection=connection,
            bridge__revoked_at__isnull=True,
        ).update(
            last_seen_at=at,
            config_hash=config_hash[:64],
            clock_offset_ms=clock_offset_ms,
            queue_depth=queue_depth,
        )
    )


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
