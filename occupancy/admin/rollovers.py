"""The step to the next academic year in the administration: prepared, looked at, done, undone."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from access.admin.desk import Desk, local, staff
from lockers.scoping import MANAGE, OfItsPage, ScopedRelatedFilter
from occupancy.forms.rollovers import GoOverForm
from occupancy.models import Rollover, RolloverForm, RolloverYear
from occupancy.services.rollovers import applying, planning, undoing

_VERBS = ["preview", "go_over", "undo"]


class YearInline(OfItsPage):
    """Where each year group goes, and its doors."""

    model = RolloverYear
    extra = 0
    hide_title = True


class FormInline(OfItsPage):
    """What each form becomes."""

    model = RolloverForm
    extra = 0
    hide_title = True


@admin.register(Rollover)
class RolloverAdmin(Desk):
    """Lines are filled in when it is made; after it was done they stay as they were."""

    site_path = "site"
    list_display = ["__str__", "site", "state"]
    list_filter = [("site", ScopedRelatedFilter)]
    list_select_related = ["site", "from_session", "to_session"]
    fields = ["site", "from_session", "to_session", "moves_tutors", "state"]
    inlines = [YearInline, FormInline]
    actions_detail = _VERBS
    verb_rights = dict.fromkeys(_VERBS, MANAGE)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Keep where it goes, once its lines are made, and all of it once it is done."""
        if obj is None:
            return ["state"]
        fixed = ["site", "from_session", "to_session", "state"]
        return fixed if obj.applied_at is None else [*fixed, "moves_tutors"]

    def get_inline_instances(self, request: HttpRequest, obj: Any = None) -> Any:
        """Fill in what is usual first; what was done is shown by its preview."""
        if obj is None or obj.applied_at is not None:
            return []
        return super().get_inline_instances(request, obj)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if not change:
            planning.prepare(rollover=obj)

    def has_delete_permission(self, request: HttpRequest, obj: Rollover | None = None) -> bool:
        """What was done stays."""
        if obj is not None and obj.applied_at is not None:
            return False
        return bool(super().has_delete_permission(request, obj))

    def get_actions(self, request: HttpRequest) -> Any:
        """Nothing is thrown away by the dozen."""
        found = super().get_actions(request)
        found.pop("delete_selected", None)
        return found

    @admin.display(description=_("state"))
    def state(self, row: Rollover) -> str:
        """Say how far it is."""
        if row.undone_at is not None:
            return _now("undone on %(at)s") % {"at": local(row.undone_at, row.site)}
        if row.applied_at is not None:
            return _now("done on %(at)s") % {"at": local(row.applied_at, row.site)}
        return _now("being prepared")

    def verbs_for(self, row: Rollover) -> set[str]:
        if row.applied_at is None:
            return {"preview", "go_over"}
        return {"undo"} if row.undone_at is None else set()

    @action(description=_("Preview"), url_path="preview", icon="preview")  # type: ignore[untyped-decorator]  # unfold brings no types
    def preview(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show everybody and every door that it would touch."""
        row = self.reachable(request, object_id, MANAGE)
        return self.show_page(
            request, "admin/occupancy/rollover_preview.html", title=_now("Preview"),
            subtitle=str(row), plan=planning.plan(row), back=self.page_of(row), row=row,
        )  # fmt: skip

    @action(description=_("Go over to the new year"), url_path="go", icon="moving")  # type: ignore[untyped-decorator]  # unfold brings no types
    def go_over(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Do all of it, or nothing."""
        row = self.reachable(request, object_id, MANAGE)
        plan = planning.plan(row)
        return self.form_page(
            request, row, title=_now("Go over to the new year"),
            form=GoOverForm(request.POST or None, now=plan.digest),
            button=_now("Do it"),
            note=_now(
                "%(left)d leave, %(up)d go up, %(kept)d doors are kept and %(ended)d given back;"
                " %(intake)d are the new intake and stay where they are. It can be undone as a"
                " whole until somebody changes by hand what it changed."
            ) % {
                "left": len(plan.leavers), "up": len(plan.up), "kept": len(plan.kept),
                "ended": len(plan.ended), "intake": len(plan.intake),
            },
            do=lambda form: applying.apply(
                rollover=row, actor=staff(request), at=timezone.now(), **form.cleaned_data
            ),
            done=lambda done: _now("%(left)d left, %(up)d went up.")
            % {"left": done.left, "up": done.up},
        )  # fmt: skip

    @action(description=_("Undo"), url_path="undo", icon="undo")  # type: ignore[untyped-decorator]  # unfold brings no types
    def undo(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Make everything what it was before."""
        row = self.reachable(request, object_id, MANAGE)
        return self.form_page(
            request, row, title=_now("Undo"), form=Form(request.POST or None),
            button=_now("Undo all of it"),
            note=_now("Leavers come back with their cards, pupils go back to their forms, doors"
                      " are again whose they were."),
            do=lambda _form: undoing.undo(rollover=row, actor=staff(request), at=timezone.now()),
            done=lambda count: _now("%(count)d changes were undone.") % {"count": count},
        )  # fmt: skip
