"""Teams, the table of service levels, and checklists: changed by who manages."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Count, Q
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline

from access.models import User
from lockers.scoping import MANAGE, ScopedRelatedFilter, SiteScopedAdmin, sites_of
from maintenance.models import Checklist, ChecklistItem, ServiceLevel, Team


@admin.register(Team)
class TeamAdmin(SiteScopedAdmin):
    """Teams belong to an organisation."""

    organisation_path = "organisation"
    # Whoever repairs in one area hands on to a team, too.
    is_shared = True
    list_display = ["name", "organisation", "email", "how_many"]
    list_select_related = ["organisation"]
    list_filter = [("organisation", ScopedRelatedFilter)]
    search_fields = ["name", "email"]
    fields = ["organisation", "name", "email", "members"]
    filter_horizontal = ["members"]

    def get_queryset(self, request: HttpRequest) -> Any:
        """Count the members with the rows."""
        return super().get_queryset(request).annotate(members_count=Count("members", distinct=True))

    @admin.display(description=_("members"), ordering="members_count")
    def how_many(self, team: Team) -> int:
        return int(getattr(team, "members_count", 0))

    def get_form(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        """Offer the staff of one's own sites, and leave in who is in it."""
        form = super().get_form(request, obj, **kwargs)
        field = form.base_fields.get("members")
        if isinstance(field, forms.ModelMultipleChoiceField):
            mine = sites_of(request.user, MANAGE)
            staff = Q(siteuserpermission__content_object__in=mine)
            staff |= Q(areauserpermission__content_object__site__in=mine)
            if obj is not None:
                staff |= Q(pk__in=obj.members.values("pk"))
            known = User.objects.filter(staff).values("pk")
            field.queryset = User.objects.filter(pk__in=known).order_by("username")
        return form


@admin.register(ServiceLevel)
class ServiceLevelAdmin(SiteScopedAdmin):
    """How soon what is seen to, for a site or a whole organisation."""

    site_path = "site"
    organisation_path = "organisation"
    list_display = ["category", "organisation", "site", "priority", "due_hours",
                    "in_opening_hours", "team", "escalate_after_hours", "escalate_to"]  # fmt: skip
    list_select_related = ["organisation", "site", "team", "escalate_to"]
    list_filter = ["category", ("site", ScopedRelatedFilter)]
    fields = ["organisation", "site", "category", "priority", "due_hours", "in_opening_hours",
              "team", "escalate_after_hours", "escalate_to"]  # fmt: skip


class ItemInline(TabularInline):
    model = ChecklistItem
    extra = 1
    fields = ["position", "text", "needs_photo", "fault"]


@admin.register(Checklist)
class ChecklistAdmin(SiteScopedAdmin):
    """What is looked at before a ticket is closed, or a door of a round done."""

    organisation_path = "organisation"
    list_display = ["name", "organisation", "closes"]
    list_select_related = ["organisation"]
    list_filter = [("organisation", ScopedRelatedFilter), "closes"]
    search_fields = ["name"]
    fields = ["organisation", "name", "closes"]
    inlines = [ItemInline]
