"""An allotment in the administration, verb by verb, as the office goes through it in August."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from access.models import RegistrationGroup, User
from access.roles import StaffRole
from access.services import leaving, staff
from lockers.models import AcademicSession
from occupancy.choices import AllotmentMethod
from occupancy.models import Allotment, Assignment, Entry, Rollover
from occupancy.services.allotting import drawing
from tests import factories, paper
from tests.admin_pages import signed_in
from tests.factories.cast import SETUP, Estate
from tests.occupancy.allotting.conftest import AUGUST, CLOSES, August

pytestmark = pytest.mark.django_db


@pytest.fixture
def clock() -> Iterator[time_machine.Coordinates]:
    with time_machine.travel(AUGUST, tick=False) as moved:
        yield moved


@pytest.fixture
def office(august: August, estate: Estate, clock: time_machine.Coordinates) -> Client:
    """Somebody who manages the site, in August."""
    manager: User = factories.UserFactory.create(username="head")
    staff.give(
        user=manager, role=StaffRole.SITE_MANAGER, place=estate.site, giver=None, actor=SETUP,
        at=AUGUST,
    )  # fmt: skip
    return signed_in(manager)


def address(row: Any, verb: str = "change") -> str:
    return reverse(f"admin:{row._meta.label_lower.replace('.', '_')}_{verb}", args=[row.pk])


def verbs(office: Client, row: Any) -> set[str]:
    """Return what the office can do from the page of an allotment."""
    page = office.get(address(row)).content.decode()
    found = ("compare", "open_wishes", "letters", "draw", "give")
    return {one for one in found if address(row, one) in page}


def test_what_can_be_done_goes_with_how_far_it_is(office: Client, august: August) -> None:
    row = august.allotment
    assert verbs(office, row) == {"compare", "open_wishes"}
    august.opened()
    assert verbs(office, row) == {"compare", "letters", "draw"}
    august.frozen()
    assert verbs(office, row) == {"give"}


def test_the_methods_are_tried_side_by_side_and_nobody_gets_anything(
    office: Client, august: August
) -> None:
    page = office.get(address(august.allotment, "compare")).content.decode()
    assert "Nothing was tried yet." in page
    # Each method is explained there, with what it promises.
    assert page.count("What this promises:") == len(AllotmentMethod)
    tried = office.post(address(august.allotment, "compare"), {"go": "1"}).content.decode()
    assert "12 / 12" in tried and "Rules broken" in tried
    assert "0%" not in tried, "a share of nobody who wished is none"
    assert not Assignment.objects.exists() and Allotment.objects.get().commitment == ""


def test_wishes_are_opened_by_the_clock_on_the_sites_wall(office: Client, august: August) -> None:
    said = {"opens_at": "2026-08-17T09:00", "closes_at": "2026-08-24T09:00"}
    office.post(address(august.allotment, "open_wishes"), said)
    row = Allotment.objects.get()
    # The school's clock is an hour ahead in summer.
    assert (row.opens_at, row.closes_at) == (AUGUST, CLOSES)
    assert len(row.commitment) == 64 and row.seed == ""


def test_a_window_that_ends_before_it_begins_is_refused(office: Client, august: August) -> None:
    said = {"opens_at": "2026-08-24T09:00", "closes_at": "2026-08-18T09:00"}
    page = office.post(address(august.allotment, "open_wishes"), said).content.decode()
    assert "It ends after it begins, and not in the past." in page
    assert Allotment.objects.get().commitment == ""


def test_a_letter_for_each_pupil_of_the_forms_that_were_chosen(
    office: Client, august: August
) -> None:
    august.opened()
    form = RegistrationGroup.objects.get(name="7A")
    answer = office.post(address(august.allotment, "letters"), {"registration_groups": [form.pk]})
    assert answer["Content-Type"] == "application/pdf" and "no-store" in answer["Cache-Control"]
    text = paper.text(answer.content)
    for pupil in august.school.of("7A"):
        assert str(pupil) in text
    assert str(august.school.of("7B")[0]) not in text
    assert text.count("Your code, good once:") == 3
    assert Entry.objects.exclude(link_digest="").count() == 3


def test_after_the_draw_nothing_that_went_into_it_is_changed(
    office: Client, august: August
) -> None:
    august.opened()
    august.frozen()
    page = office.get(address(august.allotment)).content.decode()
    for name in ("method", "policy", "held_back", "rules-TOTAL_FORMS", "years-TOTAL_FORMS"):
        assert f'name="{name}"' not in page
    row = Allotment.objects.get()
    assert row.digest in page and row.seed in page and reverse("draw", args=[row.code]) in page
    assert office.post(address(row, "delete"), {"post": "yes"}).status_code == 404


def test_the_doors_are_given_once_all_at_once(
    office: Client, august: August, clock: time_machine.Coordinates
) -> None:
    august.opened()
    clock.move_to(CLOSES)
    office.post(address(august.allotment, "draw"), {"go": "1"})
    drawn = Allotment.objects.get()
    assert drawn.frozen_at == timezone.now() and drawn.seed
    page = office.get(address(drawn, "give")).content.decode()
    assert "12 of 12 pupils get a door" in page
    office.post(address(drawn, "give"), {"go": "1"}, follow=True)
    assert Assignment.objects.count() == 12
    refused = office.post(address(drawn, "give"), {"go": "1"}).content.decode()
    assert "12 got a door" not in refused and Assignment.objects.count() == 12


def test_the_lists_of_tickets_and_of_results_cannot_be_written_in(
    office: Client, august: August
) -> None:
    august.opened()
    august.frozen()
    drawing.drawn(august.allotment)
    for model in ("entry", "allotted"):
        page = office.get(reverse(f"admin:occupancy_{model}_changelist"))
        assert page.status_code == 200
        assert office.get(reverse(f"admin:occupancy_{model}_add")).status_code == 404


# ---- the step to the next year -------------------------------------------------------------------


def test_a_rollover_is_prepared_looked_at_done_and_undone(office: Client, august: August) -> None:
    first, second = AcademicSession.objects.filter(level=1).order_by("starts_on")[:2]
    office.post(
        reverse("admin:occupancy_rollover_add"),
        {"site": august.school.site.pk, "from_session": first.pk, "to_session": second.pk,
         "moves_tutors": "on"},
    )  # fmt: skip
    row = Rollover.objects.get()
    assert row.years.count() == 2, "what is usual is filled in"
    page = office.get(address(row, "preview")).content.decode()
    for pupil in august.school.of("8A"):
        assert f"<li>{pupil}, " in page
    looked_at = office.get(address(row, "go_over"))
    assert "6 leave, 6 go up" in looked_at.content.decode()
    expected = looked_at.context["form"].initial["expected"]
    # Somebody leaves meanwhile: the figures are shown anew before anything is done.
    leaving.leave(person=august.school.of("8A")[0], actor=SETUP, at=timezone.now())
    again = office.post(address(row, "go_over"), {"expected": expected})
    assert "5 leave, 6 go up" in again.content.decode()
    assert "Look at the figures again." in again.content.decode()
    row.refresh_from_db()
    assert row.applied_at is None
    fresh = re.search(r'name="expected" value="(\w+)"', again.content.decode())
    assert fresh is not None
    office.post(address(row, "go_over"), {"expected": fresh[1]})
    row.refresh_from_db()
    assert row.applied_at == timezone.now()
    office.post(address(row, "undo"), {"go": "1"})
    row.refresh_from_db()
    assert row.undone_at is not None
    assert office.get(address(row)).status_code == 200
