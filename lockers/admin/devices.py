"""Bridges, boards, readers, and what they did."""

from __future__ import annotations

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from audit.services.events import Actor
from lockers.models import (
    BankOpening,
    Bridge,
    BridgePresence,
    Command,
    Controller,
    Door,
    LockEvent,
    Reader,
)
from lockers.scoping import ScopedRelatedFilter, SiteScopedAdmin
from lockers.services import enrolment


@admin.register(Bridge)
class BridgeAdmin(SiteScopedAdmin):
    site_path = "site"
    bank_path = "banks"
    list_display = ["name", "site", "enrolled_at", "revoked_at", "last_seen"]
    list_filter = [("site", ScopedRelatedFilter)]
    search_fields = ["name"]
    list_select_related = ["site", "presence"]
    readonly_fields = ["enrolled_at", "revoked_at"]
    actions = ["make_code", "revoke"]

    @admin.display(description=_("last seen"))
    def last_seen(self, bridge: Bridge) -> object:
        presence = getattr(bridge, "presence", None)
        return presence.last_seen_at if presence else None

    @admin.action(description=_("Make an enrolment code"), permissions=["change"])
    def make_code(self, request: HttpRequest, queryset: QuerySet[Bridge]) -> None:
        for bridge in self.changeable(request, queryset).select_related("site"):
            code = enrolment.make_code(
                device=bridge, subject=f"bridge:{bridge.pk}", site=bridge.site,
                actor=Actor.staff(request.user.pk or 0), at=timezone.now(),
            )  # fmt: skip
            messages.success(
                request,
                _now("%(name)s: %(code)s. Shown once, valid for 30 minutes.")
                % {"name": bridge.name, "code": code},
            )

    @admin.action(description=_("Revoke"), permissions=["change"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[Bridge]) -> None:
        for bridge in self.changeable(request, queryset).select_related("site"):
            enrolment.revoke(
                device=bridge, subject=f"bridge:{bridge.pk}", site=bridge.site,
                actor=Actor.staff(request.user.pk or 0), at=timezone.now(),
            )  # fmt: skip


@admin.register(Controller)
class ControllerAdmin(SiteScopedAdmin):
    site_path = "bridge__site"
    bank_path = "compartments__bank"
    list_display = ["name", "bridge", "driver", "address", "unit", "state", "state_detail"]
    list_filter = ["state", "driver", ("bridge", ScopedRelatedFilter)]
    search_fields = ["name", "address"]
    list_select_related = ["bridge"]
    readonly_fields = ["state", "state_detail", "state_at"]


@admin.register(Reader)
class ReaderAdmin(SiteScopedAdmin):
    site_path = "bank__site"
    bank_path = "bank"
    list_display = ["name", "bank", "compartment", "transport", "profile", "purpose"]
    list_filter = ["transport", ("profile", ScopedRelatedFilter), ("bank", ScopedRelatedFilter)]
    search_fields = ["name"]
    list_select_related = ["bank", "compartment", "profile"]


@admin.register(BridgePresence)
class BridgePresenceAdmin(SiteScopedAdmin):
    is_history = True
    site_path = "bridge__site"
    bank_path = "bridge__banks"
    list_display = ["bridge", "last_seen_at", "software", "clock_offset_ms", "queue_depth"]
    list_select_related = ["bridge"]


@admin.register(Door)
class DoorAdmin(SiteScopedAdmin):
    is_history = True
    site_path = "compartment__bank__site"
    bank_path = "compartment__bank"
    list_display = ["compartment", "state", "changed_at", "is_forced"]
    list_filter = ["state", "is_forced"]
    search_fields = ["compartment__number"]
    list_select_related = ["compartment"]


@admin.register(Command)
class CommandAdmin(SiteScopedAdmin):
    is_history = True
    site_path = "compartment__bank__site"
    bank_path = "compartment__bank"
    list_display = ["requested_at", "compartment", "purpose", "status", "detail", "opened_at"]
    list_filter = ["status", "purpose", "requested_at"]
    search_fields = ["compartment__number", "detail"]
    list_select_related = ["compartment"]
    show_full_result_count = False


@admin.register(LockEvent)
class LockEventAdmin(SiteScopedAdmin):
    is_history = True
    site_path = "bridge__site"
    bank_path = "compartment__bank"
    list_display = ["occurred_at", "bridge", "seq", "kind", "compartment", "detail"]
    list_filter = ["kind", ("bridge", ScopedRelatedFilter), "occurred_at"]
    search_fields = ["compartment__number", "detail"]
    list_select_related = ["bridge", "compartment"]
    show_full_result_count = False


@admin.register(BankOpening)
class BankOpeningAdmin(SiteScopedAdmin):
    is_history = True
    site_path = "bank__site"
    bank_path = "bank"
    list_display = ["requested_at", "bank", "reason", "status", "confirmed_at"]
    list_filter = ["status"]
    list_select_related = ["bank"]
