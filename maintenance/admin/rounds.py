"""Rounds: how they stand, door by door, and what the desk may do about them."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Count, F, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline
from unfold.decorators import action

from access.admin.desk import Desk, local, staff
from access.key_forms import ReasonForm
from lockers.scoping import MAINTAIN, ScopedRelatedFilter
from lockers.scoping.rights import holders_of
from maintenance.forms.rounds import GiveRoundForm
from maintenance.models import Round, RoundStop
from maintenance.selectors import rounds
from maintenance.services.rounds import closing

_VERBS = ("reassign", "close_round", "call_off")


class LateFilter(admin.SimpleListFilter):
    """Those that should be done by now."""

    title = _("late")
    parameter_name = "late"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("yes", _("Late"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Round]) -> QuerySet[Round]:
        if self.value() == "yes":
            return queryset.filter(closing.late(timezone.now()))
        return queryset


class StopInline(TabularInline):
    """The doors of a round in their order, and what was found."""

    model = RoundStop
    extra = 0
    can_delete = False
    hide_title = True
    per_page = 50
    fields = ["position", "door", "times", "how", "outcome", "found", "ticket"]
    readonly_fields = fields
    ordering = ["position"]

    @admin.display(description=_("door"))
    def door(self, stop: RoundStop) -> str:
        return f"{stop.compartment.bank.name} {stop.compartment.number}"

    @admin.display(description=_("from, until"))
    def times(self, stop: RoundStop) -> str:
        site = stop.round.site
        return f"{local(stop.planned_from, site)} – {local(stop.planned_until, site)}"

    @admin.display(description=_("how"))
    def how(self, stop: RoundStop) -> str:
        """Say whether the door is closed for it."""
        if stop.hindrance:
            return stop.hindrance
        if stop.is_visit:
            return _now("visit: somebody has it")
        return _now("closed") if stop.closure_id is not None else _now("not closed")

    @admin.display(description=_("result"))
    def outcome(self, stop: RoundStop) -> str:
        """Say what came of it and how late, or that it is late."""
        if stop.done_at is not None:
            said = f"{stop.get_result_display()}, {local(stop.done_at, stop.round.site)}"
            late = stop.done_at - stop.planned_until
        else:
            said, late = _now("not done yet"), timezone.now() - stop.planned_until
            if stop.round.closed_at is not None:
                return _now("not done")
        minutes = int(late.total_seconds() // 60)
        if minutes <= 0:
            return said
        return _now("%(said)s (%(n)d min late)") % {"said": said, "n": minutes}

    @admin.display(description=_("found"))
    def found(self, stop: RoundStop) -> SafeString:
        """Show what is not all right, the note, the photos, and what others sent too late."""
        checks = list(stop.checks.all())
        texts = [check.item.text for check in checks if not check.is_passed]
        texts += [stop.note] if stop.note else []
        texts += [f"{stop.millivolts} mV"] if stop.millivolts else []
        texts += [
            _now("too late: %(said)s") % {"said": f"{late.get_result_display()} {late.note}"}
            for late in stop.late_entries.all()
        ]
        pictures = [reverse("round-photo", args=[check.pk]) for check in checks if check.photo]
        links = format_html_join(
            " ", '<a href="{}">{}</a>', ((one, _now("Photo")) for one in pictures)
        )  # fmt: skip
        return format_html("{} {}", "; ".join(texts), links)

    def get_queryset(self, request: HttpRequest) -> Any:
        return (
            super()
            .get_queryset(request)
            .select_related("compartment__bank", "round__site", "ticket")
            .prefetch_related("checks__item", "late_entries")
        )

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Round)
class RoundAdmin(Desk):
    """Rounds come from schedules; here they are given away, closed and called off."""

    is_history = True
    site_path = "site"
    list_display = ["name", "site", "kind", "begins", "progress", "lateness", "who"]
    list_filter = [LateFilter, "kind", ("closed_at", admin.EmptyFieldListFilter),
                   ("site", ScopedRelatedFilter)]  # fmt: skip
    search_fields = ["name"]
    list_select_related = ["site", "team", "assignee"]
    # What is to be done first, the next on top; then what was done last.
    ordering = [F("closed_at").desc(nulls_first=True), "starts_at", "pk"]
    fields = ["name", "site", "kind", "begins", "due", "lateness", "who", "checklist", "closed_at",
              "is_cancelled", "numbers"]  # fmt: skip
    readonly_fields = ["begins", "due", "lateness", "who", "numbers"]
    inlines = [StopInline]
    actions_detail = list(_VERBS)
    verb_rights = dict.fromkeys(_VERBS, MAINTAIN)

    def get_queryset(self, request: HttpRequest) -> Any:
        done = Count("stops", filter=Q(stops__done_at__isnull=False))
        return super().get_queryset(request).annotate(doors=Count("stops"), done=done)

    @admin.display(description=_("begins"), ordering="starts_at")
    def begins(self, one: Round) -> str:
        return local(one.starts_at, one.site)

    @admin.display(description=_("to be done by"), ordering="due_at")
    def due(self, one: Round) -> str:
        return local(one.due_at, one.site)

    @admin.display(description=_("done"))
    def progress(self, one: Any) -> str:
        if not one.doors:
            return "-"  # its doors are found when it begins
        return _now("%(done)s of %(doors)s") % {"done": one.done, "doors": one.doors}

    @admin.display(description=_("lateness"))
    def lateness(self, one: Round) -> str:
        if one.is_cancelled:
            return _now("called off")
        return rounds.words(rounds.stands(one, timezone.now()))

    @admin.display(description=_("assigned to"))
    def who(self, one: Round) -> str:
        if one.assignee is not None:
            return one.assignee.get_full_name() or one.assignee.get_username()
        return str(one.team or _now("whoever comes"))

    @admin.display(description=_("what the numbers say"))
    def numbers(self, one: Round) -> SafeString | str:
        """Show the facts of an occupancy review."""
        banks = one.report.get("banks", [])
        if not banks:
            return "-"
        said = _now("in use %(held)s of %(doors)s, overdue %(overdue)s, held but not opened "
                    "%(quiet)s, not used %(unused)s")  # fmt: skip
        lines = ((bank["bank"], said % bank) for bank in banks)
        return format_html("<ul>{}</ul>", format_html_join("", "<li>{}: {}</li>", lines))

    def verbs_for(self, one: Round) -> set[str]:
        return set() if one.closed_at is not None else set(_VERBS)

    @action(description=_("Give to"), url_path="reassign", icon="person_add")  # type: ignore[untyped-decorator]  # unfold brings no types
    def reassign(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Give a round to a person or a team."""
        one = self.reachable(request, object_id, MAINTAIN)
        people = holders_of(MAINTAIN, one.site_id)
        form = GiveRoundForm(
            request.POST or None, one=one, people=people,
            initial={"assignee": one.assignee_id, "team": one.team_id},
        )  # fmt: skip
        return self.form_page(
            request, one, title=_now("Give the round to"), form=form,
            do=lambda form: closing.reassign(
                round_id=one.pk, actor=staff(request), at=timezone.now(),
                assignee_id=getattr(form.cleaned_data["assignee"], "pk", None),
                team_id=getattr(form.cleaned_data["team"], "pk", None),
            ),
        )  # fmt: skip

    @action(description=_("Close"), url_path="close", icon="task_alt")  # type: ignore[untyped-decorator]  # unfold brings no types
    def close_round(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Close a round although doors are left, with a reason."""
        one = self.reachable(request, object_id, MAINTAIN)
        return self.form_page(
            request, one, title=_now("Close the round"), button=_now("Close the round"),
            form=ReasonForm(request.POST or None),
            note=_now("What is not done stays so, and its doors can be used again at once."),
            do=lambda form: closing.close(
                round_id=one.pk, actor=staff(request), at=timezone.now(), **form.cleaned_data
            ),
        )  # fmt: skip

    @action(description=_("Call it off"), url_path="call-off", icon="undo")  # type: ignore[untyped-decorator]  # unfold brings no types
    def call_off(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Call a round off, with a reason; its doors can be used again."""
        one = self.reachable(request, object_id, MAINTAIN)
        return self.form_page(
            request, one, title=_now("Call it off"), button=_now("Call it off"),
            form=ReasonForm(request.POST or None),
            do=lambda form: closing.call_off(
                round_id=one.pk, actor=staff(request), at=timezone.now(), **form.cleaned_data
            ),
        )  # fmt: skip
