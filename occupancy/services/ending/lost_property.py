"""The lost-property register: stored, handed out for a signature, or disposed of by rule."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db import transaction
from django.db.models import DurationField, ExpressionWrapper, F, Q, Value

from access.errors.keys import NotSigned
from access.models import Person
from access.signatures import Signature
from audit.actions import Action
from audit.services import events
from audit.services.events import Actor
from lockers.models import Compartment, Site
from occupancy import photos
from occupancy.choices import ItemStatus
from occupancy.errors.recovery import ItemGone, NotDueYet
from occupancy.models import LostItem, Recovery
from occupancy.services.ending import recovery as recoveries
from occupancy.services.ending import sweeping

_JOB = Actor.job("lost property")


@dataclass(frozen=True, kw_only=True)
class Found:
    """What was found, and where it is now."""

    what: str
    stored_where: str
    seal_number: str = ""
    witness: str = ""
    kept_days: int = 28
    photo: bytes | None = None


def to_go(at: dt.datetime) -> Q:
    """Return the condition for things that a person may dispose of now, whatever jobs did."""
    kept = ExpressionWrapper(
        F("kept_days") * Value(dt.timedelta(days=1), output_field=DurationField()),
        output_field=DurationField(),
    )
    return Q(status=ItemStatus.STORED, found_at__lte=at - kept)


def store_item(*, recovery_id: int, found: Found, actor: Actor, at: dt.datetime) -> LostItem:
    """Put a thing from a recovery into the register; its holder is taken for the owner.

    Raises RecoveryOver, NotOpenedYet and BadPhoto.
    """
    claim = Recovery.objects.select_related("claim__compartment__bank__site").get(
        pk=recovery_id
    ).claim  # fmt: skip
    return _store(
        found, site=claim.compartment.bank.site, compartment=claim.compartment,
        owner_id=claim.holder_id, recovery_id=recovery_id, actor=actor, at=at,
    )  # fmt: skip


def store(
    *,
    site: Site,
    found: Found,
    actor: Actor,
    at: dt.datetime,
    compartment: Compartment | None = None,
    owner: Person | None = None,
) -> LostItem:
    """Put a thing that was found somewhere at a site into the register; raises BadPhoto."""
    return _store(
        found, site=site, compartment=compartment, owner_id=owner.pk if owner else None,
        recovery_id=None, actor=actor, at=at,
    )  # fmt: skip


def _store(
    found: Found,
    *,
    site: Site,
    compartment: Compartment | None,
    owner_id: int | None,
    recovery_id: int | None,
    actor: Actor,
    at: dt.datetime,
) -> LostItem:
    photo = photos.save(found.photo) if found.photo else ""
    try:
        with transaction.atomic():
            item = LostItem.objects.create(
                site=site, compartment=compartment, owner_id=owner_id, recovery_id=recovery_id,
                what=found.what, stored_where=found.stored_where, seal_number=found.seal_number,
                witness=found.witness, kept_days=found.kept_days, photo=photo, found_at=at,
            )  # fmt: skip
            if recovery_id is not None:
                recoveries.stored(
                    recovery_id=recovery_id, item=found.what, item_id=item.pk, actor=actor, at=at
                )
            _record(Action.ITEM_STORED, item, actor, at)
    except BaseException:
        if photo:
            photos.remove(photo)
        raise
    return item


def hand_out(
    *, item_id: int, to: str, signature: Signature, user_id: int, at: dt.datetime
) -> LostItem:
    """Hand a thing out for a signature; raises ItemGone and NotSigned."""
    if not signature.counts:
        raise NotSigned
    with transaction.atomic():
        item = _stored(item_id)
        LostItem.objects.filter(pk=item.pk).update(
            status=ItemStatus.CLAIMED, ended_at=at, ended_by_id=user_id, claimed_by=to[:120],
            signature=signature.text, signed_how=signature.how, proposed_at=None,
        )  # fmt: skip
        _record(Action.ITEM_CLAIMED, item, Actor.staff(user_id), at)
    return item


def propose_due(*, at: dt.datetime, aside: list[str] | None = None) -> int:
    """Say of what was kept long enough that it may go; return how many. A person decides."""
    due = LostItem.objects.filter(to_go(at), proposed_at__isnull=True).order_by("found_at", "pk")

    def one(item: LostItem) -> int:
        may_go_at = item.found_at + dt.timedelta(days=item.kept_days)
        changed = LostItem.objects.filter(
            pk=item.pk, status=ItemStatus.STORED, proposed_at__isnull=True
        ).update(proposed_at=may_go_at)
        if changed:
            _record(Action.ITEM_PROPOSED, item, _JOB, may_go_at)
        return changed

    found = due.select_related("site", "compartment__bank")
    return sweeping.each(found, one, lambda item: f"lost:{item.pk}", aside)


def dispose(*, item_id: int, how: str, user_id: int, at: dt.datetime) -> LostItem:
    """Dispose of a thing that was kept long enough, with its photo; raises ItemGone, NotDueYet."""
    with transaction.atomic():
        item = _stored(item_id)
        # Decided by the time, not by when the job ran.
        may_go_at = item.found_at + dt.timedelta(days=item.kept_days)
        if at < may_go_at:
            raise NotDueYet
        LostItem.objects.filter(pk=item.pk).update(
            status=ItemStatus.DISPOSED, ended_at=at, ended_by_id=user_id, disposed_how=how[:200],
            proposed_at=item.proposed_at or may_go_at, photo="",
        )  # fmt: skip
        _record(Action.ITEM_DISPOSED, item, Actor.staff(user_id), at, reason=how)
        transaction.on_commit(lambda: photos.remove(item.photo))
    return item


def _stored(item_id: int) -> LostItem:
    item = (
        LostItem.objects.select_for_update(no_key=True, of=("self",))
        .select_related("site", "compartment__bank")
        .filter(pk=item_id, status=ItemStatus.STORED)
        .first()
    )
    if item is None:
        raise ItemGone
    return item


def _record(
    action: Action, item: LostItem, actor: Actor, at: dt.datetime, reason: str = ""
) -> None:
    door = item.compartment
    events.record(
        action=action,
        actor=actor,
        at=at,
        organisation_id=item.site.organisation_id,
        site_id=item.site_id,
        bank_id=door.bank_id if door is not None else None,
        compartment_id=item.compartment_id,
        person_id=item.owner_id,
        subject=f"lost:{item.pk}",
        reason=reason,
        data={"item": item.pk, "recovery": item.recovery_id},
    )
