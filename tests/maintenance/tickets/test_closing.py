"""Closing: the checklist first, a photo where it asks for one, and what was done in words."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from maintenance.choices import PhotoMoment
from maintenance.errors.tickets import (
    ItemsUnchecked,
    NotOnTheList,
    OpenAlready,
    PhotoMissing,
    TicketNotOver,
    WordsMissing,
)
from maintenance.models import ChecklistItem, Ticket
from maintenance.selectors import tickets as selectors
from maintenance.services.tickets import closing, working
from tests.factories.cast import SETUP, Estate
from tests.factories.upkeep import ChecklistFactory, ChecklistItemFactory
from tests.maintenance.tickets.making import DAY, HOUR, kinds, report, ticket
from tests.pictures import picture


@pytest.fixture
def items(estate: Estate) -> list[ChecklistItem]:
    """Two things to check before a ticket about damage is closed."""
    made = ChecklistFactory(organisation=estate.organisation, closes="damaged")
    ChecklistItemFactory(
        checklist=ChecklistFactory(organisation=estate.organisation, closes="dirty")
    )
    return [ChecklistItemFactory(checklist=made, text=text) for text in ("Shuts", "Number legible")]


def close(one: Ticket, at: dt.datetime, words: str = "Hinge replaced") -> None:
    closing.close(ticket_id=one.pk, resolution=words, actor=SETUP, at=at)


def tick(one: Ticket, item: ChecklistItem, at: dt.datetime, is_checked: bool = True) -> None:
    closing.check(
        ticket_id=one.pk, item_id=item.pk, is_checked=is_checked, actor=SETUP, at=at
    )  # fmt: skip


def test_a_ticket_is_closed_with_what_was_done(estate: Estate, at: dt.datetime) -> None:
    one = ticket(estate, at)
    with pytest.raises(WordsMissing):
        close(one, at, "  ")
    close(one, at)
    one.refresh_from_db()
    assert (one.status, one.closed_at, one.resolution) == ("done", at, "Hinge replaced")
    assert kinds(one) == ["reported", "closed"]


def test_it_is_refused_while_an_item_is_unchecked_and_says_which(
    estate: Estate, at: dt.datetime, items: list[ChecklistItem]
) -> None:
    one = ticket(estate, at)
    tick(one, items[0], at)
    with pytest.raises(ItemsUnchecked) as refused:
        close(one, at)
    assert "Number legible" in str(refused.value)
    assert "Shuts" not in str(refused.value)
    tick(one, items[1], at)
    tick(one, items[0], at, is_checked=False)
    with pytest.raises(ItemsUnchecked):
        close(one, at)
    tick(one, items[0], at)
    close(one, at)


def test_an_item_is_ticked_once_and_only_one_of_its_list(
    estate: Estate, at: dt.datetime, items: list[ChecklistItem]
) -> None:
    one = ticket(estate, at)
    for _twice in range(2):
        tick(one, items[0], at)
    assert kinds(one) == ["reported", "checked"]
    other = ChecklistItem.objects.exclude(checklist=items[0].checklist).get()
    with pytest.raises(NotOnTheList):
        tick(one, other, at)
    assert [item.is_checked for item in selectors.checklist_of(one)] == [True, False]


def test_where_the_list_asks_for_a_photo_it_is_one_of_how_it_is_now(
    estate: Estate, at: dt.datetime, items: list[ChecklistItem], settings: Any, tmp_path: Path
) -> None:
    settings.VAR_DIR = tmp_path
    ChecklistItem.objects.filter(pk=items[0].pk).update(needs_photo=True)
    one = ticket(estate, at)

    def photo(moment: PhotoMoment, when: dt.datetime) -> None:
        working.add_photo(ticket_id=one.pk, data=picture(), moment=moment, actor=SETUP, at=when)

    def all_ticked(when: dt.datetime) -> None:
        for item in items:
            tick(one, item, when)

    all_ticked(at)
    photo(PhotoMoment.BEFORE, at)
    with pytest.raises(PhotoMissing):
        close(one, at)
    photo(PhotoMoment.AFTER, at)
    close(one, at)
    # Opened again, yesterday's ticks and photo say nothing.
    report(estate, at + DAY)
    with pytest.raises(ItemsUnchecked):
        close(one, at + DAY)
    all_ticked(at + DAY)
    with pytest.raises(PhotoMissing):
        close(one, at + DAY)


def test_with_nothing_to_do_it_is_closed_for_a_reason_and_no_checklist(
    estate: Estate, at: dt.datetime, items: list[ChecklistItem]
) -> None:
    one = ticket(estate, at)
    closing.cancel(ticket_id=one.pk, reason="A joke", actor=SETUP, at=at)
    one.refresh_from_db()
    assert (one.status, one.resolution) == ("cancelled", "A joke")


def test_it_is_opened_again_by_hand_unless_another_is_open(estate: Estate, at: dt.datetime) -> None:
    one = ticket(estate, at)
    with pytest.raises(TicketNotOver):
        closing.reopen(ticket_id=one.pk, reason="Still bent", actor=SETUP, at=at)
    close(one, at)
    closing.reopen(ticket_id=one.pk, reason="Still bent", actor=SETUP, at=at + 30 * DAY)
    one.refresh_from_db()
    assert (one.status, one.reopened, one.occurrences) == ("open", 1, 1)
    assert one.due_at == at + 30 * DAY + 72 * HOUR
    close(one, at + 30 * DAY)
    second = report(estate, at + 60 * DAY).ticket
    assert second != one
    with pytest.raises(OpenAlready):
        closing.reopen(ticket_id=one.pk, reason="Mine", actor=SETUP, at=at + 60 * DAY)
