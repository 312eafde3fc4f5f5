"""The lockers of a collection, pupil by pupil: cleared by name, and charged for damage."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from access.admin.desk import OPERATE, Desk, staff
from access.models.keys import money
from access.services import keys
from lockers.scoping import ScopedRelatedFilter
from maintenance.choices import Condition
from maintenance.forms.collections import ClearForm, DamageForm
from maintenance.models import CollectionLine
from maintenance.selectors import collection_lists, collections
from maintenance.services.collections import clearing


class WhichFilter(admin.SimpleListFilter):
    """What is left to do about them."""

    title = _("which")
    parameter_name = "which"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("open", _("not cleared")), ("stopped", _("stopped until cleared")),
                ("out", _("not collected")), ("damaged", _("damaged"))]  # fmt: skip

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() == "open":
            return queryset.filter(cleared_at__isnull=True)
        if self.value() == "stopped":
            return queryset.filter(collections.stopped(timezone.now()))
        if self.value() == "out":
            return queryset.exclude(collections.BACK)
        if self.value() == "damaged":
            return queryset.filter(condition=Condition.DAMAGED)
        return queryset


@admin.register(CollectionLine)
class CollectionLineAdmin(Desk):
    """Lines come from a collection; here they are cleared and charged."""

    is_history = True
    site_path = "collection__site"
    list_display = ["person", "form", "door", "said", "lacking", "cleared_at", "collection"]
    list_filter = [WhichFilter, ("collection", ScopedRelatedFilter)]
    search_fields = ["person__family_name", "person__given_name", "person__personal_number",
                     "form", "compartment__number"]  # fmt: skip
    list_select_related = ["person", "compartment__bank", "claim", "collection"]
    ordering = ["-collection", "form", "person__family_name", "person__given_name", "pk"]
    fields = ["person", "form", "door", "collection", "emptied", "key", "condition", "note",
              "ticket", "lacking", "owed", "done_at", "reminded_at", "rotated_at", "cleared_at",
              "cleared_because", "hold"]  # fmt: skip
    readonly_fields = ["door", "lacking", "owed"]
    actions_detail = ["clear", "charge_damage"]
    verb_rights = {"clear": OPERATE, "charge_damage": OPERATE}

    @admin.display(description=_("compartment"), ordering="compartment__number")
    def door(self, line: CollectionLine) -> str:
        return f"{line.compartment.bank.name} {line.compartment.number}"

    @admin.display(description=_("said"))
    def said(self, line: CollectionLine) -> str:
        return collections.summary_of(line) or "-"

    @admin.display(description=_("what is missing"))
    def lacking(self, line: CollectionLine) -> str:
        return "-" if line.cleared_at is not None else collection_lists.missing(line) or "-"

    @admin.display(description=_("charged"))
    def owed(self, line: CollectionLine) -> str:
        """Say what was charged, for keys and for damage."""
        said = [str(charge) for charge in line.charges.all()]
        if line.damage_minor is not None:
            said.append(money(line.damage_minor, line.currency))
        return ", ".join(said) or "-"

    def verbs_for(self, line: CollectionLine) -> set[str]:
        verbs = set() if line.cleared_at is not None else {"clear"}
        if line.condition == Condition.DAMAGED and not line.cleared_because:
            verbs.add("charge_damage")
        return verbs

    @action(description=_("Clear"), url_path="clear", icon="how_to_reg")  # type: ignore[untyped-decorator]  # unfold brings no types
    def clear(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Clear a pupil of this locker, with the reason."""
        line = self.reachable(request, object_id, OPERATE)
        return self.form_page(
            request, line, title=_now("Clear"), button=_now("Clear"),
            form=ClearForm(request.POST or None, initial={"is_empty": line.emptied}),
            note=_now("With their last locker cleared they can have lockers again."),
            do=lambda form: clearing.clear(
                line_id=line.pk, actor=staff(request), at=timezone.now(), **form.cleaned_data
            ),
        )  # fmt: skip

    @action(description=_("Charge the damage"), url_path="charge", icon="payments")  # type: ignore[untyped-decorator]  # unfold brings no types
    def charge_damage(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Say what the damage costs its pupil."""
        line = self.reachable(request, object_id, OPERATE)
        currency = keys.rules_of(line.collection.site).currency
        whole = "." not in money(1, currency)
        return self.form_page(
            request, line, title=_now("Charge the damage"), button=_now("Charge"),
            form=DamageForm(request.POST or None, initial={"note": line.note}),
            note=_now("In %(currency)s. It is paid elsewhere; clear the pupil once it is.")
            % {"currency": currency},
            do=lambda form: clearing.charge_damage(
                line_id=line.pk, note=form.cleaned_data["note"], actor=staff(request),
                at=timezone.now(),
                amount_minor=int(form.cleaned_data["amount"] * (1 if whole else 100)),
            ),
        )  # fmt: skip
