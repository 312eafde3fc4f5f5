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
from unfold.decorators import action, display

from access.admin import badges, passes
from access.admin.comings import ComesAndGoes
from access.admin.person_pages import PersonPages
from access.choices import PersonStatus
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
from access.request_forms import GiveForm
from access.services import holds, temporary
from audit.services.events import Actor
from lockers.admin.panels import WithPanels
from lockers.scoping import MANAGE, ScopedRelatedFilter, SiteScopedAdmin, sites_of


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
class PersonAdmin(WithPanels, ComesAndGoes):
    resource_classes = [PersonRows]
    person_path = ""
    list_display = ["__str__", "kind", "is_here", "department", "personal_number", "home_site"]
    list_filter = ["kind", "status", ("department", ScopedRelatedFilter),
                   ("home_site", ScopedRelatedFilter), ("year_group", ScopedRelatedFilter),
                   ("registration_group", ScopedRelatedFilter),
                   ("house", ScopedRelatedFilter)]  # fmt: skip
    search_fields = ["given_name", "family_name", "email", "personal_number", "external_id"]
    list_select_related = ["department", "home_site"]
    autocomplete_fields = ["groups"]
    inlines = [CredentialInline]
    actions_detail = [
        {"title": _("Give"), "items": ["issue_badge", "issue_pass", "give_access"]},
        PersonPages.pin_pages,
        ComesAndGoes.coming_and_going,
    ]
    actions = ComesAndGoes.coming_and_going_of_many
    # A status changes by a verb, which takes back what somebody has; never by a form.
    readonly_fields = ["status", "left_at"]

    @display(description=_("status"), ordering="status", label={  # type: ignore[untyped-decorator]  # unfold brings no types
        PersonStatus.ACTIVE: "success",
        PersonStatus.SUSPENDED: "warning",
        PersonStatus.LEFT: "",
    })  # fmt: skip
    def is_here(self, person: Person) -> tuple[str, str]:
        """Return the status, marked so that who left is not read over."""
        return person.status, person.get_status_display()

    def has_delete_permission(self, request: HttpRequest, obj: Person | None = None) -> bool:
        """Whoever ever had something leaves, and is not deleted."""
        if obj is not None and (obj.credentials.exists() or obj.grants.exists()):
            return False
        return bool(super().has_delete_permission(request, obj))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Keep people in their organisation: what they have belongs to it."""
        always = super().get_readonly_fields(request, obj)
        return always if obj is None else [*always, "organisation"]

    fieldsets = [
        (None, {"fields": ["organisation", "kind", "status", "given_name", "family_name", "email",
                           "personal_number", "external_id"]}),
        (_("Belongs to"), {"fields": ["home_site", "department", "role", "groups",
                                      "cost_centre"]}),
        (_("Pupil"), {"fields": ["year_group", "registration_group", "house", "upn", "starts_on"],
                      "classes": ["collapse"]}),
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

    @action(description=_("Give access"), url_path="give-access")  # type: ignore[untyped-decorator]  # unfold brings no types
    def give_access(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Let a visitor or contractor use the lockers of a site for a while."""
        person = self._reachable(request, object_id)
        sites = sites_of(request.user, MANAGE).filter(organisation=person.organisation_id)
        return self._form(
            request, person, _now("Give access"),
            GiveForm(request.POST or None, sites=sites.order_by("name"), person=person),
            lambda form: temporary.give(
                person=person, **form.cleaned_data, at=timezone.now(),
                actor=Actor.staff(request.user.pk or 0),
            ),
            intro=_now("It is over by itself at its end, and can be taken back before."),
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
    is_shared = True
    list_display = ["name", "organisation"]
    search_fields = ["name"]
    list_select_related = ["organisation"]


admin.site.register([Department, Group, Role], _OfOrganisation)
