"""Parts in and out of stores: nothing below zero, what fits, what it cost, and who did it."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from audit.models import Event
from maintenance.errors.parts import (
    BadCount,
    DoesNotFit,
    MoreThanTaken,
    NotEnough,
    SayWhyAnyway,
    StoreElsewhere,
    TicketOver,
)
from maintenance.models import Part, Stock, StockMove, Ticket
from maintenance.selectors import parts as selectors
from maintenance.services import parts
from tests import factories
from tests.factories import upkeep
from tests.factories.cast import SETUP, Estate
from tests.maintenance.stores import Shelf, shelf


@pytest.fixture
def kept(estate: Estate) -> Shelf:
    return shelf(estate)


def there(kept: Shelf) -> int:
    return Stock.objects.get(pk=kept.stock.pk).quantity


def test_what_is_received_issued_put_back_and_counted_is_a_move_and_an_event_each(
    estate: Estate, kept: Shelf, at: dt.datetime
) -> None:
    same = {"stock_id": kept.stock.pk, "actor": SETUP, "at": at}
    parts.receive(count=10, unit_cost=Decimal("4.10"), **same)
    Part.objects.filter(pk=kept.part.pk).update(unit_cost=Decimal("6.00"))
    parts.issue(count=3, ticket_id=kept.ticket.pk, **same)
    parts.put_back(count=1, ticket_id=kept.ticket.pk, **same)
    parts.count(quantity=11, note="two were broken", **same)
    moves = StockMove.objects.order_by("pk")
    assert list(moves.values_list("kind", "change", "quantity_after", "unit_cost")) == [
        ("received", 10, 15, Decimal("4.10")),
        ("issued", -3, 12, Decimal("6.00")),
        ("returned", 1, 13, Decimal("6.00")),
        ("counted", -2, 11, Decimal("6.00")),
    ]
    told = Event.objects.filter(subject=f"maintenance.stock:{kept.stock.pk}").order_by("pk")
    assert [one.action for one in told] == [
        "stock.received", "stock.issued", "stock.returned", "stock.counted",
    ]  # fmt: skip
    assert told[1].compartment_id == estate.doors[0].pk
    assert told[1].data["unit_cost"] == "6.00"
    assert told[3].reason == "two were broken"
    assert there(kept) == 11


def test_more_than_there_is_is_refused_with_part_store_and_how_many_there_are(
    kept: Shelf, at: dt.datetime
) -> None:
    with pytest.raises(NotEnough) as refused:
        parts.issue(stock_id=kept.stock.pk, count=6, actor=SETUP, at=at)
    assert str(refused.value) == (
        "There are not enough in Cellar: H-7 Latch, 5 in stock, 6 asked for."
    )
    assert there(kept) == 5
    assert not StockMove.objects.exists()
    assert not Event.objects.filter(action__startswith="stock.").exists()


@pytest.mark.parametrize("number", [0, -1, 10**9])
def test_no_number_of_parts_is_refused(kept: Shelf, at: dt.datetime, number: int) -> None:
    same = {"stock_id": kept.stock.pk, "actor": SETUP, "at": at}
    for verb in (parts.receive, parts.issue, parts.put_back):
        with pytest.raises(BadCount):
            verb(count=number, **same)
    if number:
        for name, verb in (("quantity", parts.count), ("minimum", parts.set_minimum)):
            with pytest.raises(BadCount):
                verb(**{name: number}, **same)
    assert there(kept) == 5


def test_a_part_for_other_locks_is_refused_unless_somebody_says_why(
    estate: Estate, kept: Shelf, at: dt.datetime
) -> None:
    other = upkeep.AssetModelFactory(organisation=estate.organisation, maker="Vela", name="X9")
    kept.part.fits.set([other])
    same = {"stock_id": kept.stock.pk, "count": 1, "actor": SETUP, "at": at,
            "ticket_id": kept.ticket.pk}  # fmt: skip
    with pytest.raises(DoesNotFit) as refused:
        parts.issue(**same)
    assert (refused.value.facts["fits"], refused.value.facts["model"]) == ("Vela X9", "Holt Cam 1")
    with pytest.raises(SayWhyAnyway):
        parts.issue(**same, anyway=True, reason="  ")
    assert there(kept) == 5
    move = parts.issue(**same, anyway=True, reason="filed down")
    assert move.note == "filed down"
    assert there(kept) == 4


def test_a_part_for_all_and_a_lock_that_nobody_registered_are_no_reason_to_refuse(
    estate: Estate, kept: Shelf, at: dt.datetime
) -> None:
    unknown = upkeep.TicketFactory(compartment=estate.doors[1])
    same = {"stock_id": kept.stock.pk, "count": 1, "actor": SETUP, "at": at}
    parts.issue(**same, ticket_id=unknown.pk)
    kept.part.fits.clear()
    parts.issue(**same, ticket_id=kept.ticket.pk)
    assert there(kept) == 3


def test_a_board_takes_what_fits_the_board(estate: Estate, kept: Shelf, at: dt.datetime) -> None:
    board = upkeep.AssetModelFactory(
        organisation=estate.organisation, kind="controller", name="Relay 16"
    )
    upkeep.AssetFactory(
        model=board, site=estate.site, controller=estate.controller, state="installed",
        installed_on=at.date(),
    )  # fmt: skip
    ticket = upkeep.TicketFactory(
        compartment=None, bank=estate.bank, controller=estate.controller, category="silent"
    )
    with pytest.raises(DoesNotFit):
        parts.issue(
            stock_id=kept.stock.pk, count=1, actor=SETUP, at=at, ticket_id=ticket.pk
        )  # fmt: skip


def test_a_ticket_of_another_organisation_or_a_closed_one_takes_no_parts(
    estate: Estate, kept: Shelf, at: dt.datetime
) -> None:
    theirs = upkeep.StockFactory(
        store=upkeep.StoreFactory(site=estate.other_site),
        part=upkeep.PartFactory(organisation=estate.other_site.organisation), quantity=1,
    )  # fmt: skip
    same = {"count": 1, "actor": SETUP, "at": at, "ticket_id": kept.ticket.pk}
    with pytest.raises(StoreElsewhere):
        parts.issue(stock_id=theirs.pk, **same)
    Ticket.objects.filter(pk=kept.ticket.pk).update(status="done", closed_at=at)
    with pytest.raises(TicketOver):
        parts.issue(stock_id=kept.stock.pk, **same)


def test_what_a_ticket_used_and_what_it_cost_when_it_was_taken(
    kept: Shelf, at: dt.datetime
) -> None:
    same = {"stock_id": kept.stock.pk, "actor": SETUP, "at": at, "ticket_id": kept.ticket.pk}
    parts.issue(count=2, **same)
    Part.objects.filter(pk=kept.part.pk).update(unit_cost=Decimal("9.00"))
    parts.issue(count=1, **same)
    with CaptureQueriesContext(connection) as queries:
        usage = selectors.used_on(kept.ticket)
    assert len(queries) == 1
    (used,) = usage.lines
    assert (used.part, used.count, usage.cost) == ("H-7 Latch", 3, Decimal("18.00"))
    lines = kept.ticket.entries.filter(kind="part").values_list("text", flat=True)
    assert list(lines) == ["+2 H-7 Latch", "+1 H-7 Latch"]


def test_what_is_put_back_costs_the_ticket_nothing_and_is_no_more_than_was_taken(
    kept: Shelf, at: dt.datetime
) -> None:
    same = {"stock_id": kept.stock.pk, "actor": SETUP, "at": at, "ticket_id": kept.ticket.pk}
    parts.issue(count=2, **same)
    Part.objects.filter(pk=kept.part.pk).update(unit_cost=Decimal("9.00"))
    with pytest.raises(MoreThanTaken) as refused:
        parts.put_back(count=3, **same)
    assert refused.value.facts["taken"] == 2
    assert there(kept) == 3
    parts.put_back(count=2, **same)
    usage = selectors.used_on(kept.ticket)
    assert (usage.lines, usage.cost) == ([], Decimal(0))
    with pytest.raises(MoreThanTaken):
        parts.put_back(count=1, **same)


def test_what_fits_the_lock_comes_first_and_what_does_not_last(estate: Estate, kept: Shelf) -> None:
    grease, strange, none, away = (
        upkeep.PartFactory(organisation=estate.organisation, number=number)
        for number in ("A-1", "A-2", "A-3", "A-4")
    )
    strange.fits.add(upkeep.AssetModelFactory(organisation=estate.organisation))
    kept.part.fits.add(upkeep.AssetModelFactory(organisation=estate.organisation))
    for part, quantity in ((strange, 1), (grease, 1), (none, 0)):
        upkeep.StockFactory(store=kept.store, part=part, quantity=quantity)
    upkeep.StockFactory(
        store=upkeep.StoreFactory(site=factories.SiteFactory(organisation=estate.organisation)),
        part=away,
        quantity=1,
    )
    rows = [(one.part.number, one.fits_here) for one in selectors.stock_for(kept.ticket)]
    assert rows == [("H-7", 2), ("A-1", 1), ("A-2", 0)]
    unknown = upkeep.TicketFactory(compartment=estate.doors[1])
    numbers = [(one.part.number, one.fits_here) for one in selectors.stock_for(unknown)]
    assert numbers == [("A-1", 1), ("A-2", 1), ("H-7", 1)]


def test_too_few_until_it_is_ordered_or_filled(kept: Shelf, at: dt.datetime) -> None:
    same = {"stock_id": kept.stock.pk, "actor": SETUP, "at": at}
    few, order = Stock.objects.filter(parts.too_few()), Stock.objects.filter(parts.to_order(at))
    parts.issue(count=3, **same)
    assert not few.exists()  # two are left, and two are enough
    parts.set_minimum(minimum=3, **same)
    assert few.exists() and order.exists()
    parts.ordered(on=at.date(), **same)
    assert few.exists() and not order.exists()
    parts.receive(count=1, **same)
    assert not few.exists()
    kept.stock.refresh_from_db()
    assert kept.stock.ordered_on is None
    changed = Event.objects.filter(action="record.changed").order_by("pk")
    assert [one.data["changed"] for one in changed] == [
        {"minimum": [2, 3]}, {"ordered_on": at.date().isoformat()},
    ]  # fmt: skip
