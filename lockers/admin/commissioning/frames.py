"""What was last said on the wire of a board, for support."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from audit.errors import Refusal
from audit.services import idempotency
from lockers.admin.commissioning.words import ERRORS
from lockers.choices import InquiryKind
from lockers.models import Controller, Inquiry
from lockers.scoping import SiteScopedAdmin
from lockers.services import inquiries

WITHIN = dt.timedelta(seconds=5)
WHAT: dict[str, Promise] = {
    "sent": _("sent"),
    "frame": _("heard"),
    "noise": _("noise"),
    "echo": _("echo"),
    "open": _("port opened"),
    "end": _("port closed"),
}


class FramesPage(SiteScopedAdmin):
    """Adds the page "Frames" to the page of a controller, for whoever may change it."""

    actions_detail = ["frames"]

    def get_actions_detail(self, request: HttpRequest, object_id: int) -> list[Any]:
        """Offer the page to those who may use it; to others it does not exist."""
        offered: list[Any] = super().get_actions_detail(request, object_id)
        if self.has_change_permission(request, Controller.objects.filter(pk=object_id).first()):
            return offered
        return [one for one in offered if not one.action_name.endswith("_frames")]

    @action(description=_("Frames"), url_path="frames", icon="receipt_long")  # type: ignore[untyped-decorator]  # unfold brings no types
    def frames(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show the last frames that the bridge told, or ask it for them."""
        try:
            board = self.get_queryset(request).filter(pk=object_id).first()
        except (ValueError, ValidationError):
            board = None
        if board is None or not self.has_change_permission(request, board):
            raise Http404
        at = timezone.now()
        if request.method == "POST":
            try:
                inquiries.ask(
                    bridge=board.bridge,
                    kind=InquiryKind.READ_FRAMES,
                    question={"address": board.address},
                    within=WITHIN,
                    user_id=request.user.pk or 0,
                    at=at,
                )
            except Refusal as refusal:
                idempotency.settle(refusal)
                messages.error(request, str(refusal))
            return HttpResponseRedirect(request.path)
        asked = (
            Inquiry.objects.filter(
                bridge=board.bridge,
                kind=InquiryKind.READ_FRAMES,
                question__address=board.address,
            )
            .order_by("-asked_at")
            .first()
        )
        is_waiting = (
            asked is not None
            and asked.answered_at is None
            and at < asked.deadline + inquiries.GRACE
        )
        if request.headers.get("HX-Request") and is_waiting:
            return HttpResponse(status=204)
        is_fragment = bool(request.headers.get("HX-Request"))
        return render(
            request,
            "admin/lockers/_frames.html" if is_fragment else "admin/lockers/frames.html",
            {
                **self.admin_site.each_context(request),
                "title": _now("Frames on the wire of %(name)s") % {"name": board.name},
                "opts": self.opts,
                "board": board,
                "asked": asked,
                "is_waiting": is_waiting,
                "problem": _problem(asked) if asked is not None and not is_waiting else "",
                "frames": _frames(board, asked),
                "here": request.path,
                "back": reverse("admin:lockers_controller_change", args=[board.pk]),
            },
        )


def _problem(asked: Inquiry) -> Promise | str:
    if asked.answer is not None:
        return ""
    return ERRORS.get(asked.error or "no_answer", asked.detail)


def _frames(board: Controller, asked: Inquiry | None) -> list[dict[str, Any]]:
    """Return the frames, latest first, at the time of the site's clocks."""
    if asked is None or asked.answer is None:
        return []
    zone = board.bridge.site.zone
    return [
        {
            "at": dt.datetime.fromtimestamp(one["at_ms"] / 1000, zone),
            "what": WHAT.get(one["what"], one["what"]),
            "data": one.get("data", ""),
            "note": one.get("note", ""),
        }
        for one in reversed(asked.answer["frames"])
    ]
