"""Which staff may do what at which site. A table with real foreign keys: rows never orphan."""

from __future__ import annotations

from django.db import models
from guardian.models import UserObjectPermissionBase

from lockers.models import Site


class SiteUserPermission(UserObjectPermissionBase):
    content_object = models.ForeignKey(Site, on_delete=models.CASCADE)
