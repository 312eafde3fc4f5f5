"""People, what they show, and who on the staff may do what."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group as AuthGroup
from django.contrib.auth.models import Permission
from django.db.models import QuerySet
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline
from unfold.decorators import action
from unfold.forms import UserChangeForm, UserCreationForm

from access.choices import CredentialKind, CredentialStatus
from access.forms import BadgeForm, PinForm
from access.imports import PersonRows
from access.models import (
    Credential,
    Department,
    Grant,
    Group,
    Person,
    Role,
    SiteUserPermission,
    User,
)
from access.services import credentials
from audit.admin_log import RecordedAdmin
from audit.errors import Refusal
from audit.services import idempotency
from audit.services.events import Actor
from lockers.importing.pages import ScopedImportExport
from lockers.scoping import ScopedRelatedFilter, SiteScopedAdmin

admin.site.unregister(AuthGroup)


class SiteUserPermissionInline(TabularInline):
    """Which sites somebody is given, and for what."""

    model = SiteUserPermission
    extra = 1

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "permission":
            kwargs["queryset"] = Permission.objects.filter(
                content_type__app_label="lockers",
                codename__in=["view_site", "operate_site", "manage_site"],
            )
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


@admin.register(User)
class UserAdmin(RecordedAdmin, DjangoUserAdmin):  # type: ignore[type-arg]  # not at run time
    """Log-ins; only superusers see them."""

    form = UserChangeForm
    add_form = UserCreationForm
    inlines = [SiteUserPermissionInline]
    list_display = ["username", "first_name", "last_name", "is_staff", "is_superuser", "is_active"]
    fieldsets = [
        (None, {"fields": ["username", "password"]}),
        (_("Person"), {"fields": ["first_name", "last_name", "email"]}),
        (_("Rights"), {"fields": ["is_active", "is_staff", "is_superuser"]}),
    ]
    list_filter = ["is_staff", "is_superuser", "is_active"]
    filter_horizontal = ()

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self._is_superuser(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._is_superuser(request)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._is_superuser(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._is_superuser(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._is_superuser(request)

    @staticmethod
    def _is_superuser(request: HttpRequest) -> bool:
        return bool(request.user.is_active and request.user.is_superuser)


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
    actions_detail = ["issue_badge", "set_pin"]
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

    def _form(
        self,
        request: HttpRequest,
        person: Person,
        title: str,
        form: Form,
        issue: Callable[[Any], Credential],
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


@admin.register(Credential)
class CredentialAdmin(SiteScopedAdmin):
    """Badges and PINs by hint; suspended, revoked and reinstated here, never shown."""

    is_history = True
    organisation_path = "person__organisation"
    list_display = ["person", "kind", "hint", "status", "valid_until", "issued_at"]
    list_filter = ["kind", "status"]
    search_fields = ["person__given_name", "person__family_name", "hint"]
    list_select_related = ["person"]
    actions = ["suspend", "reinstate", "revoke"]

    def _set(
        self, request: HttpRequest, queryset: QuerySet[Credential], status: CredentialStatus
    ) -> None:
        for credential in queryset.select_related("person"):
            if self._holds(request, self.change_right, credential):
                credentials.set_status(
                    credential=credential, status=status, at=timezone.now(),
                    actor=Actor.staff(request.user.pk or 0),
                )  # fmt: skip

    @admin.action(description=_("Suspend"))
    def suspend(self, request: HttpRequest, queryset: QuerySet[Credential]) -> None:
        self._set(request, queryset, CredentialStatus.SUSPENDED)

    @admin.action(description=_("Reinstate (not revoked ones)"))
    def reinstate(self, request: HttpRequest, queryset: QuerySet[Credential]) -> None:
        badges = queryset.filter(kind=CredentialKind.BADGE)
        self._set(request, badges, CredentialStatus.ACTIVE)

    @admin.action(description=_("Revoke for ever"))
    def revoke(self, request: HttpRequest, queryset: QuerySet[Credential]) -> None:
        self._set(request, queryset, CredentialStatus.REVOKED)


@admin.register(Grant)
class GrantAdmin(SiteScopedAdmin):
    is_history = True
    site_path = "compartment__bank__site"
    list_display = ["person", "compartment", "starts_at", "ends_at", "revoked_at"]
    search_fields = ["person__family_name", "compartment__number"]
    list_select_related = ["person", "compartment"]
    show_full_result_count = False
