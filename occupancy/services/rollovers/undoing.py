"""Undoing a rollover as a whole, as long as nobody changed by hand what it had changed."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from access.choices import PersonStatus
from access.models import RegistrationGroup
from access.services import leaving
from audit.actions import Action
from audit.services import events
from audit.services.events import Actor
from occupancy.choices import CustodyKind, RolloverStep
from occupancy.errors.rollovers import ChangedByHand, NotDone
from occupancy.models import Claim, Recovery, Rollover, RolloverChange
from occupancy.services.ending import recovery
from occupancy.services.rollovers import applying

# How many are named.
_NAMED = 5
_AGAIN = """
UPDATE access_grant g SET revoked_at = NULL FROM occupancy_claim c
WHERE g.claim_id = c.id AND g.revoked_at = c.closed_at AND c.id = ANY(%(claims)s)
"""
_AS_BEFORE = """
UPDATE occupancy_claim c SET due_at = row.due_at, ends_at = row.ends_at
FROM unnest(%(claims)s::bigint[], %(due)s::timestamptz[], %(ends)s::timestamptz[])
    row(id, due_at, ends_at)
WHERE c.id = row.id
"""


def undo(*, rollover: Rollover, actor: Actor, at: dt.datetime) -> int:
    """Make everything what it was before; return how many changes were taken back.

    Raises NotDone and ChangedByHand; then nothing is undone.
    """
    with transaction.atomic():
        now = (
            Rollover.objects.select_for_update(no_key=True, of=("self",))
            .select_related("site", "from_session", "to_session")
            .get(pk=rollover.pk)
        )
        if now.applied_at is None or now.undone_at is not None:
            raise NotDone
        changes: defaultdict[str, list[RolloverChange]] = defaultdict(list)
        for change in now.changes.select_related("person"):
            changes[change.step].append(change)
        if by_hand := _by_hand(changes):
            named = ", ".join(by_hand[:_NAMED])
            more = len(by_hand) - _NAMED
            raise ChangedByHand(what=f"{named} (+{more})" if more > 0 else named)
        try:
            with transaction.atomic():
                _doors(changes)
        except IntegrityError as error:
            raise ChangedByHand(what=_("a door that somebody else has now")) from error
        _tutors(changes[RolloverStep.TUTORS])
        applying.write_places(
            [(one.person_id or 0, one.before) for one in changes[RolloverStep.UP]]
        )
        _leavers(changes[RolloverStep.LEFT], actor, at)
        Rollover.objects.filter(pk=now.pk).update(undone_at=at)
        rollover.undone_at = at
        count = sum(map(len, changes.values()))
        events.record(
            action=Action.ROLLOVER_UNDONE,
            actor=actor,
            at=at,
            organisation_id=now.site.organisation_id,
            site_id=now.site_id,
            subject=f"rollover:{now.pk}",
            data={"changes": count},
        )
    return count


def _by_hand(changes: dict[str, list[RolloverChange]]) -> list[str]:
    """Return what is not as the rollover left it."""
    found = [
        str(one.person)
        for one in changes[RolloverStep.UP]
        if one.person is not None
        and one.after
        != {"year": one.person.year_group_id, "form": one.person.registration_group_id}
    ]
    emptied = set(
        Recovery.objects.filter(
            claim__holder__in=[one.person_id for one in changes[RolloverStep.LEFT]],
            steps__kind__in=[CustodyKind.OPENED, CustodyKind.RESET, CustodyKind.CLOSED],
        ).values_list("claim__holder_id", flat=True)
    )
    found += [
        str(one.person)
        for one in changes[RolloverStep.LEFT]
        if one.person is not None
        and (one.person.status != PersonStatus.LEFT or one.person_id in emptied)
    ]
    doors = changes[RolloverStep.DOOR_KEPT] + changes[RolloverStep.DOOR_ENDED]
    claims = {
        one.pk: one
        for one in Claim.objects.filter(pk__in=[one.subject for one in doors]).select_related(
            "compartment__bank"
        )
    }
    for change in doors:
        claim = claims[change.subject or 0]
        if change.step == RolloverStep.DOOR_KEPT:
            is_same = claim.closed_at is None and _iso(claim.due_at) == change.after["due_at"]
        else:
            is_same = _iso(claim.closed_at) == change.after["closed_at"]
        if not is_same:
            found.append(f"{claim.compartment.bank.name} {claim.compartment.number}")
    return found


def _iso(instant: dt.datetime | None) -> str | None:
    return instant.isoformat() if instant is not None else None


def _doors(changes: dict[str, list[RolloverChange]]) -> None:
    """Let doors be whose they were, until when they were, in a constant number of statements."""
    ended = [one.subject or 0 for one in changes[RolloverStep.DOOR_ENDED]]
    kept = changes[RolloverStep.DOOR_KEPT]
    claims = [one.subject or 0 for one in kept]
    with connection.cursor() as cursor:
        # Those that ended with it; what was revoked before stays so.
        cursor.execute(_AGAIN, {"claims": ended})
        Claim.objects.filter(pk__in=ended).update(closed_at=None, closed_how="")
        cursor.execute(
            _AS_BEFORE,
            {
                "claims": claims,
                "due": [_read(one.before["due_at"]) for one in kept],
                "ends": [_read(one.before["ends_at"]) for one in kept],
            },
        )
        cursor.execute(applying.KEEP_GRANTS, {"claims": claims})


def _read(text: Any) -> dt.datetime | None:
    return parse_datetime(text) if text else None


def _tutors(changes: list[RolloverChange]) -> None:
    for change in changes:
        assert change.subject is not None
        RegistrationGroup(pk=change.subject).tutors.set(change.before["tutors"])


def _leavers(changes: list[RolloverChange], actor: Actor, at: dt.datetime) -> None:
    reason = _("the rollover was undone")
    before = [
        leaving.Before(
            person=change.person,
            status=change.before["status"],
            credentials={int(pk): status for pk, status in change.before["credentials"].items()},
            grants=change.before["grants"],
        )
        for change in changes
        if change.person is not None
    ]
    leaving.take_back_all(before=before, actor=actor, at=at, reason=reason)
    begun = Recovery.objects.filter(
        claim__holder__in=[one.person_id for one in changes], closed_at__isnull=True
    )
    recovery.call_off_all(
        recoveries=list(begun.values_list("pk", flat=True)), actor=actor, at=at, reason=reason
    )
