"""What was signed for, what is owed for lost keys, which locks are to be changed."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from access.admin.desk import Desk, staff
from access.choices import SignedHow
from access.key_forms import ReasonForm
from access.models import KeyCharge, KeyHolding, LockChangeRequest
from access.services import lost_keys
from lockers.scoping import MANAGE, ScopedRelatedFilter, SiteScopedAdmin


@admin.register(KeyHolding)
class KeyHoldingAdmin(SiteScopedAdmin):
    """Who has and had which key, with what they signed."""

    is_history = True
    site_path = "key__site"
    bank_path = "key__lock__compartment__bank"
    list_display = ["key", "person", "issued_at", "due_at", "returned_at", "ended_how"]
    list_filter = [("returned_at", admin.EmptyFieldListFilter), "ended_how",
                   ("key__site", ScopedRelatedFilter)]  # fmt: skip
    search_fields = ["person__given_name", "person__family_name", "key__hook",
                     "key__lock__compartment__number"]  # fmt: skip
    list_select_related = ["person", "key__lock__compartment__bank", "key__master_set"]
    fields = ["key", "person", "issued_at", "issued_by", "due_at", "signed", "returned_at",
              "returned_to", "ended_how", "signed_at_return"]  # fmt: skip
    readonly_fields = ["signed", "signed_at_return"]

    @admin.display(description=_("signature"))
    def signed(self, holding: KeyHolding) -> str:
        return drawn(holding.signed_how, holding.signature)

    @admin.display(description=_("signature at return"))
    def signed_at_return(self, holding: KeyHolding) -> str:
        return drawn(holding.return_signed_how, holding.return_signature)


def drawn(how: str, text: str) -> str:
    if how == SignedHow.DRAWN:
        return format_html(
            '<svg viewBox="0 0 600 200" width="300" height="100" role="img" aria-label="{}">'
            '<path d="{}" fill="none" stroke="currentColor" stroke-width="3"/></svg>',
            _now("signature"),
            text,
        )
    return f"{text} ({SignedHow(how).label})".strip() if how else "-"


@admin.register(LockChangeRequest)
class LockChangeRequestAdmin(SiteScopedAdmin):
    """Locks that somebody has to change; done on the page of the lock."""

    is_history = True
    site_path = "lock__compartment__bank__site"
    bank_path = "lock__compartment__bank"
    list_display = ["lock", "key", "reason", "requested_at", "done_at"]
    list_filter = [("done_at", admin.EmptyFieldListFilter)]
    search_fields = ["lock__compartment__number", "lock__serial", "reason"]
    list_select_related = ["lock__compartment__bank", "key__lock__compartment__bank",
                           "key__master_set"]  # fmt: skip


@admin.register(KeyCharge)
class KeyChargeAdmin(Desk):
    is_history = True
    site_path = "key__site"
    bank_path = "key__lock__compartment__bank"
    list_display = ["person", "__str__", "key", "charged_at", "waived_at"]
    list_filter = [("waived_at", admin.EmptyFieldListFilter)]
    search_fields = ["person__given_name", "person__family_name"]
    list_select_related = ["person", "key__site", "key__lock__compartment__bank",
                           "key__master_set"]  # fmt: skip
    actions_detail = ["waive"]
    verb_rights = {"waive": MANAGE}

    def verbs_for(self, charge: KeyCharge) -> set[str]:
        return {"waive"} if charge.waived_at is None else set()

    @action(description=_("Waive"), url_path="waive")  # type: ignore[untyped-decorator]  # unfold brings no types
    def waive(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Let somebody off a charge."""
        charge = self.reachable(request, object_id, MANAGE)
        return self.form_page(
            request, charge, title=_now("Waive a charge"), button=_now("Waive"),
            form=ReasonForm(request.POST or None),
            do=lambda form: lost_keys.waive(
                charge=charge, reason=form.cleaned_data["reason"], actor=staff(request),
                at=timezone.now(),
            ),
        )  # fmt: skip
