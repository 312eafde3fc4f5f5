"""Two adults open the door of somebody who keeps it: asked, confirmed within minutes, recorded.

What it was for stays in its own row: the trail tells who, when and which door, and no letter goes
out. Nothing opens, and no combination is shown, before a second log-in has confirmed.
"""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from access.models import Key, Lock
from access.services import combinations, keys, lost_keys
from audit.actions import Action
from audit.services import events
from audit.services.events import Actor
from lockers.services import commands
from occupancy.choices import ClaimKind, SearchFound, SearchKind
from occupancy.errors.searches import (
    NobodyToSearch,
    SearchKeyGone,
    SearchNotWaiting,
    SearchRecorded,
    SearchShut,
    SearchWaiting,
    SecondAdultOther,
)
from occupancy.models import Assignment, SearchOpening
from occupancy.models.searches import CONFIRM_WITHIN
from occupancy.services.claims.assignments import in_force

# So long after the second adult has confirmed the two may open it once more.
OPENS_FOR = dt.timedelta(minutes=15)
PURPOSE = "search"


@dataclass(frozen=True)
class Opened:
    """How it is opened: a command that is on its way, the combination, or by key."""

    command: uuid.UUID | None = None
    combination: str = ""
    key: Key | None = None


def waiting(at: dt.datetime) -> Q:
    """Return the condition for what a second adult can still confirm."""
    return Q(
        confirmed_at__isnull=True, cancelled_at__isnull=True,
        requested_at__gte=at - CONFIRM_WITHIN,
    )  # fmt: skip


def unrecorded(at: dt.datetime) -> Q:
    """Return the condition for what was opened, and nobody said what came of it."""
    return Q(confirmed_at__isnull=False, recorded_at__isnull=True)


def to_see_to(at: dt.datetime) -> Q:
    """Return the condition for what somebody has to go on with."""
    return waiting(at) | unrecorded(at)


def ask(
    *, compartment_id: int, kind: SearchKind, reason: str, user_id: int, at: dt.datetime
) -> SearchOpening:
    """Ask for a door that somebody has to be opened; a second adult has to confirm.

    Raises NobodyToSearch and SearchWaiting.
    """
    try:
        with transaction.atomic():
            claim = (
                Assignment.objects.filter(in_force(at), compartment=compartment_id)
                .filter(kind=ClaimKind.ASSIGNMENT, holder__isnull=False, started_at__lte=at)
                .first()
            )
            if claim is None:
                raise NobodyToSearch
            SearchOpening.objects.filter(
                compartment=compartment_id, confirmed_at__isnull=True, cancelled_at__isnull=True,
                requested_at__lt=at - CONFIRM_WITHIN,
            ).update(cancelled_at=at)  # fmt: skip
            search = SearchOpening.objects.create(
                compartment_id=compartment_id, claim=claim, kind=kind, reason=reason.strip(),
                requested_by_id=user_id, requested_at=at,
            )  # fmt: skip
            search = _full(search.pk)
            _record(Action.SEARCH_ASKED, search, user_id, at)
    except IntegrityError as error:
        if "occupancy_one_search_waits_per_door" in str(error):
            raise SearchWaiting from error
        raise
    return search


def confirm(
    *,
    search_id: int,
    user_id: int,
    at: dt.datetime,
    key_id: int | None = None,
    is_by_key: bool = False,
) -> Opened:
    """Confirm as the second adult, and open: the door itself, by its combination, or by key.

    ``is_by_key`` is for an electronic door that does not answer; ``key_id`` is the key that is
    taken from the cabinet, a spare or a master. Raises SecondAdultOther, SearchNotWaiting,
    SearchKeyGone, BridgeOffline and CombinationsSealed: then it waits as before.
    """
    with transaction.atomic():
        confirmed = _confirm(search_id, user_id, at)
        search = _full(search_id)
        if not confirmed:
            is_waiting = SearchOpening.objects.filter(waiting(at), pk=search_id).exists()
            raise SecondAdultOther if is_waiting else SearchNotWaiting
        _record(
            Action.SEARCH_CONFIRMED, search, user_id, at, asked_by=search.requested_by_id
        )  # fmt: skip
        return _open(search, user_id, at, key_id=key_id, is_by_key=is_by_key)


def _confirm(search_id: int, user_id: int, at: dt.datetime) -> bool:
    """Be the second adult, if nobody was; of two at once one is."""
    return bool(
        SearchOpening.objects.filter(waiting(at), pk=search_id)
        .exclude(requested_by=user_id)
        .update(confirmed_by=user_id, confirmed_at=at)
    )


