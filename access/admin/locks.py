"""Locks: their serial numbers and keys, and their combinations, which are looked at one by one."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.admin import TabularInline
from unfold.decorators import action, display

from access.admin.desk import VIEW_COMBINATION, Desk, staff
from access.choices import StandInKind
from access.key_forms import (
    AdvanceForm,
    ChangeLockForm,
    CombinationsForm,
    CutForm,
    ReasonForm,
    SerialForm,
)
from access.lock_imports import LockRows
from access.models import Key, Lock, StandIn
from access.services import combinations, keys, lost_keys
from audit.errors import Refusal
from lockers.choices import LockKind
from lockers.importing.pages import ScopedImportExport
from lockers.models import Compartment, Site
from lockers.scoping import MANAGE, VIEW, ScopedRelatedFilter, sites_of

# More than these are chosen by their bank or site.
MOST_CHOSEN = 300


class KeysInline(TabularInline):
    """The copies that open this; handed out on their own pages."""

    model = Key
    extra = 0
    can_delete = False
    fields = ["copy", "hook", "status"]
    readonly_fields = fields
    show_change_link = True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class StandInInline(TabularInline):
    """Who opens the door without the key they lost, and until when."""

    model = StandIn
    extra = 0
    can_delete = False
    fields = ["person", "kind", "given_at", "ends_at", "ended_at"]
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("person")

    @admin.display(description=_("what"))
    def kind(self, stand_in: StandIn) -> str:
        """Say whether it is a PIN or a pass."""
        return str((StandInKind.PIN if stand_in.pin_id else StandInKind.PASS).label)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Lock)
class LockAdmin(Desk, ScopedImportExport):
    resource_classes = [LockRows]
    form = SerialForm
    site_path = "compartment__bank__site"
    bank_path = "compartment__bank"
    list_display = ["__str__", "serial", "kind", "position", "is_to_be_changed"]
    list_filter = [("compartment__bank", ScopedRelatedFilter), "compartment__lock_kind"]
    search_fields = ["compartment__number", "compartment__bank__name", "serial"]
    list_select_related = ["compartment__bank"]
    autocomplete_fields = ["compartment"]
    readonly_fields = ["position"]
    inlines = [KeysInline, StandInInline]
    actions = ["advance_chosen"]
    actions_list = ["advance"]
    actions_detail = ["show_combination", "store_combinations", "cut", "change_lock"]
    verb_rights = {
        "show_combination": VIEW_COMBINATION, "store_combinations": MANAGE,
        "cut": MANAGE, "change_lock": MANAGE,
    }  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("change_requests")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Show the key code to who manages the site: with it anybody can have a key cut."""
        shown = ["compartment", "serial", "key_code", "position"]
        if not self._holds(request, self.change_right, obj):
            shown.remove("key_code")
        return shown

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        # A lock moves to another door as a new one: its keys would silently open that.
        return ["position", "compartment"] if obj is not None else ["position"]

    def get_form(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        made = super().get_form(request, obj, **kwargs)
        made.sites = sites_of(request.user, VIEW)
        return made

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # changed, with a record, never removed

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "compartment":
            kwargs["queryset"] = self._doors(request)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def _doors(self, request: HttpRequest) -> QuerySet[Compartment]:
        # An electronic door often has a key as well, for the day when nothing else opens it.
        return Compartment.objects.filter(bank__site__in=sites_of(request.user, MANAGE))

    def verbs_for(self, lock: Lock) -> set[str]:
        with_dial = {"store_combinations"} | ({"show_combination"} if lock.position else set())
        is_dial = lock.compartment.lock_kind == LockKind.COMBINATION
        return {"cut", "change_lock"} | (with_dial if is_dial or lock.position else set())

    @admin.display(description=_("kind"))
    def kind(self, lock: Lock) -> str:
        return lock.compartment.get_lock_kind_display()

    @display(description=_("to be changed"), label={"yes": "warning"})  # type: ignore[untyped-decorator]  # unfold brings no types
    def is_to_be_changed(self, lock: Lock) -> tuple[str, str] | None:
        """Say so where somebody asked for it; nothing where all is well."""
        is_asked = any(change.done_at is None for change in lock.change_requests.all())
        return ("yes", _now("to be changed")) if is_asked else None

    @action(description=_("Add keys"), url_path="cut", icon="vpn_key")  # type: ignore[untyped-decorator]  # unfold brings no types
    def cut(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Register new copies of its key."""
        lock = self.reachable(request, object_id, MANAGE)
        return self.form_page(
            request, lock, title=_now("Add keys"), form=CutForm(request.POST or None),
            do=lambda form: keys.cut(
                opens=lock, actor=staff(request), at=timezone.now(), **form.cleaned_data
            ),
        )  # fmt: skip

    @action(description=_("Change lock"), url_path="change-lock", icon="build")  # type: ignore[untyped-decorator]  # unfold brings no types
    def change_lock(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Register the new lock of the door."""
        lock = self.reachable(request, object_id, MANAGE)
        return self.form_page(
            request, lock, title=_now("Change the lock"), button=_now("Change"),
            form=ChangeLockForm(
                request.POST or None, lock=lock, sites=sites_of(request.user, VIEW)
            ),
            note=_now("The keys of the old lock are retired wherever they are, its combinations"
                      " forgotten, and a lock change that was asked for is done."),
            do=lambda form: lost_keys.change_lock(
                lock=lock, actor=staff(request), at=timezone.now(), **form.cleaned_data
            ),
        )  # fmt: skip

    @action(description=_("Combinations"), url_path="combinations", icon="dialpad")  # type: ignore[untyped-decorator]  # unfold brings no types
    def store_combinations(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Take the combinations a lock came with."""
        lock = self.reachable(request, object_id, MANAGE)
        stored = set(lock.combinations.values_list("position", flat=True))
        return self.form_page(
            request, lock, title=_now("Store combinations"),
            form=CombinationsForm(request.POST or None, stored=stored),
            do=lambda form: combinations.store(
                lock=lock, combinations=form.combinations, actor=staff(request),
                at=timezone.now(),
            ),
        )  # fmt: skip

    @action(description=_("Show combination"), url_path="combination", icon="visibility")  # type: ignore[untyped-decorator]  # unfold brings no types
    def show_combination(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show the combination in force once, to who gives a reason."""
        lock = self.reachable(request, object_id, VIEW_COMBINATION)
        form = ReasonForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            try:
                line = combinations.show(
                    lock=lock, reason=form.cleaned_data["reason"], actor=staff(request),
                    at=timezone.now(),
                )  # fmt: skip
            except Refusal as refusal:
                form.add_error(None, str(refusal))
            else:
                # The answer to a POST: going back or loading again does not show it again.
                return self.show_page(
                    request, "admin/access/combination.html", title=_now("Combination"),
                    subtitle=str(lock), line=line, back=self.page_of(lock),
                )  # fmt: skip
        return self.show_page(
            request, "admin/access/key_form.html", title=_now("Show combination"), form=form,
            subtitle=str(lock), button=_now("Show"), back=self.page_of(lock),
            note=_now("It is shown once, and recorded that you looked at it, and why."),
        )  # fmt: skip

    # The end of a term.

    def _sites_to_advance(self, request: HttpRequest) -> QuerySet[Site]:
        shown = sites_of(request.user, VIEW_COMBINATION)
        return sites_of(request.user, MANAGE).filter(pk__in=shown.values("pk"))

    def get_actions_list(self, request: HttpRequest) -> list[Any]:
        offered: list[Any] = super().get_actions_list(request)
        if self._sites_to_advance(request).exists():
            return offered
        return [one for one in offered if not one.action_name.endswith("_advance")]

    @admin.action(description=_("Change to the next combination…"))
    def advance_chosen(self, request: HttpRequest, queryset: QuerySet[Lock]) -> Any:
        """Go on with the chosen locks to the page that advances them."""
        numbers = list(queryset.values_list("pk", flat=True)[: MOST_CHOSEN + 1])
        if len(numbers) > MOST_CHOSEN:
            messages.warning(request, _now("That is many locks: choose their bank or site."))
            numbers = []
        address = reverse("admin:access_lock_advance")
        return HttpResponseRedirect(f"{address}?locks={','.join(map(str, numbers))}")

    @action(description=_("Next combinations"), url_path="advance", icon="event_repeat")  # type: ignore[untyped-decorator]  # unfold brings no types
    def advance(self, request: HttpRequest) -> HttpResponse:
        """Advance the combinations of many locks: looked at first, then listed once."""
        sites = self._sites_to_advance(request)
        if not sites.exists():
            raise Http404
        chosen = {"locks": request.GET.get("locks", "")}
        form = AdvanceForm(request.POST or None, sites=sites, initial=chosen)
        context: dict[str, Any] = {"back": reverse("admin:access_lock_changelist")}
        if request.method == "POST" and form.is_valid():
            locks = self._chosen(form, sites)
            if request.POST.get("do") == "advance":
                lines = self._advance(request, form, locks)
                if lines is not None:
                    context |= {"lines": lines, "reason": form.cleaned_data["reason"],
                                "title": self._count(len(lines))}  # fmt: skip
                    return self.show_page(request, "admin/access/advanced.html", **context)
            steps = combinations.plan(locks)
            context |= {
                "steps": [step for step in steps if step.before != step.after],
                "left": [step for step in steps if step.before == step.after],
                "expected": combinations.fingerprint(steps),
                "is_planned": True,
            }
        return self.show_page(
            request, "admin/access/advance.html", title=_now("Next combinations"), form=form,
            **context,
        )  # fmt: skip

    def _advance(
        self, request: HttpRequest, form: AdvanceForm, locks: QuerySet[Lock]
    ) -> list[combinations.Line] | None:
        try:
            return combinations.advance(
                locks=locks, expected=form.cleaned_data["expected"], actor=staff(request),
                reason=form.cleaned_data["reason"], at=timezone.now(),
            )  # fmt: skip
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        return None

    @staticmethod
    def _chosen(form: AdvanceForm, sites: QuerySet[Site]) -> QuerySet[Lock]:
        locks = Lock.objects.filter(compartment__bank__site__in=sites)
        given = form.cleaned_data
        if given["bank"] is not None:
            return locks.filter(compartment__bank=given["bank"])
        if given["site"] is not None:
            return locks.filter(compartment__bank__site=given["site"])
        return locks.filter(pk__in=given["locks"])

    @staticmethod
    def _count(count: int) -> str:
        return ngettext("%(count)d dial to turn", "%(count)d dials to turn", count) % {
            "count": count
        }
