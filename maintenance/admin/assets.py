"""Assets: what was bought, where it hangs, and every step of its life as a verb."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib import admin
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline
from unfold.decorators import action

from access.admin.desk import staff
from lockers.scoping import MAINTAIN, MANAGE, ScopedRelatedFilter, banks_of
from maintenance import lives
from maintenance.admin.replacements import ReplacementPages
from maintenance.choices import AssetState
from maintenance.forms.assets import (
    CertificateForm,
    DeliverForm,
    NoteForm,
    OrderForm,
    PlaceForm,
    RemoveForm,
    ReplaceForm,
)
from maintenance.models import Asset, AssetEvent
from maintenance.services import assets, warranties

_STORED = (AssetState.IN_STORE, AssetState.REMOVED, AssetState.ORDERED, AssetState.PLANNED)


class EventInline(TabularInline):
    """The life of the asset, line by line."""

    model = AssetEvent
    extra = 0
    can_delete = False
    hide_title = True
    fields = ["on", "kind", "compartment", "text"]
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("compartment")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class WarrantyFilter(admin.SimpleListFilter):
    """What is worth looking at while the supplier still pays."""

    title = _("warranty")
    parameter_name = "warranty"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("ending", _("ends soon"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() == "ending":
            return queryset.filter(warranties.ending(timezone.now()))
        return queryset


@admin.register(Asset)
class AssetAdmin(ReplacementPages):
    """Its place and state change by verbs only; what stands on the invoice is written here."""

    site_path = "site"
    organisation_path = "organisation"
    bank_path = "bank"
    list_display = ["model", "serial", "state", "site", "bank", "compartment", "installed_on",
                    "warranty_until"]  # fmt: skip
    list_filter = [
        "state", "model__kind", WarrantyFilter, ("model", ScopedRelatedFilter),
        ("site", ScopedRelatedFilter), ("bank", ScopedRelatedFilter),
    ]  # fmt: skip
    search_fields = ["serial", "model__name", "supplier", "order_number", "compartment__number"]
    list_select_related = ["model", "site", "bank", "compartment"]
    fields = [
        "organisation", "site", "model", "serial", "state", "bank", "controller", "compartment",
        "terminal_id", "supplier", "order_number", "cost", "planned_for", "ordered_on",
        "delivered_on", "installed_on", "installed_by", "configuration_hash", "warranty_until",
        "cycles_before", "removed_on", "disposed_on", "certificate", "replaces",
    ]  # fmt: skip
    readonly_fields = [
        "state", "bank", "controller", "compartment", "terminal_id", "ordered_on", "delivered_on",
        "installed_on", "installed_by", "configuration_hash", "removed_on", "disposed_on",
        "certificate", "replaces",
    ]  # fmt: skip
    inlines = [EventInline]
    actions_detail = ["order", "deliver", "install", "move", "remove", "replace", "dispose",
                      "note"]  # fmt: skip
    verb_rights = {
        **dict.fromkeys(actions_detail, MAINTAIN), "order": MANAGE, "dispose": MANAGE,
    }  # fmt: skip

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Whose it is and of which make never changes once it is written down."""
        fixed = ["organisation", "site", "model"] if obj is not None else []
        return [*super().get_readonly_fields(request, obj), *fixed]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let only what was never more than planned be deleted."""
        if obj is not None and obj.state != AssetState.PLANNED:
            return False
        return super().has_delete_permission(request, obj)

    def get_actions(self, request: HttpRequest) -> Any:
        """Deleting many at once does not ask each of them."""
        found = super().get_actions(request)
        found.pop("delete_selected", None)
        return found

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if change:
            super().save_model(request, obj, form, change)
            return
        at = timezone.now()
        assets.record(asset=obj, actor=staff(request), at=at, on=_today(obj))

    def verbs_for(self, asset: Asset) -> set[str]:
        found = {str(verb) for verb in lives.verbs(AssetState(asset.state))} | {"note"}
        return found | {"replace"} if "remove" in found else found

    @action(description=_("Order"), url_path="order", icon="shopping_cart")  # type: ignore[untyped-decorator]  # unfold brings no types
    def order(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Record that it was ordered."""
        asset = self.reachable(request, object_id, MANAGE)
        return self.form_page(
            request, asset, title=_now("Order"),
            form=OrderForm(
                request.POST or None, today=_today(asset),
                initial={"cost": asset.cost or asset.model.replacement_cost,
                         "supplier": asset.supplier},
            ),
            do=lambda form: assets.order(
                asset_id=asset.pk, actor=staff(request), at=timezone.now(), **form.cleaned_data
            ),
        )  # fmt: skip

    @action(description=_("Delivered"), url_path="deliver", icon="local_shipping")  # type: ignore[untyped-decorator]  # unfold brings no types
    def deliver(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Record that it came."""
        asset = self.reachable(request, object_id, MAINTAIN)
        return self.form_page(
            request, asset, title=_now("Delivered"),
            form=DeliverForm(request.POST or None, today=_today(asset)),
            do=lambda form: assets.deliver(
                asset_id=asset.pk, actor=staff(request), at=timezone.now(), **form.cleaned_data
            ),
        )  # fmt: skip

    @action(description=_("Install"), url_path="install", icon="build")  # type: ignore[untyped-decorator]  # unfold brings no types
    def install(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Record where it hangs now."""
        return self._place(request, object_id, _now("Install"), assets.install)

    @action(description=_("Move"), url_path="move", icon="swap_horiz")  # type: ignore[untyped-decorator]  # unfold brings no types
    def move(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Record that it hangs elsewhere now."""
        return self._place(request, object_id, _now("Move"), assets.move)

    def _place(self, request: HttpRequest, object_id: str, title: str, verb: Any) -> HttpResponse:
        asset = self.reachable(request, object_id, MAINTAIN)
        form = PlaceForm(
            request.POST or None, today=_today(asset), asset=asset,
            banks=banks_of(request.user, MAINTAIN),
        )  # fmt: skip
        return self.form_page(
            request, asset, title=title, form=form,
            do=lambda form: verb(
                asset_id=asset.pk, place=form.chosen, by=form.cleaned_data["by"],
                on=form.cleaned_data["on"], actor=staff(request), at=timezone.now(),
            ),
        )  # fmt: skip

    @action(description=_("Remove"), url_path="remove", icon="handyman")  # type: ignore[untyped-decorator]  # unfold brings no types
    def remove(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Record that it was taken down."""
        asset = self.reachable(request, object_id, MAINTAIN)
        return self.form_page(
            request, asset, title=_now("Remove"),
            form=RemoveForm(request.POST or None, today=_today(asset)),
            do=lambda form: assets.remove(
                asset_id=asset.pk, actor=staff(request), at=timezone.now(), **form.cleaned_data
            ),
        )  # fmt: skip

    @action(description=_("Replace"), url_path="replace", icon="find_replace")  # type: ignore[untyped-decorator]  # unfold brings no types
    def replace(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Record that another one hangs in its place now."""
        asset = self.reachable(request, object_id, MAINTAIN)
        others = (
            self.get_queryset(request)
            .filter(
                state__in=_STORED, organisation=asset.organisation_id,
                model__kind=asset.model.kind,
            )
            .select_related("model")
        )  # fmt: skip
        return self.form_page(
            request, asset, title=_now("Replace"),
            form=ReplaceForm(request.POST or None, today=_today(asset), others=others),
            do=lambda form: assets.replace(
                old_id=asset.pk, new_id=form.cleaned_data.pop("new").pk, actor=staff(request),
                at=timezone.now(), **form.cleaned_data,
            ),
        )  # fmt: skip

    @action(description=_("Dispose of"), url_path="dispose", icon="delete")  # type: ignore[untyped-decorator]  # unfold brings no types
    def dispose(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Record that it is gone for good."""
        asset = self.reachable(request, object_id, MANAGE)
        return self.form_page(
            request, asset, title=_now("Dispose of"),
            form=CertificateForm(request.POST or None, today=_today(asset)),
            do=lambda form: assets.dispose(
                asset_id=asset.pk, actor=staff(request), at=timezone.now(), **form.cleaned_data
            ),
        )  # fmt: skip

    @action(description=_("Add a note"), url_path="note", icon="note_add")  # type: ignore[untyped-decorator]  # unfold brings no types
    def note(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Add a line to its life."""
        asset = self.reachable(request, object_id, MAINTAIN)
        form: Form = NoteForm(request.POST or None, today=_today(asset))
        return self.form_page(
            request, asset, title=_now("Add a note"), form=form,
            do=lambda form: assets.note(
                asset_id=asset.pk, actor=staff(request), at=timezone.now(), **form.cleaned_data
            ),
        )  # fmt: skip


def _today(asset: Asset) -> dt.date:
    """Return the day it is where the asset is."""
    now = timezone.now()
    return now.astimezone(asset.site.zone).date() if asset.site is not None else now.date()
