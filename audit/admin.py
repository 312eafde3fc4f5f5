"""The trail: read, searched and exported; changed by nobody, not even a superuser."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from audit import exports, labels, reach
from audit.actions import Action
from audit.admin_log import HidesForbidden
from audit.models import ActorKind, Event
from audit.services import events
from audit.services.events import Actor

_COLUMNS = [
    "id", "occurred_at", "recorded_at", "action", "actor_kind", "actor_id", "organisation_id",
    "site_id", "bank_id", "compartment_id", "person_id", "subject", "reason", "data",
]  # fmt: skip


@admin.register(Event)
class EventAdmin(HidesForbidden):
    """Events of the sites a member of staff may see; superusers see every one."""

    list_display = ["occurred_at", "what", "who", "whom", "where", "reason"]
    list_filter = ["action", "actor_kind", "occurred_at"]
    search_fields = ["action", "subject", "reason", "actor_id"]
    search_help_text = _(
        "Action, subject, reason, actor; or person:12, compartment:34, bank:5, site:6."
    )
    date_hierarchy = "occurred_at"
    actions = ["export_csv"]
    list_per_page = 50
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Event]:
        shown: QuerySet[Event] = super().get_queryset(request)
        return shown.filter(reach.of(request.user))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Event], search_term: str
    ) -> tuple[QuerySet[Event], bool]:
        kind, colon, number = search_term.strip().partition(":")
        if colon and number.isdecimal() and kind in {"person", *labels.PLACES}:
            return queryset.filter(Q(**{f"{kind}_id": int(number)})), False
        found: tuple[QuerySet[Event], bool] = super().get_search_results(
            request, queryset, search_term
        )
        return found

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        page = super().get_changelist_instance(request)
        # One query for each kind of actor on the page.
        names = labels.of(page.result_list)
        for event in page.result_list:
            event.names = names
        return page

    @admin.display(description=_("what"), ordering="action")
    def what(self, event: Event) -> str:
        return str(Action(event.action).label) if event.action in Action.values else event.action

    @admin.display(description=_("who"))
    def who(self, event: Event) -> str:
        return self._name(event, event.actor_kind, event.actor_id)

    @admin.display(description=_("whom"))
    def whom(self, event: Event) -> str:
        if event.person_id is None:
            return ""
        return self._link(event, ActorKind.PERSON.value, str(event.person_id))

    @admin.display(description=_("where"))
    def where(self, event: Event) -> str:
        place = labels.place_of(event)
        return self._link(event, *place) if place else event.subject

    def _link(self, event: Any, kind: str, number: str) -> str:
        """Name somebody or something, and lead to everything about it."""
        name = getattr(event, "names", {}).get((kind, number)) or f"{kind} {number}"
        return format_html('<a class="underline" href="?q={}:{}">{}</a>', kind, number, name)

    def _name(self, event: Any, kind: str, number: str) -> str:
        known: str | None = getattr(event, "names", {}).get((kind, number))
        return known or f"{ActorKind(kind).label} {number}".strip()

    @admin.action(description=_("Export the selected events as CSV"))
    def export_csv(self, request: HttpRequest, queryset: QuerySet[Event]) -> HttpResponseBase:
        assert request.user.pk is not None  # the administration asks for a log-in
        events.record(
            action=Action.EXPORTED,
            actor=Actor.staff(request.user.pk),
            at=timezone.now(),
            subject="audit.event",
            data={"rows": queryset.count()},
        )

        def rows() -> Iterator[list[Any]]:
            yield _COLUMNS
            yield from queryset.values_list(*_COLUMNS).iterator(chunk_size=2000)

        return exports.response(request, rows(), "events.csv")

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Event | None = None) -> bool:
        user = request.user
        if not user.is_active or not user.is_staff:
            return False
        if obj is not None:
            return self.get_queryset(request).filter(pk=obj.pk).exists()
        return reach.admits(user)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
