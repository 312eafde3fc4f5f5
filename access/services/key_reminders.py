"""Letters about keys that should be back and cabinets that should be counted: each told once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q

from access.choices import NoticeKind
from access.models import KeyCount, KeyHolding, Notice, RoleAssignment, User
from access.roles import StaffRole
from access.services import keys, master_keys, notices
from lockers.models import Site
from lockers.scoping import OPERATE, holders_of


def remind_due(*, at: dt.datetime) -> int:
    """Write to holders and desks; return how many letters were written.

    Doing it again writes nothing: about one holding, and one count, each address is told once.
    """
    return _overdue(at) + _to_count(at)


def desk_of(site: Site, at: dt.datetime) -> list[str]:
    """Return the addresses of a site's reception or, without one, of whoever hands out its keys."""
    in_force = Q(ends_at__isnull=True) | Q(ends_at__gt=at)
    here = Q(site=site) | Q(organisation=site.organisation_id) | Q(area__site=site)
    reception = RoleAssignment.objects.filter(in_force, here, role=StaffRole.RECEPTION)
    people = User.objects.filter(is_active=True).exclude(email="")
    found = people.filter(pk__in=reception.values("user"))
    if not found.exists():
        found = people.filter(pk__in=holders_of(OPERATE, site.pk))
    return sorted({email.lower() for email in found.values_list("email", flat=True)})


def _overdue(at: dt.datetime) -> int:
    told = Notice.objects.filter(holding=OuterRef("pk"))
    desks: dict[int, list[str]] = {}
    written = 0
    for holding in (
        KeyHolding.objects.filter(~Exists(told), keys.overdue(at))
        .select_related("person", "key__site")
        .order_by("pk")
    ):
        site = holding.key.site
        if site.pk not in desks:
            desks[site.pk] = desk_of(site, at)
        to = {*desks[site.pk], holding.person.email.lower()} - {""}
        written += _write(to, NoticeKind.KEY_OVERDUE, site, at, holding=holding)
    return written


def _to_count(at: dt.datetime) -> int:
    written = 0
    for site, _counted_at in master_keys.counts_due(sites=Site.objects.all(), at=at):
        last = KeyCount.objects.filter(site=site).order_by("-counted_at").first()
        if not Notice.objects.filter(
            kind=NoticeKind.KEYS_TO_COUNT, site=site, counted=last
        ).exists():
            written += _write(desk_of(site, at), NoticeKind.KEYS_TO_COUNT, site, at, counted=last)
    return written


def _write(
    to: Iterable[str],
    kind: NoticeKind,
    site: Site,
    at: dt.datetime,
    *,
    holding: KeyHolding | None = None,
    counted: KeyCount | None = None,
) -> int:
    """Write one letter to each address, all of them or, when somebody was faster, none."""
    addresses = sorted(to)
    try:
        with transaction.atomic():
            for address in addresses:
                notices.write(
                    kind=kind, to=address, at=at, holding=holding, site=site, counted=counted
                )
    except IntegrityError:
        return 0
    return len(addresses)
