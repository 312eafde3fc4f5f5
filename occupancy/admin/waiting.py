"""Who waits for which doors, in order, and what is held for them."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from lockers.scoping import ScopedRelatedFilter, SiteScopedAdmin
from occupancy.models import Offer, WaitingEntry
from occupancy.services.queue import offers


@admin.register(WaitingEntry)
class WaitingEntryAdmin(SiteScopedAdmin):
    """The lists themselves: each is of an area (or a site without areas) and a size."""

    is_history = True
    site_path = "site"
    bank_path = "bank"
    list_display = ["person", "site", "area", "size", "position", "joined_at", "state"]
    list_filter = [
        ("closed_at", admin.EmptyFieldListFilter),
        ("site", ScopedRelatedFilter),
        ("size", ScopedRelatedFilter),
        "closed_how",
    ]
    search_fields = ["person__family_name", "person__given_name"]
    list_select_related = ["person", "site", "area", "size"]
    fields = ["person", "site", "area", "size", "bank", "joined_at", "position", "state",
              "closed_at", "closed_how"]  # fmt: skip
    readonly_fields = ["position", "state"]
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[WaitingEntry]:
        """Count, for each place, how many come first; and until when something is held."""
        at = timezone.now()
        held = Offer.objects.filter(offers.standing(at), entry=OuterRef("pk"))
        told = Offer.objects.filter(
            entry=OuterRef("pk"), closed_at__isnull=True, claim__starts_at__lte=at
        )
        first = (
            WaitingEntry.objects.alias(of=Coalesce("area", 0), here=Coalesce(OuterRef("area"), 0))
            .filter(
                Q(of=F("here")),
                Q(joined_at__lt=OuterRef("joined_at"))
                | Q(joined_at=OuterRef("joined_at"), pk__lt=OuterRef("pk")),
                ~Exists(told),
                closed_at__isnull=True,
                site=OuterRef("site"),
                size=OuterRef("size"),
            )
            .order_by()
            .values("site")
            .annotate(number=Count("pk"))
            .values("number")
        )
        rows: QuerySet[Any] = super().get_queryset(request)
        annotated: QuerySet[WaitingEntry] = rows.annotate(
            _ahead=Coalesce(Subquery(first), 0),
            _held_until=Subquery(held.values("claim__ends_at")[:1]),
        )
        return annotated

    @admin.display(description=_("position"))
    def position(self, entry: Any) -> int | None:
        """Return the position from 1, while the person waits."""
        return None if entry.closed_at or entry._held_until else entry._ahead + 1

    @admin.display(description=_("state"))
    def state(self, entry: Any) -> str:
        """Say what there is for the person."""
        if entry.closed_at is not None:
            return str(entry.get_closed_how_display())
        if entry._held_until is not None:
            until = date_format(timezone.localtime(entry._held_until), "H:i")
            return _now("held until %s") % until
        return _now("waits")
