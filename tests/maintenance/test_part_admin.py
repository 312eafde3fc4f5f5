"""Stores in the administration: each move a verb, what is too few in words, files of parts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from access.models import User
from config import waiting
from maintenance.models import Part, Stock
from maintenance.services import parts
from tests import factories
from tests.admin_pages import signed_in, verb
from tests.factories import upkeep
from tests.factories.cast import SETUP, Estate
from tests.maintenance.stores import Shelf, shelf, technician

LIST = "/admin/maintenance/stock/"


@pytest.fixture(autouse=True)
def morning(at: dt.datetime) -> Iterator[None]:
    with time_machine.travel(at, tick=False):
        yield


@pytest.fixture
def kept(estate: Estate) -> Shelf:
    return shelf(estate, quantity=3)


def listed(user: User, few: str) -> str:
    """Return the rows of the list, without the filters beside it."""
    page = signed_in(user).get(LIST, {"few": few}).content.decode()
    return page.partition("<tbody")[2].rpartition("</tbody")[0]


def there(kept: Shelf) -> int:
    return Stock.objects.get(pk=kept.stock.pk).quantity


def test_a_technician_receives_issues_puts_back_and_counts(estate: Estate, kept: Shelf) -> None:
    user = technician(estate)
    verb(user, "receive", kept.stock, count="5", unit_cost="", note="")
    assert there(kept) == 8
    verb(user, "issue", kept.stock, count="2", ticket=str(kept.ticket.pk), reason="")
    assert there(kept) == 6
    verb(user, "put_back", kept.stock, count="1", ticket=str(kept.ticket.pk), note="")
    assert there(kept) == 7
    verb(user, "count", kept.stock, quantity="6", note="one was bent")
    verb(user, "set_minimum", kept.stock, minimum="7")
    verb(user, "ordered", kept.stock, csrf="x")
    kept.stock.refresh_from_db()
    assert (kept.stock.quantity, kept.stock.minimum) == (6, 7)
    assert kept.stock.ordered_on == dt.date(2026, 11, 17)
    page = signed_in(user).get(f"{LIST}{kept.stock.pk}/change/").content.decode()
    assert "one was bent" in page and "too few, ordered" in page


def test_more_than_there_is_is_said_in_the_form(estate: Estate, kept: Shelf) -> None:
    answer = verb(technician(estate), "issue", kept.stock, count="4", ticket="", reason="")
    assert "3 in stock, 4 asked for" in answer.content.decode()
    assert there(kept) == 3


def test_a_part_that_does_not_fit_is_issued_for_a_reason_only(estate: Estate, kept: Shelf) -> None:
    kept.part.fits.set([upkeep.AssetModelFactory(organisation=estate.organisation, name="X9")])
    user, posted = technician(estate), {"count": "1", "ticket": str(kept.ticket.pk)}
    assert "It fits: Holt X9" in verb(user, "issue", kept.stock, **posted).content.decode()
    verb(user, "issue", kept.stock, **posted, anyway="on", reason="filed down")
    assert there(kept) == 2


def test_a_ticket_of_somebody_else_is_not_there(estate: Estate, kept: Shelf) -> None:
    far = factories.BankFactory(site=factories.SiteFactory(organisation=estate.organisation))
    ticket = upkeep.TicketFactory(compartment=None, bank=far)
    answer = verb(technician(estate), "issue", kept.stock, count="1", ticket=str(ticket.pk))
    assert "There is no such ticket." in answer.content.decode()
    assert there(kept) == 3


@pytest.mark.parametrize("who", ["olga", "nina"])
def test_the_verbs_take_the_right_to_maintain(estate: Estate, kept: Shelf, who: str) -> None:
    for name in ("issue", "receive", "put_back", "count", "ordered", "set_minimum"):
        assert verb(getattr(estate, who), name, kept.stock, count="1").status_code == 404, name
    assert there(kept) == 3


def test_nobody_types_over_how_many_there_are(estate: Estate, kept: Shelf) -> None:
    client = signed_in(estate.max)
    assert client.post(f"{LIST}{kept.stock.pk}/change/", {"quantity": "99"}).status_code == 404
    added = client.get(f"{LIST}add/").content.decode()
    assert 'name="minimum"' in added and 'name="quantity"' not in added
    assert there(kept) == 3


def test_the_list_says_what_is_too_few_and_the_menu_counts_it(
    estate: Estate, kept: Shelf, at: dt.datetime, rf: Any
) -> None:
    user = technician(estate)
    request = rf.get("/")
    request.user = user
    assert waiting.counts(request)["maintenance.Stock"] == 0
    assert "Latch" not in listed(user, "order")
    same = {"stock_id": kept.stock.pk, "actor": SETUP, "at": at}
    parts.issue(count=2, **same)
    request = rf.get("/")
    request.user = user
    assert waiting.counts(request)["maintenance.Stock"] == 1
    assert "Latch" in listed(user, "order")
    assert "too few" in listed(user, "order")
    parts.ordered(on=at.date(), **same)
    assert waiting.counts(request)["maintenance.Stock"] == 0
    assert "too few, ordered" in listed(user, "yes")
    assert "Latch" not in listed(user, "order")


@pytest.mark.parametrize("page", ["stock", "stockmove", "part", "store"])
def test_a_list_takes_as_many_statements_for_many(
    estate: Estate, kept: Shelf, at: dt.datetime, page: str
) -> None:
    client = signed_in(technician(estate))

    def read() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(f"/admin/maintenance/{page}/").status_code == 200
        return len(queries)

    parts.issue(stock_id=kept.stock.pk, count=1, actor=SETUP, at=at)
    read()
    few = read()
    for _each in range(4):
        stock = upkeep.StockFactory(
            store=upkeep.StoreFactory(site=estate.site),
            part=upkeep.PartFactory(organisation=estate.organisation),
        )
        parts.receive(stock_id=stock.pk, count=1, actor=SETUP, at=at)
    assert read() == few


def test_parts_come_from_a_file_and_go_into_one(estate: Estate, kept: Shelf) -> None:
    client = signed_in(estate.max)
    rows = (
        "number,name,supplier,unit_cost,fits\nH-7,Latch,Vela,5.25,Holt Cam 1\nH-8,Spring,,0.40,\n"
    )
    answer = client.post(
        reverse("admin:maintenance_part_import"),
        {"format": "0", "resource": "0",
         "import_file": SimpleUploadedFile("parts.csv", rows.encode())},
    )  # fmt: skip
    confirm = answer.context["confirm_form"].initial
    done = client.post(reverse("admin:maintenance_part_process_import"), confirm, follow=True)
    assert "Imported: 1 new, 1 changed" in done.content.decode()
    kept.part.refresh_from_db()
    assert (str(kept.part.unit_cost), kept.part.supplier) == ("5.25", "Vela")
    assert list(kept.part.fits.all()) == [kept.model]
    assert Part.objects.get(number="H-8").fits.count() == 0
    exported = client.post(
        reverse("admin:maintenance_part_export"), {"format": "0", "resource": "0"}
    ).content.decode()
    assert exported.replace("\r", "").removeprefix("\ufeff") == rows


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("H-7,Latch,cheap,", "is no price"),
        ("H-7,Latch,1,Holt Nothing", "There is no model"),
        ("H-7,,1,", "Fill this in."),
    ],
)
def test_a_file_with_a_mistake_changes_nothing(
    estate: Estate, kept: Shelf, row: str, said: str
) -> None:
    rows = f"number,name,unit_cost,fits\nH-9,Good,1,\n{row}\n"
    answer = signed_in(estate.max).post(
        reverse("admin:maintenance_part_import"),
        {"format": "0", "resource": "0",
         "import_file": SimpleUploadedFile("parts.csv", rows.encode())},
    )  # fmt: skip
    assert said in answer.content.decode()
    assert "confirm_form" not in answer.context
    assert not Part.objects.filter(number="H-9").exists()
