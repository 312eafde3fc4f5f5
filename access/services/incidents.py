"""Reporting what happened, adding to it, and closing it. The notes themselves stay in the log."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from access.models import Incident, IncidentNote
from audit.actions import Action
from audit.services import events
from audit.services.events import Actor


def report(*, incident: Incident, user_id: int | None, actor: Actor, at: dt.datetime) -> Incident:
    """Store a new incident; ``clean`` has looked at it."""
    incident.reported_by = user_id
    with transaction.atomic():
        incident.save(force_insert=True)
        _record(Action.INCIDENT_REPORTED, incident, actor, at)
    return incident


def note(
    *, incident: Incident, text: str, user_id: int | None, actor: Actor, at: dt.datetime
) -> IncidentNote:
    """Add what somebody found out; an open or closed incident takes it alike."""
    with transaction.atomic():
        added = IncidentNote.objects.create(
            incident=incident, text=text, written_at=at, written_by=user_id
        )
        _record(Action.INCIDENT_NOTED, incident, actor, at)
    return added


def close(*, incident: Incident, actor: Actor, at: dt.datetime) -> bool:
    """Say that nothing more is to be done; False when it was closed."""
    return _turn(incident, at, Action.INCIDENT_CLOSED, actor, at)


def reopen(*, incident: Incident, actor: Actor, at: dt.datetime) -> bool:
    """Take the closing back; False when it was open."""
    return _turn(incident, None, Action.INCIDENT_REOPENED, actor, at)


def _turn(
    incident: Incident, closed_at: dt.datetime | None, action: Action, actor: Actor, at: dt.datetime
) -> bool:
    with transaction.atomic():
        changed = Incident.objects.filter(
            pk=incident.pk, closed_at__isnull=closed_at is not None
        ).update(closed_at=closed_at)
        if changed:
            _record(action, incident, actor, at)
    return bool(changed)


def _record(action: Action, incident: Incident, actor: Actor, at: dt.datetime) -> None:
    door = incident.compartment
    events.record(
        action=action,
        actor=actor,
        at=at,
        organisation_id=incident.site.organisation_id,
        site_id=incident.site_id,
        bank_id=door.bank_id if door is not None else None,
        compartment_id=incident.compartment_id,
        person_id=incident.person_id,
        subject=f"incident:{incident.pk}",
        data={"kind": incident.kind},
    )
