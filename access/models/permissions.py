"""Which staff may do what, and where. Tables with real foreign keys: rows never orphan.

Rows come from roles (``by_role``) or are given one by one by a superuser; both are enforced by
the same reader, lockers.scoping.
"""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _
from guardian.models import UserObjectPermissionBase

from lockers.models import Area, Site


class _Permission(UserObjectPermissionBase):
    by_role = models.BooleanField(default=False, db_default=False, editable=False)
    # A right that comes from a role ends with it, to the second; empty is for good.
    ends_at = models.DateTimeField(_("ends at"), null=True, blank=True)

    class Meta(UserObjectPermissionBase.Meta):
        abstract = True


class SiteUserPermission(_Permission):
    content_object = models.ForeignKey(Site, on_delete=models.CASCADE)


class AreaUserPermission(_Permission):
    """A right on the doors of an area and of every area inside it."""

    content_object = models.ForeignKey(Area, on_delete=models.CASCADE)
