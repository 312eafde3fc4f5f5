"""Parts, stores and what is in them; every move is a verb and stays as it was."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline
from unfold.decorators import action

from access.admin.desk import Desk, staff
from lockers.importing.pages import ScopedImportExport
from lockers.scoping import MAINTAIN, ScopedRelatedFilter, SiteScopedAdmin
from maintenance.forms.parts import (
    IssueForm,
    MinimumForm,
    PutBackForm,
    QuantityForm,
    ReceiveForm,
)
from maintenance.imports import PartRows
from maintenance.models import Part, Stock, StockMove, Store
from maintenance.selectors import walking
from maintenance.services import parts

_VERBS = ("issue", "receive", "put_back", "count", "ordered", "set_minimum")


class FewFilter(admin.SimpleListFilter):
    title = _("enough there")
    parameter_name = "few"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("yes", _("too few")), ("order", _("too few and not ordered"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() == "yes":
            return queryset.filter(parts.too_few())
        if self.value() == "order":
            return queryset.filter(parts.to_order(timezone.now()))
        return queryset


@admin.register(Part)
class PartAdmin(ScopedImportExport):
    resource_classes = [PartRows]
    organisation_path = "organisation"
    is_shared = True
    list_display = ["number", "name", "supplier", "unit_cost", "organisation"]
    list_filter = [("fits", ScopedRelatedFilter), "supplier"]
    search_fields = ["number", "name", "supplier"]
    list_select_related = ["organisation"]
    filter_horizontal = ["fits"]


def _without_delete(actions: dict[str, Any]) -> dict[str, Any]:
    return {name: action for name, action in actions.items() if name != "delete_selected"}


@admin.register(Store)
class StoreAdmin(SiteScopedAdmin):
    site_path = "site"
    list_display = ["name", "site"]
    list_filter = [("site", ScopedRelatedFilter)]
    search_fields = ["name"]
    list_select_related = ["site"]

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Delete one by one: what has moved keeps its history."""
        return _without_delete(super().get_actions(request))


