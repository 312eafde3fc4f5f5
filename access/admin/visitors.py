"""Visitors at reception: who is expected, who is here, who left; and what they may do alone."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from access import selectors
from access.admin.desk import OPERATE, Desk, local, staff, user_id
from access.choices import RequestSource
from access.forms import ReasonForm
from access.models import Pass, Visit, VisitorRules
from access.request_forms import ExpectForm, ExtendForm
from access.services import arrivals, departures, passes, visitor_codes, visits
from audit.errors import Refusal
from audit.services import idempotency
from lockers.scoping import ScopedRelatedFilter, SiteScopedAdmin, sites_of


class TodayFilter(admin.SimpleListFilter):
    """Today's visitors, unless another choice is made."""

    title = _("visitors")
    parameter_name = "when"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("expected", _("expected")), ("here", _("here now")), ("left", _("left today")),
                ("cancelled", _("cancelled")),
                ("all", _("all, whenever"))]  # fmt: skip

    def choices(self, changelist: Any) -> Any:
        first, *others = super().choices(changelist)
        yield {**first, "display": _("today")}
        yield from others

    def queryset(self, request: HttpRequest, queryset: QuerySet[Visit]) -> QuerySet[Visit]:
        at = timezone.now()
        day = dt.timedelta(hours=24)
        # Sites have their own midnight: a day to either side shows today's wherever it is.
        left = Q(left_at__gt=at - day)
        match self.value():
            case "all":
                return queryset
            case "expected":
                return queryset.filter(visits.expected(at))
            case "here":
                return queryset.filter(visits.here(at))
            case "left":
                return queryset.filter(left)
            case "cancelled":
                return queryset.filter(cancelled_at__isnull=False)
        soon = visits.expected(at) & Q(expected_from__lt=at + day)
        return queryset.filter(soon | visits.here(at) | left)


