"""Who holds which right where: the single reader of guardian's permission tables.

A right is held on a site, or on an area and everything inside it; both are rows of guardian's
tables, which roles and superusers write.
"""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models.expressions import RawSQL
from django.utils import timezone

from lockers.models import Area, Bank, Organisation, Site

VIEW, OPERATE, MANAGE = "lockers.view_site", "lockers.operate_site", "lockers.manage_site"
OVERRIDE, STAFF = "lockers.override_site", "lockers.staff_site"

# The rights that have a meaning in an area.
IN_AREA = {VIEW: "view_area", OPERATE: "operate_area", OVERRIDE: "override_area"}
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


def sites_of(user: Any, right: str = VIEW) -> models.QuerySet[Site]:
    """Return the sites on all of which somebody holds a right; superusers hold every one."""
    if not user.is_authenticated or not user.is_active:
        return Site.objects.none()
    if user.is_superuser:
        return Site.objects.all()
    given = Site.objects.filter(
        models.Q(siteuserpermission__ends_at__isnull=True)
        | models.Q(siteuserpermission__ends_at__gt=timezone.now()),
        siteuserpermission__user=user.pk,
        siteuserpermission__permission__codename=right.partition(".")[2],
    )
    return Site.objects.filter(pk__in=given.values("pk"))


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


def areas_of(user: Any, right: str = VIEW) -> models.QuerySet[Area]:
    """Return the areas on which somebody holds a right without holding it on the whole site."""
    if not user.is_authenticated or not user.is_active or user.is_superuser:
        return Area.objects.none()
    if right not in IN_AREA:
        return Area.objects.none()
    return Area.objects.filter(pk__in=RawSQL(_AREAS, (user.pk, IN_AREA[right], timezone.now())))


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
