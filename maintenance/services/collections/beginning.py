"""Beginning a collection: a line for each locker that pupils of some forms, years or banks have."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection as Some

from django.db import transaction
from django.db.models import Q

from access.choices import PersonKind
from access.models import KeyHolding
from access.services import keys
from audit.actions import Action
from audit.services.events import Actor
from lockers.choices import LockKind
from maintenance.choices import KeyAnswer
from maintenance.errors.collections import NobodyToCollect
from maintenance.models import Collection, CollectionLine
from maintenance.services.collections import story
from occupancy.models import Assignment
from occupancy.services.claims.assignments import in_force


def begin(
    *,
    collection_id: int,
    actor: Actor,
    at: dt.datetime,
    year_groups: Some[int] = (),
    forms: Some[int] = (),
    banks: Some[int] = (),
) -> int:
    """Put the lockers that pupils have onto the list; return how many were added.

    Of some year groups and forms, and at some banks, where they are given; else all of the site.
    Again it adds who has got a locker since, and follows who was moved. Raises CollectionOver and
    NobodyToCollect.
    """
    with transaction.atomic():
        one = story.going_on(collection_id, begun=False)
        follow(one)
        held = Assignment.objects.filter(
            in_force(at), compartment__bank__site=one.site_id, holder__kind=PersonKind.STUDENT
        ).exclude(collection_lines__collection=one)
        if year_groups or forms:
            held = held.filter(
                Q(holder__year_group__in=year_groups) | Q(holder__registration_group__in=forms)
            )
        if banks:
            held = held.filter(compartment__bank__in=banks)
        claims = list(
            held.select_related("holder__registration_group", "compartment").order_by("pk")
        )
        if not claims:
            raise NobodyToCollect
        CollectionLine.objects.bulk_create(_lines(one, claims))
        if one.begun_at is None:
            Collection.objects.filter(pk=one.pk).update(begun_at=at)
        story.record(Action.COLLECTION_BEGUN, one, actor, at, lines=len(claims))
    return len(claims)


def _lines(one: Collection, claims: list[Assignment]) -> list[CollectionLine]:
    out = set(
        KeyHolding.objects.filter(
            keys.OPEN, key__lock__compartment__in=[claim.compartment_id for claim in claims]
        ).values_list("person", "key__lock__compartment")
    )
    lines = []
    for claim in claims:
        assert claim.holder is not None  # by the query
        form = claim.holder.registration_group
        has_key = claim.compartment.lock_kind == LockKind.KEYED
        has_key = has_key or (claim.holder_id, claim.compartment_id) in out
        lines.append(
            CollectionLine(
                collection=one, claim=claim, person=claim.holder, compartment=claim.compartment,
                registration_group=form, form=form.name if form is not None else "",
                key=KeyAnswer.WAITING if has_key else KeyAnswer.NONE,
            )
        )  # fmt: skip
    return lines


def follow(one: Collection) -> int:
    """Follow uses that were handed on before anybody looked at them; return how many lines.

    Who was moved is collected at the new door; who gave the locker to somebody else is off.
    """
    changed = 0
    handed = CollectionLine.objects.filter(
        collection=one, emptied__isnull=True, claim__followed_by__isnull=False
    ).select_related("claim__followed_by")
    for line in handed.order_by("pk"):
        after = line.claim.followed_by
        known = CollectionLine.objects.filter(collection=one, claim=after).exists()
        if after.holder_id != line.person_id or known:
            line.delete()
        else:
            story.change(line, claim_id=after.pk, compartment_id=after.compartment_id)
        changed += 1
    return changed
