"""On the page of a person: their doors and keys, and what to do when a key is lost."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.db.models import Q
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _now

from access.admin.desk import OPERATE, local
from access.models import KeyHolding, Person
from lockers.admin import panels
from lockers.scoping import banks_of, sites_of
from occupancy.admin.claims import ClaimAdmin
from occupancy.models import Claim
from occupancy.selectors import forms
from occupancy.selectors.forms import Has, KeyIs
from occupancy.services.claims.assignments import in_force

SHOWN = 10


def of_person(request: HttpRequest, person: Person) -> SafeString | str:
    """Draw what somebody has, and lead to the next step for each key."""
    claims = admin.site._registry[Claim]
    assert isinstance(claims, ClaimAdmin)  # registered there
    if not claims.has_view_permission(request):
        return ""
    at = timezone.now()
    held = list(
        claims.get_queryset(request)
        .filter(in_force(at), holder=person, started_at__isnull=False)
        .select_related("compartment__bank__site", "compartment__size")
        .order_by("pk")[:SHOWN]
    )
    operated = set(banks_of(request.user, OPERATE).values_list("pk", flat=True))
    rows = [
        _door(claim, has, person, may_act=has.compartment.bank_id in operated)
        for claim, has in zip(held, forms.having(held, at), strict=True)
    ]
    shown = {claim.compartment_id for claim in held}
    others = [
        {"key": one.key, "lost": _lost(one), "back": _back(one)}
        for one in _keys(request, person)
        if one.key.lock is None or one.key.lock.compartment_id not in shown
    ]
    if not rows and not others:
        return ""
    return render_to_string(
        "admin/occupancy/_person.html", {"rows": rows, "keys": others}, request
    )  # fmt: skip


def _door(claim: Claim, has: Has, person: Person, *, may_act: bool) -> dict[str, Any]:
    door = has.compartment
    row: dict[str, Any] = {
        "has": has,
        "page": reverse("admin:occupancy_claim_change", args=[claim.pk]),
        "until": local(has.until, door.bank.site) if has.until else "",
        "steps": [],
    }
    if not may_act:
        return row
    if has.key is KeyIs.OUT:
        copy = next(one for one in has.copies if one.person_id == person.pk)
        row["steps"].append(
            (reverse("admin:access_key_report_lost", args=[copy.id]), _now("Report its key lost"))
        )
    if has.key in (KeyIs.HERE, KeyIs.LOST):
        issue = urlencode({"person": person.pk})
        row["steps"] += [
            (f"{reverse('admin:access_key_issue', args=[one.id])}?{issue}",
             _now("Hand out key %(number)d") % {"number": one.number})
            for one in has.copies if one.person_id is None
        ]  # fmt: skip
    if has.key is KeyIs.LOST and (who := person.personal_number or person.email):
        asked = urlencode({"people": who, "reason": _now("Key lost"), "bank": door.bank_id})
        row["steps"].append(
            (
                f"{reverse('admin:occupancy_claim_give')}?{asked}",
                _now("Give another door meanwhile"),
            )
        )
    return row


def _keys(request: HttpRequest, person: Person) -> list[KeyHolding]:
    """Return the keys that somebody has, of sites where the user hands them out."""
    return list(
        KeyHolding.objects.filter(
            Q(key__site__in=sites_of(request.user, OPERATE)), person=person,
            returned_at__isnull=True,
        )
        .select_related("key__lock__compartment__bank", "key__master_set")
        .order_by("pk")[:SHOWN]
    )  # fmt: skip


def _lost(held: KeyHolding) -> str:
    return reverse("admin:access_key_report_lost", args=[held.key_id])


def _back(held: KeyHolding) -> str:
    return reverse("admin:access_key_give_back", args=[held.key_id])


panels.add(Person, of_person)
