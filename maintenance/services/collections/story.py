"""What the services of collections share: their rows, locked, and their lines in the trail."""

from __future__ import annotations

import datetime as dt
from typing import Any

from audit.actions import Action
from audit.models import ActorKind
from audit.services import events
from audit.services.events import Actor
from maintenance.errors.collections import CollectionNotBegun, CollectionOver
from maintenance.models import Collection, CollectionLine


def going_on(collection_id: int, *, begun: bool = True) -> Collection:
    """Lock a collection that goes on; raises CollectionOver and CollectionNotBegun."""
    one = (
        Collection.objects.select_for_update(no_key=True, of=("self",))
        .select_related("site")
        .get(pk=collection_id)
    )
    if one.closed_at is not None:
        raise CollectionOver
    if begun and one.begun_at is None:
        raise CollectionNotBegun
    return one


def locked(line_id: int) -> CollectionLine:
    """Lock a line; what is beside it is read afterwards, as it is then."""
    CollectionLine.objects.order_by().select_for_update(no_key=True).values_list("pk").get(
        pk=line_id
    )
    return CollectionLine.objects.select_related(
        "collection__site", "person", "claim", "ticket", "compartment__bank__site"
    ).get(pk=line_id)


def change(line: CollectionLine, **values: Any) -> None:
    """Write some fields of a locked line."""
    CollectionLine.objects.filter(pk=line.pk).update(**values)
    for name, value in values.items():
        setattr(line, name, value)


def number_of(actor: Actor) -> int | None:
    """Return the number of the log-in, when a member of staff acts."""
    return int(actor.id) if actor.kind == ActorKind.STAFF else None


def record(
    action: Action,
    one: Collection,
    actor: Actor,
    at: dt.datetime,
    *,
    line: CollectionLine | None = None,
    reason: str = "",
    **data: Any,
) -> None:
    """Append what happened in a collection to the trail."""
    events.record(
        action=action,
        actor=actor,
        at=at,
        organisation_id=one.site.organisation_id,
        site_id=one.site_id,
        bank_id=line.compartment.bank_id if line is not None else None,
        compartment_id=line.compartment_id if line is not None else None,
        person_id=line.person_id if line is not None else None,
        subject=f"collection:{one.pk}",
        reason=reason,
        data={**({"line": line.pk} if line is not None else {}), **data},
    )
