"""The page "Give compartments": a list is tried first, each line is named, then it is given."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.decorators import action

from access.admin.desk import OPERATE, Desk, local, staff
from audit.services import idempotency
from audit.services.idempotency import Reply
from lockers.models import Bank
from lockers.scoping import banks_of
from occupancy.forms.giving import GiveForm
from occupancy.services.custody import giving

TRY, GIVE = "try", "give"


class GivePage(Desk):
    """Adds the page to the list of claims."""

    actions_list = ["give"]

    def get_actions_list(self, request: HttpRequest) -> list[Any]:
        offered: list[Any] = super().get_actions_list(request)
        return offered if self.operated(request).exists() else []

    def operated(self, request: HttpRequest) -> QuerySet[Bank]:
        """Return the banks that the user operates."""
        return banks_of(request.user, OPERATE).select_related("site").order_by("site__name", "name")

    @action(description=_("Give compartments"), url_path="give", icon="add")  # type: ignore[untyped-decorator]  # unfold brings no types
    def give(self, request: HttpRequest) -> HttpResponse:
        """Give doors to people, a role or a department: first tried, then done."""
        banks = self.operated(request)
        if not banks.exists() or not request.user.is_staff:
            raise Http404
        is_sent = request.method == "POST"
        form = GiveForm(
            request.POST if is_sent else None, request.FILES if is_sent else None, banks=banks,
            initial=_asked_for(request, banks),
        )  # fmt: skip
        back = reverse("admin:occupancy_claim_changelist")
        context: dict[str, Any] = {"back": back}
        if is_sent and form.is_valid():
            tried = request.POST.get("tried", "")
            # What was changed after it was tried is tried again.
            is_changed = bool(tried) and tried != form.mark()
            is_real = request.POST.get("step") == GIVE and not form.wrong and not is_changed
            rows = self._given(request, form) if is_real else self._rows(request, form, TRY)
            failed = [row for row in rows if row["problem"]]
            if is_real:
                given = len(rows) - len(failed)
                messages.success(request, _now("Given: %(given)s.") % {"given": given})
                if not failed:
                    return HttpResponseRedirect(back)
            if form.wrong:
                form.add_error(None, ngettext(
                    "%(n)d line cannot be read. Correct it below; nothing is given before.",
                    "%(n)d lines cannot be read. Correct them below; nothing is given before.",
                    len(form.wrong),
                ) % {"n": len(form.wrong)})  # fmt: skip
            context |= {
                "rows": rows, "is_done": is_real, "failed": len(failed),
                "good": len(rows) - len(failed), "can_give": not form.wrong and not is_real,
                "is_changed": is_changed and request.POST.get("step") == GIVE,
                "tried": form.mark(), "key": uuid.uuid4().hex,
            }  # fmt: skip
        return self.show_page(
            request, "admin/occupancy/give.html", title=_now("Give compartments"), form=form,
            **context,
        )  # fmt: skip

    def _given(self, request: HttpRequest, form: GiveForm) -> list[dict[str, str]]:
        """Give every line its door; a button pressed twice gives nothing twice."""
        key = request.POST.get("key", "")
        if not key:
            return self._rows(request, form, GIVE)
        reply = idempotency.once(
            scope=f"user:{request.user.pk}", key=key,
            request=idempotency.fingerprint(request.path, form.mark()),
            work=lambda: Reply(200, {"rows": self._rows(request, form, GIVE)}),
        )  # fmt: skip
        rows: list[dict[str, str]] = reply.body["rows"]
        return rows

    def _rows(self, request: HttpRequest, form: GiveForm, step: str) -> list[dict[str, str]]:
        """Return each line with its door and its end, or with why it gets none."""
        asked = form.rows
        outcomes = dict(
            zip(
                asked,
                giving.give_many(
                    asked.values(), actor=staff(request), at=timezone.now(), dry_run=step == TRY
                ),
                strict=True,
            )
        )
        site = form.cleaned_data["bank"].site
        found = []
        for entry in form.entries:
            outcome = outcomes.get(entry.place)
            got = outcome.assignment if outcome else None
            refusal = outcome.refusal if outcome else None
            found.append({
                "place": str(entry.place), "text": entry.text,
                "who": str(entry.person) if entry.person else "",
                "bank": got.compartment.bank.name if got else "",
                "door": got.compartment.number if got else "",
                "until": local(got.due_at, site) if got and got.due_at else "",
                "problem": entry.problem or (str(refusal) if refusal else ""),
            })  # fmt: skip
        return found


def _asked_for(request: HttpRequest, banks: QuerySet[Bank]) -> dict[str, Any]:
    """Return what the page that led here has filled in already."""
    bank: Any = banks[0] if len(banks[:2]) == 1 else None
    number = request.GET.get("bank", "")
    if number.isascii() and number.isdigit() and len(number) < 18:
        bank = number
    return {
        "bank": bank,
        "people": request.GET.get("people", "")[:254],
        "reason": request.GET.get("reason", "")[:200],
    }