@admin.register(Visit)
class VisitAdmin(Desk):
    is_history = True
    site_path = "site"
    list_display = ["visitor", "state", "company", "host", "site", "expected_from",
                    "expected_until", "arrived_at", "left_at"]  # fmt: skip
    list_filter = [TodayFilter, ("site", ScopedRelatedFilter)]
    search_fields = ["visitor__given_name", "visitor__family_name", "company",
                     "host__family_name"]  # fmt: skip
    list_select_related = ["visitor", "host", "site"]
    fields = ["visitor", "company", "host", "site", "expected_from", "expected_until",
              "arrived_at", "left_at", "cancelled_at", "source", "agreed_at"]  # fmt: skip
    actions_list = ["expect"]
    actions_detail = ["arrive", "leave", "extend", "cancel"]
    verb_rights = dict.fromkeys(actions_detail, OPERATE)

    def verbs_for(self, visit: Visit) -> set[str]:
        state = visits.state_of(visit, timezone.now())
        return {"expected": {"arrive", "extend", "cancel"}, "here": {"leave", "extend"}}.get(
            state, set()
        )

    @display(description=_("status"), label={  # type: ignore[untyped-decorator]  # unfold brings no types
        "expected": "info", "here": "success", "left": "", "missed": "warning", "cancelled": "",
    })  # fmt: skip
    def state(self, visit: Visit) -> tuple[str, str]:
        """Say in one word where a visitor is."""
        state = visits.state_of(visit, timezone.now())
        return state, {
            "expected": _now("expected"), "here": _now("here"), "left": _now("left"),
            "missed": _now("did not come"), "cancelled": _now("cancelled"),
        }[state]  # fmt: skip

    def get_actions_list(self, request: HttpRequest) -> list[Any]:
        offered: list[Any] = super().get_actions_list(request)
        return offered if sites_of(request.user, OPERATE).exists() else []

    @action(description=_("Register a visitor"), url_path="expect", icon="person_add")  # type: ignore[untyped-decorator]  # unfold brings no types
    def expect(self, request: HttpRequest) -> HttpResponse:
        """Register somebody who is coming, or stands at the desk."""
        sites = sites_of(request.user, OPERATE).order_by("name")
        if not sites.exists() or not request.user.is_staff:
            raise Http404
        form = ExpectForm(request.POST or None, sites=sites)
        if request.method == "POST" and form.is_valid():
            try:
                visit = visits.expect(
                    **form.cleaned_data, source=RequestSource.STAFF, actor=staff(request),
                    at=timezone.now(), user_id=user_id(request),
                )  # fmt: skip
            except Refusal as refusal:
                idempotency.settle(refusal)
                form.add_error(None, str(refusal))
            else:
                return HttpResponseRedirect(self.page_of(visit))
        return self.show_page(
            request, "admin/access/key_form.html", title=_now("Register a visitor"), form=form,
            button=_now("Register"), back=reverse("admin:access_visit_changelist"),
        )  # fmt: skip

    @action(description=_("Arrived"), url_path="arrive", icon="login")  # type: ignore[untyped-decorator]  # unfold brings no types
    def arrive(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Let a visitor in; the code is shown on the answer, this once."""
        visit = self.reachable(request, object_id)
        error = ""
        if request.method == "POST":
            try:
                arrived = arrivals.arrive(visit=visit, actor=staff(request), at=timezone.now())
            except Refusal as refusal:
                idempotency.settle(refusal)
                error = str(refusal)
            else:
                given = Pass.objects.filter(
                    person=visit.visitor_id, revoked_at=None, issued_at=visit.arrived_at
                ).first()
                answer = self.show_page(
                    request, "admin/access/visitor_code.html", title=_now("Visitor's code"),
                    subtitle=str(visit), visit=visit, back=self.page_of(visit),
                    code=visitor_codes.grouped(arrived.code),
                    link=reverse("pass", args=[passes.link_of(given)]) if given else "",
                )  # fmt: skip
                answer["Cache-Control"] = "no-store"
                return answer
        return self.show_page(
            request, "admin/access/visitor_arrive.html", title=_now("Visitor arrived"),
            subtitle=str(visit), visit=visit, back=self.page_of(visit), error=error,
        )  # fmt: skip

    @action(description=_("Left"), url_path="leave", icon="logout")  # type: ignore[untyped-decorator]  # unfold brings no types
    def leave(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """End a visit: code, pass and access are worth nothing from now on."""
        visit = self.reachable(request, object_id)
        error = ""
        if request.method == "POST":
            try:
                departures.leave(visit=visit, actor=staff(request), at=timezone.now())
            except Refusal as refusal:
                idempotency.settle(refusal)
                error = str(refusal)
            else:
                self.message_user(
                    request, _now("The visit is over. The code and the pass open nothing any more.")
                )
                return HttpResponseRedirect(self.page_of(visit))
        return self.show_page(
            request, "admin/access/visitor_leave.html", title=_now("Visitor left"),
            subtitle=str(visit), visit=visit, back=self.page_of(visit), error=error,
            still_has=_still_has(visit),
        )  # fmt: skip

    @action(description=_("Stays longer"), url_path="extend", icon="more_time")  # type: ignore[untyped-decorator]  # unfold brings no types
    def extend(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Let a visit last longer, with all it gives."""
        visit = self.reachable(request, object_id)
        return self.form_page(
            request, visit, title=_now("Stays longer"),
            form=ExtendForm(request.POST or None, visit=visit), button=_now("Stays longer"),
            note=_now("The code, the pass and the access last until then. A locker that ended with"
                      " the visit does too, as far as the rules of its bank allow. Host and visitor"
                      " are written to."),
            do=lambda form: visits.extend(
                visit=visit, until=form.cleaned_data["until"], actor=staff(request),
                at=timezone.now(), reason=form.cleaned_data["reason"],
            ),
            done=lambda _none: _now("The visit lasts until %s.")
            % local(visit.expected_until, visit.site),
        )  # fmt: skip

    @action(description=_("Cancel the visit"), url_path="cancel", icon="event_busy")  # type: ignore[untyped-decorator]  # unfold brings no types
    def cancel(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Call off a visit before the visitor arrives."""
        visit = self.reachable(request, object_id)
        return self.form_page(
            request, visit, title=_now("Cancel the visit"), form=ReasonForm(request.POST or None),
            button=_now("Cancel the visit"), stay=_now("Keep the visit"),
            note=_now("Nobody is let in for it any more. Host and visitor are written to, where"
                      " their address is known. The reason stays in the trail."),
            do=lambda form: visits.cancel(
                visit=visit, actor=staff(request), at=timezone.now(),
                reason=form.cleaned_data["reason"],
            ),
            done=lambda _none: _now("The visit is cancelled."),
        )  # fmt: skip


def _still_has(visit: Visit) -> list[str]:
    """Say what a visitor has to empty or to give back here before they go."""
    has = selectors.holdings([visit.visitor], timezone.now())[visit.visitor_id]
    doors = [one.compartment for one in has.grants if one.compartment.bank.site == visit.site]
    locks = [one.key.lock for one in has.keys if one.key.lock is not None]
    return [
        *(_now("Door %(door)s, bank %(bank)s: still taken. Is it empty?")
          % {"door": door.number, "bank": door.bank.name} for door in doors),
        *(_now("The key of door %(door)s, bank %(bank)s. Ask for it back.")
          % {"door": lock.compartment.number, "bank": lock.compartment.bank.name}
          for lock in locks if lock.compartment.bank.site_id == visit.site_id),
    ]  # fmt: skip


@admin.register(VisitorRules)
class VisitorRulesAdmin(SiteScopedAdmin):
    site_path = "site"
    list_display = ["site", "visitors_may_register", "day_ends_at"]
    list_select_related = ["site"]
