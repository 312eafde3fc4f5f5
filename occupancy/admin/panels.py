"""On the page of a compartment: who has it, what was given of it, and where to do more."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString

from access.admin.desk import local
from lockers.admin import panels
from lockers.models import Compartment
from occupancy.admin.claims import ClaimAdmin
from occupancy.models import Claim
from occupancy.services.claims.assignments import in_force

SHOWN = 5


def of_door(request: HttpRequest, door: Compartment) -> SafeString | str:
    """Draw the use of a compartment now, and what comes next."""
    claims = admin.site._registry[Claim]
    assert isinstance(claims, ClaimAdmin)  # registered there
    if not claims.has_view_permission(request):
        return ""
    at = timezone.now()
    rows = (
        claims.get_queryset(request)
        .filter(in_force(at), compartment=door)
        .select_related("holder", "role", "department", "policy")
        .order_by("starts_at")[:SHOWN]
    )
    return render_to_string(
        "admin/occupancy/_use.html",
        {
            "rows": [_line(row, door) for row in rows],
            "map": reverse("map-site", args=[door.bank.site_id]),
            "door": door,
        },
        request,
    )


def _line(claim: Any, door: Compartment) -> dict[str, Any]:
    site = door.bank.site
    return {
        "claim": claim,
        "who": claim.holder or claim.role or claim.department,
        "starts": local(claim.starts_at, site),
        "until": local(claim.due_at or claim.ends_at, site) if claim.ends_at else "",
        "page": reverse("admin:occupancy_claim_change", args=[claim.pk]),
    }


panels.add(Compartment, of_door)
