"""Year groups, houses and forms of a school in the administration."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Count, Q
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from access.choices import PersonStatus
from access.models import House, RegistrationGroup, User, YearGroup
from lockers.scoping import MANAGE, ScopedRelatedFilter, SiteScopedAdmin, sites_of

_HERE = ~Q(people__status=PersonStatus.LEFT)


class _WithPupils(SiteScopedAdmin):
    """A list that says how many pupils each has."""

    def get_queryset(self, request: HttpRequest) -> Any:
        return (
            super()
            .get_queryset(request)
            .annotate(pupils_here=Count("people", filter=_HERE, distinct=True))
        )

    @admin.display(description=_("pupils"), ordering="pupils_here")
    def pupils(self, obj: Any) -> int:
        """Return how many are here; those who left are not counted."""
        return int(obj.pupils_here)


@admin.register(YearGroup)
class YearGroupAdmin(_WithPupils):
    """The years of an organisation, the youngest first."""

    organisation_path = "organisation"
    is_shared = True
    list_display = ["name", "rank", "pupils", "organisation"]
    ordering = ["organisation", "rank"]
    search_fields = ["name"]
    list_select_related = ["organisation"]


@admin.register(House)
class HouseAdmin(_WithPupils):
    """The houses of an organisation."""

    organisation_path = "organisation"
    is_shared = True
    list_display = ["name", "pupils", "organisation"]
    ordering = ["organisation", "name"]
    search_fields = ["name"]
    list_select_related = ["organisation"]


@admin.register(RegistrationGroup)
class RegistrationGroupAdmin(_WithPupils):
    """The forms of a site, each with its room and its tutors."""

    site_path = "site"
    list_display = ["name", "year_group", "room", "tutor_names", "pupils", "site"]
    list_filter = [("year_group", ScopedRelatedFilter), ("site", ScopedRelatedFilter)]
    ordering = ["site", "year_group__rank", "name"]
    search_fields = ["name", "tutors__first_name", "tutors__last_name", "tutors__username"]
    list_select_related = ["site", "year_group", "room"]
    fields = ["site", "name", "year_group", "room", "tutors", "external_id"]

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("tutors")

    @admin.display(description=_("tutors"))
    def tutor_names(self, form: RegistrationGroup) -> str:
        """Name who looks after a form."""
        return ", ".join(user.get_full_name() or user.username for user in form.tutors.all())

    def get_form(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        """Offer the staff of one's own sites, and leave in who is a tutor already."""
        form = super().get_form(request, obj, **kwargs)
        field = form.base_fields.get("tutors")
        if isinstance(field, forms.ModelMultipleChoiceField):
            mine = sites_of(request.user, MANAGE)
            staff = Q(siteuserpermission__content_object__in=mine)
            staff |= Q(areauserpermission__content_object__site__in=mine)
            if obj is not None:
                staff |= Q(pk__in=obj.tutors.values("pk"))
            known = User.objects.filter(staff).values("pk")
            field.queryset = User.objects.filter(pk__in=known).order_by("username")
        return form
