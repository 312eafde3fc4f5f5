"""Lists by which keys and combinations are handed out, form by form."""

from __future__ import annotations

import datetime as dt
import io
from typing import Any

import openpyxl
import pytest
from django.db import connection
from django.db.models import Q
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from guardian.shortcuts import assign_perm

from access.errors.combinations import CombinationsSealed
from access.models import Combination, Lock, Person, User
from access.services import combinations
from audit.actions import Action
from audit.models import Event
from occupancy import hand_out_lists
from occupancy.hand_out_lists import Made
from occupancy.models import Assignment
from occupancy.services import hand_outs
from tests import factories, paper
from tests.admin_pages import signed_in
from tests.factories.cast import SETUP, Estate
from tests.factories.school import PupilFactory
from tests.factories.school_year import SchoolYear


@pytest.fixture
def given(year: SchoolYear, at: dt.datetime) -> SchoolYear:
    """Two of 7A with a key and a dial, one of 8B with a dial."""
    one, two, _three = year.school.of("7A")
    year.give(one, year.keyed_doors[0], at)
    year.give(two, year.dial_doors[0], at)
    year.give(year.school.of("8B")[0], year.dial_doors[1], at)
    return year


@pytest.fixture
def may_combine(estate: Estate) -> User:
    """Olga, who may read combinations here, too."""
    assign_perm("view_combination", estate.olga, estate.site)
    return estate.olga


def asked(user: User, year: SchoolYear, **posted: Any) -> Any:
    address = reverse("hand-outs", args=[year.school.site.pk])
    return signed_in(user).post(address, {"whose": "all", "kind": "pdf", **posted})


def rows(answer: Any) -> list[list[Any]]:
    sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).active
    return [[cell or "" for cell in row] for row in sheet.iter_rows(values_only=True)]


def test_a_list_on_paper_has_a_page_for_each_form(given: SchoolYear, estate: Estate) -> None:
    answer = asked(estate.olga, given)
    assert answer["Content-Type"] == "application/pdf"
    assert "no-store" in answer["Cache-Control"]
    pages = paper.texts(answer.content)
    forms = [f"Form {form.name}" for form in given.school.forms]
    assert [page[0] for page in pages] == [*forms, "In no form"], "Ben is in none"
    first = pages[0]
    assert "3 pupils, 1 without a locker" in first
    assert first[first.index("Pupil1 Of7A") :][:5] == [
        "Pupil1 Of7A", "Hall keys", "K1", "Small", "Key 1; Key 2",
    ]  # fmt: skip
    assert "Received: signature" in first
    assert "No locker" in first
    assert any("Harbour House" in line for line in first)


def test_a_list_of_one_form_or_one_year(given: SchoolYear, estate: Estate) -> None:
    form, year = given.school.form("8B"), given.school.years[0]
    one = paper.texts(asked(estate.olga, given, whose=f"form:{form.pk}").content)
    assert [page[0] for page in one] == ["Form 8B"]
    seven = paper.texts(asked(estate.olga, given, whose=f"year:{year.pk}").content)
    assert [page[0] for page in seven] == ["Form 7A", "Form 7B"]


def test_without_the_right_a_list_has_no_combination_and_no_way_to_ask(
    given: SchoolYear, estate: Estate
) -> None:
    page = signed_in(estate.olga).get(reverse("hand-outs", args=[given.school.site.pk]))
    assert "With combinations" not in page.content.decode()
    told = {"shows_combinations": "on", "reason": "start of term"}
    for kind in ("pdf", "xlsx"):
        answer = asked(estate.olga, given, kind=kind, **told)
        text = paper.text(answer.content) if kind == "pdf" else str(rows(answer))
        assert "01-02-0" not in text
        assert "Pupil2 Of7A" in text
    assert not Event.objects.filter(action=Action.COMBINATION_VIEWED).exists()


def test_each_combination_on_a_list_is_recorded_as_looked_at(
    given: SchoolYear, may_combine: User
) -> None:
    told = {"shows_combinations": "on", "reason": "start of term"}
    text = paper.text(asked(may_combine, given, **told).content)
    assert "01-02-01" in text
    assert "01-02-02" in text
    assert "01-02-03" not in text, "nobody has that door"
    assert "destroy it when they are handed out" in text
    seen = Event.objects.filter(action=Action.COMBINATION_VIEWED)
    assert {(event.compartment_id, event.reason, event.actor_id) for event in seen} == {
        (door.pk, "start of term", str(may_combine.pk)) for door in given.dial_doors[:2]
    }
    made = Event.objects.get(action=Action.EXPORTED)
    assert made.data == {"about": "Harbour House", "pupils": 13, "combinations": 2}


def test_combinations_need_a_reason(given: SchoolYear, may_combine: User) -> None:
    answer = asked(may_combine, given, shows_combinations="on", reason=" ")
    assert answer.status_code == 422
    assert "Please say why." in answer.content.decode()
    assert not Event.objects.filter(action=Action.COMBINATION_VIEWED).exists()


