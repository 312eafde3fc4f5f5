"""A filter for claims that nobody may be told of yet."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from occupancy.services import keeping


class PendingFilter(admin.SimpleListFilter):
    """Open claims that their lockers do not have yet, as they are cut off or answer late."""

    title = _("confirmed")
    parameter_name = "confirmed"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Offer those that are not: the others are everything."""
        return [("no", _("not by the lockers yet"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Ask once for all that are open where lockers have a say."""
        if self.value() != "no":
            return queryset
        asked = queryset.filter(
            closed_at__isnull=True, compartment__controller__isnull=False,
            compartment__bank__bridge__isnull=False,
        )  # fmt: skip
        return queryset.filter(pk__in=keeping.pending(asked.values_list("pk", flat=True)))
