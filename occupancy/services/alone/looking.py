"""Staff look at what a bridge could not know when it gave a door."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.db.models import Q

from audit.actions import Action
from audit.services import events
from audit.services.events import Actor
from occupancy.models import AloneUse


def waiting(at: dt.datetime) -> Q:
    """Return the condition for doors given by bridges that nobody looked at yet."""
    return ~Q(breach="") & Q(looked_at__isnull=True)


def look_at(*, use: AloneUse, actor: Actor, at: dt.datetime) -> bool:
    """Note that staff looked at a door that a bridge gave; again does nothing."""
    with transaction.atomic():
        unseen = AloneUse.objects.filter(waiting(at), pk=use.pk)
        if not unseen.update(looked_at=at, looked_by=f"{actor.kind.value}:{actor.id}"):
            return False
        bank = use.compartment.bank
        events.record(
            action=Action.ALONE_LOOKED_AT,
            actor=actor,
            at=at,
            organisation_id=bank.site.organisation_id,
            site_id=bank.site_id,
            bank_id=bank.pk,
            compartment_id=use.compartment_id,
            person_id=use.person_id,
            data={"ref": str(use.ref), "breach": use.breach, "claim": use.claim_id},
        )
    return True
