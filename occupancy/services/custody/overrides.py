"""What staff change about a compartment itself, always with a reason."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from audit.actions import Action
from audit.services import events
from audit.services.events import Actor
from lockers.choices import ServiceStatus
from lockers.errors import CompartmentHeld
from lockers.models import Compartment
from occupancy.models import Assignment
from occupancy.services.bookings import displacing
from occupancy.services.claims.assignments import in_force
from occupancy.services.queue import offering, offers

_NOBODY_MAY = {ServiceStatus.OUT_OF_SERVICE, ServiceStatus.DECOMMISSIONED}


def set_service_status(
    *,
    compartment_id: int,
    status: ServiceStatus,
    actor: Actor,
    reason: str,
    at: dt.datetime,
) -> bool:
    """Put a compartment in or out of service; return False when it was so already.

    Raises CompartmentHeld when it would go out of service while somebody has it.
    """
    with transaction.atomic():
        # A claim locks the same row: whoever comes second sees what the first one did.
        door = (
            Compartment.objects.select_for_update(no_key=True, of=("self",))
            .select_related("bank__site")
            .get(pk=compartment_id)
        )
        before = door.service_status
        if before == status:
            return False
        if status in _NOBODY_MAY and _is_held(door, at):
            refusal = CompartmentHeld(number=door.number)
            raise refusal.keep(
                lambda: _record(
                    Action.REFUSED, door, actor, reason, at, code=refusal.code, wanted=status.value
                )
            )
        note = "" if status == ServiceStatus.IN_SERVICE else reason[:200]
        Compartment.objects.filter(pk=door.pk, service_status=before).update(
            service_status=status, service_note=note
        )
        _record(Action.SERVICE_CHANGED, door, actor, reason, at, before=before, after=status.value)
        if status != ServiceStatus.IN_SERVICE:
            _take_away(door, status, actor, at)
        offering.freed(compartment_id=door.pk, at=at)
    return True


def _take_away(
    door: Compartment, status: ServiceStatus, actor: Actor, at: dt.datetime
) -> None:  # fmt: skip
    """See at once to those who were promised the door: who waits keeps the place, bookings move."""
    offers.withdraw(compartment_id=door.pk, actor=actor, at=at)
    if status in _NOBODY_MAY:
        displacing.at_once(compartments=[door.pk], at=at)
    elif status == ServiceStatus.FAULT:
        displacing.at_once(compartments=[door.pk], at=at, within=displacing.EMPTIED_WITHIN)


def _is_held(door: Compartment, at: dt.datetime) -> bool:
    return Assignment.objects.filter(in_force(at), compartment=door).exists()


def _record(
    action: Action, door: Compartment, actor: Actor, reason: str, at: dt.datetime, **data: str
) -> None:
    bank = door.bank
    events.record(
        action=action,
        actor=actor,
        at=at,
        organisation_id=bank.site.organisation_id,
        site_id=bank.site_id,
        bank_id=bank.pk,
        compartment_id=door.pk,
        reason=reason,
        data=dict(data),
    )
