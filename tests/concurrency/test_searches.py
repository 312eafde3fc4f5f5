"""Two who want to be the second adult: one is, and the door opens once."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable
from functools import partial

import pytest
from django.utils import timezone

from audit.actions import Action
from lockers.models import BridgePresence, Command
from occupancy.choices import SearchKind
from occupancy.models import SearchOpening
from occupancy.services.custody import searches
from tests.concurrency.jobs.halting import in_the_middle
from tests.concurrency.racing import outcomes
from tests.factories.cast import Estate
from tests.occupancy.ending.held import HOUR, hold

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def at() -> dt.datetime:
    return timezone.now().replace(second=0, microsecond=0)


@pytest.fixture
def office(transactional_db: None, at: dt.datetime) -> Estate:
    estate = Estate.build(at=at)
    BridgePresence.objects.update(last_seen_at=at.replace(year=at.year + 1))
    return estate


@pytest.fixture
def asked(office: Estate, at: dt.datetime) -> SearchOpening:
    """Rosa asks for Amira's door."""
    claim = hold(office, office.policy, at, at + 8 * HOUR)
    return searches.ask(
        compartment_id=claim.compartment_id, kind=SearchKind.SEARCH, reason="a smell",
        user_id=office.rosa.pk, at=at,
    )  # fmt: skip


def confirm(asked: SearchOpening, user_id: int, at: dt.datetime) -> Callable[[], object]:
    return partial(searches.confirm, search_id=asked.pk, user_id=user_id, at=at)


def test_of_two_who_confirm_one_is_the_second_adult(
    office: Estate, asked: SearchOpening, at: dt.datetime
) -> None:
    one, other, had_to_wait = in_the_middle(
        Action.SEARCH_CONFIRMED,
        confirm(asked, office.olga.pk, at), confirm(asked, office.max.pk, at),
    )  # fmt: skip
    assert (one.ended, other.ended, had_to_wait) == ("done", "search_not_waiting", True)
    asked.refresh_from_db()
    assert asked.confirmed_by == office.olga
    assert Command.objects.count() == 1


def test_the_negative_control_opens_twice(
    office: Estate, asked: SearchOpening, at: dt.datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def look_first(search_id: int, user_id: int, at: dt.datetime) -> bool:
        waits = SearchOpening.objects.filter(searches.waiting(at), pk=search_id).exists()
        return waits and bool(
            SearchOpening.objects.filter(pk=search_id).update(confirmed_by=user_id, confirmed_at=at)
        )

    monkeypatch.setattr(searches, "_confirm", look_first)
    one, other, _waited = in_the_middle(
        Action.SEARCH_CONFIRMED,
        confirm(asked, office.olga.pk, at), confirm(asked, office.max.pk, at),
    )  # fmt: skip
    assert (one.ended, other.ended) == ("done", "done")
    assert Command.objects.count() == 2


def test_whoever_asks_at_the_same_instant_asks_once(office: Estate, at: dt.datetime) -> None:
    claim = hold(office, office.policy, at, at + 8 * HOUR)
    ask = [
        partial(
            searches.ask, compartment_id=claim.compartment_id, kind=SearchKind.SEARCH,
            reason="a smell", user_id=user.pk, at=at,
        )
        for user in (office.rosa, office.olga, office.max)
    ]  # fmt: skip
    assert Counter(outcomes(*ask)) == {"done": 1, "search_waiting": 2}


def test_it_is_called_off_or_confirmed(
    office: Estate, asked: SearchOpening, at: dt.datetime
) -> None:
    confirmed, called_off, had_to_wait = in_the_middle(
        Action.SEARCH_CONFIRMED, confirm(asked, office.olga.pk, at),
        partial(searches.call_off, search_id=asked.pk, user_id=office.rosa.pk, at=at),
    )  # fmt: skip
    assert (confirmed.ended, called_off.ended, had_to_wait) == ("done", "search_not_waiting", True)
