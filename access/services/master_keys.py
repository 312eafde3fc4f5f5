"""Handing out a key that opens many doors: one asks, another confirms; and counting the keys."""

from __future__ import annotations

import datetime as dt

from django.db import IntegrityError, transaction
from django.db.models import Max, Q, QuerySet

from access.choices import CountResult, KeyStatus, ReleaseStatus
from access.errors.keys import (
    CountIncomplete,
    KeyIsOut,
    KeyNotInUse,
    ReleaseNotWaiting,
    ReleaseWaiting,
    SamePerson,
)
from access.models import (
    Key,
    KeyCount,
    KeyCountLine,
    KeyHolding,
    KeyRules,
    Lock,
    MasterRelease,
    MasterSet,
    Person,
)
from access.services import keys
from access.signatures import Signature
from audit.actions import Action
from audit.services import events
from audit.services.events import Actor
from lockers.models import Site

# Asked and not confirmed within this time: ask again.
CONFIRM_WITHIN = dt.timedelta(minutes=15)


def locks_of(master_set: MasterSet) -> QuerySet[Lock]:
    """Return the locks that a master set opens."""
    locks = Lock.objects.filter(compartment__bank__site=master_set.site_id)
    if master_set.banks.exists():
        return locks.filter(compartment__bank__in=master_set.banks.all())
    return locks


def waiting(at: dt.datetime) -> Q:
    """Return the condition for releases that a second person can still confirm."""
    return Q(status=ReleaseStatus.REQUESTED, requested_at__gt=at - CONFIRM_WITHIN)


def request_release(
    *, key: Key, person: Person, reason: str, user_id: int, at: dt.datetime
) -> MasterRelease:
    """Ask for a master key for somebody; a second member of staff has to confirm.

    Raises KeyNotInUse, KeyIsOut and ReleaseWaiting.
    """
    try:
        with transaction.atomic():
            if not Key.objects.filter(pk=key.pk, status=KeyStatus.IN_USE).exists():
                raise KeyNotInUse
            if KeyHolding.objects.filter(keys.OPEN, key=key).exists():
                raise KeyIsOut
            MasterRelease.objects.filter(
                key=key, status=ReleaseStatus.REQUESTED, requested_at__lte=at - CONFIRM_WITHIN
            ).update(status=ReleaseStatus.CANCELLED)
            release = MasterRelease.objects.create(
                key=key, person=person, reason=reason, requested_by_id=user_id, requested_at=at
            )
            _record(Action.MASTER_REQUESTED, release, user_id, at)
    except IntegrityError as error:
        raise ReleaseWaiting from error
    return release


def confirm_release(
    *, release_id: int, signature: Signature, user_id: int, at: dt.datetime
) -> KeyHolding:
    """Hand a master key out as the second person; return the custody that begins.

    Raises SamePerson, ReleaseNotWaiting, and what handing out any key raises.
    """
    with transaction.atomic():
        confirmed = (
            MasterRelease.objects.filter(waiting(at), pk=release_id)
            .exclude(requested_by=user_id)
            .update(status=ReleaseStatus.CONFIRMED, confirmed_by=user_id, confirmed_at=at)
        )
        release = _full(release_id)
        if not confirmed:
            raise SamePerson if release.requested_by_id == user_id else ReleaseNotWaiting
        hours = keys.rules_of(release.key.site).master_out_hours
        holding = keys.hand_out(
            key=release.key,
            person=release.person,
            signature=signature,
            actor=Actor.staff(user_id),
            at=at,
            due_at=at + dt.timedelta(hours=hours),
        )
        MasterRelease.objects.filter(pk=release.pk).update(holding=holding)
        _record(Action.MASTER_RELEASED, release, user_id, at, requested_by=release.requested_by_id)
    return holding


def cancel_release(*, release_id: int, user_id: int, at: dt.datetime) -> None:
    """Withdraw or refuse a request; raises ReleaseNotWaiting."""
    with transaction.atomic():
        if not MasterRelease.objects.filter(pk=release_id, status=ReleaseStatus.REQUESTED).update(
            status=ReleaseStatus.CANCELLED
        ):
            raise ReleaseNotWaiting
        _record(Action.MASTER_CANCELLED, _full(release_id), user_id, at)


def to_count(*, site: Site, only_masters: bool = False) -> QuerySet[Key]:
    """Return the keys that a count of a site's cabinet has to find, masters first."""
    found = Key.objects.filter(site=site, status=KeyStatus.IN_USE)
    if only_masters:
        found = found.filter(master_set__isnull=False)
    return found.select_related("lock__compartment__bank", "master_set").order_by(
        "master_set__name", "lock__compartment__bank", "lock__compartment__number", "copy"
    )


def count_keys(
    *,
    site: Site,
    results: dict[int, CountResult],
    user_id: int,
    at: dt.datetime,
    only_masters: bool = False,
    note: str = "",
) -> KeyCount:
    """Record a count of the cabinet: for each key, by its number, where it was.

    A key that is missing gets its own event. Raises CountIncomplete when a key has no result (it
    was added meanwhile) or is counted as out and nobody has signed for it.
    """
    with transaction.atomic():
        expected = list(to_count(site=site, only_masters=only_masters))
        out = set(
            KeyHolding.objects.filter(keys.OPEN, key__site=site).values_list("key_id", flat=True)
        )
        left = [
            str(key)
            for key in expected
            if key.pk not in results
            or (results[key.pk] in (CountResult.OUT, CountResult.SHOWN) and key.pk not in out)
        ]
        if left:
            raise CountIncomplete(keys=", ".join(left[:10]))
        count = KeyCount.objects.create(
            site=site,
            counted_at=at,
            counted_by_id=user_id,
            only_masters=only_masters,
            note=note,
        )
        KeyCountLine.objects.bulk_create(
            KeyCountLine(count=count, key=key, result=results[key.pk]) for key in expected
        )
        missing = [key for key in expected if results[key.pk] == CountResult.MISSING]
        actor = Actor.staff(user_id)
        for key in missing:
            key.site = site
            keys.record(Action.KEY_MISSING, key, actor, at, count=count.pk)
        events.record(
            action=Action.KEYS_COUNTED,
            actor=actor,
            at=at,
            organisation_id=site.organisation_id,
            site_id=site.pk,
            subject=f"key_count:{count.pk}",
            data={"keys": len(expected), "missing": len(missing), "only_masters": only_masters},
        )
    return count


def counts_due(*, sites: QuerySet[Site], at: dt.datetime) -> list[tuple[Site, dt.datetime | None]]:
    """Return the sites whose keys are due to be counted, with when they were counted last."""
    due: list[tuple[Site, dt.datetime | None]] = []
    default = KeyRules().count_every_days
    for site in (
        sites.filter(keys__status=KeyStatus.IN_USE)
        .annotate(counted_at=Max("key_counts__counted_at"))
        .select_related("key_rules")
        .order_by("name")
    ):
        rules = getattr(site, "key_rules", None)
        days = rules.count_every_days if rules is not None else default
        if site.counted_at is None or site.counted_at + dt.timedelta(days=days) <= at:
            due.append((site, site.counted_at))
    return due


def _full(release_id: int) -> MasterRelease:
    return MasterRelease.objects.select_related(
        "key__site", "key__master_set", "key__lock", "person"
    ).get(pk=release_id)


def _record(
    action: Action, release: MasterRelease, user_id: int, at: dt.datetime, **data: int
) -> None:
    keys.record(
        action,
        release.key,
        Actor.staff(user_id),
        at,
        person_id=release.person_id,
        reason=release.reason,
        release=release.pk,
        **data,
    )
