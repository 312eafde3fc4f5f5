"""The tablet's pages and the desk: who sees what, what each verb does, and how many statements."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from access.models import Hold, Notice, User
from audit.models import Event
from maintenance.models import Collection, CollectionLine
from occupancy.models import Claim, DayEnd, Recovery
from occupancy.services.custody import giving
from tests import factories
from tests.factories.cast import SETUP, Estate
from tests.factories.school import PupilFactory
from tests.factories.school_collections import TermEnd, term_end


@pytest.fixture(autouse=True)
def morning(at: dt.datetime) -> Iterator[None]:
    with time_machine.travel(at, tick=False):
        yield


@pytest.fixture
def end(estate: Estate, at: dt.datetime) -> TermEnd:
    return term_end(estate, at)


@pytest.fixture
def tutor(end: TermEnd) -> User:
    user: User = factories.UserFactory.create(username="tutor", is_staff=False)
    end.school.form("7A").tutors.add(user)
    return user


def browser(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def form_page(end: TermEnd, name: str) -> str:
    return reverse("collection", args=[end.collection.pk, end.school.form(name).pk])


def say(user: User, end: TermEnd, number: int, said: str, **values: Any) -> Any:
    line = end.line(number)
    return browser(user).post(
        reverse("collection-say", args=[end.collection.pk, line.pk]),
        {"entry": uuid.uuid4(), "said": said, **values}, headers={"Accept": "application/json"},
    )  # fmt: skip


def test_a_tutor_collects_their_own_form_and_no_other(end: TermEnd, tutor: User) -> None:
    listed = browser(tutor).get(reverse("collections")).content.decode()
    assert "7A" in listed and "7B" not in listed
    assert browser(tutor).get(form_page(end, "7A")).status_code == 200
    assert browser(tutor).get(form_page(end, "7B")).status_code == 404
    assert say(tutor, end, 1, "emptied:yes").status_code == 200
    assert say(tutor, end, 4, "emptied:yes").status_code == 404
    # What is charged is the office's, and so are its lists.
    assert say(tutor, end, 2, "key:lost").status_code == 404
    sheet = reverse("collection-list", args=[end.collection.pk, "charges", "csv"])
    assert browser(tutor).get(sheet).status_code == 404
    opened = reverse("collection-open", args=[end.collection.pk, end.school.form("7A").pk])
    assert browser(tutor).post(opened, {"seconds": 2}).status_code == 404


def test_staff_of_another_site_find_nothing(end: TermEnd) -> None:
    nina = browser(end.estate.nina)
    assert "7A" not in nina.get(reverse("collections")).content.decode()
    assert nina.get(form_page(end, "7A")).status_code == 404
    assert say(end.estate.nina, end, 1, "emptied:yes").status_code == 404


def test_an_answer_says_how_the_line_stands(end: TermEnd) -> None:
    say(end.estate.olga, end, 1, "emptied:yes")
    answer = say(end.estate.olga, end, 1, "condition:good").json()
    assert answer == {
        "line": end.line(1).pk, "state": "collected", "emptied": "yes", "key": "none",
        "condition": "good", "summary": "Emptied, good", "is_given_back": True,
    }  # fmt: skip


def test_a_refusal_is_an_answer_in_words(end: TermEnd, at: dt.datetime) -> None:
    end.all_back(1, at)
    answer = say(end.estate.olga, end, 1, "emptied:no")
    assert (answer.status_code, answer.json()["code"]) == (409, "given_back")
    assert say(end.estate.olga, end, 1, "emptied:perhaps").status_code == 400
    assert say(end.estate.olga, end, 1, "emptied:no", entry="7").status_code == 400


def test_a_tablet_without_a_script_gets_the_page_again(end: TermEnd, at: dt.datetime) -> None:
    line = end.line(1)
    answer = browser(end.estate.olga).post(
        reverse("collection-say", args=[end.collection.pk, line.pk]),
        {"entry": uuid.uuid4(), "said": "emptied:yes"},
    )  # fmt: skip
    assert answer.headers["Location"] == f"{form_page(end, '7A')}#line-{line.pk}"


def test_the_clock_of_a_tablet_counts_only_for_how_long_ago(end: TermEnd, at: dt.datetime) -> None:
    say(end.estate.olga, end, 1, "emptied:yes", happened=1_000, sent=61_000)
    assert end.line(1).entries.get().happened_at == at - dt.timedelta(minutes=1)


def test_a_form_takes_as_many_statements_for_many_as_for_one(end: TermEnd, at: dt.datetime) -> None:
    client = browser(end.estate.olga)

    def statements() -> list[int]:
        counted = []
        for page in (reverse("collections"), form_page(end, "7B")):
            with CaptureQueriesContext(connection) as seen:
                assert client.get(page).status_code == 200
            counted.append(len(seen))
        return counted

    statements()
    few = statements()
    for n in range(4):
        door = factories.CompartmentFactory.create(
            bank=end.estate.bank, size=end.estate.small, column=40 + n, lock_kind="combination"
        )
        giving.give(
            policy_id=end.estate.policy.pk, compartment_id=door.pk, actor=SETUP, at=at,
            person_id=PupilFactory.create(registration_group=end.school.form("7B")).pk,
        )  # fmt: skip
    assert end.begin(at) == 4
    assert statements() == few


# At the desk.


def verb(end: TermEnd, name: str, *, line: CollectionLine | None = None) -> str:
    if line is not None:
        return reverse(f"admin:maintenance_collectionline_{name}", args=[line.pk])
    return reverse(f"admin:maintenance_collection_{name}", args=[end.collection.pk])


def do(user: User, page: str, **values: Any) -> Any:
    """Fill in a verb's page; return the answer, which is a redirect once it was done."""
    return browser(user).post(page, {"token": "x", **values})


