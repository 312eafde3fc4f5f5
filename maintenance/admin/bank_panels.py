"""What the pages of a bank and of a door lead to: assets, labels, the end, and the history."""

from __future__ import annotations

from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _now

from lockers.admin import panels
from lockers.models import Bank, Compartment
from lockers.scoping import MAINTAIN, MANAGE, VIEW, banks_of


def of_bank(request: HttpRequest, bank: Bank) -> SafeString | str:
    """Offer what is done with a whole bank, to whoever may."""
    found = []
    if banks_of(request.user, MAINTAIN).filter(pk=bank.pk).exists():
        page = reverse("admin:maintenance_asset_of_bank")
        found.append((f"{page}?bank={bank.pk}", _now("Record assets of this bank")))
    if banks_of(request.user, MANAGE).filter(pk=bank.pk).exists():
        found.append((reverse("door-labels", args=[bank.pk]), _now("Labels for its doors")))
        page = reverse("admin:maintenance_decommissioning_begin")
        found.append((f"{page}?bank={bank.pk}", _now("Take it away for good")))
    return _links(_now("Upkeep"), found)


def of_door(request: HttpRequest, door: Compartment) -> SafeString | str:
    """Lead to everything that happened to a door."""
    if not banks_of(request.user, VIEW).filter(pk=door.bank_id).exists():
        return ""
    return _links(
        _now("Upkeep"), [(reverse("door-history", args=[door.pk]), _now("History of this door"))]
    )


def _links(title: str, found: list[tuple[str, str]]) -> SafeString | str:
    if not found:
        return ""
    links = format_html_join(" · ", '<a class="text-primary-600 underline" href="{}">{}</a>', found)
    return format_html('<p class="mt-4"><strong>{}</strong><br>{}</p>', title, links)


panels.add(Bank, of_bank)
panels.add(Compartment, of_door)
