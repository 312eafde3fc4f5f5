"""Who holds which right where: the single reader of guardian's permission tables.

A right is held on a site, or on an area and everything inside it; both are rows of guardian's
tables, which roles and superusers write.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection
from typing import Any

from django.db import connection, models
from django.db.models.expressions import RawSQL
from django.utils import timezone

from lockers.models import Area, Bank, Organisation, Site

VIEW, OPERATE, MANAGE = "lockers.view_site", "lockers.operate_site", "lockers.manage_site"
OVERRIDE, STAFF = "lockers.override_site", "lockers.staff_site"
RECOVER, MAINTAIN = "lockers.recover_site", "lockers.maintain_site"

# The rights that have a meaning in an area.
IN_AREA = {
    VIEW: "view_area",
    OPERATE: "operate_area",
    OVERRIDE: "override_area",
    RECOVER: "recover_area",
    MAINTAIN: "maintain_area",
}
# Areas nest: a right on a building is one on its floors.
_AREAS = """
WITH RECURSIVE reach AS (
    SELECT p.content_object_id AS id
    FROM access_areauserpermission p JOIN auth_permission r ON r.id = p.permission_id
    WHERE p.user_id = %s AND r.codename = %s AND (p.ends_at IS NULL OR p.ends_at > %s)
    UNION
    SELECT a.id FROM lockers_area a JOIN reach ON a.parent_id = reach.id)
SELECT id FROM reach
"""
# Whoever was given a right on the site of a bank, or on any area around it, and superusers.
_HOLDERS = """
WITH RECURSIVE place AS (
    SELECT b.id AS bank_id, b.site_id, b.area_id FROM lockers_bank b WHERE b.id = ANY(%(banks)s)
    UNION
    SELECT p.bank_id, p.site_id, a.parent_id FROM place p JOIN lockers_area a ON a.id = p.area_id),
given AS (
    SELECT s.user_id, p.bank_id, s.ends_at FROM access_siteuserpermission s
    JOIN auth_permission r ON r.id = s.permission_id JOIN place p ON p.site_id = s.content_object_id
    WHERE r.codename = %(on_site)s
    UNION ALL
    SELECT s.user_id, p.bank_id, s.ends_at FROM access_areauserpermission s
    JOIN auth_permission r ON r.id = s.permission_id JOIN place p ON p.area_id = s.content_object_id
    WHERE r.codename = %(on_area)s
    UNION ALL
    SELECT u.id, p.bank_id, NULL FROM access_user u CROSS JOIN place p WHERE u.is_superuser)
