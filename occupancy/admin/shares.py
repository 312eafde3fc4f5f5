"""Doors that are shared, or were: who may open whose, and until when."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from access.admin.desk import OPERATE, Desk, staff
from lockers.scoping import ScopedRelatedFilter
from occupancy.models import Share
from occupancy.services.custody import sharing


@admin.register(Share)
class ShareAdmin(Desk):
    """Begun by holders, or by staff at the use; ended here as well."""

    is_history = True
    site_path = "claim__compartment__bank__site"
    bank_path = "claim__compartment__bank"
    list_display = ["door", "holder", "person", "is_one_opening", "starts_at", "until", "state"]
    list_filter = [
        ("ended_at", admin.EmptyFieldListFilter), "is_one_opening",
        ("claim__compartment__bank__site", ScopedRelatedFilter),
    ]  # fmt: skip
    search_fields = ["claim__compartment__number", "person__family_name", "person__given_name",
                     "claim__holder__family_name", "claim__holder__given_name"]  # fmt: skip
    list_select_related = ["claim__compartment__bank", "claim__holder", "person"]
    fields = ["door", "holder", "person", "is_one_opening", "note", "starts_at", "until", "state",
              "used_at", "ended_at"]  # fmt: skip
    readonly_fields = ["door", "holder", "state"]
    show_full_result_count = False
    actions_detail = ["end"]
    verb_rights = {"end": OPERATE}

    @admin.display(description=_("door"), ordering="claim__compartment__number")
    def door(self, share: Share) -> str:
        return f"{share.claim.compartment.bank.name} {share.claim.compartment.number}"

    @admin.display(description=_("holder"))
    def holder(self, share: Share) -> str:
        return str(share.claim.holder or "-")

    @admin.display(description=_("state"))
    def state(self, share: Share) -> str:
        """Say what it is worth now, as the clock has it."""
        if share.used_at is not None:
            return _now("opened")
        if share.ended_at is not None or share.until <= timezone.now():
            return _now("over")
        return _now("may open")

    def verbs_for(self, share: Any) -> set[str]:
        return {"end"} if share.ended_at is None and share.until > timezone.now() else set()

    @action(description=_("End"), url_path="end", icon="link_off")  # type: ignore[untyped-decorator]  # unfold brings no types
    def end(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """End it on the holder's behalf; both are told."""
        share = self.reachable(request, object_id, OPERATE)
        return self.form_page(
            request, share, title=_now("End"), button=_now("End the sharing"),
            form=Form(request.POST if request.method == "POST" else None),
            note=_now("%(who)s cannot open the door any more. Both are told.")
            % {"who": share.person},
            do=lambda _form: sharing.end_share(
                share_id=share.pk, actor=staff(request), at=timezone.now()
            ),
        )  # fmt: skip
