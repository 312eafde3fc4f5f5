"""Openings by two adults: read by who may open doors by override, and by the two themselves."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin import EmptyFieldListFilter
from django.db.models import Q
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from access.admin.desk import Desk, user_id
from lockers.scoping import OVERRIDE, ScopedRelatedFilter
from occupancy.forms.searches import ConfirmForm, RecordForm
from occupancy.models import SearchOpening
from occupancy.models.searches import CONFIRM_WITHIN
from occupancy.services.custody import searches
from occupancy.services.custody.searches import Opened

_VERBS = ("confirm", "open_again", "record", "call_off")


class WaitingFilter(admin.SimpleListFilter):
    """What somebody has to go on with: confirm, or say what came of it."""

    title = _("to go on with")
    parameter_name = "to_see_to"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("yes", _("Yes"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() == "yes":
            return queryset.filter(searches.to_see_to(timezone.now()))
        return queryset


@admin.register(SearchOpening)
class SearchOpeningAdmin(Desk):
    """Restricted: what it was for and what was found is nobody else's to read."""

    is_history = True
    view_right = OVERRIDE
    site_path = "compartment__bank__site"
    bank_path = "compartment__bank"
    list_display = ["door", "holder", "kind", "requested_by", "requested_at", "confirmed_by",
                    "found", "recorded_at"]  # fmt: skip
    list_filter = [WaitingFilter, "kind", "found", ("recorded_at", EmptyFieldListFilter),
                   ("compartment__bank__site", ScopedRelatedFilter)]  # fmt: skip
    search_fields = ["compartment__number", "claim__holder__family_name",
                     "claim__holder__given_name"]  # fmt: skip
    list_select_related = ["compartment__bank", "claim__holder", "requested_by", "confirmed_by"]
    fields = ["door", "holder", "what_next", "kind", "reason", "requested_by", "requested_at",
              "confirmed_by", "confirmed_at", "cancelled_at", "key", "found", "what",
              "is_pupil_present", "is_guardian_told", "recorded_by", "recorded_at"]  # fmt: skip
    readonly_fields = ["door", "holder", "what_next"]
    actions_detail = list(_VERBS)
    verb_rights = dict.fromkeys(_VERBS, OVERRIDE)

    def rows(self, user: Any, right: str) -> Q:
        """Return what the right shows, and what somebody asked for or confirmed themselves."""
        shown = super().rows(user, right)
        if right != OVERRIDE or user.is_superuser:
            return shown
        return shown | Q(requested_by=user.pk) | Q(confirmed_by=user.pk)

    def _holds_somewhere(self, request: HttpRequest, right: str, *, in_areas: bool) -> bool:
        if super()._holds_somewhere(request, right, in_areas=in_areas):
            return True
        own = Q(requested_by=request.user.pk) | Q(confirmed_by=request.user.pk)
        return right == OVERRIDE and SearchOpening.objects.filter(own).exists()

    @admin.display(description=_("compartment"), ordering="compartment__number")
    def door(self, search: SearchOpening) -> str:
        return f"{search.compartment.bank.name} {search.compartment.number}"

    @admin.display(description=_("holder"))
    def holder(self, search: SearchOpening) -> str:
        return str(search.claim.holder or "-")

    @admin.display(description=_("what comes next"))
    def what_next(self, search: SearchOpening) -> str:
        """Say what is to be done now."""
        if search.cancelled_at is not None or search.recorded_at is not None:
            return "-"
        if search.confirmed_at is not None:
            return _now("Say what came of it.")
        if "confirm" in self.verbs_for(search):
            return _now("A second adult confirms within five minutes, from their own log-in.")
        return _now("Nobody confirmed in time. Ask again.")

    def verbs_for(self, search: SearchOpening) -> set[str]:
        at = timezone.now()
        if search.cancelled_at is not None or search.recorded_at is not None:
            return set()
        if search.confirmed_at is None:
            is_late = at - search.requested_at > CONFIRM_WITHIN
            return set() if is_late else {"confirm", "call_off"}
        is_open = at - search.confirmed_at <= searches.OPENS_FOR
        return {"record", "open_again"} if is_open else {"record"}

    @action(description=_("Confirm and open"), url_path="confirm", icon="how_to_reg")  # type: ignore[untyped-decorator]  # unfold brings no types
    def confirm(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Confirm as the second adult, who stands there; only then it is opened."""
        search = self.reachable(request, object_id, OVERRIDE)
        return self._opening(
            request, search, title=_now("Confirm and open"),
            form=ConfirmForm(
                request.POST if request.method == "POST" else None,
                keys=searches.keys_for(search),
                is_electronic=search.compartment.controller_id is not None,
            ),
            note=_now(
                "%(asker)s asks to open the door of %(holder)s (%(kind)s): “%(reason)s” You stand"
                " there and see what is done. %(holder)s keeps the door."
            )
            % {
                "asker": search.requested_by.get_full_name() or search.requested_by,
                "holder": search.claim.holder, "kind": search.get_kind_display(),
                "reason": search.reason,
            },
            do=lambda form: searches.confirm(
                search_id=search.pk, user_id=user_id(request), at=timezone.now(),
                **form.cleaned_data,
            ),
        )  # fmt: skip

    @action(description=_("Open once more"), url_path="open-again", icon="lock_open")  # type: ignore[untyped-decorator]  # unfold brings no types
    def open_again(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Open it once more while the two stand there."""
        search = self.reachable(request, object_id, OVERRIDE)
        return self._opening(
            request, search, title=_now("Open once more"),
            form=Form(request.POST if request.method == "POST" else None),
            do=lambda _form: searches.open_again(
                search_id=search.pk, user_id=user_id(request), at=timezone.now()
            ),
        )  # fmt: skip

    @action(description=_("Record the outcome"), url_path="record", icon="edit_note")  # type: ignore[untyped-decorator]  # unfold brings no types
    def record(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Say what was found, who was there, and who was told; once."""
        search = self.reachable(request, object_id, OVERRIDE)
        return self.form_page(
            request, search, title=_now("Record the outcome"),
            form=RecordForm(request.POST or None),
            note=_now("Only the two of you and who may open any door here read this."),
            do=lambda form: searches.record(
                search_id=search.pk, user_id=user_id(request), at=timezone.now(),
                **form.cleaned_data,
            ),
        )  # fmt: skip

    @action(description=_("Call it off"), url_path="call-off", icon="undo")  # type: ignore[untyped-decorator]  # unfold brings no types
    def call_off(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Call it off before anybody confirms."""
        search = self.reachable(request, object_id, OVERRIDE)
        return self.form_page(
            request, search, title=_now("Call it off"), button=_now("Call it off"),
            form=Form(request.POST if request.method == "POST" else None),
            do=lambda _form: searches.call_off(
                search_id=search.pk, user_id=user_id(request), at=timezone.now()
            ),
        )  # fmt: skip

    def _opening(self, request: HttpRequest, search: SearchOpening, **page: Any) -> HttpResponse:
        """Open, and show the combination once where it is opened by one."""

        def said(opened: Opened) -> str:
            if opened.command is not None:
                return _now("The door was asked to open. Then say what came of it.")
            if opened.key is not None:
                return _now("Open it with %(key)s, and bring the key straight back.") % {
                    "key": opened.key
                }
            return _now("Open it by key. Then say what came of it.")

        def shown(opened: Opened) -> HttpResponse | None:
            if not opened.combination:
                return None
            return self.show_page(
                request, "admin/occupancy/search_combination.html", title=_now("Combination"),
                subtitle=str(search), combination=opened.combination, back=self.page_of(search),
            )  # fmt: skip

        words = _now("Confirm and open") if "note" in page else _now("Open")
        return self.form_page(
            request, search, button=words, done=said, then=shown, **page
        )  # fmt: skip
