"""Banks that are taken away: one step after the other, with what is in the way of each."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline
from unfold.decorators import action

from access.admin.desk import Desk, staff
from access.key_forms import ReasonForm
from audit.errors import Refusal
from audit.services import idempotency
from lockers.scoping import MANAGE, ScopedRelatedFilter, banks_of
from maintenance.admin.replacements import today_at
from maintenance.choices import DecommissionStep
from maintenance.forms.assets import BeginForm, StepForm
from maintenance.models import Decommissioning, StepDone
from maintenance.services import decommissioning

_MEANING = {
    DecommissionStep.EMPTIED: _("Nobody has a door of it, nobody has booked one."),
    DecommissionStep.CREDENTIALS: _("Nothing opens its doors any more: no grant and no pass."),
    DecommissionStep.KEYS: _(
        "Every key of it is back or reported lost. Those in the cabinet are retired with this step."
    ),
    DecommissionStep.DATA: _(
        "Combinations and key codes are destroyed, its screens revoked, and its bridge, too, when"
        " it drives no other bank. This cannot be undone."
    ),
    DecommissionStep.REMOVED: _("It is taken down: so are its boards, locks and screens."),
    DecommissionStep.DISPOSED: _("What was taken down is gone for good."),
    DecommissionStep.CERTIFICATE: _("The certificate of disposal is on file."),
}


class StepInline(TabularInline):
    """What was done, and by whom."""

    model = StepDone
    extra = 0
    can_delete = False
    hide_title = True
    fields = ["step", "at", "actor_kind", "actor_id", "note"]
    readonly_fields = fields

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Decommissioning)
class DecommissioningAdmin(Desk):
    """Each step is refused until what it means is true."""

    is_history = True
    site_path = "bank__site"
    bank_path = "bank"
    list_display = ["bank", "reason", "begun_at", "next_step", "done_at", "called_off_at",
                    "certificate"]  # fmt: skip
    list_filter = [("bank__site", ScopedRelatedFilter)]
    search_fields = ["bank__name", "reason", "certificate"]
    list_select_related = ["bank__site"]
    fields = ["bank", "reason", "begun_at", "next_step", "in_the_way", "done_at", "called_off_at",
              "certificate"]  # fmt: skip
    readonly_fields = ["next_step", "in_the_way"]
    inlines = [StepInline]
    actions_list = ["begin"]
    actions_detail = ["step", "call_off"]
    verb_rights = dict.fromkeys(actions_detail, MANAGE)

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("steps")

    @admin.display(description=_("what comes next"))
    def next_step(self, row: Decommissioning) -> str:
        """Say which step comes next."""
        step = _next(row)
        return str(step.label) if step is not None else "-"

    @admin.display(description=_("in the way"))
    def in_the_way(self, row: Decommissioning) -> SafeString | str:
        """List who and what is still there, each with its page."""
        if _next(row) is None:
            return "-"
        found = _left(row)
        if not found:
            return _now("Nothing. Go on with the next step.")
        items = format_html_join("", '<li><a class="underline" href="{}">{}</a></li>', found)
        return format_html("<ul>{}</ul>", items)

    def verbs_for(self, row: Decommissioning) -> set[str]:
        if _next(row) is None:
            return set()
        gone = {one.step for one in row.steps.all()} - {DecommissionStep.EMPTIED}
        return {"step"} if gone else {"step", "call_off"}

    @action(description=_("Take a bank away"), url_path="begin", icon="delete_forever")  # type: ignore[untyped-decorator]  # unfold brings no types
    def begin(self, request: HttpRequest) -> HttpResponse:
        """Begin: free doors are given to nobody from now on."""
        banks = banks_of(request.user, MANAGE).select_related("site")
        if not request.user.is_staff or not banks.exists():
            raise Http404
        form = BeginForm(
            request.POST or None, banks=banks, initial={"bank": request.GET.get("bank")}
        )
        if request.method == "POST" and form.is_valid():
            try:
                begun = idempotency.run(
                    lambda: decommissioning.begin(
                        bank_id=form.cleaned_data["bank"].pk, reason=form.cleaned_data["reason"],
                        actor=staff(request), at=timezone.now(),
                    )
                )  # fmt: skip
            except Refusal as refusal:
                idempotency.settle(refusal)
                form.add_error(None, str(refusal))
            else:
                return HttpResponseRedirect(self.page_of(begun))
        return self.show_page(
            request, "admin/access/key_form.html", title=_now("Take a bank away"), form=form,
            subtitle=_now("for good"), button=_now("Begin"),
            back=reverse("admin:maintenance_decommissioning_changelist"),
            note=_now(
                "Its free doors are given to nobody from now on. Who has a door keeps it until it"
                " is given back or emptied."
            ),
        )  # fmt: skip

    @action(description=_("Next step"), url_path="step", icon="task_alt")  # type: ignore[untyped-decorator]  # unfold brings no types
    def step(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Do the next step; what is in its way is said."""
        row = self.reachable(request, object_id, MANAGE)
        step = _next(row)
        if step is None:
            return HttpResponseRedirect(self.page_of(row))
        form = StepForm(request.POST or None, today=today_at(row.bank.site), step=step)
        return self.form_page(
            request, row, title=str(step.label).capitalize(), form=form, note=_MEANING[step],
            do=lambda form: decommissioning.do(
                decommissioning_id=row.pk, step=step, actor=staff(request), at=timezone.now(),
                **form.cleaned_data,
            ),
            done=lambda done: _now("Done: %s.") % done.get_step_display(),
        )  # fmt: skip

    @action(description=_("Call it off"), url_path="call-off", icon="undo")  # type: ignore[untyped-decorator]  # unfold brings no types
    def call_off(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Keep the bank after all."""
        row = self.reachable(request, object_id, MANAGE)
        return self.form_page(
            request, row, title=_now("Call it off"), form=ReasonForm(request.POST or None),
            button=_now("Call it off"), note=_now("Its doors are again what they were before."),
            do=lambda form: decommissioning.call_off(
                decommissioning_id=row.pk, actor=staff(request), at=timezone.now(),
                **form.cleaned_data,
            ),
        )  # fmt: skip


def _next(row: Decommissioning) -> DecommissionStep | None:
    if row.done_at is not None or row.called_off_at is not None:
        return None
    there = {one.step for one in row.steps.all()}
    return next((one for one in decommissioning.ORDER if one not in there), None)


def _left(row: Decommissioning) -> list[tuple[str, str]]:
    """Return page and words of what is in the way of the next steps."""
    found = []
    for claim in decommissioning.in_the_way(row.bank_id):
        who = claim.holder or claim.role or claim.department
        case = getattr(claim, "recovery", None)
        if case is not None and case.closed_at is None:
            page = reverse("admin:occupancy_recovery_change", args=[case.pk])
            words = _now("Door %(number)s is being emptied (%(who)s).")
        else:
            page = f"{reverse('map-site', args=[row.bank.site_id])}#door-{claim.compartment_id}"
            words = _now("Door %(number)s: %(who)s. End the use, or empty the door on the map.")
        found.append((page, words % {"number": claim.compartment.number, "who": who}))
    keys = reverse("admin:access_key_changelist")
    found += [
        (f"{keys}?where=out", _now("%(person)s has the key %(key)s.")
         % {"person": one.person, "key": one.key})
        for one in decommissioning.keys_out(row.bank_id)
    ]  # fmt: skip
    return found
