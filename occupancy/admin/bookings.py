"""Bookings in the administration: who booked what, booking for somebody, calling off."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from access.admin.desk import OPERATE, Desk, staff
from access.key_forms import ReasonForm
from audit.errors import Refusal
from audit.services import idempotency
from lockers.scoping import ScopedRelatedFilter, banks_of
from occupancy.admin.day_filter import ByDay, DayFilter
from occupancy.admin.pending_filter import PendingFilter
from occupancy.forms.bookings import BookForm
from occupancy.models import Reservation, Series
from occupancy.services.bookings import reservations, series
from occupancy.services.bookings.booking_changes import is_standing
from occupancy.services.bookings.reservations import Wanted


@admin.register(Reservation)
class ReservationAdmin(ByDay, Desk):
    """Doors that are booked for later, and what became of those that nobody checked in to."""

    is_history = True
    site_path = "compartment__bank__site"
    bank_path = "compartment__bank"
    list_display = ["starts_at", "due_at", "compartment", "holder", "policy", "closed_at",
                    "closed_how", "unserved_since"]  # fmt: skip
    list_filter = [DayFilter, PendingFilter, ("closed_at", admin.EmptyFieldListFilter),
                   ("unserved_since", admin.EmptyFieldListFilter), "closed_how",
                   ("compartment__bank__site", ScopedRelatedFilter)]  # fmt: skip
    search_fields = ["compartment__number", "holder__family_name", "holder__given_name"]
    list_select_related = ["compartment", "holder", "policy"]
    fields = ["holder", "compartment", "policy", "starts_at", "due_at", "lapses_at", "booked_by",
              "unserved_since", "closed_at", "closed_how"]  # fmt: skip
    show_full_result_count = False
    actions_list = ["book"]
    actions_detail = ["check_in", "cancel"]
    verb_rights = dict.fromkeys(actions_detail, OPERATE)

    def verbs_for(self, booking: Any) -> set[str]:
        at = timezone.now()
        if not is_standing(booking, at):
            return set()
        opens_at = booking.starts_at - booking.policy.checks_in_before
        return {"check_in", "cancel"} if opens_at <= at else {"cancel"}

    def get_actions_list(self, request: HttpRequest) -> list[Any]:
        offered: list[Any] = super().get_actions_list(request)
        return offered if banks_of(request.user, OPERATE).exists() else []

    @action(description=_("Book for somebody"), url_path="book", icon="event")  # type: ignore[untyped-decorator]  # unfold brings no types
    def book(self, request: HttpRequest) -> HttpResponse:
        """Book a door for somebody, by the same rules as they would themselves."""
        banks = banks_of(request.user, OPERATE).select_related("site").order_by("site", "name")
        if not banks.exists() or not request.user.is_staff:
            raise Http404
        form = BookForm(request.POST or None, banks=banks)
        if request.method == "POST" and form.is_valid():
            wanted = form.cleaned_data
            size = wanted.get("size")
            try:
                got = idempotency.run(
                    lambda: reservations.reserve(
                        person_id=wanted["person"].pk, bank_id=wanted["bank"].pk,
                        wanted=Wanted(size_id=size.pk if size else None),
                        starts_at=wanted["starts_at"], ends_at=wanted["ends_at"],
                        actor=staff(request), at=timezone.now(),
                    )
                )  # fmt: skip
            except Refusal as refusal:
                idempotency.settle(refusal)
                form.add_error(None, str(refusal))
            else:
                return HttpResponseRedirect(self.page_of(Reservation(pk=got.claim_id)))
        return self.show_page(
            request, "admin/access/key_form.html", title=_now("Book for somebody"), form=form,
            button=_now("Book"), back=reverse("admin:occupancy_reservation_changelist"),
        )  # fmt: skip

    @action(description=_("Check in"), url_path="check-in", icon="how_to_reg")  # type: ignore[untyped-decorator]  # unfold brings no types
    def check_in(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Begin somebody's booking for them, and open the door."""
        booking = self.reachable(request, object_id, OPERATE)
        return self.form_page(
            request, booking, title=_now("Check in"), button=_now("Check in and open"),
            form=Form(request.POST if request.method == "POST" else None),
            do=lambda _form: reservations.check_in(
                claim_id=booking.pk, person_id=booking.holder_id, actor=staff(request),
                at=timezone.now(),
            ),
            done=lambda got: _now("Door %(number)s was asked to open.") % {"number": got.number},
            # From now on it is no booking any more.
            then=lambda got: HttpResponseRedirect(
                reverse("admin:occupancy_claim_change", args=[got.claim_id])
            ),
        )  # fmt: skip

    @action(description=_("Cancel"), url_path="cancel", icon="event_busy")  # type: ignore[untyped-decorator]  # unfold brings no types
    def cancel(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Call somebody's booking off, for a reason."""
        booking = self.reachable(request, object_id, OPERATE)
        return self.form_page(
            request, booking, title=_now("Cancel"), button=_now("Cancel the booking"),
            form=ReasonForm(request.POST or None),
            do=lambda form: reservations.cancel(
                claim_id=booking.pk, reason=form.cleaned_data["reason"], actor=staff(request),
                at=timezone.now(),
            ),
        )  # fmt: skip


@admin.register(Series)
class SeriesAdmin(Desk):
    """Who books the same hours again and again."""

    is_history = True
    site_path = "bank__site"
    bank_path = "bank"
    list_display = ["person", "bank", "rule", "first_day", "starts_at", "ends_at", "made_until",
                    "ended_at"]  # fmt: skip
    list_filter = [("ended_at", admin.EmptyFieldListFilter), ("bank__site", ScopedRelatedFilter)]
    search_fields = ["person__family_name", "person__given_name"]
    list_select_related = ["person", "bank"]
    actions_detail = ["end"]
    verb_rights = {"end": OPERATE}

    def verbs_for(self, repeated: Any) -> set[str]:
        return {"end"} if repeated.ended_at is None else set()

    @action(description=_("End"), url_path="end", icon="event_busy")  # type: ignore[untyped-decorator]  # unfold brings no types
    def end(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """End it for a reason, and cancel what it booked and has not begun."""
        repeated = self.reachable(request, object_id, OPERATE)
        return self.form_page(
            request, repeated, title=_now("End"), button=_now("End the recurring booking"),
            form=ReasonForm(request.POST or None),
            do=lambda form: series.end(
                series_id=repeated.pk, reason=form.cleaned_data["reason"], actor=staff(request),
                at=timezone.now(),
            ),
        )  # fmt: skip
