"""Two who reach for the last part: one gets it."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from functools import partial

import pytest
from django.db.models import Sum
from django.utils import timezone

from audit.actions import Action
from maintenance.models import Stock, StockMove
from maintenance.services import part_letters, parts
from tests.concurrency.jobs.halting import in_the_middle
from tests.concurrency.racing import outcomes
from tests.factories.cast import SETUP, Estate
from tests.maintenance.stores import Shelf, shelf

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def at() -> dt.datetime:
    return timezone.now().replace(second=0, microsecond=0)


@pytest.fixture
def last(transactional_db: None, at: dt.datetime) -> Shelf:
    return shelf(Estate.build(at=at), quantity=1)


def take(last: Shelf, at: dt.datetime) -> partial[object]:
    return partial(parts.issue, stock_id=last.stock.pk, count=1, actor=SETUP, at=at)


def taken(last: Shelf) -> tuple[int, int]:
    """Return how many are there, and how many were handed out."""
    handed_out = StockMove.objects.filter(kind="issued").aggregate(all=Sum("change"))["all"]
    return Stock.objects.get(pk=last.stock.pk).quantity, -(handed_out or 0)


def test_of_two_who_take_the_last_part_one_gets_it(last: Shelf, at: dt.datetime) -> None:
    one, other, had_to_wait = in_the_middle(Action.STOCK_ISSUED, take(last, at), take(last, at))
    assert (one.ended, other.ended, had_to_wait) == ("done", "not_enough", True)
    assert taken(last) == (0, 1)


def test_of_many_at_once_no_more_get_one_than_there_are(last: Shelf, at: dt.datetime) -> None:
    parts.receive(stock_id=last.stock.pk, count=2, actor=SETUP, at=at)
    assert Counter(outcomes(*[take(last, at)] * 6)) == {"done": 3, "not_enough": 3}
    assert taken(last) == (0, 3)


def test_the_negative_control_hands_the_last_part_out_twice(
    last: Shelf, at: dt.datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def look_first(stock: Stock, count: int) -> bool:
        there = Stock.objects.get(pk=stock.pk).quantity
        return there >= count and bool(
            Stock.objects.filter(pk=stock.pk).update(quantity=there - count)
        )

    monkeypatch.setattr(parts, "_take", look_first)
    one, other, had_to_wait = in_the_middle(Action.STOCK_ISSUED, take(last, at), take(last, at))
    assert (one.ended, other.ended, had_to_wait) == ("done", "done", True)
    # Two were handed out where one was.
    assert taken(last) == (0, 2)


def test_what_is_taken_while_somebody_counts_is_taken_from_what_they_counted(
    last: Shelf, at: dt.datetime
) -> None:
    counts = partial(parts.count, stock_id=last.stock.pk, quantity=4, actor=SETUP, at=at)
    counted, took, had_to_wait = in_the_middle(Action.STOCK_COUNTED, counts, take(last, at))
    assert (counted.ended, took.ended, had_to_wait) == ("done", "done", True)
    assert taken(last) == (3, 1)


def test_what_is_put_back_twice_at_once_is_no_more_than_was_taken(
    last: Shelf, at: dt.datetime
) -> None:
    parts.issue(
        stock_id=last.stock.pk, count=1, actor=SETUP, at=at, ticket_id=last.ticket.pk
    )  # fmt: skip
    back = partial(
        parts.put_back, stock_id=last.stock.pk, count=1, actor=SETUP, at=at,
        ticket_id=last.ticket.pk,
    )  # fmt: skip
    assert Counter(outcomes(back, back, back)) == {"done": 1, "more_than_taken": 2}
    assert Stock.objects.get(pk=last.stock.pk).quantity == 1


def test_two_jobs_at_once_write_one_letter(last: Shelf, at: dt.datetime) -> None:
    writes = partial(part_letters.tell_due, at=at)
    assert outcomes(writes, writes) == ["done", "done"]
    assert part_letters.tell_due(at=at) == 0
