"""Two tablets at one pupil, and an office that closes meanwhile: what follows happens once."""

from __future__ import annotations

import threading
import uuid
from collections import Counter
from collections.abc import Callable
from functools import partial

import pytest

from access.models import Hold, KeyCharge
from audit.actions import Action
from audit.models import Event
from audit.services import idempotency
from lockers.models import BridgePresence
from maintenance.models import CollectionEntry, CollectionLine, Ticket
from maintenance.services.collections import closing, story
from tests.concurrency.racing import outcomes, together
from tests.conftest import MORNING
from tests.factories.cast import SETUP, Estate
from tests.factories.school_collections import TermEnd, term_end

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def end(transactional_db: None) -> TermEnd:
    made = term_end(Estate.build(at=MORNING), MORNING)
    BridgePresence.objects.update(last_seen_at=MORNING.replace(year=2100))
    return made


def says(
    end: TermEnd, number: int, about: str, answer: str, **values: object
) -> Callable[[], object]:
    return partial(
        idempotency.run, partial(end.say, number, about, answer, MORNING, **values)
    )  # fmt: skip


def collected() -> int:
    return Event.objects.filter(action=Action.COLLECTION_COLLECTED).count()


def test_four_tablets_collect_a_locker_once(end: TermEnd) -> None:
    end.say(1, "emptied", "yes", MORNING)
    assert Counter(outcomes(*[says(end, 1, "condition", "good")] * 4)) == {"done": 4}
    assert collected() == 1
    assert Event.objects.filter(action=Action.RELEASED_BY_STAFF).count() == 1


def test_four_tablets_charge_a_key_and_report_a_damage_once(end: TermEnd) -> None:
    end.say(2, "emptied", "yes", MORNING)
    end.say(2, "condition", "damaged", MORNING)
    assert Counter(outcomes(*[says(end, 2, "key", "lost")] * 4)) == {"done": 4}
    assert KeyCharge.objects.count() == 1
    assert Ticket.objects.get().occurrences == 1


def test_one_entry_sent_by_two_tabs_at_once_is_one(end: TermEnd) -> None:
    entry = uuid.uuid4()
    assert outcomes(*[says(end, 1, "emptied", "yes", entry_id=entry)] * 2) == ["done", "done"]
    assert CollectionEntry.objects.count() == 1


def test_without_the_lock_two_tablets_would_collect_it_twice(
    end: TermEnd, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control: both read, then both write."""
    end.say(1, "emptied", "yes", MORNING)
    both = threading.Barrier(2, timeout=10)

    def unlocked(line_id: int) -> CollectionLine:
        line = CollectionLine.objects.select_related(
            "collection__site", "person", "claim", "ticket", "compartment__bank__site"
        ).get(pk=line_id)
        both.wait()
        return line

    monkeypatch.setattr(story, "locked", unlocked)
    together(*[says(end, 1, "condition", "good")] * 2)
    assert collected() == 2


def test_who_is_said_while_it_closes_is_cleared_or_stopped_never_both(end: TermEnd) -> None:
    end.say(1, "emptied", "yes", MORNING)
    close = partial(closing.close, collection_id=end.collection.pk, actor=SETUP, at=MORNING)
    said, closed = outcomes(
        says(end, 1, "condition", "good"), partial(idempotency.run, close)
    )  # fmt: skip
    assert closed == "done" and said in ("done", "collection_over")
    line = end.line(1)
    assert (line.cleared_at is not None) == (said == "done")
    assert Hold.objects.filter(person=end.pupil(1)).exists() == (line.cleared_at is None)


def test_two_who_close_do_it_once(end: TermEnd) -> None:
    close = partial(closing.close, collection_id=end.collection.pk, actor=SETUP, at=MORNING)
    ends = Counter(outcomes(*[partial(idempotency.run, close)] * 3))
    assert ends == {"done": 1, "collection_over": 2}
    assert Hold.objects.count() == 4


def test_two_who_begin_put_each_locker_on_the_list_once(transactional_db: None) -> None:
    end = term_end(Estate.build(at=MORNING), MORNING, begun=False)
    begin = partial(idempotency.run, partial(end.begin, MORNING))
    assert Counter(outcomes(begin, begin, begin)) == {"done": 1, "nobody_to_collect": 2}
    assert CollectionLine.objects.count() == 4
