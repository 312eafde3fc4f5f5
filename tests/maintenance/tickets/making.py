"""Tickets as tests make them, and what they look at afterwards."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from guardian.shortcuts import assign_perm

from access.models import User
from audit.models import Event
from audit.services.events import Actor
from lockers.models import Compartment, LockEvent
from maintenance.choices import Category, Source
from maintenance.models import Ticket
from maintenance.services.tickets import reporting
from maintenance.services.tickets.reporting import Reported
from maintenance.services.tickets.subjects import Subject
from tests import factories
from tests.factories.cast import Estate

MINUTE, HOUR, DAY = dt.timedelta(minutes=1), dt.timedelta(hours=1), dt.timedelta(days=1)
JOURNAL = uuid.UUID(int=7)
REPORTER = Actor.anonymous()


def report(
    estate: Estate, at: dt.datetime, category: Category = Category.DAMAGED, **values: Any
) -> Reported:
    """Report a fault of the first door, as somebody at a phone would."""
    wanted: dict[str, Any] = {
        "subject": door(estate), "source": Source.PHONE, "actor": REPORTER, **values,
    }  # fmt: skip
    return reporting.report(category=category, at=at, **wanted)


def ticket(
    estate: Estate, at: dt.datetime, category: Category = Category.DAMAGED, **values: Any
) -> Ticket:
    return report(estate, at, category, **values).ticket


def door(estate: Estate, place: int = 0) -> Subject:
    return Subject.of_door(estate.doors[place])


def lock_event(estate: Estate, at: dt.datetime, kind: str, place: int = 0, **values: Any) -> int:
    """Store a line of the bridge's journal about a door, as receiving does; return its number."""
    event = LockEvent.objects.create(
        **{
            "bridge": estate.bridge, "journal": JOURNAL, "seq": LockEvent.objects.count() + 1,
            "kind": kind, "compartment": estate.doors[place], "occurred_at": at, **values,
        }
    )  # fmt: skip
    return event.pk


def technician(estate: Estate, name: str = "tessa") -> User:
    """Return somebody who repairs at the estate's site."""
    user: User = factories.UserFactory(username=name, email=f"{name}@northwind.example")
    for codename in ("view_site", "maintain_site"):
        assign_perm(codename, user, estate.site)
    return user


def kinds(one: Ticket) -> list[str]:
    return list(one.entries.order_by("pk").values_list("kind", flat=True))


def trail(one: Ticket) -> list[str]:
    events = Event.objects.filter(subject=f"ticket:{one.pk}").order_by("pk")
    return list(events.values_list("action", flat=True))


def status(estate: Estate, place: int = 0) -> str:
    return Compartment.objects.get(pk=estate.doors[place].pk).service_status
