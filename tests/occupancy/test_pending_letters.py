"""Letters that tell of a door: none goes before the lockers have it, or while they decide alone."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core import mail

from access.choices import NoticeKind
from access.models import Notice, Person
from access.services import notices
from access.services.notices import Word
from lockers.choices import LockKind
from lockers.models import BridgePresence, Compartment
from occupancy.models import Assignment, Claim
from occupancy.services import keeping, letters
from occupancy.services.custody import giving, moving
from occupancy.services.queue import waiting
from tests.cut_off import answer, cut_off, works_alone, write_down
from tests.factories.cast import SETUP, Estate

MINUTE = dt.timedelta(minutes=1)
HOUR = dt.timedelta(hours=1)


@pytest.fixture
def office(estate: Estate) -> Estate:
    Person.objects.filter(pk=estate.amira.pk).update(email="amira@example.org")
    Person.objects.filter(pk=estate.ben.pk).update(email="ben@example.org")
    works_alone(estate)
    answer(estate)
    return estate


def give(estate: Estate, at: dt.datetime, reason: str = "", door: int = 1) -> Assignment:
    return giving.give(
        policy_id=estate.policy.pk, person_id=estate.amira.pk, actor=SETUP, at=at, reason=reason,
        compartment_id=estate.doors[door - 1].pk, beyond_authority=bool(reason),
    )  # fmt: skip


def sent(at: dt.datetime) -> list[str]:
    """Send what is due, and return to whom something went so far."""
    notices.send_due(at=at)
    return sorted(one.to[0] for one in mail.outbox)


def write(estate: Estate, kind: NoticeKind, claim: Claim, at: dt.datetime) -> None:
    facts = {"number": "1", "door": "1", "bank": "A", "what": "given", "until": None,
             "ended_at": at}  # fmt: skip
    word = Word(kind=kind, site_id=estate.site.pk, subject=f"claim:{claim.pk}",
                facts=facts, to="amira@example.org")  # fmt: skip
    notices.tell(word, at=at)


def test_a_letter_waits_until_the_lockers_have_the_door(office: Estate, at: dt.datetime) -> None:
    give(office, at)
    assert sent(at) == []
    write_down(office)
    assert sent(at + MINUTE) == ["amira@example.org"]


def test_a_letter_that_waits_is_none_that_could_not_be_sent(
    office: Estate, at: dt.datetime
) -> None:
    give(office, at)
    sent(at)
    assert not Notice.objects.filter(notices.stuck(at)).exists()


def test_what_waited_long_is_looked_at_less_often(office: Estate, at: dt.datetime) -> None:
    give(office, at)
    waits = []
    for waited in (dt.timedelta(), MINUTE, HOUR):
        sent(at + waited)
        waits.append(Notice.objects.get().try_at - at - waited)
    assert waits == [dt.timedelta(seconds=10), MINUTE, 5 * MINUTE]


def test_what_was_withdrawn_is_told_to_nobody(office: Estate, at: dt.datetime) -> None:
    given = give(office, at)
    keeping.withdraw(given, at)
    assert sent(at) == []
    write_down(office)
    assert sent(at + HOUR) == []


def test_what_was_given_all_the_same_is_told_by_letter_when_the_lockers_have_it(
    office: Estate, at: dt.datetime
) -> None:
    cut_off(office)
    give(office, at, reason="medicine inside")
    assert sent(at) == []
    answer(office)
    write_down(office)
    assert sent(at + HOUR) == ["amira@example.org"]


def test_while_the_lockers_decide_alone_nobody_is_told_even_of_what_they_have(
    office: Estate, at: dt.datetime
) -> None:
    give(office, at)
    write_down(office)
    cut_off(office)
    assert sent(at) == []
    answer(office)
    assert sent(at + MINUTE) == ["amira@example.org"]


def test_of_a_transfer_both_hear_when_the_lockers_have_it(office: Estate, at: dt.datetime) -> None:
    old = give(office, at)
    Notice.objects.all().delete()
    write_down(office)
    moving.transfer(claim_id=old.pk, to_person_id=office.ben.pk, actor=SETUP, at=at, reason="ill")
    assert sent(at) == []
    write_down(office)
    assert sent(at + MINUTE) == ["amira@example.org", "ben@example.org"]


def test_an_offer_is_told_when_the_lockers_have_it(office: Estate, at: dt.datetime) -> None:
    BridgePresence.objects.update(last_seen_at=at + HOUR)
    waiting.join(
        person_id=office.ben.pk, bank_id=office.bank.pk, size_id=office.large.pk, actor=SETUP,
        at=at,
    )  # fmt: skip
    assert sent(at + 10 * dt.timedelta(seconds=1)) == []
    write_down(office)
    assert sent(at + 2 * MINUTE) == ["ben@example.org"]


def test_a_door_that_no_bridge_opens_is_told_of_at_once(office: Estate, at: dt.datetime) -> None:
    Compartment.objects.filter(pk=office.doors[0].pk).update(
        controller=None, channel=None, lock_kind=LockKind.KEYED
    )
    cut_off(office)
    give(office, at)
    assert sent(at) == ["amira@example.org"]


@pytest.mark.parametrize("kind", letters.TELL_OF_DOORS)
def test_every_letter_that_tells_of_a_door_waits(
    office: Estate, at: dt.datetime, kind: NoticeKind
) -> None:
    given = give(office, at)
    Notice.objects.all().delete()
    write(office, kind, given, at)
    assert sent(at) == []


def test_that_something_is_over_is_told_at_once(office: Estate, at: dt.datetime) -> None:
    given = give(office, at)
    Notice.objects.all().delete()
    cut_off(office)
    write(office, NoticeKind.CLAIM_ENDED, given, at)
    assert sent(at) == ["amira@example.org"]