def test_the_desk_makes_and_begins_a_collection(estate: Estate, at: dt.datetime) -> None:
    end = term_end(estate, at, begun=False)
    new = {
        "site": estate.site.pk, "session": end.school.session.pk, "name": "Autumn",
        "starts_on": "2026-12-14", "ends_on": "2026-12-18", "remind_from": "2026-12-20",
    }  # fmt: skip
    add = reverse("admin:maintenance_collection_add")
    assert "Remind before the last day" in browser(estate.max).post(add, new).content.decode()
    assert browser(estate.max).post(add, {**new, "remind_from": ""}).status_code == 302
    form = end.school.form("7A").pk
    assert do(estate.max, verb(end, "begin"), registration_groups=[form]).status_code == 302
    assert CollectionLine.objects.filter(collection=end.collection).count() == 3
    again = do(estate.max, verb(end, "begin"), registration_groups=[form])
    assert "Nobody of those" in again.content.decode()


def test_every_verb_of_the_desk(end: TermEnd, at: dt.datetime) -> None:
    olga = end.estate.olga
    PupilFactory._meta.model.objects.filter(pk=end.pupil(1).pk).update(email="a@b.example")
    assert do(olga, verb(end, "remind")).status_code == 302
    assert Notice.objects.get().to == "a@b.example"
    opened = do(olga, verb(end, "open_doors"), form=end.school.form("7A").pk, seconds=1)
    assert opened.headers["Location"] == reverse("day-end", args=[DayEnd.objects.get().pk])
    end.all_back(1, at)
    listed = browser(olga).get(verb(end, "uncollected")).content.decode()
    assert "Pupil2" in listed and "Pupil1" not in listed
    do(olga, verb(end, "uncollected"), line=[end.line(3).pk])
    assert Recovery.objects.get().claim_id == end.claims[2].pk
    end.say(2, "emptied", "yes", at)
    end.say(2, "condition", "damaged", at)
    end.say(2, "key", "lost", at)
    charge = verb(end, "charge_damage", line=end.line(2))
    assert do(olga, charge, amount="12.50", note="Dent").status_code == 302
    charges = browser(olga).get(verb(end, "charges")).content.decode()
    assert "15.00 GBP" in charges and "12.50 GBP" in charges and "27.50 GBP" in charges
    assert "Nothing is kept here" in browser(olga).get(verb(end, "lost_property")).content.decode()
    closed = do(olga, verb(end, "close_collection"))
    assert closed.status_code == 302 and Collection.objects.get().closed_at == at
    page = browser(olga).get(reverse("admin:maintenance_collection_change",
                                     args=[end.collection.pk])).content.decode()  # fmt: skip
    assert "keys missing" in page
    clear = verb(end, "clear", line=end.line(2))
    assert do(olga, clear, reason="Paid", key="").status_code == 302
    assert Hold.objects.get(person=end.pupil(2)).lifted_at == at
    assert "not_emptied" in Collection.objects.get().report["total"]


def test_dials_are_listed_once_for_who_may_see_combinations(end: TermEnd, at: dt.datetime) -> None:
    end.all_back(3, at)
    assert browser(end.estate.max).get(verb(end, "rotate")).status_code == 404
    rosa = browser(end.estate.rosa)
    page = rosa.get(verb(end, "rotate"))
    expected = page.context["expected"]
    answer = rosa.post(verb(end, "rotate"), {"expected": expected, "reason": "Term end"})
    assert "65-43-21" in answer.content.decode()
    again = rosa.post(verb(end, "rotate"), {"expected": expected, "reason": "Term end"})
    assert "65-43-21" not in again.content.decode()


def test_a_collection_that_was_begun_stays(end: TermEnd) -> None:
    remove = reverse("admin:maintenance_collection_delete", args=[end.collection.pk])
    assert browser(end.estate.max).post(remove, {"post": "yes"}).status_code in (403, 404)
    assert Collection.objects.exists()


def test_lines_are_found_by_what_is_left_to_do(end: TermEnd, at: dt.datetime) -> None:
    end.all_back(1, at)
    end.say(2, "condition", "damaged", at)
    lines = reverse("admin:maintenance_collectionline_changelist")
    for which, count in (("open", 3), ("stopped", 0), ("out", 3), ("damaged", 1)):
        answer = browser(end.estate.olga).get(f"{lines}?which={which}")
        assert answer.context["cl"].result_count == count


def test_what_was_done_stands_in_the_trail(end: TermEnd, at: dt.datetime) -> None:
    end.all_back(1, at)
    line = end.line(1)
    trail = Event.objects.filter(
        subject=f"collection:{end.collection.pk}", person_id=line.person_id
    )
    assert list(trail.order_by("pk").values_list("action", flat=True)) == [
        "collection.said", "collection.said", "collection.collected",
    ]  # fmt: skip
    assert Claim.objects.get(pk=line.claim_id).closed_at == at
