"""On a phone: what was used on a ticket, and taking a part for it."""

from __future__ import annotations

import uuid

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from access.models import User
from audit.errors import Refusal
from audit.services import idempotency
from audit.services.events import Actor
from audit.services.idempotency import Reply
from maintenance.forms.parts import TakeForm
from maintenance.models import Stock, Ticket
from maintenance.selectors import part_tickets
from maintenance.selectors import parts as selectors
from maintenance.services import parts


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def parts_of(request: HttpRequest, ticket_id: int) -> HttpResponse:
    """Show what a ticket used and what is in the stores, or take a part for it."""
    ticket = part_tickets.kept_by(request.user).filter(pk=min(ticket_id, 2**63 - 1)).first()
    if ticket is None:
        raise Http404
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
    given = dict(form.cleaned_data)
    # Only of the stores of the ticket's site: the rest is not there.
    stock = Stock.objects.filter(pk=given["stock"], store__site=ticket.site_id).first()
    if stock is None:
        raise Http404
    user = request.user
    assert isinstance(user, User)  # the page asks for a log-in

    def work() -> Reply:
        move = parts.issue(
            stock_id=stock.pk, count=given["count"], actor=Actor.staff(user.pk),
            at=timezone.now(), ticket_id=ticket.pk, anyway=given["anyway"],
            reason=given["reason"],
        )  # fmt: skip
        said = _("Taken. %d are left in the store.") % move.quantity_after
        return Reply(200, {"code": "done", "message": said})

    key = str(given.pop("key"))
    try:
        return idempotency.once(
            scope=f"user:{user.pk}", key=key, work=work,
            request=idempotency.fingerprint(request.path, given),
        )  # fmt: skip
    except Refusal as refusal:
        return Reply(refusal.http_status, refusal.body())