def test_a_combination_that_cannot_be_read_stops_the_whole_list(
    given: SchoolYear, may_combine: User
) -> None:
    Combination.objects.filter(lock__compartment=given.dial_doors[0]).update(
        sealed="gAAAA" + "A" * 60
    )
    answer = asked(may_combine, given, shows_combinations="on", reason="start of term")
    assert answer.status_code == 422
    assert str(CombinationsSealed()) in answer.content.decode()
    assert not Event.objects.filter(action=Action.COMBINATION_VIEWED).exists()


def test_a_spreadsheet_has_a_row_for_each_door(given: SchoolYear, may_combine: User) -> None:
    key = given.hand_out(given.school.of("7A")[0], given.keyed_doors[0], dt.datetime.now(dt.UTC))
    answer = asked(may_combine, given, kind="xlsx", shows_combinations="on", reason="new term")
    assert "all" not in answer["Content-Disposition"]
    found = rows(answer)
    assert found[0][:5] == ["Form", "Pupil", "Bank", "Door", "Size"]
    assert found[1] == ["7A", "Pupil1 Of7A", "Hall keys", "K1", "Small", "key", "Key 2",
                        str(key.copy), "", ""]  # fmt: skip
    assert found[2][3:9] == ["C1", "Small", "combination", "", "", "01-02-01"]
    assert found[3][1:4] == ["Pupil3 Of7A", "", "No locker"]
    assert len(found) == 1 + 13


def test_names_of_other_scripts_are_on_the_list(given: SchoolYear, estate: Estate) -> None:
    pupil = given.school.of("7A")[0]
    Person.objects.filter(pk=pupil.pk).update(given_name="Žofie", family_name="Ñúñez-Ковальчук")
    assert "Žofie Ñúñez-Ковальчук" in paper.text(asked(estate.olga, given).content)


def test_whoever_may_only_look_or_is_no_staff_makes_no_list(
    given: SchoolYear, estate: Estate
) -> None:
    viewer = factories.UserFactory()
    assign_perm("view_site", viewer, estate.site)
    for user in (viewer, estate.nina, given.tutor):
        assert asked(user, given).status_code == 404


def test_the_page_of_a_site_and_a_form_lead_to_the_list(given: SchoolYear, estate: Estate) -> None:
    address = reverse("hand-outs", args=[given.school.site.pk])
    site = reverse("admin:lockers_site_change", args=[given.school.site.pk])
    assert address in signed_in(estate.olga).get(site).content.decode()
    form = reverse("form", args=[given.school.form("7A").pk])
    assert address in signed_in(estate.olga).get(form).content.decode()
    assert address not in signed_in(given.tutor).get(form).content.decode()


def test_many_combinations_take_as_many_statements_as_one(
    given: SchoolYear, at: dt.datetime
) -> None:
    locks = Lock.objects.filter(compartment__bank=given.dials)
    with CaptureQueriesContext(connection) as queries:
        lines = combinations.show_many(locks=locks, reason="audit", actor=SETUP, at=at)
    assert len(lines) == 6
    asked = [one["sql"] for one in queries if "SAVEPOINT" not in one["sql"]]
    assert len(asked) == 3


def test_a_whole_school_is_printed_with_a_handful_of_statements(
    given: SchoolYear, estate: Estate, at: dt.datetime
) -> None:
    form = given.school.form("7B")
    pupils = Person.objects.bulk_create(
        PupilFactory.build(
            registration_group=form, year_group=form.year_group, home_site=estate.site,
            organisation=estate.organisation,
        )
        for _each in range(1_500)
    )  # fmt: skip
    doors = type(given.dial_doors[0]).objects.bulk_create(
        factories.CompartmentFactory.build(
            bank=given.dials, size=estate.small, number=f"S{n}", column=1_000 + n,
            lock_kind="combination",
        )
        for n in range(1_500)
    )  # fmt: skip
    locks = Lock.objects.bulk_create(
        Lock(compartment=door, organisation=estate.organisation, position=1) for door in doors
    )
    sealed = [
        Combination(lock=lock, position=1, set_at=at, sealed=combinations._seal(lock, 1, f"{n:04}"))
        for n, lock in enumerate(locks)
    ]
    Combination.objects.bulk_create(sealed)
    Assignment.objects.bulk_create(
        Assignment(
            kind="assignment", compartment=door, holder=pupil, policy=given.policy, starts_at=at,
            started_at=at,
        )
        for pupil, door in zip(pupils, doors, strict=True)
    )  # fmt: skip
    with CaptureQueriesContext(connection) as queries:
        handed = hand_outs.make(
            site=estate.site, people=Q(), about="all", actor=SETUP, at=at,
            shows_combinations=True, reason="start of term",
        )  # fmt: skip
        content = hand_out_lists.pdf(handed, Made("Harbour House", "today", "Olga"))
    assert len(handed.combinations) == 1_502
    assert paper.text(content).count("S1499") == 1
    assert len(queries) < 15
