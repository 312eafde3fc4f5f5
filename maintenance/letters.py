"""Which letters of maintenance are still of use when they go, and where they lead."""

from __future__ import annotations

from django.urls import reverse, reverse_lazy

from access import letters
from access.choices import NoticeKind
from access.models import Notice
from access.services import notices
from maintenance.services import part_letters
from maintenance.services.collections import reminding


def register() -> None:
    """Say it to those who send letters."""
    letters.leads(NoticeKind.TICKET_NEWS, _to_ticket)
    letters.leads(NoticeKind.WARRANTY_ENDS, _to_asset)
    notices.checked_by(NoticeKind.PARTS_LOW, part_letters.is_still_short)
    notices.checked_by(NoticeKind.COLLECTION, reminding.is_of_use)
    # Pupils and guardians have no log-in.
    letters.leads(NoticeKind.COLLECTION, lambda _notice: "")
    stocks = reverse_lazy("admin:maintenance_stock_changelist")
    letters.leads(NoticeKind.PARTS_LOW, lambda _notice: f"{stocks}?few=order")


def _to_ticket(notice: Notice) -> str:
    number = notice.subject.partition(":")[2]
    return reverse("upkeep-ticket", args=[number])


def _to_asset(notice: Notice) -> str:
    number = notice.subject.partition(":")[2]
    return reverse("admin:maintenance_asset_change", args=[number])
