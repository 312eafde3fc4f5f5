"""Sets of bookings: a door for each of many in one window, listed and given up together."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin import EmptyFieldListFilter
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.admin import TabularInline
from unfold.decorators import action

from access.admin.desk import OPERATE, Desk, local, staff, user_id
from access.key_forms import ReasonForm
from audit.actions import Action
from audit.errors import Refusal
from audit.services import events, idempotency
from lockers.scoping import ScopedRelatedFilter, banks_of, sites_of
from occupancy import hand_out_lists
from occupancy.forms.booked_sets import BookSetForm
from occupancy.hand_out_lists import Made
from occupancy.models import BookedSet, BookedSetDoor
from occupancy.papers import workbooks
from occupancy.selectors import forms
from occupancy.services.bookings import booked_sets
from occupancy.services.hand_outs import HandOut


class DoorInline(TabularInline):
    """Who has which door."""

    model = BookedSetDoor
    extra = 0
    can_delete = False
    hide_title = True
    fields = ["door", "holder", "how"]
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("claim__compartment", "claim__holder")

    @admin.display(description=_("door"))
    def door(self, row: BookedSetDoor) -> str:
        """Return its number."""
        return row.claim.compartment.number

    @admin.display(description=_("for"))
    def holder(self, row: BookedSetDoor) -> str:
        """Return who has it."""
        return str(row.claim.holder or "-")

    @admin.display(description=_("how it ended"))
    def how(self, row: BookedSetDoor) -> str:
        """Say how it ended; nothing while it stands or is used."""
        return row.claim.get_closed_how_display() if row.claim.closed_at else "-"

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(BookedSet)
class BookedSetAdmin(Desk):
    """Exam mornings and trip days."""

    is_history = True
    site_path = "bank__site"
    bank_path = "bank"
    list_display = ["name", "bank", "starts_at", "ends_at", "doors_booked", "made_by",
                    "cancelled_at"]  # fmt: skip
    list_filter = [("cancelled_at", EmptyFieldListFilter), ("bank__site", ScopedRelatedFilter)]
    search_fields = ["name", "bank__name"]
    list_select_related = ["bank", "made_by"]
    fields = ["name", "bank", "starts_at", "ends_at", "made_by", "made_at", "cancelled_at"]
    inlines = [DoorInline]
    actions_list = ["book_set"]
    actions_detail = ["print_list", "list_xlsx", "give_up"]
    verb_rights = dict.fromkeys(actions_detail, OPERATE)

    def get_queryset(self, request: HttpRequest) -> Any:
        standing = Count("doors", filter=Q(doors__claim__closed_at__isnull=True), distinct=True)
        return super().get_queryset(request).annotate(standing=standing)

    @admin.display(description=_("doors"))
    def doors_booked(self, made: Any) -> int:
        return int(made.standing)

    def verbs_for(self, made: BookedSet) -> set[str]:
        is_on = made.cancelled_at is None and made.ends_at > timezone.now()
        return {"print_list", "list_xlsx"} | ({"give_up"} if is_on else set())

    def get_actions_list(self, request: HttpRequest) -> list[Any]:
        offered: list[Any] = super().get_actions_list(request)
        return offered if banks_of(request.user, OPERATE).exists() else []

    @action(description=_("Book for many"), url_path="book", icon="event")  # type: ignore[untyped-decorator]  # unfold brings no types
    def book_set(self, request: HttpRequest) -> HttpResponse:
        """Book a door for each pupil of a form or year group, or of a list."""
        banks = banks_of(request.user, OPERATE).select_related("site").order_by("site", "name")
        if not banks.exists() or not request.user.is_staff:
            raise Http404
        form = BookSetForm(request.POST or None, banks=banks, sites=sites_of(request.user, OPERATE))
        if request.method == "POST" and form.is_valid():
            given = form.cleaned_data
            try:
                made = idempotency.run(
                    lambda: booked_sets.book(
                        people=given["people"], bank=given["bank"], name=given["name"],
                        starts_at=given["starts_at"], ends_at=given["ends_at"],
                        user_id=user_id(request), at=timezone.now(),
                    )
                )  # fmt: skip
            except Refusal as refusal:
                idempotency.settle(refusal)
                form.add_error(None, str(refusal))
            else:
                return HttpResponseRedirect(self.page_of(made))
        return self.show_page(
            request, "admin/access/key_form.html", title=_now("Book for many"), form=form,
            subtitle=_now("an exam or a trip"), button=_now("Book them all"),
            back=reverse("admin:occupancy_bookedset_changelist"),
            note=_now("Everybody gets a door of the bank for this time, or nobody does."),
        )  # fmt: skip

    @action(description=_("List to print"), url_path="list", icon="print")  # type: ignore[untyped-decorator]  # unfold brings no types
    def print_list(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Answer the list to print, form by form."""
        made = self.reachable(request, object_id, OPERATE)
        handed = self._handed(request, made)
        site = made.bank.site
        hours = f"{local(made.starts_at, site)} – {local(made.ends_at, site)}"
        user: Any = request.user
        content = hand_out_lists.pdf(
            handed,
            Made(f"{made.name}, {hours}", local(timezone.now(), site),
                 user.get_full_name() or user.get_username()),
        )  # fmt: skip
        return self._file(content, "application/pdf", made, "pdf")

    @action(description=_("Spreadsheet"), url_path="xlsx", icon="table_view")  # type: ignore[untyped-decorator]  # unfold brings no types
    def list_xlsx(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Answer the list as a workbook."""
        made = self.reachable(request, object_id, OPERATE)
        content = hand_out_lists.xlsx(self._handed(request, made), made.name)
        return self._file(content, workbooks.TYPE, made, "xlsx")

    @action(description=_("Give them all up"), url_path="give-up", icon="event_busy")  # type: ignore[untyped-decorator]  # unfold brings no types
    def give_up(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Cancel them together, for a reason."""
        made = self.reachable(request, object_id, OPERATE)
        return self.form_page(
            request, made, title=_now("Give them all up"), button=_now("Give up"),
            form=ReasonForm(request.POST or None),
            note=_now("Whoever has begun to use a door keeps it until its end."),
            do=lambda form: booked_sets.give_up(
                set_id=made.pk, reason=form.cleaned_data["reason"], user_id=user_id(request),
                at=timezone.now(),
            ),
            done=lambda count: ngettext(
                "%(n)d booking given up.", "%(n)d bookings given up.", count
            ) % {"n": count},
        )  # fmt: skip

    def _handed(self, request: HttpRequest, made: BookedSet) -> HandOut:
        handed = HandOut(forms.booked(made.pk), {})
        events.record(
            action=Action.EXPORTED, actor=staff(request), at=timezone.now(),
            organisation_id=made.bank.site.organisation_id, site_id=made.bank.site_id,
            bank_id=made.bank_id, subject=f"booked_set:{made.pk}",
            data={"about": made.name, "pupils": len(handed.pupils)},
        )  # fmt: skip
        return handed

    @staticmethod
    def _file(content: bytes, kind: str, made: BookedSet, ending: str) -> HttpResponse:
        answer = HttpResponse(content, content_type=kind)
        name = slugify(made.name) or "list"
        answer["Content-Disposition"] = f'attachment; filename="{name}.{ending}"'
        return answer
