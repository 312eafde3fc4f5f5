"""Pupils, years, houses and forms on the pages of the administration."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from access.models import Person, RegistrationGroup
from tests import factories
from tests.factories.cast import Estate
from tests.factories.school import PupilFactory, School, school
from tests.lockers.files import text


@pytest.fixture
def small(estate: Estate) -> School:
    return school(estate)


@pytest.fixture
def manager(estate: Estate, client: Client) -> Client:
    client.force_login(estate.max)
    return client


def changelist(manager: Client, model: str, **query: Any) -> Any:
    answer = manager.get(reverse(f"admin:{model}_changelist"), query)
    assert answer.status_code == 200
    return answer


def test_the_list_of_pupils_leaves_out_everybody_else(manager: Client, small: School) -> None:
    shown = text(changelist(manager, "access_pupil"))
    assert "Pupil1 Of7A" in shown and "Ben Example" in shown
    assert "Amira" not in shown


def test_pupils_are_filtered_by_year_form_and_house(manager: Client, small: School) -> None:
    for query, number in (
        ({"year_group__id__exact": small.years[0].pk}, 6),
        ({"registration_group__id__exact": small.form("8B").pk}, 3),
        ({"house__id__exact": small.houses[0].pk}, 6),
    ):
        for model in ("access_pupil", "access_person"):
            assert changelist(manager, model, **query).context["cl"].result_count == number


def test_the_page_of_a_pupil_is_that_of_the_person(manager: Client, small: School) -> None:
    one = small.pupils[0]
    answer = manager.get(reverse("admin:access_pupil_change", args=[one.pk]), follow=True)
    assert answer.redirect_chain[0][0] == reverse("admin:access_person_change", args=[one.pk])
    shown = text(answer)
    assert "Unique pupil number" in shown and "First day" in shown


def test_a_member_of_staff_is_no_pupil(manager: Client, estate: Estate) -> None:
    page = reverse("admin:access_pupil_change", args=[estate.amira.pk])
    assert manager.get(page).status_code == 404


def test_more_pupils_and_forms_take_no_more_questions(manager: Client, small: School) -> None:
    def questions(model: str) -> int:
        with CaptureQueriesContext(connection) as asked:
            changelist(manager, model)
        return len(asked)

    models = ["access_pupil", "access_registrationgroup", "access_yeargroup", "access_house"]
    before = {model: questions(model) for model in models}
    for name in ("7C", "7D", "7E"):
        form = RegistrationGroup.objects.create(
            site=small.site, name=name, year_group=small.years[0]
        )
        form.tutors.add(factories.UserFactory())
        for _each in range(5):
            PupilFactory.create(registration_group=form)
    assert {model: questions(model) for model in models} == before


def test_a_form_counts_its_pupils_without_those_who_left(manager: Client, small: School) -> None:
    Person.objects.filter(pk=small.pupils[0].pk).update(status="left")
    small.form("7A").tutors.add(factories.UserFactory(first_name="Tess", last_name="Tutor"))
    small.form("7A").tutors.add(factories.UserFactory(first_name="Tom", last_name="Tutor"))
    found = changelist(manager, "access_registrationgroup").context["cl"].result_list
    assert {form.name: form.pupils_here for form in found} == {"7A": 2, "7B": 3, "8A": 3, "8B": 3}


def test_tutors_are_chosen_among_the_staff_of_the_site(
    manager: Client, estate: Estate, small: School
) -> None:
    page = reverse("admin:access_registrationgroup_change", args=[small.form("7A").pk])
    form = manager.get(page).context["adminform"].form
    assert {user.username for user in form.fields["tutors"].queryset} == {"max", "olga"}
    posted = {
        "site": small.site.pk, "name": "7A", "year_group": small.years[0].pk,
        "tutors": [estate.olga.pk],
    }  # fmt: skip
    assert manager.post(page, posted).status_code == 302
    assert list(small.form("7A").tutors.all()) == [estate.olga]
    refused = manager.post(page, posted | {"tutors": [estate.nina.pk]})
    assert refused.status_code == 200


def test_a_form_that_moves_to_another_year_takes_its_pupils_along(
    manager: Client, small: School
) -> None:
    page = reverse("admin:access_registrationgroup_change", args=[small.form("7A").pk])
    posted = {"site": small.site.pk, "name": "8C", "year_group": small.years[1].pk}
    assert manager.post(page, posted).status_code == 302
    first = Person.objects.get(pk=small.pupils[0].pk)
    assert (first.year_group, str(first.registration_group)) == (small.years[1], "8C")
