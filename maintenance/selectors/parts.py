"""What was used for a ticket and what it cost, and what could be used."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from django.db.models import Case, Count, IntegerField, Q, QuerySet, When

from maintenance.choices import AssetState
from maintenance.models import Asset, AssetModel, Stock, StockMove, Ticket


@dataclass(frozen=True)
class Used:
    """One part that was used, how many of it, and what they cost together."""

    part_id: int
    part: str
    count: int
    cost: Decimal


@dataclass(frozen=True)
class Usage:
    """What a ticket took out of the stores, less what was put back."""

    lines: list[Used] = field(default_factory=list)

    @property
    def count(self) -> int:
        """How many parts that is."""
        return sum(line.count for line in self.lines)

    @property
    def cost(self) -> Decimal:
        """What all of it cost."""
        return sum((line.cost for line in self.lines), Decimal(0))


def model_at(ticket: Ticket) -> AssetModel | None:
    """Return the model of what a ticket is about: of the lock, else of the board or the bank."""
    rows = Asset.objects.filter(state=AssetState.INSTALLED).select_related("model")
    if ticket.compartment_id is not None:
        rows = rows.filter(compartment=ticket.compartment_id)
    elif ticket.controller_id is not None:
        rows = rows.filter(controller=ticket.controller_id)
    elif ticket.bank_id is not None:
        rows = rows.filter(bank=ticket.bank_id, compartment=None, controller=None, terminal_id=None)
    else:
        return None
    asset = rows.first()
    return asset.model if asset is not None else None


def used_on(ticket: Ticket) -> Usage:
    """Return what was used on a ticket, each at what it cost when it was taken; one statement."""
    found: dict[int, tuple[str, int, Decimal]] = {}
    for move in (
        StockMove.objects.filter(ticket=ticket).select_related("stock__part").order_by("pk")
    ):
        part = move.stock.part
        _name, count, cost = found.get(part.pk, ("", 0, Decimal(0)))
        found[part.pk] = str(part), count - move.change, cost - move.change * move.unit_cost
    return Usage(
        [Used(pk, name, count, cost) for pk, (name, count, cost) in found.items() if count]
    )


def stock_for(ticket: Ticket) -> QuerySet[Stock]:
    """Return what the stores of a ticket's site have: what fits first, what does not fit last.

    Each row says in ``fits_here`` how well: 2 it is for the model there, 1 for all, 0 for others.
    Where nobody knows the model, what is for some model may fit.
    """
    model = model_at(ticket)
    fits = Case(
        When(for_this__gt=0, then=2), When(for_some=0, then=1),
        default=1 if model is None else 0, output_field=IntegerField(),
    )  # fmt: skip
    return (
        Stock.objects.filter(store__site=ticket.site_id, quantity__gt=0)
        .annotate(
            for_some=Count("part__fits"), for_this=Count("part__fits", filter=Q(part__fits=model))
        )
        .annotate(fits_here=fits)
        .select_related("part", "store")
        .order_by("-fits_here", "part__number", "store__name", "pk")
    )
