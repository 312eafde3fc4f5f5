"""Tickets: what is broken, how urgent, and what was done about it."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import F, Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from access.admin.desk import local, staff
from audit.errors import Refusal
from audit.services import idempotency
from lockers.scoping import MAINTAIN, OPERATE, VIEW, ScopedRelatedFilter, banks_of
from maintenance.admin.ticket_inlines import EntryInline, FindingInline, PhotoInline
from maintenance.admin.ticket_verbs import TicketDesk
from maintenance.choices import Category, Source
from maintenance.forms.tickets import ReportForm
from maintenance.models import Ticket
from maintenance.selectors import tickets as selectors
from maintenance.services.tickets import reporting
from occupancy import photos


class WhichFilter(admin.SimpleListFilter):
    title = _("which")
    parameter_name = "which"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("open", _("open")), ("overdue", _("overdue")), ("mine", _("mine")),
            ("escalated", _("escalated")), ("closed", _("closed")),
        ]  # fmt: skip

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """Return the rows of one kind."""
        is_open = Q(closed_at__isnull=True)
        match self.value():
            case "open":
                return queryset.filter(is_open)
            case "overdue":
                return queryset.filter(selectors.overdue(timezone.now()))
            case "mine":
                return queryset.filter(is_open, selectors.theirs(request.user))
            case "escalated":
                return queryset.filter(is_open, escalated_at__isnull=False)
            case "closed":
                return queryset.exclude(is_open)
        return queryset


@admin.register(Ticket)
class TicketAdmin(TicketDesk):
    """Who sees the site sees its tickets; who repairs there changes them, by verbs."""

    is_history = True
    site_path = "site"
    bank_path = "bank"
    list_display = ["summary", "where", "category", "priority", "state", "due", "given_to"]
    list_filter = [
        WhichFilter, "category", "priority", ("site", ScopedRelatedFilter),
        ("bank", ScopedRelatedFilter), ("team", ScopedRelatedFilter),
    ]  # fmt: skip
    search_fields = ["summary", "reference", "compartment__number", "bank__name"]
    list_select_related = ["site", "bank", "compartment", "controller", "bridge", "assignee",
                           "team"]  # fmt: skip
    # What is open first, the most pressing on top; then what was closed last.
    ordering = [F("closed_at").desc(nulls_first=True), "due_at", "pk"]
    fields = ["summary", "where", "category", "priority", "standing", "due_at", "assignee", "team",
              "escalates_at", "escalated_at", "escalates_to", "source", "occurrences", "opened_at",
              "last_seen_at", "reopened", "closed_at", "resolution", "worked",
              "reference"]  # fmt: skip
    readonly_fields = ["where", "standing", "worked"]
    inlines = [EntryInline, PhotoInline, FindingInline]
    actions_list = ["report"]

    def get_actions_list(self, request: HttpRequest) -> list[Any]:
        """Offer to report to who may."""
        offered: list[Any] = super().get_actions_list(request)
        return offered if self._banks(request).exists() else []

    def get_urls(self) -> list[Any]:
        """Add the address of the photos."""
        own = path(
            "<path:object_id>/photo/", self.admin_site.admin_view(self.photo),
            name="maintenance_ticket_photo",
        )  # fmt: skip
        return [own, *super().get_urls()]

    @admin.display(description=_("where"))
    def where(self, ticket: Ticket) -> str:
        """Say what it is about, and where that is."""
        return selectors.place_of(ticket)

    @display(
        description=_("state"),
        label={"overdue": "danger", "open": "info", "in_progress": "warning", "waiting": "warning"},
    )  # type: ignore[untyped-decorator]  # unfold brings no types
    def state(self, ticket: Ticket) -> tuple[str, str]:
        """Say how far it is, and that it is overdue."""
        is_late = ticket.closed_at is None and ticket.due_at < timezone.now()
        return "overdue" if is_late else ticket.status, self.standing(ticket)

    @admin.display(description=_("state"))
    def standing(self, ticket: Ticket) -> str:
        """Say the same on the page of one, which draws no labels."""
        if ticket.closed_at is None and ticket.due_at < timezone.now():
            return f"{ticket.get_status_display()}, {_now('overdue')}"
        return ticket.get_status_display()

    @admin.display(description=_("due"), ordering="due_at")
    def due(self, ticket: Ticket) -> SafeString:
        """Say until when, in one line and in the site's time."""
        return format_html('<span class="whitespace-nowrap">{}</span>',
                           local(ticket.due_at, ticket.site))  # fmt: skip

    @admin.display(description=_("given to"))
    def given_to(self, ticket: Ticket) -> str:
        """Say who has it: somebody, else a team."""
        if ticket.assignee is not None:
            return ticket.assignee.get_full_name() or ticket.assignee.get_username()
        return str(ticket.team or "-")

    @admin.display(description=_("minutes of work"))
    def worked(self, ticket: Ticket) -> int:
        """Add up the work."""
        return selectors.minutes_of(ticket)

    def photo(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Answer a photo of a ticket: no other address leads to it."""
        ticket: Ticket = self.reachable(request, object_id, VIEW)
        row = ticket.photos.filter(name=request.GET.get("name", "")).first()
        try:
            content = photos.read(row.name if row else "", of=photos.UPKEEP)
        except FileNotFoundError as error:
            raise Http404 from error
        return HttpResponse(
            content, content_type=photos.TYPE,
            headers={"Cache-Control": "private, no-store", "X-Content-Type-Options": "nosniff"},
        )  # fmt: skip

    @staticmethod
    def _banks(request: HttpRequest) -> Any:
        may = banks_of(request.user, MAINTAIN) | banks_of(request.user, OPERATE)
        return may.select_related("site").order_by("site__name", "position", "name").distinct()

    @action(description=_("Report a fault"), url_path="report", icon="add")  # type: ignore[untyped-decorator]  # unfold brings no types
    def report(self, request: HttpRequest) -> HttpResponse:
        """Report what staff saw."""
        banks = self._banks(request)
        if not banks.exists():
            raise Http404
        form = ReportForm(request.POST or None, request.FILES or None, banks=banks)
        if request.method == "POST" and form.is_valid():
            told = form.cleaned_data
            try:
                reported = idempotency.run(
                    lambda: reporting.report(
                        subject=told["subject"], category=Category(told["category"]),
                        source=Source.STAFF, actor=staff(request), at=timezone.now(),
                        words=told["words"], photos=[told["photo"]] if told["photo"] else [],
                        needs_out=told["needs_out"],
                    )
                )  # fmt: skip
            except Refusal as refusal:
                idempotency.settle(refusal)
                form.add_error(None, str(refusal))
            else:
                return HttpResponseRedirect(self.page_of(reported.ticket))
        return self.show_page(
            request, "admin/access/key_form.html", title=_now("Report a fault"), form=form,
            subtitle=_now("tickets"), button=_now("Report"),
            back=reverse("admin:maintenance_ticket_changelist"),
        )  # fmt: skip
