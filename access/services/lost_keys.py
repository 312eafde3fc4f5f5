"""A key is lost: it is charged for, its locks are to be changed, and there is another way in."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from access.choices import HoldingEnd, KeyStatus, ReleaseStatus
from access.errors.keys import SerialTaken
from access.models import (
    Key,
    KeyCharge,
    KeyHolding,
    Lock,
    LockChangeRequest,
    MasterRelease,
    Person,
)
from access.services import keys, locks, master_keys, stand_ins
from access.signals import lock_change_requested
from audit.actions import Action
from audit.services import events
from audit.services.events import Actor
from lockers.models import Site


@dataclass(frozen=True)
class WaysIn:
    """What opens a lock although its key is gone, and hangs in the cabinet now."""

    spares: list[Key] = field(default_factory=list)
    masters: list[Key] = field(default_factory=list)


@dataclass(frozen=True)
class LostKey:
    """What a report led to."""

    charge: KeyCharge | None
    changes: list[LockChangeRequest]
    ways_in: WaysIn


def report_lost(
    *,
    key: Key,
    reason: str,
    actor: Actor,
    at: dt.datetime,
    person: Person | None = None,
    charge_minor: int | None = None,
) -> LostKey:
    """Go through the lost-key procedure in one step; ``person`` is who lost it, if known.

    Whoever holds the key is charged, unless nobody does; the amount is the site's unless given.
    Every lock the key opens is asked to be changed, once. Raises KeyNotInUse and NotYourKey.
    """
    rules = keys.rules_of(key.site)
    amount = rules.charge_minor if charge_minor is None else charge_minor
    with transaction.atomic():
        holder_id = keys.end_for_loss(key=key, person=person, actor=actor, at=at)
        owes_id = holder_id or (person.pk if person is not None else None)
        keys.record(Action.KEY_LOST, key, actor, at, person_id=owes_id, reason=reason)
        MasterRelease.objects.filter(key=key, status=ReleaseStatus.REQUESTED).update(
            status=ReleaseStatus.CANCELLED
        )
        charge = None
        if owes_id is not None and amount:
            charge = KeyCharge.objects.create(
                key=key,
                person_id=owes_id,
                amount_minor=amount,
                currency=rules.currency,
                charged_at=at,
            )
            keys.record(
                Action.KEY_CHARGED, key, actor, at, person_id=owes_id,
                amount_minor=amount, currency=rules.currency,
            )  # fmt: skip
        changes = _ask_for_changes(key, reason, actor, at)
    return LostKey(charge, changes, ways_in(key))


def waive(*, charge: KeyCharge, reason: str, actor: Actor, at: dt.datetime) -> None:
    """Let somebody off a charge, with a reason; one that is waived already stays so."""
    with transaction.atomic():
        if KeyCharge.objects.filter(pk=charge.pk, waived_at__isnull=True).update(
            waived_at=at, waived_because=reason
        ):
            keys.record(
                Action.KEY_CHARGE_WAIVED, charge.key, actor, at,
                person_id=charge.person_id, reason=reason,
            )  # fmt: skip


def change_lock(
    *, lock: Lock, serial: str, key_code: str, copies: int, actor: Actor, at: dt.datetime
) -> list[Key]:
    """Register the new lock of a door with its keys; return them.

    The keys of the old lock are retired wherever they are, its combinations forgotten, and what
    was given instead of a lost key taken back. Raises SerialTaken.
    """
    try:
        return _change(lock, serial, key_code, copies, actor, at)
    except IntegrityError as error:
        if locks.ONE_LOCK in str(error):
            raise SerialTaken(serial=serial) from error
        raise


def _change(
    lock: Lock, serial: str, key_code: str, copies: int, actor: Actor, at: dt.datetime
) -> list[Key]:
    with transaction.atomic():
        Lock.objects.select_for_update(no_key=True, of=("self",)).get(pk=lock.pk)
        old = Key.objects.filter(lock=lock).exclude(status=KeyStatus.RETIRED)
        for key in old.select_related("site", "lock__compartment"):
            keys.record(Action.KEY_RETIRED, key, actor, at, because="lock_changed")
        old.update(status=KeyStatus.RETIRED)
        KeyHolding.objects.filter(keys.OPEN, key__lock=lock).update(
            returned_at=at, returned_to=keys.user_of(actor), ended_how=HoldingEnd.REPLACED
        )
        lock.combinations.all().delete()
        Lock.objects.filter(pk=lock.pk).update(serial=serial, key_code=key_code, position=None)
        LockChangeRequest.objects.filter(lock=lock, done_at__isnull=True).update(done_at=at)
        _record_lock(Action.LOCK_CHANGED, lock, actor, at)
        stand_ins.end(lock=lock, actor=actor, at=at)
        return keys.cut(opens=lock, count=copies, actor=actor, at=at)


def take_out(*, lock: Lock, reason: str, actor: Actor, at: dt.datetime) -> int:
    """Forget the lock that was in a door, as another kind is there now; return the keys retired.

    Its combinations, key code and serial number go, and its keys in the cabinet open nothing any
    more. A key that somebody has stays theirs to bring back.
    """
    with transaction.atomic():
        Lock.objects.select_for_update(no_key=True, of=("self",)).get(pk=lock.pk)
        here = Key.objects.filter(lock=lock, status=KeyStatus.IN_USE).exclude(
            holdings__in=KeyHolding.objects.filter(keys.OPEN)
        )
        retired = list(here.select_related("site", "lock__compartment").order_by("pk"))
        for key in retired:
            keys.retire(key=key, actor=actor, at=at, reason=reason)
        lock.combinations.all().delete()
        Lock.objects.filter(pk=lock.pk).update(serial="", key_code="", position=None)
        LockChangeRequest.objects.filter(lock=lock, done_at__isnull=True).update(done_at=at)
        _record_lock(Action.LOCK_CHANGED, lock, actor, at, reason)
        stand_ins.end(lock=lock, actor=actor, at=at)
    return len(retired)


def ways_in(key: Key) -> WaysIn:
    """Find the keys in the cabinet that open what this one opens."""
    if key.lock is not None:
        return ways_into(key.lock, besides=key)
    here = _in_cabinet(key.site).exclude(pk=key.pk)
    return WaysIn(masters=list(here.filter(master_set=key.master_set)))


def ways_into(lock: Lock, *, besides: Key | None = None) -> WaysIn:
    """Find the keys in the cabinet that open a lock."""
    bank = lock.compartment.bank
    here = _in_cabinet(bank.site)
    if besides is not None:
        here = here.exclude(pk=besides.pk)
    covers = Q(master_set__banks=bank) | Q(master_set__banks__isnull=True)
    return WaysIn(
        spares=list(here.filter(lock=lock)),
        masters=list(here.filter(covers, master_set__isnull=False).distinct()),
    )


def _in_cabinet(site: Site) -> QuerySet[Key]:
    out = KeyHolding.objects.filter(keys.OPEN, key=OuterRef("pk"))
    return Key.objects.filter(~Exists(out), site=site, status=KeyStatus.IN_USE).select_related(
        "lock__compartment__bank", "master_set"
    )


def _ask_for_changes(
    key: Key, reason: str, actor: Actor, at: dt.datetime
) -> list[LockChangeRequest]:
    locks = (
        Lock.objects.filter(keys=key)
        if key.master_set is None
        else master_keys.locks_of(key.master_set)
    )
    LockChangeRequest.objects.bulk_create(
        [
            LockChangeRequest(
                lock=lock,
                key=key,
                reason=reason,
                requested_at=at,
                requested_by_id=keys.user_of(actor),
            )
            for lock in locks
        ],
        ignore_conflicts=True,  # that lock is to be changed already
    )
    asked = list(
        LockChangeRequest.objects.filter(
            key=key, done_at__isnull=True, requested_at=at
        ).select_related("lock__compartment__bank__site")
    )
    for change in asked:
        _record_lock(Action.LOCK_CHANGE_REQUESTED, change.lock, actor, at, reason, key=key.pk)
        _announce(change.pk)
    return asked


def _announce(request_id: int) -> None:
    # Robust: a listener that fails must not hide the report from the desk; the row stays.
    transaction.on_commit(
        lambda: lock_change_requested.send_robust(LockChangeRequest, request_id=request_id)
    )


def _record_lock(
    action: Action, lock: Lock, actor: Actor, at: dt.datetime, reason: str = "", **data: int
) -> None:
    bank = lock.compartment.bank
    events.record(
        action=action,
        actor=actor,
        at=at,
        organisation_id=bank.site.organisation_id,
        site_id=bank.site_id,
        bank_id=bank.pk,
        compartment_id=lock.compartment_id,
        subject=f"lock:{lock.pk}",
        reason=reason,
        data=dict(data),
    )
