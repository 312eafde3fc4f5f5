"""The screens at the lockers."""

from __future__ import annotations

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from audit.services.events import Actor
from kiosk.models import Terminal
from lockers.scoping import ScopedRelatedFilter, SiteScopedAdmin
from lockers.services import enrolment


@admin.register(Terminal)
class TerminalAdmin(SiteScopedAdmin):
    site_path = "bank__site"
    bank_path = "bank"
    list_display = ["name", "bank", "enrolled_at", "revoked_at"]
    list_filter = [("bank", ScopedRelatedFilter)]
    search_fields = ["name"]
    list_select_related = ["bank"]
    readonly_fields = ["enrolled_at", "revoked_at"]
    actions = ["make_code", "revoke"]

    @admin.action(description=_("Make an enrolment code"), permissions=["change"])
    def make_code(self, request: HttpRequest, queryset: QuerySet[Terminal]) -> None:
        for terminal in self.changeable(request, queryset).select_related("bank__site"):
            code = enrolment.make_code(
                device=terminal, subject=f"terminal:{terminal.pk}", site=terminal.bank.site,
                actor=Actor.staff(request.user.pk or 0), at=timezone.now(),
            )  # fmt: skip
            messages.success(
                request,
                _now("%(name)s: %(code)s. Shown once, valid for 30 minutes.")
                % {"name": terminal.name, "code": code},
            )

    @admin.action(description=_("Revoke"), permissions=["change"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[Terminal]) -> None:
        for terminal in self.changeable(request, queryset).select_related("bank__site"):
            enrolment.revoke(
                device=terminal, subject=f"terminal:{terminal.pk}", site=terminal.bank.site,
                actor=Actor.staff(request.user.pk or 0), at=timezone.now(),
            )  # fmt: skip