def open_again(*, search_id: int, user_id: int, at: dt.datetime) -> Opened:
    """Open it once more, for one of the two, while they stand there; raises SearchShut."""
    with transaction.atomic():
        search = _full(search_id, lock=True)
        is_theirs = user_id in (search.requested_by_id, search.confirmed_by_id)
        confirmed_at = search.confirmed_at
        if (
            not is_theirs or confirmed_at is None or search.recorded_at is not None
            or at > confirmed_at + OPENS_FOR
        ):  # fmt: skip
            raise SearchShut
        _record(Action.SEARCH_OPENED_AGAIN, search, user_id, at)
        return _open(search, user_id, at, is_by_key=search.key_id is not None)


def call_off(*, search_id: int, user_id: int, at: dt.datetime) -> None:
    """Call it off before anybody confirms; raises SearchNotWaiting."""
    with transaction.atomic():
        if not SearchOpening.objects.filter(
            pk=search_id, confirmed_at__isnull=True, cancelled_at__isnull=True
        ).update(cancelled_at=at):
            raise SearchNotWaiting
        _record(Action.SEARCH_CANCELLED, _full(search_id), user_id, at)


def record(
    *,
    search_id: int,
    found: SearchFound,
    what: str,
    is_pupil_present: bool,
    is_guardian_told: bool,
    user_id: int,
    at: dt.datetime,
) -> None:
    """Say what came of it, once; raises SearchNotWaiting and SearchRecorded."""
    with transaction.atomic():
        search = _full(search_id, lock=True)
        if search.confirmed_at is None:
            raise SearchNotWaiting
        if search.recorded_at is not None:
            raise SearchRecorded
        SearchOpening.objects.filter(pk=search.pk).update(
            found=found, what=what.strip(), is_pupil_present=is_pupil_present,
            is_guardian_told=is_guardian_told, recorded_by=user_id, recorded_at=at,
        )  # fmt: skip
        _record(Action.SEARCH_RECORDED, search, user_id, at)


def lock_of(search: SearchOpening) -> Lock | None:
    """Return the mechanical lock of its door, if it has one."""
    return (
        Lock.objects.select_related("compartment__bank__site")
        .filter(compartment=search.compartment_id)
        .first()
    )


def keys_for(search: SearchOpening) -> list[Key]:
    """Return the keys in the cabinet that open its door, spares before masters."""
    lock = lock_of(search)
    if lock is None:
        return []
    ways = lost_keys.ways_into(lock)
    return [*ways.spares, *ways.masters]


def _open(
    search: SearchOpening,
    user_id: int,
    at: dt.datetime,
    *,
    key_id: int | None = None,
    is_by_key: bool = False,
) -> Opened:
    actor = Actor.staff(user_id)
    door = search.compartment
    if door.controller_id is not None and not is_by_key:
        # No reason: it would stand in the trail of the door.
        command = commands.request_open(
            compartment_id=door.pk, purpose=PURPOSE, actor=actor, at=at,
            person_id=search.claim.holder_id, claim_id=search.claim_id,
        )  # fmt: skip
        return Opened(command=command)
    lock = lock_of(search)
    if lock is not None and lock.position is not None and not is_by_key:
        line = combinations.show(
            lock=lock, reason=_("Opening by two adults, no. %(number)d") % {"number": search.pk},
            actor=actor, at=at,
        )  # fmt: skip
        return Opened(combination=line.combination)
    if key_id is None:
        return Opened(key=search.key)
    key = next((one for one in keys_for(search) if one.pk == key_id), None)
    if key is None:
        raise SearchKeyGone
    SearchOpening.objects.filter(pk=search.pk).update(key=key)
    keys.record(Action.SEARCH_KEY, key, actor, at, search=search.pk)
    return Opened(key=key)


def _full(search_id: int, *, lock: bool = False) -> SearchOpening:
    rows = SearchOpening.objects.select_related("compartment__bank__site", "claim", "key")
    if lock:
        rows = rows.select_for_update(no_key=True, of=("self",))
    return rows.get(pk=search_id)


def _record(
    action: Action, search: SearchOpening, user_id: int, at: dt.datetime, **data: int
) -> None:
    bank = search.compartment.bank
    events.record(
        action=action,
        actor=Actor.staff(user_id),
        at=at,
        organisation_id=bank.site.organisation_id,
        site_id=bank.site_id,
        bank_id=bank.pk,
        compartment_id=search.compartment_id,
        person_id=search.claim.holder_id,
        subject=f"search:{search.pk}",
        data={"search": search.pk, **data},
    )
