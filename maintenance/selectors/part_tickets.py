"""Which tickets somebody sees and keeps in repair."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet

from lockers.scoping import MAINTAIN, sites_of, within
from maintenance.models import Ticket


def kept_by(user: Any, right: str = MAINTAIN) -> QuerySet[Ticket]:
    """Return the tickets at the places on which somebody holds a right.

    One without a bank is of the whole site.
    """
    if user.is_active and user.is_superuser:
        return Ticket.objects.all()  # whose condition is empty, which joined by "or" says nothing
    return Ticket.objects.filter(
        within(user, right, "bank") | Q(bank__isnull=True, site__in=sites_of(user, right))
    )
