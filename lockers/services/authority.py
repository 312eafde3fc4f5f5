"""The server's side of who gives out the doors of a bank, as every process can see it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from django.db import connection, transaction
from django.db.models import DateTimeField, F, Func
from django.db.models.functions import Greatest

from audit.actions import Action
from audit.services import events
from audit.services.events import Actor
from lockers.models import Authority, Bridge

# Not the transaction's beginning.
_NOW = Func(function="clock_timestamp", output_field=DateTimeField())


def greeted(*, bridge_id: int, term: int, is_alone: bool) -> int:
    """Take the term of a bridge that connected and is not alone, if it is newer; return ours.

    It is newer when this database was restored from an older copy.
    """
    authority, _new = Authority.objects.get_or_create(bridge_id=bridge_id)
    if not is_alone and term > authority.term:
        Authority.objects.filter(bridge_id=bridge_id).update(term=Greatest(F("term"), term))
        return term
    return authority.term


def entrusted(*, bridge_id: int, banks: Collection[int]) -> frozenset[int]:
    """Note which banks a bridge will be told to give out; return them with those it still may."""
    with transaction.atomic():
        authority = Authority.objects.select_for_update().get(bridge_id=bridge_id)
        both = frozenset(authority.banks).union(banks)
        entrust(bridge_id=bridge_id, banks=both)
    return both


def entrust(*, bridge_id: int, banks: Collection[int]) -> None:
    """Note which banks a bridge may give out, as it says itself."""
    Authority.objects.filter(bridge_id=bridge_id).update(banks=sorted(banks))


def clock() -> dt.datetime:
    """Return the database's time."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        at: dt.datetime = cursor.fetchone()[0]
    return at


def beat(*, bridge_id: int, term: int, at: dt.datetime | None = None) -> None:
    """Let every process give doors for the moment after ``at`` by the database's clock, or now."""
    Authority.objects.filter(bridge_id=bridge_id, term=term).update(beat_at=at or _NOW)


def next_number(*, bridge_id: int) -> int:
    """Return the number of what the bridge is told next."""
    with transaction.atomic():
        Authority.objects.filter(bridge_id=bridge_id).update(told=F("told") + 1)
        return Authority.objects.values_list("told", flat=True).get(bridge_id=bridge_id)


def taken_back(*, bridge: Bridge, term: int, at: dt.datetime) -> int:
    """Begin the next term after the bridge handed back ``term``; return it. Again does nothing."""
    with transaction.atomic():
        begun = Authority.objects.filter(bridge=bridge, term__lte=term).update(
            term=term + 1, beat_at=None
        )
        if begun:
            events.record(
                action=Action.AUTHORITY_RETURNED,
                actor=Actor.bridge(bridge.pk),
                at=at,
                organisation_id=bridge.site.organisation_id,
                site_id=bridge.site_id,
                subject=f"bridge:{bridge.pk}",
                data={"term": term + 1},
            )
    return Authority.objects.values_list("term", flat=True).get(bridge=bridge)
