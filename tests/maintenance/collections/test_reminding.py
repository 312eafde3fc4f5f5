"""Pupils and guardians are reminded: each address once, not at night, not once it is back."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core import mail

from access.choices import NoticeKind
from access.models import Notice, NoticeRules, Person
from access.services import notices
from maintenance import jobs
from maintenance.errors.collections import CollectionNotBegun, CollectionOver
from maintenance.models import Collection
from maintenance.services.collections import closing, reminding
from tests.factories.cast import SETUP, Estate
from tests.factories.school_collections import TermEnd, term_end

DAY = dt.timedelta(days=1)
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def end(estate: Estate, at: dt.datetime) -> TermEnd:
    end = term_end(estate, at)
    Collection.objects.update(remind_from=at.date())
    Person.objects.filter(pk=end.pupil(1).pk).update(
        email="one@school.example", guardian_name="Ms One", guardian_email="home@one.example"
    )
    Person.objects.filter(pk=end.pupil(2).pk).update(guardian_email="home@two.example")
    return end


def told() -> list[str]:
    rows = Notice.objects.filter(kind=NoticeKind.COLLECTION).order_by("pk")
    return list(rows.values_list("to", flat=True))


def test_pupil_and_guardian_are_written_to_once(end: TermEnd, at: dt.datetime) -> None:
    assert reminding.remind_due(at=at) == 3
    assert told() == ["one@school.example", "home@one.example", "home@two.example"]
    assert reminding.remind_due(at=at + DAY) == 0
    assert end.line(1).reminded_at == at


def test_not_before_the_day_nor_after_the_last_one(end: TermEnd, at: dt.datetime) -> None:
    Collection.objects.update(remind_from=at.date() + DAY)
    assert reminding.remind_due(at=at) == 0
    assert reminding.remind_due(at=at + 30 * DAY) == 0
    assert reminding.remind_due(at=at + DAY) == 3


def test_who_gave_the_locker_back_is_left_alone(end: TermEnd, at: dt.datetime) -> None:
    end.all_back(1, at)
    reminding.remind_due(at=at)
    assert told() == ["home@two.example"]


def test_a_letter_that_waits_does_not_go_once_the_locker_is_back(
    end: TermEnd, at: dt.datetime
) -> None:
    reminding.remind_due(at=at)
    end.all_back(1, at)
    assert notices.send_due(at=at + MINUTE) == 1
    assert [one.to for one in mail.outbox] == [["home@two.example"]]


def test_nobody_is_disturbed_in_quiet_hours(end: TermEnd, at: dt.datetime) -> None:
    NoticeRules.objects.create(
        organisation=end.estate.organisation, quiet_from=dt.time(18), quiet_until=dt.time(7)
    )
    reminding.remind_due(at=at + 12 * dt.timedelta(hours=1))
    morning = dt.datetime.combine(at.date() + DAY, dt.time(7), dt.UTC)
    assert set(Notice.objects.values_list("try_at", flat=True)) == {morning}


def test_it_says_which_locker_and_that_the_key_is_to_be_brought(
    end: TermEnd, at: dt.datetime
) -> None:
    reminding.remind_due(at=at)
    assert notices.send_due(at=at) == 3
    by_address = {one.to[0]: one for one in mail.outbox}
    pupil = by_address["one@school.example"]
    assert pupil.subject == "Empty your locker by 20 Nov 2026"
    assert "Locker 1, bank A" in pupil.body and "key:" not in pupil.body
    home = by_address["home@two.example"]
    assert home.subject.startswith("Pupil2’s locker: please see that it is emptied by")
    assert "Locker K1, bank A: bring the key" in home.body


def test_the_office_can_remind_again_but_once_a_day(end: TermEnd, at: dt.datetime) -> None:
    reminding.remind_due(at=at)
    number = end.collection.pk
    assert reminding.remind(collection_id=number, actor=SETUP, at=at + MINUTE) == 0
    assert reminding.remind(collection_id=number, actor=SETUP, at=at + DAY) == 3
    # What the job did it does not do again.
    assert reminding.remind_due(at=at + 2 * DAY) == 0


def test_who_is_late_can_be_reminded_after_the_last_day(end: TermEnd, at: dt.datetime) -> None:
    late = at + 10 * DAY
    assert reminding.remind(collection_id=end.collection.pk, actor=SETUP, at=late) == 3
    assert notices.send_due(at=late + MINUTE) == 3


def test_a_pupil_with_two_lockers_gets_one_letter(end: TermEnd, at: dt.datetime) -> None:
    end.line(3).__class__.objects.filter(pk=end.line(3).pk).update(person=end.pupil(1))
    assert reminding.remind_due(at=at) == 3
    letter = Notice.objects.get(to="one@school.example")
    assert [door["number"] for door in letter.facts["doors"]] == ["1", "C1"]


def test_nobody_is_reminded_of_what_has_not_begun_or_is_over(
    estate: Estate, at: dt.datetime
) -> None:
    end = term_end(estate, at, begun=False)
    Collection.objects.update(remind_from=at.date())
    assert reminding.remind_due(at=at) == 0
    with pytest.raises(CollectionNotBegun):
        reminding.remind(collection_id=end.collection.pk, actor=SETUP, at=at)
    end.begin(at)
    closing.close(collection_id=end.collection.pk, actor=SETUP, at=at)
    with pytest.raises(CollectionOver):
        reminding.remind(collection_id=end.collection.pk, actor=SETUP, at=at)


def test_the_job_reminds(end: TermEnd, at: dt.datetime) -> None:
    import time_machine

    with time_machine.travel(at, tick=False):
        assert jobs.remind_of_collections() == 3
