"""Verbs of an allotment after its draw and around its letters: free doors, links by e-mail."""

from __future__ import annotations

from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.decorators import action

from access.admin.desk import Desk, staff
from audit.errors import Refusal
from audit.services import idempotency
from lockers.scoping import MANAGE
from occupancy.forms.allotting import LettersForm, SendForm
from occupancy.forms.serving import ReserveForm, ServeForm
from occupancy.models import Allotment
from occupancy.services.allotting import sending, waiting


class Sends(Desk):
    """Sends links by e-mail, and says whose are to be printed."""

    @action(description=_("Send the links by e-mail"), url_path="send", icon="forward_to_inbox")  # type: ignore[untyped-decorator]  # unfold brings no types
    def send_links(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Write to pupils or guardians; then list who has no address."""
        row: Allotment = self.reachable(request, object_id, MANAGE)
        form = SendForm(request.POST or None, site=row.site)
        return self.form_page(
            request, row, title=_now("Send the links by e-mail"), button=_now("Send"), form=form,
            note=_now(
                "Everybody with an address gets a new link, without a code: the page behind it"
                " sends one to the same address. Links and letters from before end when the new"
                " one goes. Who has no address is listed for printing."
            ),
            do=lambda form: sending.send_links(
                allotment=row, to=form.cleaned_data["to"], forms=form.chosen(),
                actor=staff(request), at=timezone.now(),
            ),
            done=lambda sent: ngettext(
                "%(count)d letter is on its way.", "%(count)d letters are on their way.", sent.count
            ) % {"count": sent.count},
            then=lambda sent: self._printing(request, row, form, sent),
        )  # fmt: skip

    def _printing(
        self, request: HttpRequest, row: Allotment, form: SendForm, sent: sending.Sent
    ) -> HttpResponse | None:
        """List who has no address, with a button that prints theirs; None where all have one."""
        if not sent.without:
            return None
        said = {"without": form.cleaned_data["to"], "registration_groups": form.chosen() or []}
        print_form = LettersForm(initial=said, site=row.site)
        for name in print_form.fields:
            print_form.fields[name].widget = print_form.fields[name].hidden_widget()
        address = reverse("admin:occupancy_allotment_letters", args=[row.pk])
        return self.show_page(
            request, "admin/occupancy/allotment_sent.html", title=_now("Send the links by e-mail"),
            subtitle=str(row), people=sent.without, form=print_form, address=address,
            back=self.page_of(row),
        )  # fmt: skip


def who_lacks(row: Allotment, form: LettersForm) -> list[int] | None:
    """Return who has no address of the kind that was chosen; None for everybody."""
    to = form.cleaned_data["without"]
    if not to:
        return None
    return [one.pk for one in sending.without_address(allotment=row, to=to)]


class Waits(Desk):
    """Gives doors that come free to who waits, once somebody has looked at who gets what."""

    @action(description=_("Give free doors to who waits"), url_path="waiting", icon="hourglass_top")  # type: ignore[untyped-decorator]  # unfold brings no types
    def waiting(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show who would get which free door and why, then give exactly that."""
        row: Allotment = self.reachable(request, object_id, MANAGE)
        at = timezone.now()
        if request.method == "POST":
            return self._serve(request, row)
        asked = ReserveForm(request.GET)
        releases = asked.is_valid() and asked.cleaned_data["releases_reserve"]
        try:
            plan = waiting.plan(allotment=row, at=at, releases_reserve=releases)
        except Refusal as refusal:
            messages.error(request, str(refusal))
            return HttpResponseRedirect(self.page_of(row))
        waits_on = {turn.place.person.pk for turn in plan.lines}
        return self.show_page(
            request, "admin/occupancy/allotment_waiting.html",
            title=_now("Give free doors to who waits"), subtitle=str(row), plan=plan,
            stay=[one for one in plan.waits if one.person.pk not in waits_on],
            asked=asked, back=self.page_of(row),
            form=ServeForm(initial={"releases_reserve": releases, "expected": plan.digest}),
        )  # fmt: skip

    def _serve(self, request: HttpRequest, row: Allotment) -> HttpResponse:
        form = ServeForm(request.POST)
        if not form.is_valid():
            messages.error(request, _now("Look at who gets what first."))
            return HttpResponseRedirect(request.path)
        said = form.cleaned_data
        try:
            given = idempotency.run(
                lambda: waiting.serve(
                    allotment=row, actor=staff(request), at=timezone.now(),
                    releases_reserve=said["releases_reserve"], expected=said["expected"],
                )
            )  # fmt: skip
        except Refusal as refusal:
            idempotency.settle(refusal)
            messages.error(request, str(refusal))
            again = {"releases_reserve": "on"} if said["releases_reserve"] else {}
            return HttpResponseRedirect(f"{request.path}?{urlencode(again)}")
        messages.success(
            request,
            ngettext("%(count)d door was given.", "%(count)d doors were given.", len(given))
            % {"count": len(given)},
        )
        return HttpResponseRedirect(self.page_of(row))
