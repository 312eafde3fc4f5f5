"""Parts in and out of stores: one statement each, which can take nothing that is not there."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from django.db import transaction
from django.db.models import F, Q, Sum

from audit.actions import Action
from audit.services import events
from audit.services.events import Actor
from maintenance.choices import EntryKind, MoveKind
from maintenance.errors.parts import (
    BadCount,
    DoesNotFit,
    MoreThanTaken,
    NotEnough,
    SayWhyAnyway,
    StoreElsewhere,
    TicketOver,
)
from maintenance.models import Part, Stock, StockMove, Ticket, TicketEntry
from maintenance.selectors import parts as selectors

# What fits into the column, and more than any store holds.
MOST = 1_000_000
_ACTIONS = {
    MoveKind.RECEIVED: Action.STOCK_RECEIVED,
    MoveKind.ISSUED: Action.STOCK_ISSUED,
    MoveKind.RETURNED: Action.STOCK_RETURNED,
    MoveKind.COUNTED: Action.STOCK_COUNTED,
}


def too_few() -> Q:
    """Return the condition for stocks that are below their minimum."""
    return Q(quantity__lt=F("minimum"))


def to_order(at: dt.datetime) -> Q:
    """Return the condition for stocks that are too few and that nobody has ordered."""
    return too_few() & Q(ordered_on__isnull=True)


def receive(
    *,
    stock_id: int,
    count: int,
    actor: Actor,
    at: dt.datetime,
    unit_cost: Decimal | None = None,
    note: str = "",
) -> StockMove:
    """Put what was delivered into a store; raises BadCount.

    ``unit_cost`` is what one cost this time, the price of the catalogue without it.
    """
    _check(count, least=1)
    with transaction.atomic():
        Stock.objects.filter(pk=stock_id).update(quantity=F("quantity") + count, ordered_on=None)
        stock = _stock(stock_id)
        return _move(
            stock, MoveKind.RECEIVED, count, actor, at, note=note,
            unit_cost=stock.part.unit_cost if unit_cost is None else unit_cost,
        )  # fmt: skip


def issue(
    *,
    stock_id: int,
    count: int,
    actor: Actor,
    at: dt.datetime,
    ticket_id: int | None = None,
    anyway: bool = False,
    reason: str = "",
) -> StockMove:
    """Take parts out of a store, for a ticket where one is named.

    Raises BadCount, NotEnough, StoreElsewhere, TicketOver and, for a part that is not for the
    model at the door, DoesNotFit unless it is taken ``anyway`` for a reason.
    """
    _check(count, least=1)
    with transaction.atomic():
        stock = _stock(stock_id)
        ticket = _ticket(ticket_id, stock) if ticket_id is not None else None
        if (
            ticket is not None
            and not _fits(stock.part, ticket, anyway=anyway)
            and not reason.strip()
        ):
            raise SayWhyAnyway
        if not _take(stock, count):
            there = Stock.objects.values_list("quantity", flat=True).get(pk=stock_id)
            raise NotEnough(part=str(stock.part), store=stock.store.name, there=there, asked=count)
        stock = _stock(stock_id)
        return _move(
            stock, MoveKind.ISSUED, -count, actor, at, note=reason, ticket=ticket,
            unit_cost=stock.part.unit_cost,
        )  # fmt: skip


def put_back(
    *,
    stock_id: int,
    count: int,
    actor: Actor,
    at: dt.datetime,
    ticket_id: int | None = None,
    note: str = "",
) -> StockMove:
    """Put parts that were not needed back; raises BadCount, StoreElsewhere and MoreThanTaken.

    What was taken for a ticket goes back at what it cost then, so that the ticket costs nothing.
    """
    _check(count, least=1)
    with transaction.atomic():
        # The ticket first, as when parts are taken: then nobody waits crosswise.
        ticket = None
        if ticket_id is not None:
            ticket = _ticket(ticket_id, _stock(stock_id), may_be_closed=True)
        Stock.objects.filter(pk=stock_id).update(quantity=F("quantity") + count)
        stock = _stock(stock_id)
        unit_cost = stock.part.unit_cost
        if ticket is not None:
            moves = StockMove.objects.filter(stock=stock, ticket=ticket)
            taken = -(moves.aggregate(all=Sum("change"))["all"] or 0)
            if count > taken:
                raise MoreThanTaken(part=str(stock.part), taken=taken)
            last = moves.filter(kind=MoveKind.ISSUED).order_by("-pk").first()
            assert last is not None  # something was taken
            unit_cost = last.unit_cost
        return _move(
            stock, MoveKind.RETURNED, count, actor, at, note=note, ticket=ticket,
            unit_cost=unit_cost,
        )  # fmt: skip


def count(
    *, stock_id: int, quantity: int, actor: Actor, at: dt.datetime, note: str = ""
) -> StockMove:
    """Say how many are really there; raises BadCount. Recorded also where it was as expected."""
    _check(quantity, least=0)
    with transaction.atomic():
        was = Stock.objects.select_for_update(no_key=True).get(pk=stock_id).quantity
        Stock.objects.filter(pk=stock_id).update(quantity=quantity)
        stock = _stock(stock_id)
        return _move(
            stock, MoveKind.COUNTED, quantity - was, actor, at, note=note,
            unit_cost=stock.part.unit_cost,
        )  # fmt: skip


def set_minimum(*, stock_id: int, minimum: int, actor: Actor, at: dt.datetime) -> None:
    """Say below how many a part is to be ordered; raises BadCount."""
    _check(minimum, least=0)
    with transaction.atomic():
        was = Stock.objects.select_for_update(no_key=True).get(pk=stock_id).minimum
        Stock.objects.filter(pk=stock_id).update(minimum=minimum)
        _record(Action.CHANGED, _stock(stock_id), actor, at, changed={"minimum": [was, minimum]})


def ordered(*, stock_id: int, on: dt.date, actor: Actor, at: dt.datetime) -> None:
    """Say that more is on its way: until it comes, no letter asks for it again."""
    with transaction.atomic():
        Stock.objects.filter(pk=stock_id).update(ordered_on=on)
        _record(Action.CHANGED, _stock(stock_id), actor, at, changed={"ordered_on": on.isoformat()})


def _check(number: int, *, least: int) -> None:
    if not least <= number <= MOST:
        raise BadCount


def _stock(stock_id: int) -> Stock:
    return Stock.objects.select_related("part", "store__site").get(pk=stock_id)


def _ticket(ticket_id: int, stock: Stock, *, may_be_closed: bool = False) -> Ticket:
    # Locked: nobody closes it while it gets a part.
    ticket = (
        Ticket.objects.select_for_update(no_key=True, of=("self",))
        .select_related("site")
        .get(pk=ticket_id)
    )
    if ticket.site.organisation_id != stock.store.site.organisation_id:
        raise StoreElsewhere
    if ticket.closed_at is not None and not may_be_closed:
        raise TicketOver
    return ticket


def _fits(part: Part, ticket: Ticket, *, anyway: bool) -> bool:
    """Say whether a part is for the model at the door; where nobody knows that, it may be."""
    models = list(part.fits.order_by("maker", "name"))
    model = selectors.model_at(ticket) if models else None
    if model is None or model in models:
        return True
    if not anyway:
        raise DoesNotFit(
            part=str(part), model=str(model), fits=", ".join(str(one) for one in models)
        )
    return False


def _take(stock: Stock, count: int) -> bool:
    """Take parts, if they are there: looking first would hand out the last one twice."""
    return bool(
        Stock.objects.filter(pk=stock.pk, quantity__gte=count).update(
            quantity=F("quantity") - count
        )
    )


def _move(
    stock: Stock,
    kind: MoveKind,
    change: int,
    actor: Actor,
    at: dt.datetime,
    *,
    unit_cost: Decimal,
    note: str,
    ticket: Ticket | None = None,
) -> StockMove:
    move = StockMove.objects.create(
        stock=stock, kind=kind, change=change, quantity_after=stock.quantity, unit_cost=unit_cost,
        ticket=ticket, at=at, actor_kind=actor.kind, actor_id=actor.id[:40], note=note[:200],
    )  # fmt: skip
    if ticket is not None:
        TicketEntry.objects.create(
            ticket=ticket, kind=EntryKind.PART, at=at, actor_kind=actor.kind,
            actor_id=actor.id[:40], text=f"{-change:+d} {stock.part}",
        )  # fmt: skip
    _record(
        _ACTIONS[kind], stock, actor, at, reason=note, ticket=ticket, move=move.pk, change=change,
        quantity=stock.quantity, unit_cost=unit_cost,
    )  # fmt: skip
    return move


def _record(
    action: Action,
    stock: Stock,
    actor: Actor,
    at: dt.datetime,
    *,
    reason: str = "",
    ticket: Ticket | None = None,
    **data: object,
) -> None:
    site = stock.store.site
    events.record(
        action=action, actor=actor, at=at, organisation_id=site.organisation_id, site_id=site.pk,
        bank_id=ticket.bank_id if ticket is not None else None,
        compartment_id=ticket.compartment_id if ticket is not None else None,
        subject=f"maintenance.stock:{stock.pk}", reason=reason,
        data={"part": stock.part.number, "ticket": ticket.pk if ticket else None, **data},
    )  # fmt: skip
