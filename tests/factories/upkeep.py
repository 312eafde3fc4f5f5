"""Factories of repair, rounds, parts and assets."""

from __future__ import annotations

import datetime as dt

import factory
from factory.django import DjangoModelFactory

from maintenance.models import (
    Asset,
    AssetModel,
    Checklist,
    ChecklistItem,
    Part,
    RoundPlan,
    ServiceLevel,
    Stock,
    Store,
    Team,
    Ticket,
)

OPENED = dt.datetime(2026, 11, 17, 9, tzinfo=dt.UTC)


class TeamFactory(DjangoModelFactory[Team]):
    class Meta:
        model = Team

    name = factory.Sequence(lambda n: f"Team {n}")


class ServiceLevelFactory(DjangoModelFactory[ServiceLevel]):
    class Meta:
        model = ServiceLevel

    category = "jammed"
    priority = 2
    due_hours = 24


class ChecklistFactory(DjangoModelFactory[Checklist]):
    class Meta:
        model = Checklist

    name = factory.Sequence(lambda n: f"Checklist {n}")


class ChecklistItemFactory(DjangoModelFactory[ChecklistItem]):
    class Meta:
        model = ChecklistItem

    position = factory.Sequence(lambda n: n % 1000)
    text = factory.Sequence(lambda n: f"Item {n}")


class TicketFactory(DjangoModelFactory[Ticket]):
    """A ticket about a door: ``compartment`` is to be given, or ``site`` and what it is about."""

    class Meta:
        model = Ticket

    bank = factory.LazyAttribute(lambda one: one.compartment.bank)
    site = factory.LazyAttribute(lambda one: one.bank.site)
    category = "jammed"
    priority = 2
    summary = "It does not open."
    source = "system"
    opened_at = OPENED
    last_seen_at = OPENED
    due_at = OPENED + dt.timedelta(days=1)


class RoundPlanFactory(DjangoModelFactory[RoundPlan]):
    class Meta:
        model = RoundPlan

    name = factory.Sequence(lambda n: f"Round {n}")
    kind = "cleaning"
    rule = "FREQ=WEEKLY;BYDAY=TU"
    first_day = OPENED.date()
    starts_at = dt.time(18)


class AssetModelFactory(DjangoModelFactory[AssetModel]):
    class Meta:
        model = AssetModel

    kind = "lock"
    maker = "Holt"
    name = factory.Sequence(lambda n: f"L{n}")


class AssetFactory(DjangoModelFactory[Asset]):
    class Meta:
        model = Asset

    model = factory.SubFactory(AssetModelFactory)
    organisation = factory.LazyAttribute(lambda one: one.model.organisation)


class PartFactory(DjangoModelFactory[Part]):
    class Meta:
        model = Part

    number = factory.Sequence(lambda n: f"P-{n:04}")
    name = factory.Sequence(lambda n: f"Part {n}")


class StoreFactory(DjangoModelFactory[Store]):
    class Meta:
        model = Store

    name = factory.Sequence(lambda n: f"Store {n}")


class StockFactory(DjangoModelFactory[Stock]):
    class Meta:
        model = Stock

    store = factory.SubFactory(StoreFactory)
    part = factory.SubFactory(PartFactory)
