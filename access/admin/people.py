"""People and the groups they belong to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline
from unfold.decorators import action

from access.forms import BadgeForm, HoldForm, PinForm
from access.imports import PersonRows
from access.models import (
    Credential,
    Department,
    Group,
    Person,
    Role,
)
from access.services import credentials, holds
from audit.errors import Refusal
from audit.services import idempotency
from audit.services.events import Actor
from lockers.importing.pages import ScopedImportExport
from lockers.scoping import ScopedRelatedFilter, SiteScopedAdmin


class CredentialInline(TabularInline):
    """What a person shows: hints and states only."""

    model = Credential
    extra = 0
    can_delete = False
    fields = ["kind", "hint", "status", "valid_until", "issued_at"]
    readonly_fields = fields

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Person)
class PersonAdmin(ScopedImportExport):
    resource_classes = [PersonRows]
    organisation_path = "organisation"
    list_display = ["__str__", "kind", "status", "department", "personal_number", "home_site"]
    list_filter = ["kind", "status", ("department", ScopedRelatedFilter),
                   ("home_site", ScopedRelatedFilter)]  # fmt: skip
    search_fields = ["given_name", "family_name", "email", "personal_number"]
    list_select_related = ["department", "home_site"]
    filter_horizontal = ["groups"]
    inlines = [CredentialInline]
    actions_detail = ["issue_badge", "set_pin", "place_hold"]
    fieldsets = [
        (None, {"fields": ["organisation", "kind", "status", "given_name", "family_name", "email",
                           "personal_number"]}),
        (_("Belongs to"), {"fields": ["home_site", "department", "role", "groups"]}),
        (_("Needs"), {"fields": ["needs_low_door", "needs_wide_door", "needs_charging",
                                 "needs_near_entrance"]}),
    ]  # fmt: skip

    def _reachable(self, request: HttpRequest, pk: object) -> Person:
        person: Person | None = self.get_queryset(request).filter(pk=pk).first()
        if person is None or not self.has_change_permission(request, person):
            raise Http404
        return person

    @action(description=_("Issue a badge"), url_path="issue-badge")  # type: ignore[untyped-decorator]  # unfold brings no types
    def issue_badge(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Take a badge number for somebody."""
        person = self._reachable(request, object_id)
        return self._form(
            request, person, _now("Issue a badge"), BadgeForm(request.POST or None),
            lambda form: credentials.issue_badge(
                person=person, text=form.cleaned_data["number"], at=timezone.now(),
                actor=Actor.staff(request.user.pk or 0),
            ),
        )  # fmt: skip

    @action(description=_("Set a PIN"), url_path="set-pin")  # type: ignore[untyped-decorator]  # unfold brings no types
    def set_pin(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Take a new PIN for somebody."""
        person = self._reachable(request, object_id)
        return self._form(
            request, person, _now("Set a PIN"), PinForm(request.POST or None),
            lambda form: credentials.set_pin(
                person=person, pin=form.cleaned_data["pin"], at=timezone.now(),
                actor=Actor.staff(request.user.pk or 0),
            ),
        )  # fmt: skip

    @action(description=_("Put on hold"), url_path="hold")  # type: ignore[untyped-decorator]  # unfold brings no types
    def place_hold(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Stop somebody for a while, with a reason."""
        person = self._reachable(request, object_id)
        return self._form(
            request, person, _now("Put on hold"), HoldForm(request.POST or None),
            lambda form: holds.place(
                person=person, reason=form.cleaned_data["reason"], at=timezone.now(),
                ends_at=form.cleaned_data["ends_at"], actor=Actor.staff(request.user.pk or 0),
            ),
        )  # fmt: skip

    def _form(
        self,
        request: HttpRequest,
        person: Person,
        title: str,
        form: Form,
        issue: Callable[[Any], object],
    ) -> HttpResponse:
        if request.method == "POST" and form.is_valid():
            try:
                issue(form)
            except Refusal as refusal:
                idempotency.settle(refusal)
                form.add_error(None, str(refusal))
            else:
                messages.success(request, _now("Done."))
                return HttpResponseRedirect(reverse("admin:access_person_change", args=[person.pk]))
        context = {
            **self.admin_site.each_context(request),
            "title": title,
            "subtitle": str(person),
            "form": form,
            "opts": self.opts,
            "back": reverse("admin:access_person_change", args=[person.pk]),
        }
        return render(request, "admin/access/person_form.html", context)


class _OfOrganisation(SiteScopedAdmin):
    organisation_path = "organisation"
    list_display = ["name", "organisation"]
    search_fields = ["name"]
    list_select_related = ["organisation"]


admin.site.register([Department, Group, Role], _OfOrganisation)
