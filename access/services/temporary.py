"""Access for a while: given, taken back, and over by itself."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.db.models import Q

from access.choices import NEEDS_ACCESS
from access.errors.visits import BadPeriod, WrongSite
from access.models import AccessRequest, Person, TemporaryAccess, Visit
from audit.actions import Action
from audit.services import events
from audit.services.events import Actor
from lockers.models import Bank, Site

LONGEST = dt.timedelta(days=366)


def needs_access(person: Person) -> bool:
    """Say whether somebody uses lockers only while they were given access."""
    return person.kind in NEEDS_ACCESS


def in_force(at: dt.datetime) -> Q:
    """Return the condition under which access counts at ``at``."""
    return Q(revoked_at__isnull=True, starts_at__lte=at, ends_at__gt=at)


def check_period(starts_at: dt.datetime, ends_at: dt.datetime, at: dt.datetime) -> None:
    """Raise BadPeriod for what is over, empty or longer than a year."""
    if ends_at <= max(at, starts_at) or ends_at - starts_at > LONGEST:
        raise BadPeriod


def check_place(person: Person, site: Site, bank: Bank | None) -> None:
    """Raise WrongSite unless person, site and bank belong together."""
    is_elsewhere = bank is not None and bank.site_id != site.pk
    if is_elsewhere or site.organisation_id != person.organisation_id:
        raise WrongSite


def give(
    *,
    person: Person,
    site: Site,
    bank: Bank | None = None,
    starts_at: dt.datetime,
    ends_at: dt.datetime,
    actor: Actor,
    at: dt.datetime,
    request: AccessRequest | None = None,
    visit: Visit | None = None,
    reason: str = "",
) -> TemporaryAccess:
    """Let a person use the lockers of a site, or of one bank, for a while."""
    check_period(starts_at, ends_at, at)
    check_place(person, site, bank)
    with transaction.atomic():
        access = TemporaryAccess.objects.create(
            person=person,
            site=site,
            bank=bank,
            starts_at=starts_at,
            ends_at=ends_at,
            given_at=at,
            request=request,
            visit=visit,
        )
        _record(Action.ACCESS_GIVEN, access, actor, at, reason)
    return access


def extend(*, access: TemporaryAccess, ends_at: dt.datetime, actor: Actor, at: dt.datetime) -> bool:
    """Let access last longer; False when it was taken back."""
    with transaction.atomic():
        changed = TemporaryAccess.objects.filter(
            pk=access.pk, revoked_at__isnull=True, ends_at__lt=ends_at
        ).update(ends_at=ends_at, ended_at=None)
        if changed:
            access.ends_at = ends_at
            _record(Action.ACCESS_EXTENDED, access, actor, at)
    return bool(changed)


def revoke(*, access: TemporaryAccess, actor: Actor, at: dt.datetime, reason: str = "") -> bool:
    """Take access back from now on; False when it was so. Doors that are held stay held."""
    with transaction.atomic():
        changed = TemporaryAccess.objects.filter(pk=access.pk, revoked_at__isnull=True).update(
            revoked_at=at
        )
        if changed:
            _record(Action.ACCESS_REVOKED, access, actor, at, reason)
    return bool(changed)


def record_ended(*, at: dt.datetime) -> int:
    """Record what is over since the last time; return how much. It was over without this."""
    over = TemporaryAccess.objects.filter(
        ended_at__isnull=True, revoked_at__isnull=True, ends_at__lte=at
    ).select_related("person")
    actor = Actor.job("access over")
    ended = 0
    for access in over.order_by("pk"):
        with transaction.atomic():
            if TemporaryAccess.objects.filter(pk=access.pk, ended_at__isnull=True).update(
                ended_at=at
            ):
                _record(Action.ACCESS_ENDED, access, actor, at)
                ended += 1
    return ended


def _record(
    action: Action, access: TemporaryAccess, actor: Actor, at: dt.datetime, reason: str = ""
) -> None:
    events.record(
        action=action,
        actor=actor,
        at=at,
        organisation_id=access.person.organisation_id,
        site_id=access.site_id,
        bank_id=access.bank_id,
        person_id=access.person_id,
        subject=f"access:{access.pk}",
        reason=reason,
        data={"from": access.starts_at.isoformat(), "until": access.ends_at.isoformat()},
    )
