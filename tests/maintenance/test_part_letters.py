"""Parts that run out: one letter a day for each store, until they are ordered or filled."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core import mail

from access.choices import Channel, NoticeKind
from access.models import Notice, NoticeRules
from access.services import notices, telling
from maintenance import jobs
from maintenance.models import Stock
from maintenance.services import part_letters, parts
from tests.factories import upkeep
from tests.factories.cast import SETUP, Estate
from tests.maintenance.stores import DAY, Shelf, shelf, technician
from tests.occupancy.ending import channels

HOUR = dt.timedelta(hours=1)
OLGA = "olga@northwind.example"


@pytest.fixture
def short(estate: Estate) -> Shelf:
    """One is left where two should be; Olga keeps the site in repair."""
    estate.olga.email = OLGA
    estate.olga.save()
    technician(estate)
    return shelf(estate, quantity=1, minimum=2)


def told() -> list[Notice]:
    return list(Notice.objects.filter(kind=NoticeKind.PARTS_LOW).order_by("pk"))


def test_it_says_which_parts_how_many_are_left_and_where_to_look(
    short: Shelf, at: dt.datetime
) -> None:
    assert part_letters.tell_due(at=at) == 1
    assert notices.send_due(at=at) == 1
    (letter,) = mail.outbox
    assert letter.to == [OLGA]
    assert letter.subject == "A part is running out in Cellar, Harbour House"
    assert "H-7 Latch: 1 left, order below 2" in letter.body
    assert "/admin/maintenance/stock/?few=order" in letter.body


def test_one_letter_a_day_also_when_another_part_runs_out(
    estate: Estate, short: Shelf, at: dt.datetime
) -> None:
    assert part_letters.tell_due(at=at) == 1
    upkeep.StockFactory(
        store=short.store, part=upkeep.PartFactory(organisation=estate.organisation), minimum=1
    )
    assert part_letters.tell_due(at=at + HOUR) == 0
    assert part_letters.tell_due(at=at + DAY) == 1
    assert [len(one.facts["parts"]) for one in told()] == [1, 2]


@pytest.mark.parametrize("how", ["ordered", "filled", "enough"])
def test_no_letter_once_it_is_ordered_or_filled(short: Shelf, at: dt.datetime, how: str) -> None:
    same = {"stock_id": short.stock.pk, "actor": SETUP, "at": at}
    part_letters.tell_due(at=at)
    if how == "ordered":
        parts.ordered(on=at.date(), **same)
    elif how == "filled":
        parts.receive(count=1, **same)
    else:
        parts.set_minimum(minimum=1, **same)
    # Nor does the one that waits go out.
    assert notices.send_due(at=at) == 0
    assert part_letters.tell_due(at=at + DAY) == 0
    assert len(told()) == 1


def test_the_site_s_own_channel_is_told_where_there_is_one(
    estate: Estate, short: Shelf, at: dt.datetime
) -> None:
    with channels.listening() as peer:
        rules = NoticeRules.objects.create(organisation=estate.organisation, site=estate.site)
        telling.set_channel(rules=rules, address=peer.address, actor=SETUP, at=at)
        assert part_letters.tell_due(at=at) == 1
        assert [one.channel for one in told()] == [Channel.OTHER]
        assert notices.send_due(at=at) == 1
        assert peer.titles == ["A part is running out in Cellar, Harbour House"]
    assert mail.outbox == []


def test_nobody_is_woken_for_it(estate: Estate, short: Shelf, at: dt.datetime) -> None:
    NoticeRules.objects.create(
        organisation=estate.organisation, quiet_from=dt.time(8), quiet_until=dt.time(10)
    )
    part_letters.tell_due(at=at)
    assert [one.try_at for one in told()] == [at + HOUR]


def test_the_job_writes_for_every_store(short: Shelf) -> None:
    other = upkeep.StoreFactory(site=short.store.site)
    upkeep.StockFactory(store=other, part=short.part, minimum=4)
    assert jobs.tell_of_parts() == 2
    assert jobs.tell_of_parts() == 0
    assert Stock.objects.filter(ordered_on__isnull=True).count() == 2
