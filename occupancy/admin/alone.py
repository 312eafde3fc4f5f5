"""Doors that bridges gave while they were cut off, and which of them somebody has to look at."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from access.admin.desk import Desk, staff
from lockers.scoping import MANAGE, ScopedRelatedFilter
from occupancy.models import AloneUse
from occupancy.services.alone import looking


class ToLookAtFilter(admin.SimpleListFilter):
    title = _("to look at")
    parameter_name = "to_look_at"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("yes", _("not looked at yet"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(looking.waiting(timezone.now())) if self.value() else queryset


@admin.register(AloneUse)
class AloneUseAdmin(Desk):
    """Written by bridges; staff only say that they looked."""

    is_history = True
    site_path = "compartment__bank__site"
    bank_path = "compartment__bank"
    list_display = ["given_at", "compartment", "person", "breach", "looked_at", "looked_by"]
    list_filter = [ToLookAtFilter, "breach", ("compartment__bank__site", ScopedRelatedFilter)]
    search_fields = ["compartment__number", "person__family_name", "person__given_name"]
    list_select_related = ["compartment__bank", "person"]
    fields = ["given_at", "bridge", "compartment", "person", "claim", "breach", "looked_at",
              "looked_by"]  # fmt: skip
    readonly_fields = ["looked_at", "looked_by"]
    show_full_result_count = False
    actions_detail = ["look_at"]
    verb_rights = {"look_at": MANAGE}

    def verbs_for(self, use: Any) -> set[str]:
        return {"look_at"} if use.breach and use.looked_at is None else set()

    @action(description=_("Looked at"), url_path="look-at", icon="visibility")  # type: ignore[untyped-decorator]  # unfold brings no types
    def look_at(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Say that what a bridge could not know was seen to."""
        use = self.reachable(request, object_id, MANAGE)
        return self.form_page(
            request, use, title=_now("Looked at"), button=_now("I looked at it"),
            form=Form(request.POST if request.method == "POST" else None),
            note=_now("Nobody loses a door by it: it only leaves the list of what to look at."),
            do=lambda _form: looking.look_at(use=use, actor=staff(request), at=timezone.now()),
        )  # fmt: skip
