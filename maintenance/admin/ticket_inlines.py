"""What stands on the page of a ticket: its story, its photos, the lock events behind it."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import CharField, OuterRef, Subquery
from django.db.models.functions import Cast
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline

from access.models import User
from audit.models import ActorKind
from maintenance.models import Finding, Photo, TicketEntry


class _ReadOnly(TabularInline):
    extra = 0
    can_delete = False
    hide_title = True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class EntryInline(_ReadOnly):
    """The story, as it was written."""

    model = TicketEntry
    fields = ["at", "kind", "who", "text", "minutes"]
    readonly_fields = fields
    ordering = ["pk"]

    @admin.display(description=_("by"))
    def who(self, entry: TicketEntry) -> str:
        """Return the name of who did it."""
        if entry.actor_kind != ActorKind.STAFF:
            return str(entry.get_actor_kind_display())
        return getattr(entry, "by", None) or entry.actor_id

    def get_queryset(self, request: HttpRequest) -> Any:
        """Find the names with the lines."""
        # As texts: what a job is called is no number.
        users = User.objects.alias(key=Cast("pk", CharField())).filter(key=OuterRef("actor_id"))
        return super().get_queryset(request).annotate(by=Subquery(users.values("username")[:1]))


class PhotoInline(_ReadOnly):
    """The photos, which no other address leads to."""

    model = Photo
    fields = ["taken_at", "moment", "picture"]
    readonly_fields = fields

    @admin.display(description=_("photo"))
    def picture(self, photo: Photo) -> str:
        """Show it to who may see the ticket."""
        address = reverse("admin:maintenance_ticket_photo", args=[photo.ticket_id])
        return format_html(
            '<img src="{}?name={}" alt="{}" width="320" loading="lazy">',
            address, photo.name, photo.get_moment_display(),
        )  # fmt: skip


class FindingInline(_ReadOnly):
    """The lock events that were counted."""

    model = Finding
    verbose_name = _("lock event")
    verbose_name_plural = _("lock events")
    fields = ["kind", "detail", "occurred_at", "judged_at"]
    readonly_fields = fields
    ordering = ["-pk"]

    def get_queryset(self, request: HttpRequest) -> Any:
        """Read the events with them."""
        return super().get_queryset(request).select_related("event")

    @admin.display(description=_("kind"))
    def kind(self, finding: Finding) -> str:
        return finding.event.kind

    @admin.display(description=_("detail"))
    def detail(self, finding: Finding) -> str:
        return finding.event.detail or "-"

    @admin.display(description=_("occurred at"))
    def occurred_at(self, finding: Finding) -> Any:
        return finding.event.occurred_at
