"""What follows from what was said of a line: its key, its ticket, its use, and being cleared."""

from __future__ import annotations

import contextlib
import datetime as dt

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from access.models import Key, KeyHolding
from access.services import keys, lost_keys
from audit.actions import Action
from audit.services.events import Actor
from maintenance.choices import Category, Condition, KeyAnswer, Source
from maintenance.collecting import Standing, standing
from maintenance.models import CollectionLine
from maintenance.selectors import collections
from maintenance.services.collections import story
from maintenance.services.tickets import reporting
from maintenance.services.tickets.subjects import Subject
from occupancy.choices import ClosedHow
from occupancy.errors.claims import AssignmentAlreadyReleased
from occupancy.services.claims import assignments


def keys_out(line: CollectionLine) -> QuerySet[Key]:
    """Return the keys of a locker that its pupil still has."""
    held = KeyHolding.objects.filter(keys.OPEN, person=line.person_id)
    return Key.objects.filter(
        lock__compartment=line.compartment_id, holdings__in=held
    ).select_related("site", "lock__compartment")


def settle(line: CollectionLine, *, actor: Actor, at: dt.datetime) -> None:
    """Do what follows from what is known of a locked line; again it does nothing twice.

    Only once all three are said: until then a slip of the finger is put right by another touch.
    Raises InRecovery.
    """
    said = collections.said_of(line)
    if not said.is_all_said:
        return
    report_damage(line, actor, at)
    settle_key(line, actor, at)
    if said.gives_door_back:
        end_use(line, actor, at)
    if line.cleared_at is None and standing(said) is Standing.COLLECTED:
        story.change(line, cleared_at=at)
        story.record(Action.COLLECTION_COLLECTED, line.collection, actor, at, line=line)


def report_damage(line: CollectionLine, actor: Actor, at: dt.datetime) -> None:
    """Open a ticket for a damaged locker, once; nobody new gets it before it is repaired."""
    if line.condition != Condition.DAMAGED or line.ticket_id is not None:
        return
    words = line.note or _("Found damaged: %(collection)s") % {"collection": line.collection}
    reported = reporting.report(
        subject=Subject.of_door(line.compartment), category=Category.DAMAGED,
        source=Source.COLLECTION, actor=actor, at=at, words=words, needs_out=True,
    )  # fmt: skip
    story.change(line, ticket=reported.ticket)


def settle_key(line: CollectionLine, actor: Actor, at: dt.datetime) -> None:
    """Take the keys back into the register, or go through the lost-key procedure with each."""
    if line.key == KeyAnswer.BACK:
        for key in keys_out(line):
            keys.return_(key=key, person=line.person, actor=actor, at=at)
    elif line.key == KeyAnswer.LOST:
        reason = _("Not given back: %(collection)s") % {"collection": line.collection}
        for key in keys_out(line):
            lost = lost_keys.report_lost(
                key=key, person=line.person, reason=reason, actor=actor, at=at
            )
            if lost.charge is not None:
                line.charges.add(lost.charge)


def end_use(line: CollectionLine, actor: Actor, at: dt.datetime) -> None:
    """End the use of a locker that was given back, unless it ended by itself; raises InRecovery."""
    if line.claim.closed_at is not None:
        return
    with contextlib.suppress(AssignmentAlreadyReleased):
        assignments.release(
            claim_id=line.claim_id, how=ClosedHow.RELEASED_BY_STAFF, actor=actor, at=at,
            reason=str(line.collection),
        )  # fmt: skip
    line.claim.refresh_from_db()
