"""Stopping somebody for a while, and lifting that again."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.db.models import Q

from access.models import Hold, Person
from audit.actions import Action
from audit.services import events
from audit.services.events import Actor


def in_force(at: dt.datetime) -> Q:
    """Return the condition under which a hold stops its person at ``at``."""
    return Q(lifted_at__isnull=True, starts_at__lte=at) & (
        Q(ends_at__isnull=True) | Q(ends_at__gt=at)
    )


def is_held(*, person_id: int, at: dt.datetime) -> bool:
    """Say whether any hold stops this person now."""
    return Hold.objects.filter(in_force(at), person_id=person_id).exists()


def place(
    *, person: Person, reason: str, actor: Actor, at: dt.datetime, ends_at: dt.datetime | None
) -> Hold:
    """Stop a person from now on, with a reason."""
    with transaction.atomic():
        hold = Hold.objects.create(person=person, reason=reason, starts_at=at, ends_at=ends_at)
        _record(Action.HELD, hold, actor, at, reason)
    return hold


def lift(*, hold: Hold, actor: Actor, at: dt.datetime, reason: str = "") -> None:
    """Let the person go on; a hold that is lifted already stays as it is."""
    with transaction.atomic():
        if Hold.objects.filter(pk=hold.pk, lifted_at__isnull=True).update(lifted_at=at):
            _record(Action.HOLD_LIFTED, hold, actor, at, reason)


def _record(action: Action, hold: Hold, actor: Actor, at: dt.datetime, reason: str) -> None:
    events.record(
        action=action,
        actor=actor,
        at=at,
        organisation_id=hold.person.organisation_id,
        site_id=hold.person.home_site_id,
        person_id=hold.person_id,
        reason=reason,
        data={"hold": hold.pk},
    )
