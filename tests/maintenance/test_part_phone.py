"""On a phone: what a ticket used, and a part for it in three touches."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from maintenance.models import Stock, StockMove, Ticket
from tests import factories
from tests.admin_pages import signed_in
from tests.factories import upkeep
from tests.factories.cast import Estate
from tests.maintenance.stores import Shelf, shelf, technician


@pytest.fixture(autouse=True)
def morning(at: dt.datetime) -> Iterator[None]:
    with time_machine.travel(at, tick=False):
        yield


@pytest.fixture
def kept(estate: Estate) -> Shelf:
    return shelf(estate)


def page(kept: Shelf) -> str:
    return reverse("upkeep-ticket-parts", args=[kept.ticket.pk])


def taking(kept: Shelf, **more: Any) -> dict[str, Any]:
    return {"stock": kept.stock.pk, "count": 1, "key": str(uuid.uuid4()), **more}


def there(kept: Shelf) -> int:
    return Stock.objects.get(pk=kept.stock.pk).quantity


def test_it_is_offered_taken_and_listed_with_what_it_cost(estate: Estate, kept: Shelf) -> None:
    client = signed_in(technician(estate))
    shown = client.get(page(kept)).content.decode()
    assert (
        "Nothing was used yet." in shown and "H-7 Latch · Cellar · 5 there · for this lock" in shown
    )
    answer = client.post(page(kept), taking(kept, count=2))
    assert answer.status_code == 200
    assert "Taken. 3 are left in the store." in answer.content.decode()
    assert "2 × H-7 Latch" in answer.content.decode() and "9.00" in answer.content.decode()


def test_tapped_twice_it_is_taken_once(estate: Estate, kept: Shelf) -> None:
    client, posted = signed_in(technician(estate)), taking(kept)
    for _each in range(2):
        assert "Taken. 4 are left" in client.post(page(kept), posted).content.decode()
    assert (there(kept), StockMove.objects.count()) == (4, 1)


def test_what_does_not_fit_asks_why_and_is_then_taken(estate: Estate, kept: Shelf) -> None:
    kept.part.fits.set([upkeep.AssetModelFactory(organisation=estate.organisation, name="X9")])
    client = signed_in(technician(estate))
    assert "for other locks" in client.get(page(kept)).content.decode()
    refused = client.post(page(kept), taking(kept))
    assert refused.status_code == 409
    assert "It fits: Holt X9" in refused.content.decode()
    assert 'name="anyway"' in refused.content.decode()
    client.post(page(kept), taking(kept, anyway="1", reason="filed down"))
    assert there(kept) == 4


def test_htmx_shows_a_refusal_in_its_place(estate: Estate, kept: Shelf) -> None:
    answer = signed_in(technician(estate)).post(
        page(kept), taking(kept, count=6), headers={"HX-Request": "true"}
    )
    assert answer.status_code == 200
    assert "5 in stock, 6 asked for" in answer.content.decode()
    assert there(kept) == 5


@pytest.mark.parametrize("wrong", [{"count": "x"}, {"count": 0}, {"key": ""}, {"stock": ""}])
def test_what_is_no_number_is_said(estate: Estate, kept: Shelf, wrong: dict[str, Any]) -> None:
    answer = signed_in(technician(estate)).post(page(kept), taking(kept, **wrong))
    assert (answer.status_code, there(kept)) == (400, 5)
    assert "Choose a part and say how many." in answer.content.decode()


def test_only_who_keeps_the_place_in_repair_and_only_stores_of_the_site(
    estate: Estate, kept: Shelf
) -> None:
    for who in (estate.olga, estate.nina):
        assert signed_in(who).get(page(kept)).status_code == 404
        assert signed_in(who).post(page(kept), taking(kept)).status_code == 404
    far = upkeep.StockFactory(
        store=upkeep.StoreFactory(site=factories.SiteFactory(organisation=estate.organisation)),
        part=kept.part, quantity=5,
    )  # fmt: skip
    client = signed_in(technician(estate))
    assert client.post(page(kept), taking(kept, stock=far.pk)).status_code == 404
    assert client.post(page(kept), taking(kept, stock=10**18)).status_code == 404
    assert not StockMove.objects.exists()


def test_a_closed_ticket_shows_what_it_used_and_takes_no_more(
    estate: Estate, kept: Shelf, at: dt.datetime
) -> None:
    client = signed_in(technician(estate))
    client.post(page(kept), taking(kept))
    Ticket.objects.filter(pk=kept.ticket.pk).update(status="done", closed_at=at)
    shown = client.get(page(kept)).content.decode()
    assert "1 × H-7 Latch" in shown and "<form" not in shown
    assert client.post(page(kept), taking(kept)).status_code == 409


def test_it_takes_as_many_statements_for_many_parts(estate: Estate, kept: Shelf) -> None:
    client = signed_in(technician(estate))

    def read() -> int:
        with CaptureQueriesContext(connection) as queries:
            client.get(page(kept))
        return len(queries)

    few = read()
    for _each in range(5):
        part = upkeep.PartFactory(organisation=estate.organisation)
        stock = upkeep.StockFactory(store=kept.store, part=part, quantity=3)
        client.post(page(kept), taking(kept, stock=stock.pk))
    assert read() == few
