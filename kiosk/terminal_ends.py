"""The screens of a bank, for who installs them or takes the bank away: which, and their end."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from django.db.models import QuerySet

from audit.services.events import Actor
from kiosk.models import Terminal
from lockers.services import enrolment
from maintenance import screens
from maintenance.screens import Screen, Screens


def register() -> None:
    """Answer for the screens of this app."""
    screens.known_by(Screens(every, working, revoke))


def every(bank_ids: Collection[int]) -> list[Screen]:
    """Return the terminals at some banks, those that were revoked as well."""
    found = Terminal.objects.filter(bank__in=bank_ids).order_by("bank__name", "name", "pk")
    return [Screen(*row) for row in found.values_list("pk", "name", "bank")]


def working(bank_id: int) -> dict[int, str]:
    """Return the terminals of a bank that can still sign in, or could with their code."""
    return {one.pk: one.name for one in _working(bank_id)}


def revoke(bank_id: int, actor: Actor, at: dt.datetime) -> None:
    """Make the tokens of all terminals of a bank worthless."""
    for one in _working(bank_id):
        enrolment.revoke(
            device=one, subject=f"terminal:{one.pk}", site=one.bank.site, actor=actor, at=at
        )


def _working(bank_id: int) -> QuerySet[Terminal]:
    return Terminal.objects.filter(bank=bank_id, revoked_at__isnull=True).select_related(
        "bank__site"
    )
