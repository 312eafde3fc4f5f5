"""An organisation's own procedures, and everybody who is going through one."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin import EmptyFieldListFilter
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline

from access import selectors
from access.models import ImportMapping, Procedure, ProcedureStep, Run, RunStep
from access.services import procedures
from audit.errors import Refusal
from audit.services import idempotency
from audit.services.events import Actor
from lockers.scoping import OfItsPage, ScopedRelatedFilter, SiteScopedAdmin


class ProcedureStepInline(OfItsPage):
    model = ProcedureStep
    extra = 1
    fields = ["position", "verb", "words", "is_required"]


@admin.register(Procedure)
class ProcedureAdmin(SiteScopedAdmin):
    organisation_path = "organisation"
    list_display = ["name", "kind", "for_whom", "organisation"]
    list_filter = ["kind"]
    search_fields = ["name"]
    list_select_related = ["organisation"]
    inlines = [ProcedureStepInline]

    @admin.display(description=_("for"), ordering="person_kind")
    def for_whom(self, procedure: Procedure) -> str:
        """Say whom a procedure is for."""
        return procedure.get_person_kind_display() or _now("everybody else")


class RunStepInline(TabularInline):
    """What was done, as it was written down."""

    model = RunStep
    extra = 0
    can_delete = False
    fields = ["words", "is_required", "done_at", "is_skipped", "note"]
    readonly_fields = fields

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True  # whoever may see the run

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Run)
class RunAdmin(SiteScopedAdmin):
    """Who is at which step. A checklist itself is worked on from the person's page."""

    is_history = True
    person_path = "person"
    list_display = ["person", "kind", "name", "progress", "started_at", "finished_at", "go_on"]
    list_filter = [("finished_at", EmptyFieldListFilter), "kind",
                   ("person__department", ScopedRelatedFilter)]  # fmt: skip
    search_fields = ["person__given_name", "person__family_name", "name"]
    list_select_related = ["person"]
    inlines = [RunStepInline]
    actions = ["finish"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Run]:
        runs: QuerySet[Run] = super().get_queryset(request).prefetch_related("steps")
        return runs

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        changes = super().get_changelist_instance(request)
        has = selectors.holdings({run.person for run in changes.result_list}, timezone.now())
        for run in changes.result_list:
            run.facts = has[run.person_id].facts
        return changes

    @admin.display(description=_("steps done"))
    def progress(self, run: Run) -> str:
        """Say how many steps are done, of how many."""
        facts = getattr(run, "facts", None)
        if facts is None:  # on the page of one run
            facts = selectors.holdings([run.person], timezone.now())[run.person_id].facts
        done, all_of_them = selectors.progress(run, facts)
        return _now("%(done)d of %(all)d") % {"done": done, "all": all_of_them}

    @admin.display(description="")
    def go_on(self, run: Run) -> SafeString | str:
        """Lead to the checklist of an open run."""
        if run.finished_at is not None:
            return ""
        address = reverse(f"admin:access_person_{run.kind}", args=[run.person_id])
        return format_html('<a href="{}" class="text-primary-600 underline">{}</a>', address,
                           _now("Go on"))  # fmt: skip

    @admin.action(description=_("Finish those that are done"))
    def finish(self, request: HttpRequest, queryset: QuerySet[Run]) -> None:
        """Finish every chosen run whose required steps are done, and say how many are not."""
        open_still = 0
        for run in self.changeable(request, queryset).select_related("person"):
            try:
                procedures.finish(
                    run=run, actor=Actor.staff(request.user.pk or 0), at=timezone.now()
                )
            except Refusal as refusal:
                idempotency.settle(refusal)
                open_still += 1
        said = _now("Done.")
        if open_still:
            said = _now("%d are not done yet: open them to see which steps are missing.")
            said %= open_still
        self.message_user(request, said)


@admin.register(ImportMapping)
class ImportMappingAdmin(SiteScopedAdmin):
    """Column mappings: made while importing, renamed and deleted here."""

    organisation_path = "organisation"
    list_display = ["name", "organisation"]
    search_fields = ["name"]
    list_select_related = ["organisation"]

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
