"""What goes with a change of policies: its event, and letting what runs follow it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from django.db import IntegrityError, transaction

from access.choices import PersonStatus
from access.selectors import leaves_at
from access.services import grants
from audit.actions import Action
from audit.services import events
from audit.services.events import Actor
from occupancy.allocation import terms
from occupancy.choices import AtEnd
from occupancy.models import Assignment, CompartmentGroup, Policy, PolicyWarning
from occupancy.services.policies import rulebooks
from occupancy.services.policies.previews import new_end
from occupancy.services.policies.warning_previews import Warn


def follow(*, policy_id: int, actor: Actor, at: dt.datetime) -> int:
    """Give the uses that run under a policy the end that it says now; return how many changed.

    Each is one compare-and-set with its audit event. A use that could only last longer over
    somebody's booking keeps the end that it has.
    """
    policy = Policy.objects.get(pk=policy_id)
    rules = rulebooks.attached_from(policy).rules
    changed = 0
    running = (
        Assignment.objects.filter(
            policy_id=policy_id, closed_at__isnull=True, recovery_at__isnull=True
        )
        .exclude(
            # What they have is emptied, whatever its policy says.
            holder__status__in=[PersonStatus.SUSPENDED, PersonStatus.LEFT]
        )
        .select_related("compartment__bank__site", "holder__home_site")
    )
    for claim in running.order_by("pk"):
        site = claim.compartment.bank.site
        term = new_end(rules, claim.started_at, at, site.zone) if claim.started_at else None
        if term is None:
            continue
        # No rule lets anybody stay longer than they are here.
        term = terms.within(term, leaves_at(claim.holder) if claim.holder is not None else None)
        at_end = AtEnd.HOLD if term.is_last else rules.at_end
        if (claim.due_at, claim.ends_at, claim.at_end) == (term.due_at, term.ends_at, at_end):
            continue
        try:
            with transaction.atomic():
                if not Assignment.objects.filter(
                    pk=claim.pk,
                    closed_at__isnull=True,
                    recovery_at__isnull=True,
                    ends_at=claim.ends_at,
                ).update(due_at=term.due_at, ends_at=term.ends_at, at_end=at_end):
                    continue
                grants.lengthen(claim_id=claim.pk, person_id=claim.holder_id, ends_at=term.ends_at)
                events.record(
                    action=Action.CHANGED, actor=actor, at=at,
                    organisation_id=site.organisation_id, site_id=site.pk,
                    bank_id=claim.compartment.bank_id, compartment_id=claim.compartment_id,
                    person_id=claim.holder_id,
                    data={"claim": claim.pk, "policy": policy_id,
                          "ends_at": term.ends_at.isoformat() if term.ends_at else None},
                )  # fmt: skip
        except IntegrityError:
            continue
        changed += 1
    return changed


def set_warnings(*, policy_id: int, wanted: Collection[Warn]) -> bool:
    """Give a policy these warnings and no others; return whether that changed anything.

    One that is changed is another one: whoever was warned by the old one is warned by the new.
    """
    with transaction.atomic():
        rows = PolicyWarning.objects.select_for_update().filter(policy_id=policy_id)
        had = {Warn(one.before, one.channel, one.to): one.pk for one in rows}
        gone = [pk for warn, pk in had.items() if warn not in wanted]
        fresh = [warn for warn in dict.fromkeys(wanted) if warn not in had]
        PolicyWarning.objects.filter(pk__in=gone).delete()
        PolicyWarning.objects.bulk_create(
            PolicyWarning(policy_id=policy_id, before=one.before, channel=one.channel, to=one.to)
            for one in fresh
        )
    return bool(gone or fresh)


def record(
    *, row: Policy | CompartmentGroup, action: Action, actor: Actor, at: dt.datetime, **data: object
) -> None:
    """Record that a policy or a group of doors was added or changed by a program."""
    site_id = row.site_id if isinstance(row, Policy) else None
    events.record(
        action=action,
        actor=actor,
        at=at,
        organisation_id=row.organisation_id,
        site_id=site_id,
        subject=f"{row._meta.label_lower}:{row.pk}",
        data={"object": row._meta.label_lower, **data},
    )
