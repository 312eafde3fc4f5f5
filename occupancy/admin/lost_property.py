"""The lost-property register: what is kept, for whom, and what became of it."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from access.admin.desk import OPERATE, Desk, staff, user_id
from access.admin.key_records import drawn
from audit.errors import Refusal
from audit.services import idempotency
from lockers.scoping import VIEW, ScopedRelatedFilter, sites_of
from occupancy import photos
from occupancy.choices import ItemStatus
from occupancy.forms.items import FoundAtSiteForm, HandOutForm, HowForm
from occupancy.models import LostItem
from occupancy.services.ending import lost_property


class ToGoFilter(admin.SimpleListFilter):
    title = _("kept long enough")
    parameter_name = "to_go"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("yes", _("may be disposed of"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() != "yes":
            return queryset
        return queryset.filter(lost_property.to_go(timezone.now()))


@admin.register(LostItem)
class LostItemAdmin(Desk):
    """Things are stored by a recovery or found at a site; afterwards only verbs change them."""

    is_history = True
    site_path = "site"
    bank_path = "compartment__bank"
    list_display = ["what", "site", "stored_where", "owner", "found_at", "kept_days", "status"]
    list_filter = ["status", ToGoFilter, ("site", ScopedRelatedFilter)]
    search_fields = ["what", "stored_where", "seal_number", "owner__family_name",
                     "owner__given_name"]  # fmt: skip
    list_select_related = ["site", "owner"]
    actions_list = ["found"]
    actions_detail = ["hand_out", "dispose"]
    verb_rights = {"hand_out": OPERATE, "dispose": OPERATE}
    fields = ["what", "picture", "status", "stored_where", "seal_number", "witness", "found_at",
              "site", "compartment", "owner", "kept_days", "recovery", "proposed_at", "ended_at",
              "ended_by", "claimed_by", "signed", "disposed_how"]  # fmt: skip
    readonly_fields = ["picture", "signed"]

    def verbs_for(self, item: LostItem) -> set[str]:
        if item.status != ItemStatus.STORED:
            return set()
        return {"hand_out", "dispose"} if item.proposed_at is not None else {"hand_out"}

    def get_actions_list(self, request: HttpRequest) -> list[Any]:
        offered: list[Any] = super().get_actions_list(request)
        return offered if sites_of(request.user, OPERATE).exists() else []

    def get_urls(self) -> list[Any]:
        own = path(
            "<path:object_id>/photo/", self.admin_site.admin_view(self.photo),
            name="occupancy_lostitem_photo",
        )  # fmt: skip
        return [own, *super().get_urls()]

    @admin.display(description=_("photo"))
    def picture(self, item: LostItem) -> str:
        """Show the photo to who may see the thing."""
        if not item.photo:
            return "-"
        address = reverse("admin:occupancy_lostitem_photo", args=[item.pk])
        return format_html('<img src="{}" alt="{}" width="320">', address, item.what)

    @admin.display(description=_("signature"))
    def signed(self, item: LostItem) -> str:
        """Show what whoever took it signed."""
        return drawn(item.signed_how, item.signature)

    def photo(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Answer the photo itself: no other address leads to it."""
        item = self.reachable(request, object_id, VIEW)
        try:
            content = photos.read(item.photo)
        except FileNotFoundError as error:
            raise Http404 from error
        return HttpResponse(
            content, content_type=photos.TYPE,
            headers={"Cache-Control": "private, no-store", "X-Content-Type-Options": "nosniff"},
        )  # fmt: skip

    @action(description=_("Something was found"), url_path="found", icon="add")  # type: ignore[untyped-decorator]  # unfold brings no types
    def found(self, request: HttpRequest) -> HttpResponse:
        """Put something into the register that was found outside of a recovery."""
        sites = sites_of(request.user, OPERATE).order_by("name")
        if not sites.exists():
            raise Http404
        form = FoundAtSiteForm(request.POST or None, request.FILES or None, sites=sites)
        back = reverse("admin:occupancy_lostitem_changelist")
        if request.method == "POST" and form.is_valid():
            try:
                item = lost_property.store(
                    site=form.cleaned_data["site"], found=form.found, actor=staff(request),
                    at=timezone.now(),
                )  # fmt: skip
            except Refusal as refusal:
                idempotency.settle(refusal)
                form.add_error(None, str(refusal))
            else:
                return HttpResponseRedirect(self.page_of(item))
        return self.show_page(
            request, "admin/access/key_form.html", title=_now("Something was found"), form=form,
            subtitle=_now("lost property"), button=_now("Store"), back=back,
        )  # fmt: skip

    @action(description=_("Hand it out"), url_path="hand-out", icon="front_hand")  # type: ignore[untyped-decorator]  # unfold brings no types
    def hand_out(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Give it to its owner, for a signature."""
        item = self.reachable(request, object_id)
        owner = {"to": str(item.owner)} if item.owner is not None else {}
        return self.form_page(
            request, item, title=_now("Hand it out"), button=_now("Hand out"),
            form=HandOutForm(request.POST or None, initial=owner),
            do=lambda form: lost_property.hand_out(
                item_id=item.pk, to=form.cleaned_data["to"],
                signature=form.cleaned_data["signature"], user_id=user_id(request),
                at=timezone.now(),
            ),
        )  # fmt: skip

    @action(description=_("Dispose of it"), url_path="dispose", icon="delete")  # type: ignore[untyped-decorator]  # unfold brings no types
    def dispose(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Say how it was disposed of, after it was kept as long as the rule says."""
        item = self.reachable(request, object_id)
        return self.form_page(
            request, item, title=_now("Dispose of it"), button=_now("It is gone"),
            form=HowForm(request.POST or None),
            note=_now("Say how: given to a charity, destroyed, handed to the police."),
            do=lambda form: lost_property.dispose(
                item_id=item.pk, how=form.cleaned_data["how"], user_id=user_id(request),
                at=timezone.now(),
            ),
        )  # fmt: skip
