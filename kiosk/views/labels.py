"""The label of a bank, as a page to print and as a picture."""

from __future__ import annotations

import io

import segno
from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.safestring import mark_safe
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from kiosk.services.me import sessions
from lockers.models import Bank
from lockers.scoping import MANAGE, banks_of


@login_required
@require_safe
@never_cache
def page(request: HttpRequest, bank_id: int) -> HttpResponse:
    """Show a bank's label, ready for the printer."""
    bank = _bank(request, bank_id)
    address = _address(bank)
    drawn = segno.make_qr(address, error="q")
    code = mark_safe(drawn.svg_inline(border=4, dark="#000", light="#fff", omitsize=True))
    return render(request, "me/label.html", {"bank": bank, "code": code, "address": address})


@login_required
@require_safe
@never_cache
def picture(request: HttpRequest, bank_id: int) -> HttpResponse:
    """Return a bank's label as a picture, for labels that are made elsewhere."""
    bank = _bank(request, bank_id)
    out = io.BytesIO()
    segno.make_qr(_address(bank), error="q").save(out, kind="png", scale=12, border=4)
    response = HttpResponse(out.getvalue(), content_type="image/png")
    response["Content-Disposition"] = f'inline; filename="label-{bank.pk}.png"'
    return response


def _bank(request: HttpRequest, bank_id: int) -> Bank:
    bank = banks_of(request.user, MANAGE).select_related("site").filter(pk=bank_id).first()
    if bank is None:
        raise Http404
    return bank


def _address(bank: Bank) -> str:
    path = reverse("me-at", args=[sessions.label_of(bank)])
    return str(settings.PUBLIC_URL).rstrip("/") + path
