"""Recoveries: what is to be emptied, step by step, and who did what."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin import EmptyFieldListFilter
from django.db.models import CharField, OuterRef, Subquery
from django.db.models.functions import Cast
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline
from unfold.decorators import action

from access.admin.desk import Desk, staff, user_id
from access.key_forms import ReasonForm
from access.models import User
from audit.models import ActorKind
from lockers.scoping import RECOVER, ScopedRelatedFilter
from occupancy.choices import CustodyKind
from occupancy.forms.items import FoundForm
from occupancy.models import CustodyStep, LostItem, Recovery
from occupancy.services.ending import lost_property, recovery

_VERBS = ("confirm", "open_door", "opened_by_key", "nothing_found", "store", "close", "call_off")


class StepInline(TabularInline):
    """The custody record, as it was written."""

    model = CustodyStep
    extra = 0
    can_delete = False
    hide_title = True
    fields = ["at", "kind", "who", "note"]
    readonly_fields = fields
    ordering = ["pk"]

    @admin.display(description=_("by"))
    def who(self, step: CustodyStep) -> str:
        """Return the name of who did it."""
        if step.actor_kind != ActorKind.STAFF:
            return str(step.get_actor_kind_display())
        return getattr(step, "by", None) or step.actor_id

    def get_queryset(self, request: HttpRequest) -> Any:
        """Find the names with the steps."""
        # As texts: what a job is called is no number.
        users = User.objects.alias(key=Cast("pk", CharField())).filter(key=OuterRef("actor_id"))
        return super().get_queryset(request).annotate(by=Subquery(users.values("username")[:1]))

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ItemInline(TabularInline):
    """What was found inside."""

    model = LostItem
    extra = 0
    can_delete = False
    hide_title = True
    fields = ["what", "stored_where", "seal_number", "witness", "status"]
    readonly_fields = fields
    show_change_link = True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Recovery)
class RecoveryAdmin(Desk):
    """Every step is a verb with the right to recover, and stays as it was."""

    is_history = True
    site_path = "claim__compartment__bank__site"
    bank_path = "claim__compartment__bank"
    list_display = ["claim_door", "holder", "reason", "begun_at", "emptied_at", "closed_at"]
    list_filter = [
        ("closed_at", EmptyFieldListFilter),
        ("claim__compartment__bank__site", ScopedRelatedFilter),
    ]
    search_fields = ["claim__compartment__number", "claim__holder__family_name",
                     "claim__holder__given_name"]  # fmt: skip
    list_select_related = ["claim__compartment__bank", "claim__holder"]
    fields = ["claim_door", "holder", "reason", "what_next", "takes_two", "begun_at", "emptied_at",
              "closed_at"]  # fmt: skip
    readonly_fields = ["claim_door", "holder", "what_next"]
    inlines = [StepInline, ItemInline]
    actions_detail = list(_VERBS)
    verb_rights = dict.fromkeys(_VERBS, RECOVER)

    @admin.display(description=_("compartment"), ordering="claim__compartment__number")
    def claim_door(self, case: Recovery) -> str:
        return f"{case.claim.compartment.bank.name} {case.claim.compartment.number}"

    @admin.display(description=_("holder"))
    def holder(self, case: Recovery) -> str:
        return str(case.claim.holder or "-")

    @admin.display(description=_("what comes next"))
    def what_next(self, case: Recovery) -> str:
        """Say what is to be done now."""
        if case.closed_at is not None:
            return "-"
        if case.emptied_at is not None:
            return _now("Store what was found, then reset and free the door.")
        if case.steps.filter(kind=CustodyKind.OPENED, at__gte=case.begun_at).exists():
            return _now("Store each thing that is inside, or say that nothing was.")
        if case.takes_two:
            return _now("Two of you: one confirms, the other opens within half an hour.")
        return _now("Open the door.")

    def verbs_for(self, case: Recovery) -> set[str]:
        if case.closed_at is not None:
            return set()
        if case.emptied_at is not None:
            return {"store", "close"}
        verbs = {"open_door", "opened_by_key", "call_off"}
        if case.takes_two:
            verbs.add("confirm")
        if case.steps.filter(kind=CustodyKind.OPENED, at__gte=case.begun_at).exists():
            verbs |= {"nothing_found", "store"}
        return verbs

    @action(description=_("Confirm"), url_path="confirm", icon="how_to_reg")  # type: ignore[untyped-decorator]  # unfold brings no types
    def confirm(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Say, as somebody else, that it may be opened."""
        case = self.reachable(request, object_id, RECOVER)
        return self.form_page(
            request, case, title=_now("Confirm"), button=_now("Confirm"),
            form=Form(request.POST or None),
            note=_now("You stand beside whoever opens it, and see what is inside."),
            do=lambda form: recovery.confirm(
                recovery_id=case.pk, user_id=user_id(request), at=timezone.now()
            ),
        )  # fmt: skip

    @action(description=_("Open"), url_path="open", icon="lock_open")  # type: ignore[untyped-decorator]  # unfold brings no types
    def open_door(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Open it by override, with a reason."""
        case = self.reachable(request, object_id, RECOVER)
        return self.form_page(
            request, case, title=_now("Open the door"), button=_now("Open"),
            form=ReasonForm(request.POST or None, initial={"reason": case.reason}),
            do=lambda form: recovery.open_for(
                recovery_id=case.pk, user_id=user_id(request), at=timezone.now(),
                **form.cleaned_data,
            ),
            done=lambda _command: _now("The door was asked to open."),
        )  # fmt: skip

    @action(description=_("Opened by key"), url_path="opened", icon="vpn_key")  # type: ignore[untyped-decorator]  # unfold brings no types
    def opened_by_key(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Record that it was opened by a key or a tool."""
        case = self.reachable(request, object_id, RECOVER)
        return self.form_page(
            request, case, title=_now("It was opened by key"),
            form=ReasonForm(request.POST or None, initial={"reason": case.reason}),
            do=lambda form: recovery.opened_by_key(
                recovery_id=case.pk, user_id=user_id(request), at=timezone.now(),
                **form.cleaned_data,
            ),
        )  # fmt: skip

    @action(description=_("Nothing inside"), url_path="nothing", icon="check_box_outline_blank")  # type: ignore[untyped-decorator]  # unfold brings no types
    def nothing_found(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Record that it was empty."""
        case = self.reachable(request, object_id, RECOVER)
        return self.form_page(
            request, case, title=_now("Nothing inside"), form=Form(request.POST or None),
            do=lambda form: recovery.empty(
                recovery_id=case.pk, found=False, actor=staff(request), at=timezone.now()
            ),
        )  # fmt: skip

    @action(description=_("Store a thing"), url_path="store", icon="inventory_2")  # type: ignore[untyped-decorator]  # unfold brings no types
    def store(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Put something that was inside into the lost property."""
        case = self.reachable(request, object_id, RECOVER)
        return self.form_page(
            request, case, title=_now("Store a thing"), button=_now("Store"),
            form=FoundForm(request.POST or None, request.FILES or None),
            do=lambda form: lost_property.store_item(
                recovery_id=case.pk, found=form.found, actor=staff(request), at=timezone.now()
            ),
            done=lambda item: _now("Stored: %s.") % item,
        )  # fmt: skip

    @action(description=_("Reset and free the door"), url_path="close", icon="task_alt")  # type: ignore[untyped-decorator]  # unfold brings no types
    def close(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Reset the emptied compartment, so that it can be had again."""
        case = self.reachable(request, object_id, RECOVER)
        return self.form_page(
            request, case, title=_now("Reset and free the door"), button=_now("Reset and free"),
            form=Form(request.POST or None),
            note=_now("It is empty, clean and shut: somebody else can have it from now on."),
            do=lambda form: recovery.close(
                recovery_id=case.pk, actor=staff(request), at=timezone.now()
            ),
            done=lambda _none: _now("The door is free."),
        )  # fmt: skip

    @action(description=_("Call it off"), url_path="call-off", icon="undo")  # type: ignore[untyped-decorator]  # unfold brings no types
    def call_off(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Leave the compartment to its holder after all, with a reason."""
        case = self.reachable(request, object_id, RECOVER)
        return self.form_page(
            request, case, title=_now("Call it off"), button=_now("Call it off"),
            form=ReasonForm(request.POST or None),
            do=lambda form: recovery.call_off(
                recovery_id=case.pk, actor=staff(request), at=timezone.now(), **form.cleaned_data
            ),
        )  # fmt: skip
