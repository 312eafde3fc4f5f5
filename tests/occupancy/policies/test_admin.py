"""Policies as an administrator sets them up."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from access.models import TemporaryAccess
from audit.actions import Action
from audit.models import Event
from occupancy.choices import UseModel
from occupancy.models import Assignment, CompartmentGroup, Policy
from occupancy.services.claims import assignments, claiming
from occupancy.services.claims.assignments import Wanted
from tests import factories
from tests.factories.cast import SETUP, Estate
from tests.occupancy.policies.pages import ADD, CONFIRMED, opened, posted, said, save


@pytest.fixture(autouse=True)
def morning(at: dt.datetime) -> Iterator[None]:
    with time_machine.travel(at, tick=False):
        yield


@pytest.fixture
def max_(estate: Estate) -> Client:
    client = Client()
    client.force_login(estate.max)
    return client


def wanted(estate: Estate) -> dict[str, str]:
    return {"where": f"bank:{estate.bank.pk}"}


def test_three_policies_serve_one_bank(max_: Client, estate: Estate, at: dt.datetime) -> None:
    facilities = factories.DepartmentFactory(organisation=estate.organisation, name="Facilities")
    fay = factories.PersonFactory(organisation=estate.organisation, department=facilities)
    estate.policy.delete()
    for start, more in (
        ("visitors", {}),
        ("staff", {}),
        ("team", {"departments": [facilities.pk], "doors": "1"}),
    ):
        body = opened(max_, f"{ADD}?start={start}", **wanted(estate), **more)
        save(max_, ADD, body)
    visitors, staff, team = Policy.objects.order_by("pk")
    assert (visitors.ends_at_time, visitors.person_kinds) == (dt.time(18), ["visitor"])
    assert list(visitors.sizes.all()) == [estate.small]
    assert (staff.bank, staff.ends_at_time) == (estate.bank, dt.time(0))
    assert team.is_exclusive and [one.number for one in team.group.compartments.all()] == ["1"]

    def doors(person: Any) -> list[str]:
        found = claiming.look(person_id=person.pk, bank_id=estate.bank.pk, wanted=Wanted(), at=at)
        return [choice.door.number for choice in found.choices]

    vera = factories.PersonFactory(organisation=estate.organisation, kind="visitor")
    TemporaryAccess.objects.create(
        person=vera, site=estate.site, starts_at=at, given_at=at,
        ends_at=at + dt.timedelta(days=3),
    )  # fmt: skip
    assert doors(vera) == ["2"]
    assert doors(estate.amira) == ["2", "3"]
    assert doors(fay)[0] == "1"
    assert doors(estate.ben) == []


def test_nothing_is_saved_before_the_step(max_: Client, estate: Estate) -> None:
    body = opened(max_, f"{ADD}?start=staff", **wanted(estate))
    answer = max_.post(ADD, body)
    assert answer.status_code == 200 and "lines" in answer.context
    assert Policy.objects.count() == 1
    back = max_.post(ADD, body | CONFIRMED | {"_back": "1"})
    assert back.status_code == 200 and Policy.objects.count() == 1
    assert back.context["adminform"].form["name"].value() == "Staff, for the day"


def test_who_loses_what_is_said_before_it_is_saved(max_: Client, estate: Estate) -> None:
    body = opened(
        max_, f"{ADD}?start=team", **wanted(estate), person_kinds=["student"], doors="1-2"
    )
    answer = max_.post(ADD, body)
    lost = next(line for line in answer.context["lines"] if line.is_loss)
    assert lost.text == "1 person could no longer get these doors: 2 of bank A."
    assert lost.names == (str(estate.amira),)
    whole = opened(max_, f"{ADD}?start=visitors", **wanted(estate), is_exclusive="on", sizes=[])
    assert "Nobody could get a door in bank A any more." in said(max_.post(ADD, whole))


def _day_use(estate: Estate, at: dt.datetime, count: int = 1) -> list[Any]:
    estate.policy.limit_per_person = 2
    estate.policy.save(update_fields=["limit_per_person"])
    return [
        assignments.claim(
            person_id=estate.amira.pk, bank_id=estate.bank.pk, wanted=Wanted(), actor=SETUP, at=at
        )
        for _each in range(count)
    ]


def test_what_ends_tonight_and_who_exceeds_the_limit(
    max_: Client, estate: Estate, at: dt.datetime
) -> None:
    Policy.objects.filter(pk=estate.policy.pk).update(model="fixed", days=30)
    estate.policy.refresh_from_db()
    _day_use(estate, at, 2)
    change = f"/admin/occupancy/policy/{estate.policy.pk}/change/"
    body = opened(max_, change, model="day_use", limit_per_person=1)
    lines = said(max_.post(change, body))
    assert lines[0].startswith("2 compartments in use would be released tonight if")
    assert lines[1].startswith("1 person would exceed the limit")
    lines = said(max_.post(change, body | {"follows": "on"}))
    assert lines[0] == "2 compartments would be released tonight."
    save(max_, change, body | {"follows": "on"})
    midnight = at.replace(hour=0) + dt.timedelta(days=1)
    assert {claim.ends_at for claim in Assignment.objects.all()} == {midnight}
    changed = Event.objects.filter(action=Action.CHANGED, person_id=estate.amira.pk)
    assert changed.count() == 2


def test_what_runs_keeps_its_end_unless_it_is_asked_to_follow(
    max_: Client, estate: Estate, at: dt.datetime
) -> None:
    _day_use(estate, at)
    before = Assignment.objects.get().ends_at
    change = f"/admin/occupancy/policy/{estate.policy.pk}/change/"
    save(max_, change, opened(max_, change, ends_at_time="18:00"))
    assert Assignment.objects.get().ends_at == before


def test_retiring_and_deleting_show_what_is_lost(max_: Client, estate: Estate) -> None:
    change = f"/admin/occupancy/policy/{estate.policy.pk}/change/"
    body = opened(max_, change)
    del body["is_active"]
    assert "Nobody could get a door in bank A any more." in said(max_.post(change, body))
    page = max_.get(f"/admin/occupancy/policy/{estate.policy.pk}/delete/")
    assert "Nobody could get a door in bank A any more." in page.content.decode()


@pytest.mark.parametrize(
    ("changes", "name", "sentence"),
    [
        ({"model": "session"}, "lasts", "Write how long a use lasts"),
        ({"model": "shift"}, "shifts", "Write when the shifts start"),
        ({"model": "shift", "shifts": "6, 25:00"}, "shifts", "no time of day"),
        ({"model": "fixed"}, "days", "for how many days"),
        ({"model": "reservation"}, "books_ahead", "how far ahead"),
        ({"at_end": "release", "recovers_after": "7 d"}, "recovers_after", "Leave this empty"),
        ({"quiet_from": "22:00"}, "quiet_until", "until when, too"),
        ({"quiet_until": "07:00"}, "quiet_from", "from when, too"),
        ({"quiet_from": "22:00", "quiet_until": "22:00"}, "quiet_until", "the same time"),
        ({"grace": "soon"}, "grace", "Write it like 30 min"),
        ({"no_show_after": "0"}, "no_show_after", "longer than nothing"),
        ({"longest_booking": "0"}, "longest_booking", "longer than nothing"),
        ({"limit_per_person": "0"}, "limit_per_person", "1"),
        ({"name": "Day use"}, "name", "Another policy has this name"),
        ({"doors": "row 7"}, "doors", "It has doors A 1-3"),
        ({"ranking_0": "near", "ranking_1": "near"}, "ranking", "chosen twice"),
    ],
)
def test_what_the_database_refuses_is_said_at_its_field(
    max_: Client, estate: Estate, changes: dict[str, str], name: str, sentence: str
) -> None:
    body = opened(max_, f"{ADD}?start=staff", **wanted(estate)) | changes
    answer = max_.post(ADD, body)
    errors = answer.context["adminform"].form.errors
    assert sentence in " ".join(errors[name])


@pytest.mark.parametrize(
    ("rules", "told"),
    [
        ({"model": UseModel.DAY_USE, "ends_at_time": dt.time(18)}, "until 18:00"),
        ({"model": UseModel.SESSION, "lasts": dt.timedelta(minutes=90)}, "1 h 30 min"),
        ({"model": UseModel.SHIFT, "shifts": [dt.time(6), dt.time(14, 30)]}, "06:00, 14:30"),
        ({"model": UseModel.FIXED, "days": 1, "months": 2}, "1 day and 2 months"),
        ({"model": UseModel.EXCEPTION, "days": 30}, "30 days"),
        ({"model": UseModel.PERMANENT}, None),
        ({"model": UseModel.CONTRACTOR}, None),
    ],
)
def test_the_list_says_how_long_and_no_hour_that_does_not_count(
    rules: dict[str, Any], told: str | None
) -> None:
    assert admin.site._registry[Policy].how_long(Policy(**rules)) == told


def test_a_policy_is_duplicated(max_: Client, estate: Estate) -> None:
    answer = max_.get(f"/admin/occupancy/policy/{estate.policy.pk}/duplicate", follow=True)
    form = answer.context["adminform"].form
    assert form["name"].value() == "Copy of Day use"
    save(max_, ADD, posted(form))
    assert Policy.objects.filter(name="Copy of Day use", site=estate.site).exists()


def test_a_policy_of_everywhere_is_changed_only_by_who_manages_every_site(
    max_: Client, estate: Estate
) -> None:
    whole = factories.PolicyFactory(organisation=estate.organisation, name="Everywhere")
    factories.SiteFactory(organisation=estate.organisation)
    page = max_.get(f"/admin/occupancy/policy/{whole.pk}/change/")
    assert page.status_code == 200
    assert not page.context["has_change_permission"]
    choices = max_.get(ADD).context["adminform"].form["where"].as_widget()
    assert "organisation:" not in choices


def test_a_group_of_doors_is_typed_and_looked_at(max_: Client, estate: Estate) -> None:
    add = "/admin/occupancy/compartmentgroup/add/"
    body = {"organisation": estate.organisation.pk, "name": "Two doors", "doors": "A 1-2"}
    assert said(max_.post(add, body)) == ["A 1-2"]
    save(max_, add, body)
    group = CompartmentGroup.objects.get()
    assert {one.number for one in group.compartments.all()} == {"1", "2"}
    factories.PolicyFactory(organisation=estate.organisation, group=group, is_exclusive=True,
                            person_kinds=["visitor"])  # fmt: skip
    change = f"/admin/occupancy/compartmentgroup/{group.pk}/change/"
    body = opened(max_, change, doors="A 1-3")
    assert "Nobody could get a door in bank A any more." in said(max_.post(change, body))
    wrong = max_.post(change, body | {"doors": "A 1-9"})
    assert "names no door here" in str(wrong.context["adminform"].form.errors["doors"])


def test_the_step_asks_the_same_number_of_questions_for_many_doors(
    max_: Client, estate: Estate
) -> None:
    body = opened(max_, f"{ADD}?start=team", **wanted(estate), person_kinds=["student"])

    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as asked:
            max_.post(ADD, body)
        return len(asked)

    few = queries()
    for n in range(4, 60):
        factories.CompartmentFactory(bank=estate.bank, size=estate.small, number=str(n), column=n)
        factories.PersonFactory(organisation=estate.organisation, home_site=estate.site)
    assert queries() == few
