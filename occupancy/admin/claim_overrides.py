"""The three overrides of a use, each with its own right and a reason: inspect, release, recover."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from access.admin.desk import OPERATE, Desk, staff
from access.key_forms import ReasonForm
from lockers.scoping import OVERRIDE, RECOVER
from occupancy.choices import ClaimKind, ClosedHow
from occupancy.models import Claim, Recovery
from occupancy.services.claims import assignments
from occupancy.services.ending import recovery


class Overrides(Desk):
    """Adds the overrides to the page of a claim."""

    @action(description=_("Inspect"), url_path="inspect", icon="visibility")  # type: ignore[untyped-decorator]  # unfold brings no types
    def inspect(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Open the door; whoever has it keeps it."""
        claim = self._use(request, object_id, OVERRIDE)
        return self.form_page(
            request, claim, title=_now("Inspect"), button=_now("Open the door"),
            form=ReasonForm(request.POST or None),
            note=_now("The door opens now. Its holder keeps it, with what is inside."),
            do=lambda form: assignments.open_override(
                compartment=claim.compartment, actor=staff(request), at=timezone.now(),
                reason=form.cleaned_data["reason"],
            ),
            done=lambda _command: _now("The door was asked to open."),
        )  # fmt: skip

    @action(description=_("Release"), url_path="release", icon="lock_open")  # type: ignore[untyped-decorator]  # unfold brings no types
    def release(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Take the door back; what is inside stays inside."""
        claim = self._use(request, object_id, OPERATE)
        return self.form_page(
            request, claim, title=_now("Release"), button=_now("Release"),
            form=ReasonForm(request.POST or None),
            note=_now("The holder cannot open it any more. What is inside stays inside."),
            do=lambda form: assignments.release(
                claim_id=claim.pk, how=ClosedHow.RELEASED_BY_STAFF, actor=staff(request),
                at=timezone.now(), reason=form.cleaned_data["reason"],
            ),
            done=lambda _assignment: _now("Released. The holder cannot open it any more."),
        )  # fmt: skip

    @action(description=_("Recover"), url_path="recover", icon="door_back")  # type: ignore[untyped-decorator]  # unfold brings no types
    def recover(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Begin to empty the door into lost property."""
        claim = self._use(request, object_id, RECOVER)

        def then(begun: Recovery) -> HttpResponse:
            return HttpResponseRedirect(reverse("admin:occupancy_recovery_change", args=[begun.pk]))

        return self.form_page(
            request, claim, title=_now("Recover"), button=_now("Begin recovery"),
            form=ReasonForm(request.POST or None),
            note=_now(
                "Staff empty it into lost property. Its holder cannot open it any more, and nobody"
                " gets it before it is emptied."
            ),
            do=lambda form: recovery.begin(
                claim_id=claim.pk, actor=staff(request), at=timezone.now(),
                reason=form.cleaned_data["reason"],
            ),
            then=then,
        )  # fmt: skip

    def _use(self, request: HttpRequest, object_id: str, right: str) -> Claim:
        claim: Claim = self.reachable(request, object_id, right)
        if claim.kind != ClaimKind.ASSIGNMENT:
            raise Http404
        return claim
