"""The label of a door, as a page to print and as a picture."""

from __future__ import annotations

import io

import segno
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.safestring import mark_safe
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from lockers.scoping import MANAGE
from maintenance import door_labels
from maintenance.views.asking import door_for, user_of


@login_required
@require_safe
@never_cache
def page(request: HttpRequest, compartment_id: int) -> HttpResponse:
    """Show a door's label, ready for the printer."""
    door = door_for(user_of(request), compartment_id, MANAGE)
    address = door_labels.address_of(door.pk)
    drawn = segno.make_qr(address, error="q")
    code = mark_safe(drawn.svg_inline(border=4, dark="#000", light="#fff", omitsize=True))
    facts = {"door": door, "code": code, "address": address}
    return render(request, "upkeep/label.html", facts)


@login_required
@require_safe
@never_cache
def picture(request: HttpRequest, compartment_id: int) -> HttpResponse:
    """Return a door's label as a picture, for labels that are made elsewhere."""
    door = door_for(user_of(request), compartment_id, MANAGE)
    out = io.BytesIO()
    drawn = segno.make_qr(door_labels.address_of(door.pk), error="q")
    drawn.save(out, kind="png", scale=12, border=4)
    response = HttpResponse(out.getvalue(), content_type="image/png")
    response["Content-Disposition"] = f'inline; filename="door-{door.pk}.png"'
    return response
