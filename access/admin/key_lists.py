"""How keys are found in their list, and who had one, on its page."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline

from access.choices import KeyState
from access.models import KeyHolding
from access.services import keys


class WhereFilter(admin.SimpleListFilter):
    """Where keys are: in the cabinet, out, overdue, lost or retired."""

    title = _("where")
    parameter_name = "where"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(KeyState.choices)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value()
        if value is None or value not in KeyState.values:
            return queryset
        return queryset.filter(keys.in_state(KeyState(value), timezone.now()))


class KindFilter(admin.SimpleListFilter):
    title = _("opens")
    parameter_name = "opens"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("lock", _("one lock")), ("set", _("a master set"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() is None:
            return queryset
        return queryset.filter(master_set__isnull=self.value() == "lock")


class CustodyInline(TabularInline):
    """Everybody who had the key, the latest first."""

    model = KeyHolding
    extra = 0
    can_delete = False
    verbose_name_plural = _("who had it")
    fields = ["person", "issued_at", "issued_by", "due_at", "returned_at", "returned_to",
              "ended_how"]  # fmt: skip
    readonly_fields = fields
    show_change_link = True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
