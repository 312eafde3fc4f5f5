"""On a phone: what was used on a ticket, and taking a part for it."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from audit.services.idempotency import Reply
from maintenance.forms.parts import TakeForm
from maintenance.models import Stock, Ticket
from maintenance.selectors import parts as selectors
from maintenance.services import parts
from maintenance.views.asking import actor_of, once, ticket_for, user_of


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def parts_of(request: HttpRequest, ticket_id: int) -> HttpResponse:
    """Show what a ticket used and what is in the stores, or take a part for it."""
    ticket = ticket_for(user_of(request), ticket_id)
    reply = _take(request, ticket) if request.method == "POST" else None
    refused = reply is not None and reply.status >= 400
    context = {
        "ticket": ticket,
        "used": selectors.used_on(ticket),
        "stocks": selectors.stock_for(ticket),
        "reply": reply,
        "typed": request.POST if refused else {},
        "chosen": request.POST.get("stock", "") if refused else "",
        # A refusal that was remembered must not answer what is tried next.
        "key": uuid.uuid4(),
    }
    status = reply.status if reply is not None and "HX-Request" not in request.headers else 200
    return render(request, "upkeep/_parts.html", context, status=status)


def _take(request: HttpRequest, ticket: Ticket) -> Reply:
    form = TakeForm(request.POST)
    if not form.is_valid():
        return Reply(400, {"code": "invalid", "message": _("Choose a part and say how many.")})
    given = form.cleaned_data
    # Only of the stores of the ticket's site: the rest is not there.
    stock = Stock.objects.filter(pk=given["stock"], store__site=ticket.site_id).first()
    if stock is None:
        raise Http404

    def work() -> dict[str, Any]:
        move = parts.issue(
            stock_id=stock.pk, count=given["count"], actor=actor_of(request), at=timezone.now(),
            ticket_id=ticket.pk, anyway=given["anyway"], reason=given["reason"],
        )  # fmt: skip
        said = _("Taken. %d are left in the store.") % move.quantity_after
        return {"code": "done", "message": said}

    return once(request, f"user:{user_of(request).pk}", work)
