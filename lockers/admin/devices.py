"""Boards, and what they did."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Field, Model
from django.forms import Field as FormField
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from lockers import boards, selectors
from lockers.admin.commissioning import FramesPage
from lockers.admin.health import overview, show
from lockers.drivers.errors import BadProfile, UnknownDriver
from lockers.models import (
    Bank,
    BankOpening,
    Command,
    Controller,
    Door,
    LockEvent,
)
from lockers.scoping import VIEW, ScopedRelatedFilter, SiteScopedAdmin

_ENDS_NO_PULSE = _(
    "With this profile the bridge ends each pulse, not the board. If the bridge loses power in the"
    " middle of one, the lock stays under current until it runs again, and its coil may burn."
    " Prefer a board that times its pulses itself."
)


def _ends_no_pulse(board: Controller) -> bool:
    """Say whether a lock stays under current when the bridge stops in the middle of a pulse."""
    try:
        return not boards.capabilities(
            driver=board.driver,
            address=board.address,
            unit=board.unit,
            channels=board.channels,
            profile=board.profile,
        ).hardware_pulse
    except (BadProfile, UnknownDriver):
        return False  # it cannot be used at all


@admin.register(Controller)
class ControllerAdmin(FramesPage):
    site_path = "bridge__site"
    bank_path = "compartments__bank"
    list_display = ["name", "bridge", "driver", "address", "unit", "health"]
    list_filter = ["state", "driver", ("bridge", ScopedRelatedFilter)]
    search_fields = ["name", "address"]
    list_select_related = ["bridge__presence"]
    readonly_fields = ["state", "state_detail", "state_at", "health"]

    def formfield_for_dbfield(
        self, db_field: Field[Any, Any], request: HttpRequest | None, **how: Any
    ) -> FormField | None:
        """Let nobody have to know a pulse: only the driver knows what suits its board."""
        field: FormField | None = super().formfield_for_dbfield(db_field, request, **how)
        if field is not None and db_field.name == "pulse_ms":
            field.required, field.initial = False, None
            field.help_text = _("Leave it empty for the pulse that suits the board.")
        return field

    @admin.display(description=_("health"), ordering="state")
    def health(self, board: Controller) -> str:
        return show(selectors.of_board(board, timezone.now())) if board.pk else "-"

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], **how: Any
    ) -> HttpResponse:
        """Show the form, with a warning about a board that does not end its pulses itself."""
        board = how.get("obj")
        if isinstance(board, Controller) and _ends_no_pulse(board):
            messages.warning(request, _ENDS_NO_PULSE)
        page: HttpResponse = super().render_change_form(request, context, **how)
        return page

    def save_model(self, request: HttpRequest, obj: Model, form: Any, change: bool) -> None:
        """Save the board; the same warning where the profile is chosen."""
        super().save_model(request, obj, form, change)
        if isinstance(obj, Controller) and _ends_no_pulse(obj):
            messages.warning(request, _ENDS_NO_PULSE)

    def get_urls(self) -> list[Any]:
        own = path(
            "health/", self.admin_site.admin_view(self.overview), name="lockers_controller_health"
        )
        return [own, *super().get_urls()]

    def overview(self, request: HttpRequest) -> HttpResponse:
        """Show everything that is not well where this user may see it."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        banks = self.seen_of(Bank, request, VIEW)
        return overview(request, banks, self.admin_site.each_context(request))


@admin.register(Door)
class DoorAdmin(SiteScopedAdmin):
    is_history = True
    site_path = "compartment__bank__site"
    bank_path = "compartment__bank"
    list_display = ["compartment", "state", "changed_at", "is_forced", "failed_opens"]
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
