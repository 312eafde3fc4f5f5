"""Who is not cleared is stopped by one hold; with their last line cleared they are let go."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable

from django.utils.translation import gettext as _

from access.models import Hold
from access.services import holds
from audit.services.events import Actor
from maintenance.models import Collection, CollectionLine
from maintenance.services.collections import story


def stop(
    lines: Iterable[CollectionLine], one: Collection, *, actor: Actor, at: dt.datetime
) -> int:  # fmt: skip
    """Stop everybody who is not cleared of these lines, each with one hold; return how many."""
    by_person: defaultdict[int, list[CollectionLine]] = defaultdict(list)
    for line in lines:
        by_person[line.person_id].append(line)
    for theirs in by_person.values():
        hold = _hold_of(theirs[0]) or _place(theirs, one, actor, at)
        for line in theirs:
            story.change(line, hold=hold)
    return len(by_person)


def let_go(line: CollectionLine, *, actor: Actor, at: dt.datetime, reason: str) -> None:
    """Lift the hold of a cleared line once none of those that it is for is left."""
    if line.hold_id is None:
        return
    # One at a time: of two that are cleared at once, the second sees the first.
    hold = (
        Hold.objects.select_for_update(of=("self",)).select_related("person").get(pk=line.hold_id)
    )
    if not CollectionLine.objects.filter(hold=hold, cleared_at__isnull=True).exists():
        holds.lift(hold=hold, actor=actor, at=at, reason=reason)


def _hold_of(line: CollectionLine) -> Hold | None:
    """Return the hold that stops a pupil for another locker of the same collection."""
    others = CollectionLine.objects.filter(
        collection=line.collection_id, person=line.person_id, hold__lifted_at__isnull=True,
        hold__isnull=False,
    ).select_related("hold")  # fmt: skip
    other = others.first()
    return other.hold if other is not None else None


def _place(theirs: list[CollectionLine], one: Collection, actor: Actor, at: dt.datetime) -> Hold:
    facts = {"collection": one, "numbers": ", ".join(line.compartment.number for line in theirs)}
    reason = _("Not cleared at the collection %(collection)s: locker %(numbers)s") % facts
    return holds.place(
        person=theirs[0].person, reason=reason[:200], actor=actor, at=at, ends_at=None
    )
