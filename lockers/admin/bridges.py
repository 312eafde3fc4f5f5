"""Bridges: who they are, and what they last said of themselves."""

from __future__ import annotations

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import localize
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from audit.services.events import Actor
from lockers import selectors
from lockers.admin.health import show
from lockers.errors import NotEnrolled
from lockers.models import Bridge, BridgePresence
from lockers.scoping import ScopedRelatedFilter, SiteScopedAdmin
from lockers.services import bridge_keys, connections


@admin.register(Bridge)
class BridgeAdmin(SiteScopedAdmin):
    site_path = "site"
    bank_path = "banks"
    list_display = ["name", "site", "enrolled_at", "revoked_at", "roll_asked_at", "last_seen",
                    "health"]  # fmt: skip
    list_filter = [("site", ScopedRelatedFilter)]
    search_fields = ["name"]
    list_select_related = ["site", "presence"]
    fieldsets = [
        (
            None,
            {
                "fields": ["site", "name", "health", "last_seen", "enrolled_at", "roll_asked_at",
                           "revoked_at"],
                "description": _(
                    "To enrol this bridge, to give it a new key or to revoke it, tick it in the"
                    " list of bridges and choose there what to do."
                ),
            },
        )
    ]  # fmt: skip
    readonly_fields = ["health", "last_seen", "enrolled_at", "roll_asked_at", "revoked_at"]
    actions = ["make_code", "roll_key", "settle_journal", "revoke"]

    @admin.display(description=_("last seen"))
    def last_seen(self, bridge: Bridge) -> str | None:
        presence = getattr(bridge, "presence", None)
        return localize(timezone.localtime(presence.last_seen_at)) if presence else None

    @admin.display(description=_("health"))
    def health(self, bridge: Bridge) -> str:
        return show(selectors.of_bridge(bridge, timezone.now())) if bridge.pk else "-"

    @admin.action(description=_("Make an enrolment code"), permissions=["change"])
    def make_code(self, request: HttpRequest, queryset: QuerySet[Bridge]) -> None:
        for bridge in self.changeable(request, queryset).select_related("site"):
            code = bridge_keys.make_code(
                bridge=bridge, actor=Actor.staff(request.user.pk or 0), at=timezone.now()
            )
            messages.success(
                request,
                _now(
                    "%(name)s: %(code)s. Start the bridge with this code within 30 minutes. It is"
                    " shown once."
                )
                % {"name": bridge.name, "code": code},
            )

    @admin.action(description=_("Roll key"), permissions=["change"])
    def roll_key(self, request: HttpRequest, queryset: QuerySet[Bridge]) -> None:
        for bridge in self.changeable(request, queryset).select_related("site"):
            try:
                bridge_keys.ask_to_roll(
                    bridge=bridge, actor=Actor.staff(request.user.pk or 0), at=timezone.now()
                )
            except NotEnrolled as refused:
                messages.error(request, str(refused))
            else:
                messages.success(
                    request,
                    _now("%(name)s makes itself a new key, now or when it connects next.")
                    % {"name": bridge.name},
                )

    @admin.action(description=_("Journal was looked into"), permissions=["change"])
    def settle_journal(self, request: HttpRequest, queryset: QuerySet[Bridge]) -> None:
        for bridge in self.changeable(request, queryset).select_related("site"):
            actor, at = Actor.staff(request.user.pk or 0), timezone.now()
            if connections.settle_journal(bridge=bridge, actor=actor, at=at):
                messages.success(
                    request, _now("%(name)s: noted in the trail.") % {"name": bridge.name}
                )

    @admin.action(description=_("Revoke"), permissions=["change"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[Bridge]) -> None:
        for bridge in self.changeable(request, queryset).select_related("site"):
            bridge_keys.revoke(
                bridge=bridge, actor=Actor.staff(request.user.pk or 0), at=timezone.now()
            )
            messages.success(
                request,
                _now("%(name)s is revoked, and its connection ended. A new code enrols it again.")
                % {"name": bridge.name},
            )


@admin.register(BridgePresence)
class BridgePresenceAdmin(SiteScopedAdmin):
    is_history = True
    site_path = "bridge__site"
    bank_path = "bridge__banks"
    list_display = ["bridge", "last_seen_at", "software", "clock_offset_ms", "queue_depth",
                    "journal_alarm", "journal_alarm_at"]  # fmt: skip
    list_select_related = ["bridge"]
