"""Upgrades: which doors have their new lock, which still have the old, and what is left to do."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.decorators import action

from access.admin.desk import Desk, staff
from lockers.admin.layout import draw
from lockers.choices import LockKind
from lockers.models import Compartment
from lockers.scoping import MAINTAIN, VIEW, ScopedRelatedFilter
from maintenance.admin.replacements import today_at
from maintenance.choices import AssetState
from maintenance.forms.assets import DoorDoneForm, DoorsForm
from maintenance.models import Asset, UpgradeDoor, UpgradePlan
from maintenance.services import upgrades
from maintenance.services.upgrades import Done


@admin.register(UpgradePlan)
class UpgradePlanAdmin(Desk):
    """A plan, with both states side by side while it goes on."""

    site_path = "site"
    list_display = ["name", "site", "to_model", "begins_on", "done_by", "so_far", "closed_at"]
    list_filter = [("site", ScopedRelatedFilter)]
    search_fields = ["name", "note"]
    list_select_related = ["site", "to_model"]
    fields = ["site", "name", "to_model", "begins_on", "done_by", "budget", "note", "so_far",
              "closed_at"]  # fmt: skip
    readonly_fields = ["so_far", "closed_at"]
    actions_detail = ["progress", "add_doors", "close"]
    verb_rights = {"progress": VIEW, "add_doors": MAINTAIN, "close": MAINTAIN}

    @admin.display(description=_("done so far"))
    def so_far(self, plan: UpgradePlan) -> str:
        """Say how many doors are done, of how many."""
        if not plan.pk:
            return "-"
        doors = list(plan.doors.values_list("done_at", flat=True))
        facts = {"done": sum(at is not None for at in doors), "all": len(doors)}
        return _now("%(done)d of %(all)d doors") % facts

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Where it is and what it leads to is fixed once doors follow it."""
        fixed = ["site", "to_model"] if obj is not None else []
        return [*super().get_readonly_fields(request, obj), *fixed]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Keep what was begun: it is part of the history of its doors."""
        if obj is not None and obj.doors.filter(done_at__isnull=False).exists():
            return False
        return super().has_delete_permission(request, obj)

    def get_actions(self, request: HttpRequest) -> Any:
        found = super().get_actions(request)
        found.pop("delete_selected", None)
        return found

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if db_field.name == "to_model" and field is not None:
            field.queryset = field.queryset.filter(kind="lock")
        return field

    def verbs_for(self, plan: UpgradePlan) -> set[str]:
        return {"progress"} if plan.closed_at is not None else {"progress", "add_doors", "close"}

    @action(description=_("Progress"), url_path="progress", icon="compare")  # type: ignore[untyped-decorator]  # unfold brings no types
    def progress(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show the doors with the new lock beside those with the old, and what to hand back."""
        plan = self.reachable(request, object_id, VIEW)
        doors = list(
            plan.doors.select_related("compartment__bank", "asset").order_by(
                "compartment__bank", "compartment__column", "compartment__row"
            )
        )
        done = [one for one in doors if one.done_at is not None]
        # What has another lock now opens by none of its old keys.
        changed = [one.compartment_id for one in done]
        unwired = [
            one.compartment for one in done
            if one.compartment.lock_kind == LockKind.ELECTRONIC
            and one.compartment.controller_id is None
        ]  # fmt: skip
        return self.show_page(
            request, "admin/maintenance/upgrade.html", title=str(plan), plan=plan,
            is_open=plan.closed_at is None, unwired=unwired,
            sides=[
                (_now("Still the old lock"), [one for one in doors if one.done_at is None]),
                (_now("The new lock"), done),
            ],
            drawings=_drawings(doors),
            keys_out=list(upgrades.keys_out(changed)), keys_left=list(upgrades.keys_left(changed)),
            back=self.page_of(plan),
        )  # fmt: skip

    @action(description=_("Add doors"), url_path="add-doors", icon="add")  # type: ignore[untyped-decorator]  # unfold brings no types
    def add_doors(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Put doors into the plan."""
        plan = self.reachable(request, object_id, MAINTAIN)
        free = (
            Compartment.objects.filter(bank__site=plan.site_id)
            .exclude(upgrades__plan=plan)
            .select_related("bank__site")
        )
        return self.form_page(
            request, plan, title=_now("Add doors"),
            form=DoorsForm(request.POST or None, doors=free),
            do=lambda form: upgrades.add_doors(
                plan_id=plan.pk, doors=form.cleaned_data["doors"], actor=staff(request),
                at=timezone.now(),
            ),
            done=lambda new: ngettext(
                "%(count)d door is new in the plan.", "%(count)d doors are new in the plan.", new
            ) % {"count": new},
        )  # fmt: skip

    @action(description=_("Close"), url_path="close", icon="task_alt")  # type: ignore[untyped-decorator]  # unfold brings no types
    def close(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """End the plan; doors that are not done keep their lock."""
        plan = self.reachable(request, object_id, MAINTAIN)
        return self.form_page(
            request, plan, title=_now("Close"), form=Form(request.POST or None),
            note=_now("Doors that are not done keep the lock that they have."),
            do=lambda form: upgrades.close(
                plan_id=plan.pk, actor=staff(request), at=timezone.now()
            ),
        )  # fmt: skip


@admin.register(UpgradeDoor)
class UpgradeDoorAdmin(Desk):
    """One door of a plan: done, or not yet."""

    is_history = True
    site_path = "plan__site"
    bank_path = "compartment__bank"
    list_display = ["door", "plan", "lock_was", "asset", "done_at"]
    list_filter = [("plan", ScopedRelatedFilter)]
    search_fields = ["compartment__number", "plan__name"]
    list_select_related = ["compartment__bank", "plan", "asset__model"]
    fields = ["door", "plan", "lock_was", "asset", "done_at"]
    readonly_fields = ["door"]
    actions_detail = ["done"]
    verb_rights = {"done": MAINTAIN}

    @admin.display(description=_("compartment"), ordering="compartment__number")
    def door(self, row: UpgradeDoor) -> str:
        return f"{row.compartment.bank.name} {row.compartment.number}"

    def verbs_for(self, row: UpgradeDoor) -> set[str]:
        return {"done"} if row.done_at is None and row.plan.closed_at is None else set()

    @action(description=_("Done"), url_path="done", icon="task_alt")  # type: ignore[untyped-decorator]  # unfold brings no types
    def done(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Record that the door has its new lock."""
        row = self.reachable(request, object_id, MAINTAIN)
        plan = row.plan
        stored = Asset.objects.filter(
            model=plan.to_model_id, organisation=plan.site.organisation_id,
            state__in=[AssetState.IN_STORE, AssetState.REMOVED, AssetState.ORDERED],
        ).select_related("model")  # fmt: skip
        form = DoorDoneForm(request.POST or None, today=today_at(plan.site), stored=stored)
        return self.form_page(
            request, row, title=_now("New lock in door %s") % row.compartment.number, form=form,
            note=_now("Whoever has the door keeps it."), done=_said,
            do=lambda form: self._do(request, row, form),
        )  # fmt: skip

    def _do(self, request: HttpRequest, row: UpgradeDoor, form: Any) -> Done:
        given = form.cleaned_data
        chosen = given["asset"]
        return upgrades.done(
            door_id=row.pk, asset_id=chosen.pk if chosen is not None else None,
            serial=given["serial"], by=given["by"], on=given["on"], actor=staff(request),
            at=timezone.now(),
        )  # fmt: skip


def _said(done: Done) -> list[str]:
    """Say what is left to do at a door with a new lock."""
    said = [_now("Door %s has its new lock.") % done.door.number]
    if done.holder:
        said.append(_now("%s keeps the door. Tell them how it opens now.") % done.holder)
    said += [
        _now("%(person)s still has the key %(key)s: ask for it.")
        % {"person": one.person, "key": one.key}
        for one in done.keys_out
    ]
    if done.needs_wiring:
        said.append(_now("It opens once it is commissioned: its channel is not known yet."))
    return said


def _drawings(doors: list[UpgradeDoor]) -> list[tuple[str, SafeString]]:
    """Draw each bank, every door of the plan with what it has; the others are left out."""
    banks: dict[int, list[UpgradeDoor]] = {}
    for one in doors:
        banks.setdefault(one.compartment.bank_id, []).append(one)
    return [
        (
            rows[0].compartment.bank.name,
            draw(
                rows[0].compartment.bank.name,
                ((f"{'✓' if one.done_at else '·'} {one.compartment.number}", one.compartment)
                 for one in rows),
            ),
        )
        for rows in banks.values()
    ]  # fmt: skip
