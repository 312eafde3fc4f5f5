"""Requests for access, what they led to, and the letters about them."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from access.admin.desk import Desk, staff
from access.choices import RequestStatus
from access.forms import ReasonForm
from access.models import AccessRequest, Notice, TemporaryAccess, User
from access.request_forms import AskForm
from access.services import requests, temporary
from audit.errors import Refusal
from audit.services import idempotency
from lockers.scoping import MANAGE, ScopedRelatedFilter, SiteScopedAdmin, sites_of


@admin.register(AccessRequest)
class AccessRequestAdmin(Desk):
    """What waits for an answer, and what was answered. A single one has its own page."""

    is_history = True
    site_path = "site"
    bank_path = "bank"
    list_display = ["person", "state", "site", "bank", "starts_at", "ends_at", "source",
                    "asked_at", "decided_at"]  # fmt: skip
    list_filter = ["status", "source", ("site", ScopedRelatedFilter)]
    search_fields = ["person__given_name", "person__family_name", "reason"]
    list_select_related = ["person", "site", "bank"]
    actions = ["approve", "refuse"]
    actions_detail = ["decide"]
    verb_rights = {"decide": MANAGE}

    @display(description=_("status"), label={  # type: ignore[untyped-decorator]  # unfold brings no types
        "requested": "warning", "approved": "success", "refused": "danger",
    })  # fmt: skip
    def state(self, asked: AccessRequest) -> tuple[str, str]:
        """Say how a request stands now."""
        status = requests.status_of(asked, timezone.now())
        return status, str(RequestStatus(status).label)

    @action(description=_("Decide"), url_path="decide", icon="approval")  # type: ignore[untyped-decorator]  # unfold brings no types
    def decide(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Go to the page to which letters lead, too."""
        asked = self.reachable(request, object_id, MANAGE)
        return HttpResponseRedirect(reverse("access-request", args=[asked.pk]))

    @admin.action(description=_("Approve"))
    def approve(self, request: HttpRequest, queryset: QuerySet[AccessRequest]) -> None:
        self._each(request, queryset, requests.approve)

    @admin.action(description=_("Refuse"))
    def refuse(self, request: HttpRequest, queryset: QuerySet[AccessRequest]) -> None:
        self._each(request, queryset, requests.refuse)

    def _each(self, request: HttpRequest, queryset: QuerySet[AccessRequest], verb: Any) -> None:
        user = cast(User, request.user)  # the administration asks for a log-in
        reason = _now("Decided in the list, with others.")
        done = 0
        for asked in self.changeable(request, queryset).select_related("person", "site", "bank"):
            try:
                verb(request=asked, user=user, at=timezone.now(), reason=reason)
                done += 1
            except Refusal as refusal:
                idempotency.settle(refusal)
                messages.warning(request, f"{asked}: {refusal}")
        if done:
            messages.success(request, _now("Decided: %s.") % done)


@admin.register(TemporaryAccess)
class TemporaryAccessAdmin(Desk):
    """Who may use lockers for a while: by a request, by a visit, or given here."""

    is_history = True
    site_path = "site"
    bank_path = "bank"
    list_display = ["person", "site", "bank", "starts_at", "ends_at", "request", "visit",
                    "revoked_at"]  # fmt: skip
    list_filter = [("revoked_at", admin.EmptyFieldListFilter), ("site", ScopedRelatedFilter)]
    search_fields = ["person__given_name", "person__family_name"]
    list_select_related = ["person", "site", "bank", "request__person", "request__site",
                           "visit__visitor"]  # fmt: skip
    fields = ["person", "site", "bank", "starts_at", "ends_at", "given_at", "request", "visit",
              "revoked_at", "ended_at"]  # fmt: skip
    actions_list = ["give"]
    actions_detail = ["take_back"]
    verb_rights = {"take_back": MANAGE}

    def verbs_for(self, access: TemporaryAccess) -> set[str]:
        is_open = access.revoked_at is None and access.ends_at > timezone.now()
        return {"take_back"} if is_open else set()

    def get_actions_list(self, request: HttpRequest) -> list[Any]:
        offered: list[Any] = super().get_actions_list(request)
        return offered if sites_of(request.user, MANAGE).exists() else []

    @action(description=_("Give access"), url_path="give", icon="timer")  # type: ignore[untyped-decorator]  # unfold brings no types
    def give(self, request: HttpRequest) -> HttpResponse:
        """Give access at once, by whoever could have approved it."""
        sites = sites_of(request.user, MANAGE).order_by("name")
        if not sites.exists() or not request.user.is_staff:
            raise Http404
        form = AskForm(request.POST or None, sites=sites)
        if request.method == "POST" and form.is_valid():
            wanted = dict(form.cleaned_data)
            reason = wanted.pop("reason")
            try:
                access = temporary.give(
                    **wanted, actor=staff(request), at=timezone.now(), reason=reason
                )
            except Refusal as refusal:
                idempotency.settle(refusal)
                form.add_error(None, str(refusal))
            else:
                return HttpResponseRedirect(self.page_of(access))
        return self.show_page(
            request, "admin/access/key_form.html", title=_now("Give access"), form=form,
            button=_now("Give"), back=reverse("admin:access_temporaryaccess_changelist"),
        )  # fmt: skip

    @action(description=_("Take back"), url_path="take-back", icon="timer_off")  # type: ignore[untyped-decorator]  # unfold brings no types
    def take_back(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """End somebody's access now, for a reason."""
        access = self.reachable(request, object_id, MANAGE)
        return self.form_page(
            request, access, title=_now("Take back"), button=_now("Take back"),
            form=ReasonForm(request.POST or None),
            do=lambda form: temporary.revoke(
                access=access, reason=form.cleaned_data["reason"], actor=staff(request),
                at=timezone.now(),
            ),
        )  # fmt: skip


@admin.register(Notice)
class NoticeAdmin(SiteScopedAdmin):
    """Letters: what went, and what waits for a mail server."""

    is_history = True
    site_path = "site"
    list_display = ["kind", "to", "site", "made_at", "sent_at", "tries", "try_at"]
    list_filter = ["kind", ("sent_at", admin.EmptyFieldListFilter), ("site", ScopedRelatedFilter)]
    search_fields = ["to"]
    list_select_related = ["site"]
    fields = [
        "kind",
        "to",
        "site",
        "request",
        "visit",
        "holding",
        "made_at",
        "sent_at",
        "tries",
        "try_at",
    ]
