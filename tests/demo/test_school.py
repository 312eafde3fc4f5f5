"""The school of the demonstration: what the start table promises is there, whatever day it is."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.db.models import Count
from django.test import Client
from django.urls import reverse

from access.models import KeyHolding, Person, RegistrationGroup, User
from access.services import keys
from config.demo import classes, people, staff, start
from config.demo.school import tutors
from config.demo.school.collecting import NAME as COLLECTION
from lockers.choices import LockKind
from lockers.models import AcademicSession, Area, Bank, Compartment, SessionLevel, Site
from maintenance.models import Collection
from occupancy.allotment.__main__ import differences
from occupancy.choices import AllotmentMethod
from occupancy.models import Allotment, Allotted, Assignment, Entry, Preference, Rollover
from occupancy.services.allotting import applying, drawing, waiting
from occupancy.services.allotting.waiting import Came
from occupancy.services.rollovers import planning
from tests.conftest import MORNING
from tests.demo.conftest import PORT
from tests.factories.cast import SETUP

pytestmark = pytest.mark.usefixtures("demo")
DAY = dt.timedelta(days=1)


def _school() -> Site:
    return Site.objects.get(kind="school")


def _given() -> Allotment:
    return Allotment.objects.get(applied_at__isnull=False)


def _open() -> Allotment:
    return Allotment.objects.get(applied_at__isnull=True)


def _logged_in(who: staff.LogIn) -> Client:
    user = User.objects.get(username=who.username)
    assert user.check_password(who.password)
    client = Client()
    client.force_login(user)
    return client


def _told(demo: dict[str, Any], name: str) -> str:
    """Return the address that a line of the start table names, without the host."""
    return str(dict(demo["table"])[name]).split()[0].partition(str(PORT))[2]


@pytest.mark.parametrize(
    ("today", "first"),
    [
        (dt.date(2026, 9, 1), 2026), (dt.date(2026, 8, 31), 2025), (dt.date(2027, 2, 28), 2026),
        (dt.date(2028, 2, 29), 2027),
    ],
)  # fmt: skip
def test_it_is_always_some_day_of_a_school_year(today: dt.date, first: int) -> None:
    assert classes.first_year(today) == first


def test_this_year_and_the_next_have_terms_and_half_terms() -> None:
    this, following = AcademicSession.objects.filter(level=SessionLevel.YEAR).order_by("starts_on")
    assert this.starts_on <= MORNING.date() <= this.ends_on < following.starts_on
    for year in (this, following):
        assert year.parts.count() == 3
        assert [term.parts.count() for term in year.parts.all()] == [2, 2, 2]
    for session in AcademicSession.objects.all():
        session.full_clean()


def test_pupils_of_five_years_are_in_forms_with_a_room_a_house_and_a_tutor() -> None:
    pupils = Person.objects.filter(kind="student")
    assert not pupils.filter(registration_group=None).exists()
    assert not pupils.filter(house=None).exists()
    forms = RegistrationGroup.objects.annotate(many=Count("tutors"))
    assert set(forms.values_list("year_group__rank", flat=True)) == {7, 8, 9, 10, 11}
    for form in forms:
        form.full_clean()
        assert form.many == 1 and form.room is not None
        assert form.people.count() >= 5
    for pupil in pupils.select_related("registration_group", "year_group", "house"):
        pupil.clean()


def test_half_of_the_lockers_for_the_year_take_a_key_and_there_are_three_sizes() -> None:
    doors = Compartment.objects.filter(bank__in=_given().banks.all())
    assert doors.count() == 120
    assert doors.filter(lock_kind=LockKind.KEYED).count() == 60
    assert set(doors.values_list("lock_kind", flat=True)) == set(LockKind)
    assert set(doors.values_list("size__name", flat=True)) == {"Small", "Medium", "Tall"}
    floors = Area.objects.filter(banks__in=_given().banks.all()).distinct()
    assert set(floors.values_list("kind", flat=True)) == {"floor"} and floors.count() == 3


def test_nobody_takes_a_locker_for_the_year_by_the_day() -> None:
    allotted = Assignment.objects.filter(compartment__bank__in=_given().banks.all())
    assert not allotted.filter(allotted=None).exists()
    holders = allotted.values("holder")
    elsewhere = Assignment.objects.filter(holder__in=holders)
    assert elsewhere.count() == allotted.count()


def test_everybody_of_years_seven_to_nine_got_a_door_by_the_draw() -> None:
    results = Allotted.objects.filter(entry__allotment=_given())
    assert results.count() == results.exclude(compartment=None).count() == 66
    youngest = results.filter(entry__person__year_group__rank=7)
    assert set(youngest.values_list("compartment__bank__area__name", flat=True)) == {"Ground floor"}
    assert results.filter(because__wish=0).count() > 10, "wishes came true"


def test_who_came_last_week_can_be_given_a_free_door() -> None:
    (line,) = waiting.plan(allotment=_given(), at=MORNING).lines
    assert line.place.came is Came.LATE
    assert str(line.place.person.registration_group) == "9B"


def test_whoever_has_a_keyed_door_has_its_key_but_three() -> None:
    keyed = Assignment.objects.filter(allotted__isnull=False, compartment__lock_kind=LockKind.KEYED)
    out = KeyHolding.objects.filter(
        key__lock__compartment__in=keyed.values("compartment"), issued_at__lte=MORNING
    )
    assert out.count() == keyed.count() - 3
    for holding in out.filter(keys.OPEN).select_related("key__lock__compartment"):
        held = keyed.get(compartment=holding.key.lock.compartment_id, closed_at=None)
        assert held.holder_id == holding.person_id


def test_the_draw_was_done_as_published(demo: dict[str, Any]) -> None:
    allotment = _given()
    assert hashlib.sha256(bytes.fromhex(allotment.seed)).hexdigest() == allotment.commitment
    page = Client().get(_told(demo, "A draw to check"))
    assert page.status_code == 200
    for published in (allotment.commitment, allotment.digest, allotment.seed):
        assert published in page.content.decode()


def test_the_link_opens_bens_wishes_by_its_code_and_takes_them(demo: dict[str, Any]) -> None:
    address = _told(demo, "A pupil's wishes")
    found = re.search(r"code: (\w+)", dict(demo["table"])["A pupil's wishes"])
    assert found is not None
    client = Client()
    with time_machine.travel(MORNING, tick=False):
        assert "Type the code" in client.get(address).content.decode()
        assert client.post(address, {"code": found[1]}).status_code == 302
        page = client.get(address).content.decode()
        gallery = Bank.objects.get(name__contains="Gallery", allotments=_open())
        handed_in = client.post(address, {"place_0": f"b{gallery.pk}"}, follow=True)
    assert "Ben" in page and gallery.name in page and "Entrance" not in page, "as the rules say"
    assert "Handed in on" in handed_in.content.decode()
    wish = Preference.objects.get(entry__person__personal_number=people.BEN_NUMBER)
    assert (wish.rank, wish.bank) == (1, gallery)


def test_next_years_lockers_are_open_for_wishes_and_some_have_wished() -> None:
    allotment = _open()
    assert allotment.opens_at is not None and allotment.closes_at is not None
    assert allotment.opens_at < MORNING < allotment.closes_at
    assert allotment.session.starts_on > MORNING.date()
    entries = Entry.objects.filter(allotment=allotment)
    assert entries.filter(answered_at__lte=MORNING).count() > 20
    assert entries.exclude(friends=None).exists()
    assert entries.filter(wants_to_keep=True).exists()
    assert entries.filter(person__starts_on__gt=MORNING.date()).count() == 12, "the new intake"
    assert not entries.filter(person__year_group__rank=11).exists(), "they leave"


def test_next_years_draw_can_be_gone_on_with() -> None:
    allotment = _open()
    assert allotment.closes_at is not None
    drawing.freeze(allotment=allotment, actor=SETUP, at=allotment.closes_at)
    problem, outcome = drawing.drawn(allotment)
    told = {
        "commitment": allotment.commitment, "digest": allotment.digest, "seed": allotment.seed,
        "input": _input_of(allotment), "waiting": list(outcome.waiting),
        "given": {one.ticket: one.door for one in outcome.given if one.door >= 0},
    }  # fmt: skip
    assert differences(told) == []
    done = applying.apply(allotment=allotment, actor=SETUP, at=allotment.closes_at)
    assert done.given + done.kept > 90 and done.waiting > 0
    assert len(problem.applicants) == done.given + done.kept + done.waiting


def _input_of(allotment: Allotment) -> Any:
    """Return the frozen input as the file of the draw has it."""
    assert allotment.frozen_input is not None
    return json.loads(bytes(allotment.frozen_input))


def test_the_office_finds_the_whole_year_in_its_menu() -> None:
    client = _logged_in(staff.SCHOOL_OFFICE)
    with time_machine.travel(MORNING, tick=False):
        menu = client.get(reverse("admin:index")).content.decode()
        for model in (
            "occupancy_allotment", "occupancy_rollover", "maintenance_collection",
            "access_registrationgroup", "lockers_academicsession", "access_pupil",
        ):  # fmt: skip
            address = reverse(f"admin:{model}_changelist")
            assert address in menu, model
            rows = client.get(address).context["cl"].result_list
            assert len(rows) > 0, model
        page = client.post(
            reverse("admin:occupancy_allotment_compare", args=[_open().pk]), {"go": "1"}
        )
        assert page.status_code == 200
        assert _open().trials.count() == len(AllotmentMethod.values)
        people_seen = client.get(reverse("admin:access_person_changelist")).context["cl"]
    assert {person.home_site for person in people_seen.queryset} == {_school()}


def test_the_rollover_can_be_looked_at_and_nothing_stands_against_it() -> None:
    rollover = Rollover.objects.get()
    plan = planning.plan(rollover)
    assert plan.problems == []
    assert {person.year_group.rank for person in plan.leavers if person.year_group} == {11}
    assert len(plan.intake) == 12
    assert all(one.form is not None for one in plan.up if one.year.rank < 11)
    kept = [claim.compartment.bank for claim in plan.kept]
    assert len(kept) > 30 and set(kept) <= set(_given().banks.all())
    assert plan.ended
    client = _logged_in(staff.SCHOOL_OFFICE)
    with time_machine.travel(MORNING, tick=False):
        page = client.get(reverse("admin:occupancy_rollover_preview", args=[rollover.pk]))
    assert page.status_code == 200


def test_a_tutor_sees_their_own_form_without_combinations_and_nothing_else() -> None:
    own = RegistrationGroup.objects.get(name=tutors.FORM)
    client = _logged_in(staff.TUTOR)
    with time_machine.travel(MORNING, tick=False):
        page = client.get(reverse("forms"), follow=True)
        assert page.redirect_chain == [(reverse("form", args=[own.pk]), 302)]
        text = page.content.decode()
        for pupil in own.people.all():
            assert str(pupil) in text
        assert "ombination code" not in text
        for other in RegistrationGroup.objects.exclude(pk=own.pk):
            assert client.get(reverse("form", args=[other.pk])).status_code == 404
        assert client.get(reverse("admin:index")).status_code == 302


def test_the_tutors_form_is_being_collected_on_a_tablet() -> None:
    own = RegistrationGroup.objects.get(name=tutors.FORM)
    collection = Collection.objects.get(name=COLLECTION)
    lines = collection.lines.all()
    assert lines.count() == own.people.count()
    assert lines.filter(key="back", emptied=True).count() == 1
    assert lines.filter(key="not_back").count() == 1
    client = _logged_in(staff.TUTOR)
    with time_machine.travel(MORNING, tick=False):
        address = reverse("collection", args=[collection.pk, own.pk])
        assert address in client.get(reverse("collections")).content.decode()
        assert client.get(address).status_code == 200


def test_the_review_of_the_year_has_something_to_say() -> None:
    client = _logged_in(staff.SCHOOL_OFFICE)
    year = AcademicSession.objects.filter(level=SessionLevel.YEAR).earliest("starts_on")
    with time_machine.travel(MORNING, tick=False):
        page = client.get(reverse("review", args=[year.pk]))
    assert page.status_code == 200
    for bank in Bank.objects.filter(site=_school()):
        assert bank.name in page.content.decode()


def test_when_wishes_are_over_the_table_names_no_link(demo: dict[str, Any], var: Path) -> None:
    closes_at = _open().closes_at
    assert closes_at is not None
    later = dict(start.prepare(var=var, port=PORT, at=closes_at + DAY)["table"])
    assert "A pupil's wishes" not in later and "A draw to check" in later
    # And whoever has a locker for the year does not take another for the day.
    young = Person.objects.filter(personal_number__gte=people.ADMISSION, kind="student")
    young = young.filter(personal_number__regex=r"^\d{6}$")
    assert not Assignment.objects.filter(holder__in=young, allotted=None).exists()
