"""Handing out keys and taking them back; what happens when one is lost."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q

from access.choices import HoldingEnd, KeyState, KeyStatus, PersonStatus
from access.errors.keys import (
    CannotHoldKeys,
    KeyIsOut,
    KeyNotInUse,
    KeyNotLost,
    KeyNotOut,
    NotSigned,
    NotYourKey,
    TwoPeopleNeeded,
)
from access.models import Key, KeyHolding, KeyRules, Lock, MasterSet, Person
from access.services import holds
from access.signatures import ABSENT, Signature
from audit.actions import Action
from audit.models import ActorKind
from audit.services import events
from audit.services.events import Actor
from lockers.models import Site

# The holdings in which somebody has the key now.
OPEN = Q(returned_at__isnull=True)


def overdue(at: dt.datetime) -> Q:
    """Return the condition for holdings whose key should be back by now."""
    return OPEN & Q(due_at__lte=at)


def in_state(state: KeyState, at: dt.datetime) -> Q:
    """Return the condition for keys that are where ``state`` says."""
    held = KeyHolding.objects.filter(key=OuterRef("pk"))
    match state:
        case KeyState.CABINET:
            return ~Q(Exists(held.filter(OPEN))) & Q(status=KeyStatus.IN_USE)
        case KeyState.OUT:
            return Q(Exists(held.filter(OPEN)))
        case KeyState.OVERDUE:
            return Q(Exists(held.filter(overdue(at))))
        case KeyState.LOST:
            return Q(status=KeyStatus.LOST)
        case KeyState.RETIRED:
            return Q(status=KeyStatus.RETIRED)


def rules_of(site: Site) -> KeyRules:
    """Return how a site goes about its keys, or the defaults."""
    return KeyRules.objects.filter(site=site).first() or KeyRules(site=site)


def issue(
    *,
    key: Key,
    person: Person,
    signature: Signature,
    actor: Actor,
    at: dt.datetime,
    due_at: dt.datetime | None = None,
) -> KeyHolding:
    """Hand a key to a person who signs for it.

    Raises TwoPeopleNeeded for a master key, CannotHoldKeys, NotSigned, KeyIsOut and KeyNotInUse.
    """
    if key.is_master:
        raise TwoPeopleNeeded
    return hand_out(key=key, person=person, signature=signature, actor=actor, at=at, due_at=due_at)


def hand_out(
    *,
    key: Key,
    person: Person,
    signature: Signature,
    actor: Actor,
    at: dt.datetime,
    due_at: dt.datetime | None,
) -> KeyHolding:
    """Write who has a key from now on; a master key comes here by its release only.

    The constraint decides between two desks, so the row comes first; then the key's own row is
    locked, against its loss being reported at the same instant.
    """
    if not signature.counts:
        raise NotSigned
    if (
        person.status != PersonStatus.ACTIVE
        or person.organisation_id != key.site.organisation_id
        or holds.is_held(person_id=person.pk, at=at)
    ):
        raise CannotHoldKeys(person=str(person))
    try:
        with transaction.atomic():
            holding = KeyHolding.objects.create(
                key=key,
                person=person,
                issued_at=at,
                due_at=due_at,
                issued_by_id=user_of(actor),
                signature=signature.text,
                signed_how=signature.how,
            )
            usable = (
                Key.objects.order_by()
                .select_for_update(no_key=True, of=("self",))
                .filter(pk=key.pk, status=KeyStatus.IN_USE)
            )
            if not list(usable.values_list("pk")):
                raise KeyNotInUse
            record(Action.KEY_ISSUED, key, actor, at, person_id=person.pk, signed=signature.how)
    except IntegrityError as error:
        raise KeyIsOut from error
    return holding


def return_(
    *,
    key: Key,
    actor: Actor,
    at: dt.datetime,
    person: Person | None = None,
    signature: Signature = ABSENT,
) -> None:
    """Take a key back, from a given person or from whoever had it.

    Raises NotSigned for a signature that is none, KeyNotOut and NotYourKey.
    """
    if signature != ABSENT and not signature.counts:
        raise NotSigned
    with transaction.atomic():
        holder_id = _end(key, HoldingEnd.RETURNED, actor, at, person, signature)
        if holder_id is None:
            raise KeyNotOut
        record(Action.KEY_RETURNED, key, actor, at, person_id=holder_id, signed=signature.how)


def retire(*, key: Key, actor: Actor, at: dt.datetime, reason: str) -> None:
    """Take a key out of use for good; raises KeyIsOut and KeyNotInUse."""
    with transaction.atomic():
        retired = (
            Key.objects.filter(pk=key.pk)
            .exclude(status=KeyStatus.RETIRED)
            .update(status=KeyStatus.RETIRED)
        )
        if not retired:
            raise KeyNotInUse
        if KeyHolding.objects.filter(OPEN, key=key).exists():
            raise KeyIsOut
        record(Action.KEY_RETIRED, key, actor, at, reason=reason)


def found(*, key: Key, actor: Actor, at: dt.datetime, reason: str) -> None:
    """Hang a lost key back onto its hook; raises KeyNotLost.

    The lock change that was asked for stays: somebody may have copied the key meanwhile.
    """
    with transaction.atomic():
        if not Key.objects.filter(pk=key.pk, status=KeyStatus.LOST).update(status=KeyStatus.IN_USE):
            raise KeyNotLost
        record(Action.KEY_FOUND, key, actor, at, reason=reason)


def cut(
    *,
    opens: Lock | MasterSet,
    count: int,
    actor: Actor,
    at: dt.datetime,
    hook: str = "",
) -> list[Key]:
    """Add new copies to the register, numbered on from the last; return them."""
    of: dict[str, Any]
    with transaction.atomic():
        if isinstance(opens, Lock):
            Lock.objects.select_for_update(no_key=True, of=("self",)).get(pk=opens.pk)
            of, site_id = {"lock": opens}, opens.compartment.bank.site_id
        else:
            MasterSet.objects.select_for_update(no_key=True, of=("self",)).get(pk=opens.pk)
            of, site_id = {"master_set": opens}, opens.site_id
        last = Key.objects.filter(**of).order_by("-copy").values_list("copy", flat=True).first()
        first = (last or 0) + 1
        added = [
            Key.objects.create(site_id=site_id, copy=copy, hook=hook, **of)
            for copy in range(first, first + count)
        ]
        for key in added:
            record(Action.KEY_CUT, key, actor, at)
    return added


def end_for_loss(*, key: Key, person: Person | None, actor: Actor, at: dt.datetime) -> int | None:
    """Mark a key lost and end its holding; return who had it, if anybody did.

    Raises KeyNotInUse and NotYourKey.
    """
    if not Key.objects.filter(pk=key.pk, status=KeyStatus.IN_USE).update(status=KeyStatus.LOST):
        raise KeyNotInUse
    return _end(key, HoldingEnd.LOST, actor, at, person, ABSENT)


def user_of(actor: Actor) -> int | None:
    """Return the number of the log-in, when a member of staff acts."""
    return int(actor.id) if actor.kind == ActorKind.STAFF else None


def record(
    action: Action,
    key: Key,
    actor: Actor,
    at: dt.datetime,
    person_id: int | None = None,
    reason: str = "",
    **data: Any,
) -> None:
    """Append what happened to a key to the trail, with what the key opens."""
    door = key.lock.compartment if key.lock is not None else None
    events.record(
        action=action,
        actor=actor,
        at=at,
        organisation_id=key.site.organisation_id,
        site_id=key.site_id,
        bank_id=door.bank_id if door else None,
        compartment_id=door.pk if door else None,
        person_id=person_id,
        subject=f"key:{key.pk}",
        reason=reason,
        data={"copy": key.copy, "master_set": key.master_set_id, **data},
    )


def _end(
    key: Key,
    how: HoldingEnd,
    actor: Actor,
    at: dt.datetime,
    person: Person | None,
    signature: Signature,
) -> int | None:
    """End the open holding of a key; return whose it was. Raises NotYourKey."""
    holding = KeyHolding.objects.filter(OPEN, key=key).first()
    if holding is None:
        return None
    if person is not None and holding.person_id != person.pk:
        raise NotYourKey
    ended = KeyHolding.objects.filter(OPEN, pk=holding.pk).update(
        returned_at=at,
        returned_to=user_of(actor),
        ended_how=how,
        return_signature=signature.text,
        return_signed_how=signature.how if how == HoldingEnd.RETURNED else "",
    )
    return holding.person_id if ended else None
