"""People and the groups they belong to."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline
from unfold.decorators import action

from access.admin import badges, passes
from access.admin.comings import ComesAndGoes
from access.admin.person_pages import PersonPages
from access.forms import BadgeForm, HoldForm
from access.imports import PersonRows
from access.models import (
    Credential,
    Department,
    Group,
    Person,
    Role,
)
from access.pass_forms import PassForm
from access.services import holds
from audit.services.events import Actor
from lockers.scoping import ScopedRelatedFilter, SiteScopedAdmin


class CredentialInline(TabularInline):
    """What a person shows: hints and states only."""

    model = Credential
    extra = 0
    can_delete = False
    fields = ["kind", "purpose", "hint", "status", "valid_until", "issued_at"]
    readonly_fields = fields

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Person)
class PersonAdmin(ComesAndGoes):
    resource_classes = [PersonRows]
    organisation_path = "organisation"
    list_display = ["__str__", "kind", "status", "department", "personal_number", "home_site"]
    list_filter = ["kind", "status", ("department", ScopedRelatedFilter),
                   ("home_site", ScopedRelatedFilter)]  # fmt: skip
    search_fields = ["given_name", "family_name", "email", "personal_number", "external_id"]
    list_select_related = ["department", "home_site"]
    filter_horizontal = ["groups"]
    inlines = [CredentialInline]
    actions_detail = ["issue_badge", "issue_pass", PersonPages.pin_pages,
                      ComesAndGoes.coming_and_going]  # fmt: skip
    actions = ComesAndGoes.coming_and_going_of_many
    # A status changes by a verb, which takes back what somebody has; never by a form.
    readonly_fields = ["status", "left_at"]
    fieldsets = [
        (None, {"fields": ["organisation", "kind", "status", "given_name", "family_name", "email",
                           "personal_number", "external_id"]}),
        (_("Belongs to"), {"fields": ["home_site", "department", "role", "groups",
                                      "cost_centre"]}),
        (_("Leaves"), {"fields": ["leaves_on", "left_at"]}),
        (_("Guardian"), {"fields": ["guardian_name", "guardian_phone", "guardian_email"],
                         "classes": ["collapse"]}),
        (_("Needs"), {"fields": ["needs_low_door", "needs_wide_door", "needs_charging",
                                 "needs_near_entrance"]}),
    ]  # fmt: skip

    @action(description=_("Issue a badge"), url_path="issue-badge")  # type: ignore[untyped-decorator]  # unfold brings no types
    def issue_badge(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Take a badge number for somebody."""
        person = self._reachable(request, object_id)
        return self._form(
            request, person, _now("Issue a badge"),
            BadgeForm(request.POST or None, organisation=person.organisation),
            lambda form: badges.issue(
                form=form, person=person, visible=self.get_queryset(request), at=timezone.now(),
                actor=Actor.staff(request.user.pk or 0),
            ),
        )  # fmt: skip

    @action(description=_("Issue a pass"), url_path="issue-pass")  # type: ignore[untyped-decorator]  # unfold brings no types
    def issue_pass(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Give somebody a QR code for a while."""
        person = self._reachable(request, object_id)
        return self._form(
            request, person, _now("Issue a pass"),
            PassForm(request.POST or None, person=person),
            lambda form: passes.issue(form, person, Actor.staff(request.user.pk or 0)),
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

    @action(description=_("Report an incident"), url_path="incident")  # type: ignore[untyped-decorator]  # unfold brings no types
    def report_incident(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Begin an incident about somebody."""
        person = self._reachable(request, object_id)
        about = urlencode({"person": person.pk, "site": person.home_site_id or ""})
        return HttpResponseRedirect(f"{reverse('admin:access_incident_add')}?{about}")


class _OfOrganisation(SiteScopedAdmin):
    organisation_path = "organisation"
    list_display = ["name", "organisation"]
    search_fields = ["name"]
    list_select_related = ["organisation"]


admin.site.register([Department, Group, Role], _OfOrganisation)