SELECT g.user_id, g.bank_id, NULLIF(max(COALESCE(g.ends_at, 'infinity')), 'infinity')
FROM given g JOIN access_user u ON u.id = g.user_id AND u.is_active
WHERE g.ends_at IS NULL OR g.ends_at > %(at)s
GROUP BY 1, 2 ORDER BY 1, 2
"""


def remember(user: Any) -> None:
    """Read what somebody may only once from here on: for as long as one answer takes, no longer."""
    if getattr(user, "rights_read", None) is None:
        user.rights_read = {}


def recall(user: Any, what: object, build: Callable[[bool], Any]) -> Any:
    """Return what was built before from somebody's rights, or build it now.

    ``build`` is told whether it is remembered, and then best reads the rights themselves.
    """
    known: dict[object, Any] | None = getattr(user, "rights_read", None)
    if known is None:
        return build(False)
    if what not in known:
        known[what] = build(True)
    return known[what]


def sites_of(user: Any, right: str = VIEW) -> models.QuerySet[Site]:
    """Return the sites on all of which somebody holds a right; superusers hold every one."""
    if not user.is_authenticated or not user.is_active:
        return Site.objects.none()
    if user.is_superuser:
        return Site.objects.all()

    def build(is_remembered: bool) -> models.QuerySet[Site]:
        given = Site.objects.filter(
            models.Q(siteuserpermission__ends_at__isnull=True)
            | models.Q(siteuserpermission__ends_at__gt=timezone.now()),
            siteuserpermission__user=user.pk,
            siteuserpermission__permission__codename=right.partition(".")[2],
        ).values_list("pk", flat=True)
        return Site.objects.filter(pk__in=list(given) if is_remembered else given)

    found: models.QuerySet[Site] = recall(user, (Site, right), build)
    return found


def holders_of(right: str, site_id: int) -> set[int]:
    """Return the users who were given a right on all of a site; superusers need none."""
    given = Site.objects.filter(
        models.Q(siteuserpermission__ends_at__isnull=True)
        | models.Q(siteuserpermission__ends_at__gt=timezone.now()),
        pk=site_id,
        siteuserpermission__permission__codename=right.partition(".")[2],
        siteuserpermission__user__is_active=True,
    )
    return set(given.values_list("siteuserpermission__user", flat=True))


def holders_on(
    right: str, bank_ids: Collection[int], at: dt.datetime
) -> list[tuple[int, int, dt.datetime | None]]:
    """Return who may what on which of some banks, and until when: user, bank, end."""
    named: dict[str, Any] = {
        "banks": list(bank_ids),
        "on_site": right.partition(".")[2],
        "on_area": IN_AREA.get(right, ""),
        "at": at,
    }
    with connection.cursor() as cursor:
        cursor.execute(_HOLDERS, named)
        return [(user, bank, ends_at) for user, bank, ends_at in cursor.fetchall()]


def areas_of(user: Any, right: str = VIEW) -> models.QuerySet[Area]:
    """Return the areas on which somebody holds a right without holding it on the whole site."""
    if not user.is_authenticated or not user.is_active or user.is_superuser:
        return Area.objects.none()
    if right not in IN_AREA:
        return Area.objects.none()

    def build(is_remembered: bool) -> models.QuerySet[Area]:
        given = RawSQL(_AREAS, (user.pk, IN_AREA[right], timezone.now()))
        found = Area.objects.filter(pk__in=given)
        return Area.objects.filter(pk__in=[one.pk for one in found]) if is_remembered else found

    found: models.QuerySet[Area] = recall(user, (Area, right), build)
    return found


def within(user: Any, right: str, bank: str = "") -> models.Q:
    """Return the condition for rows whose bank somebody holds a right on.

    ``bank`` is the lookup from the row to its bank, "" when it is the bank itself.
    """
    if user.is_active and user.is_superuser:
        return models.Q()
    prefix = f"{bank}__" if bank else ""
    condition = models.Q(**{f"{prefix}site__in": sites_of(user, right)})
    if right in IN_AREA and user.is_authenticated:
        condition |= models.Q(**{f"{prefix}area__in": areas_of(user, right)})
    return condition


def banks_of(user: Any, right: str = VIEW) -> models.QuerySet[Bank]:
    """Return the banks on which somebody holds a right, by their site or their area."""
    return Bank.objects.filter(within(user, right))


def places_of(user: Any, right: str = VIEW) -> models.QuerySet[Site]:
    """Return the sites on which, or in a part of which, somebody holds a right."""
    if user.is_authenticated and user.is_superuser:
        return sites_of(user, right)
    return Site.objects.filter(
        models.Q(pk__in=sites_of(user, right))
        | models.Q(pk__in=areas_of(user, right).values("site"))
    )


def organisations_of(user: Any, right: str = VIEW) -> models.QuerySet[Organisation]:
    """Return the organisations in which somebody holds a right on some site."""
    if user.is_superuser and user.is_active:
        return Organisation.objects.all()
    return Organisation.objects.filter(sites__in=sites_of(user, right)).distinct()


def organisations_around(user: Any, right: str = VIEW) -> models.QuerySet[Organisation]:
    """Return the organisations in which somebody holds a right on some site, or on a part of it."""
    return Organisation.objects.filter(pk__in=places_of(user, right).values("organisation"))
