"""The leaver's report of the people: who is gone and still has something."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from access import labels, selectors
from access.admin.person_pages import PersonPages
from audit import exports
from audit.actions import Action
from audit.services import events
from audit.services.events import Actor


class ReportsLeavers(PersonPages):
    """The pages of PersonAdmin that should be empty."""

    actions_list = ["leavers", "leavers_csv"]

    @action(description=_("Leaver's report"), url_path="leavers")  # type: ignore[untyped-decorator]  # unfold brings no types
    def leavers(self, request: HttpRequest) -> HttpResponse:
        """Show who is gone and still has something. It should be empty."""
        lines = self._leavers(request)
        context = {
            **self.admin_site.each_context(request),
            "title": _now("Leaver's report"),
            "opts": self.opts,
            "lines": lines,
            "csv": reverse("admin:access_person_leavers_csv"),
        }
        return render(request, "admin/access/leavers.html", context)

    @action(description=_("Leaver's report as CSV"), url_path="leavers.csv")  # type: ignore[untyped-decorator]  # unfold brings no types
    def leavers_csv(self, request: HttpRequest) -> HttpResponseBase:
        """Hand out the report as a file."""
        lines = self._leavers(request)
        events.record(
            action=Action.EXPORTED,
            actor=Actor.staff(request.user.pk or 0),
            at=timezone.now(),
            subject="access.person:leavers",
            data={"rows": len(lines), "format": "csv"},
        )
        heads = [_now("person"), _now("personal number"), _now("left at"), _now("still has")]
        rows = [
            [str(one.person), one.person.personal_number, one.person.left_at, text]
            for one, texts in lines
            for text, _link in texts
        ]
        return exports.response(request, [heads, *rows], "leavers.csv")

    def _leavers(
        self, request: HttpRequest
    ) -> list[tuple[selectors.Leaver, list[tuple[str, str]]]]:
        if not self.has_view_permission(request):
            raise Http404
        condition = self.rows(request.user, self.view_right)
        found = selectors.leavers(condition, timezone.now())
        told = [(one, labels.still_has(one)) for one in found]
        return [(one, texts) for one, texts in told if texts]
