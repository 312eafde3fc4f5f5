"""What the letters of a waiting list say, and that none goes in vain."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core import mail

from access.models import Person
from access.services import notices
from lockers.models import BridgePresence
from occupancy.models import Offer
from occupancy.services.queue import waiting
from tests.factories.cast import SETUP, Estate

MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def offer(estate: Estate, at: dt.datetime) -> Offer:
    """Ben waits for a large door, and is offered the one there is."""
    BridgePresence.objects.update(last_seen_at=at + dt.timedelta(days=1))
    Person.objects.filter(pk=estate.ben.pk).update(email="ben@example.org")
    waiting.join(
        person_id=estate.ben.pk, bank_id=estate.bank.pk, size_id=estate.large.pk,
        actor=SETUP, at=at,
    )  # fmt: skip
    return Offer.objects.get()


def test_letters_say_which_door_is_held_until_when_and_that_it_no_longer_is(
    offer: Offer, at: dt.datetime
) -> None:
    assert notices.send_due(at=at + MINUTE) == 1
    waiting.offer_due(at + 20 * MINUTE)
    notices.send_due(at=at + 21 * MINUTE)
    said = {one.subject: one.body for one in mail.outbox if one.to == ["ben@example.org"]}
    held = "Locker 3, bank A, is held for you until 09:15"
    assert list(said) == [held, "Locker 3, bank A, is no longer held for you"]
    assert "Ground floor, behind reception" in said[held]


def test_no_letter_goes_about_an_offer_that_was_answered_meanwhile(
    offer: Offer, estate: Estate, at: dt.datetime
) -> None:
    waiting.accept(offer_id=offer.pk, person_id=estate.ben.pk, actor=SETUP, at=at)
    notices.send_due(at=at + MINUTE)
    assert mail.outbox == []
