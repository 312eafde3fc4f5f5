"""What people show, what they may open, and what stops them."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.admin import EmptyFieldListFilter
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from access.choices import CARRIED, CredentialStatus
from access.models import (
    Credential,
    Grant,
    Hold,
)
from access.services import credentials, holds
from audit.services.events import Actor
from lockers.scoping import SiteScopedAdmin


@admin.register(Credential)
class CredentialAdmin(SiteScopedAdmin):
    """Badges and PINs by hint; suspended, revoked and reinstated here, never shown."""

    is_history = True
    person_path = "person"
    list_display = ["person", "kind", "scheme", "hint", "assurance", "status", "valid_until",
                    "issued_at"]  # fmt: skip
    list_filter = ["kind", "purpose", "status"]
    search_fields = ["person__given_name", "person__family_name", "hint"]
    list_select_related = ["person"]
    actions = ["lost", "suspend", "reinstate", "revoke"]

    def _set(
        self,
        request: HttpRequest,
        queryset: QuerySet[Credential],
        status: CredentialStatus,
        reason: str = "",
    ) -> None:
        for credential in queryset.select_related("person"):
            if self._holds(request, self.change_right, credential):
                credentials.set_status(
                    credential=credential, status=status, at=timezone.now(),
                    actor=Actor.staff(request.user.pk or 0), reason=reason,
                )  # fmt: skip

    @admin.action(description=_("Lost: suspend this one alone"))
    def lost(self, request: HttpRequest, queryset: QuerySet[Credential]) -> HttpResponse | None:
        """Suspend what is lost; with one of one person, go on to their recovery PIN."""
        lost = list(self.changeable(request, queryset.filter(kind__in=CARRIED)))
        self._set(request, queryset.filter(kind__in=CARRIED), CredentialStatus.SUSPENDED, "lost")
        if len(lost) != 1:
            return None
        return HttpResponseRedirect(
            reverse("admin:access_person_recovery_pin", args=[lost[0].person_id])
        )

    @admin.action(description=_("Suspend"))
    def suspend(self, request: HttpRequest, queryset: QuerySet[Credential]) -> None:
        self._set(request, queryset, CredentialStatus.SUSPENDED)

    @admin.action(description=_("Reinstate (not revoked ones)"))
    def reinstate(self, request: HttpRequest, queryset: QuerySet[Credential]) -> None:
        badges = queryset.filter(kind__in=CARRIED)
        self._set(request, badges, CredentialStatus.ACTIVE)

    @admin.action(description=_("Revoke for ever"))
    def revoke(self, request: HttpRequest, queryset: QuerySet[Credential]) -> None:
        self._set(request, queryset, CredentialStatus.REVOKED)


@admin.register(Grant)
class GrantAdmin(SiteScopedAdmin):
    is_history = True
    site_path = "compartment__bank__site"
    bank_path = "compartment__bank"
    list_display = ["person", "compartment", "starts_at", "ends_at", "revoked_at"]
    search_fields = ["person__family_name", "compartment__number"]
    list_select_related = ["person", "compartment"]
    show_full_result_count = False


@admin.register(Hold)
class HoldAdmin(SiteScopedAdmin):
    """Holds are placed on a person's page and lifted here; they stay in the list."""

    is_history = True
    person_path = "person"
    list_display = ["person", "reason", "starts_at", "ends_at", "lifted_at"]
    list_filter = [("lifted_at", EmptyFieldListFilter)]
    search_fields = ["person__given_name", "person__family_name", "reason"]
    list_select_related = ["person"]
    actions = ["lift"]

    @admin.action(description=_("Lift"))
    def lift(self, request: HttpRequest, queryset: QuerySet[Hold]) -> None:
        for hold in self.changeable(request, queryset).select_related("person"):
            holds.lift(hold=hold, actor=Actor.staff(request.user.pk or 0), at=timezone.now())