class MoveInline(TabularInline):
    """What came and went, newest first."""

    model = StockMove
    extra = 0
    can_delete = False
    hide_title = True
    fields = ["at", "kind", "change", "quantity_after", "unit_cost", "ticket", "note"]
    readonly_fields = fields
    per_page = 50

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Stock)
class StockAdmin(Desk):
    """A part begins to be kept in a store by adding it, at none; then only verbs move it."""

    site_path = "store__site"
    list_display = ["part", "store", "quantity", "minimum", "enough"]
    list_filter = [FewFilter, ("store", ScopedRelatedFilter), ("part", ScopedRelatedFilter)]
    search_fields = ["part__number", "part__name", "store__name"]
    list_select_related = ["part", "store__site"]
    autocomplete_fields = ["part", "store"]
    inlines = [MoveInline]
    actions_detail = list(_VERBS)
    verb_rights = dict.fromkeys(_VERBS, MAINTAIN)

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Delete one by one: what has moved keeps its history."""
        return _without_delete(super().get_actions(request))

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        if obj is None:
            return ["store", "part", "minimum"]
        return ["part", "store", "quantity", "minimum", "enough", "ordered_on"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [] if obj is None else self.get_fields(request, obj)

    def get_inlines(self, request: HttpRequest, obj: Any) -> list[Any]:
        return super().get_inlines(request, obj) if obj is not None else []

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Keep what has a history."""
        is_new = obj is None or not obj.moves.exists()
        return is_new and super().has_delete_permission(request, obj)

    @admin.display(description=_("enough there"))
    def enough(self, stock: Stock) -> str:
        """Say in words whether it is to be ordered."""
        if stock.quantity >= stock.minimum:
            return _now("enough")
        return _now("too few, ordered") if stock.ordered_on else _now("too few")

    def _tickets(self, request: HttpRequest, stock: Stock) -> Any:
        return walking.maintained(request.user).filter(
            site__organisation=stock.store.site.organisation
        )

    @action(description=_("Issue"), url_path="issue", icon="output")  # type: ignore[untyped-decorator]  # unfold brings no types
    def issue(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Take parts out, for a ticket or for none."""
        stock = self.reachable(request, object_id, MAINTAIN)
        form = IssueForm(request.POST or None, tickets=self._tickets(request, stock))

        def do(form: Any) -> StockMove:
            given = dict(form.cleaned_data)
            return parts.issue(
                stock_id=stock.pk, ticket_id=given.pop("ticket"), actor=staff(request),
                at=timezone.now(), **given,
            )  # fmt: skip

        return self.form_page(
            request, stock, title=_now("Issue"), button=_now("Issue"), form=form, do=do,
            done=self._said,
        )  # fmt: skip

    @action(description=_("Receive"), url_path="receive", icon="input")  # type: ignore[untyped-decorator]  # unfold brings no types
    def receive(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Put in what was delivered."""
        return self._moved(
            request, object_id, _now("Receive"), ReceiveForm(request.POST or None), parts.receive
        )

    @action(description=_("Put back"), url_path="put-back", icon="undo")  # type: ignore[untyped-decorator]  # unfold brings no types
    def put_back(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Put in again what was not needed."""
        stock = self.reachable(request, object_id, MAINTAIN)
        form = PutBackForm(request.POST or None, tickets=self._tickets(request, stock))

        def do(form: Any) -> StockMove:
            given = dict(form.cleaned_data)
            return parts.put_back(
                stock_id=stock.pk, ticket_id=given.pop("ticket"), actor=staff(request),
                at=timezone.now(), **given,
            )  # fmt: skip

        return self.form_page(
            request, stock, title=_now("Put back"), form=form, do=do, done=self._said
        )

    @action(description=_("Count"), url_path="count", icon="checklist")  # type: ignore[untyped-decorator]  # unfold brings no types
    def count(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Say how many are really there."""
        return self._moved(
            request, object_id, _now("Count"), QuantityForm(request.POST or None), parts.count
        )

    @action(description=_("It is ordered"), url_path="ordered", icon="local_shipping")  # type: ignore[untyped-decorator]  # unfold brings no types
    def ordered(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Say that more is on its way."""
        stock = self.reachable(request, object_id, MAINTAIN)
        today = timezone.now().astimezone(stock.store.site.zone).date()
        return self.form_page(
            request, stock, title=_now("It is ordered"), form=Form(request.POST or None),
            note=_now("Until it comes, no letter asks for it again."),
            do=lambda form: parts.ordered(
                stock_id=stock.pk, on=today, actor=staff(request), at=timezone.now()
            ),
        )  # fmt: skip

    @action(description=_("Minimum"), url_path="minimum", icon="low_priority")  # type: ignore[untyped-decorator]  # unfold brings no types
    def set_minimum(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Say below how many it is to be ordered."""
        stock = self.reachable(request, object_id, MAINTAIN)
        return self.form_page(
            request, stock, title=_now("Minimum"),
            form=MinimumForm(request.POST or None, initial={"minimum": stock.minimum}),
            do=lambda form: parts.set_minimum(
                stock_id=stock.pk, actor=staff(request), at=timezone.now(), **form.cleaned_data
            ),
        )  # fmt: skip

    def _moved(
        self, request: HttpRequest, object_id: str, title: str, form: Form, verb: Any
    ) -> HttpResponse:
        stock = self.reachable(request, object_id, MAINTAIN)
        return self.form_page(
            request, stock, title=title, form=form, done=self._said,
            do=lambda form: verb(
                stock_id=stock.pk, actor=staff(request), at=timezone.now(), **form.cleaned_data
            ),
        )  # fmt: skip

    def _said(self, move: StockMove) -> str:
        return _now("Done. There are %d now.") % move.quantity_after


@admin.register(StockMove)
class StockMoveAdmin(SiteScopedAdmin):
    is_history = True
    site_path = "stock__store__site"
    list_display = ["at", "part", "store", "kind", "change", "quantity_after", "unit_cost",
                    "ticket", "note"]  # fmt: skip
    list_filter = ["kind", ("stock__store", ScopedRelatedFilter)]
    search_fields = ["stock__part__number", "stock__part__name", "note"]
    list_select_related = ["stock__part", "stock__store", "ticket"]
    date_hierarchy = "at"

    @admin.display(description=_("part"), ordering="stock__part__number")
    def part(self, move: StockMove) -> str:
        return str(move.stock.part)

    @admin.display(description=_("store"), ordering="stock__store__name")
    def store(self, move: StockMove) -> str:
        return move.stock.store.name
