"""What a list of pupils makes, whose school it is of, and who leaves and comes back with it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from guardian.shortcuts import assign_perm

from access.imports.places import Places
from access.models import House, Person, RegistrationGroup, YearGroup
from audit.models import Event
from tests import factories
from tests.access.pupil_files import HEADERS, confirm, row, upload, wrong
from tests.factories.cast import Estate
from tests.factories.school import School, school
from tests.lockers.files import Pages, csv_of, problems, text


@pytest.fixture
def pages(estate: Estate, settings: Any, tmp_path: Path, client: Client) -> Pages:
    settings.VAR_DIR = tmp_path
    client.force_login(estate.max)
    return Pages(client, "access_pupil")


@pytest.fixture
def small(estate: Estate) -> School:
    return school(estate)


# Making what is missing.


def test_missing_years_forms_and_houses_are_made_on_a_tick_and_shown_before(
    pages: Pages, estate: Estate
) -> None:
    rows = [
        row(admission_number="1", registration_group="9A", year_group="9", house="Gauss"),
        row(admission_number="2", registration_group="9B", year_group="Year 9", house="gauss"),
        row(admission_number="3", registration_group="RA", year_group="Reception"),
    ]
    refused = upload(pages, csv_of(HEADERS, *rows))
    assert "Harbour House has no forms yet. Tick “Make what is missing”" in text(refused)
    preview = upload(pages, csv_of(HEADERS, *rows), makes="on")
    shown = text(preview)
    for line in ("Year groups: Reception, Year 9", "Forms: 9A, 9B, RA", "Houses: Gauss"):
        assert line in shown
    assert not YearGroup.objects.exists()
    confirm(pages, preview)
    assert dict(YearGroup.objects.values_list("name", "rank")) == {"Year 9": 9, "Reception": 0}
    assert {form.name: form.year_group.name for form in RegistrationGroup.objects.all()} == {
        "9A": "Year 9", "9B": "Year 9", "RA": "Reception",
    }  # fmt: skip
    assert House.objects.get().organisation == estate.organisation
    assert Person.objects.get(personal_number="2").registration_group.name == "9B"
    added = Event.objects.filter(action="record.added").values_list("data__object", flat=True)
    assert sorted(set(added)) == [
        "access.house", "access.person", "access.registrationgroup", "access.yeargroup",
    ]  # fmt: skip


def test_a_house_that_somebody_made_meanwhile_is_told_and_nothing_is_applied(
    pages: Pages, small: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = csv_of(HEADERS, row(house="Gauss"))
    preview = upload(pages, content, makes="on")
    looked = Places.save

    def late(places: Places) -> Any:
        House.objects.create(organisation=small.organisation, name="Gauss")
        return looked(places)

    monkeypatch.setattr(Places, "save", late)
    answer = confirm(pages, preview)
    assert "Somebody changed the same thing at this moment." in text(answer)
    assert not Person.objects.filter(personal_number="800001").exists()
    assert not Event.objects.filter(action="record.imported").exists()


def test_a_year_whose_place_nobody_can_tell_is_not_made(pages: Pages, small: School) -> None:
    found = wrong(pages, row(year_group="Juniors", registration_group="J1"), makes="on")
    assert "Which year comes after “Juniors” cannot be told" in found[2]["year_group"][0]
    assert "Say the year group, too" in found[2]["registration_group"][0]


def test_one_new_form_is_not_of_two_years(pages: Pages, small: School) -> None:
    found = wrong(
        pages,
        row(admission_number="1", registration_group="X"),
        row(admission_number="2", registration_group="X", year_group="Year 8"),
        makes="on",
    )
    assert found == {
        3: {
            "registration_group": ["X is a form of Year 7 here, and this row says Year 8."],
        }
    }


# Another school.


def test_the_list_of_another_school_of_the_organisation_is_refused(
    pages: Pages, estate: Estate, small: School
) -> None:
    hill = factories.SiteFactory(organisation=estate.organisation, name="Hill School")
    for right in ("view_site", "manage_site"):
        assign_perm(right, estate.max, hill)
    rows = [[one.personal_number, one.given_name] for one in small.pupils]
    answer = upload(pages, csv_of(["admission_number", "forename"], *rows), site=hill)
    assert (
        "12 of 12 rows are pupils of another school: row 2 is Pupil1 Of7A, at home at Harbour"
        " House. This is not the list of Hill School."
    ) in text(answer)
    assert "confirm_form" not in answer.context


def test_who_manages_one_school_is_told_nothing_of_the_pupils_of_another(
    pages: Pages, estate: Estate
) -> None:
    hill = factories.SiteFactory(organisation=estate.organisation, name="Hill School")
    theirs = school(site=hill)
    rows = [[one.personal_number, one.given_name] for one in theirs.pupils]
    answer = upload(pages, csv_of(["admission_number", "forename"], *rows))
    shown = text(answer)
    assert "12 of 12 rows are pupils of another school, such as row 2." in shown
    assert "Pupil1" not in shown and "Hill School" not in shown


def test_forms_that_a_school_does_not_have_are_asked_about(pages: Pages, small: School) -> None:
    rows = [
        row(admission_number=str(n), registration_group=f"9{n}", year_group="9") for n in range(4)
    ]
    refused = upload(pages, csv_of(HEADERS, *rows))
    assert (
        "4 of 4 rows name forms that Harbour House does not have, such as “90” in row 2, column"
        " registration_group."
    ) in text(refused)
    preview = upload(pages, csv_of(HEADERS, *rows), makes="on")
    assert 'name="is_school"' in text(preview)
    answer = confirm(pages, preview)
    assert "Is it the right school?" in text(answer)
    assert not RegistrationGroup.objects.filter(name="90").exists(), "nothing without the tick"
    confirm(pages, upload(pages, csv_of(HEADERS, *rows), makes="on"), is_school="on")
    assert RegistrationGroup.objects.filter(name="90").exists()


def test_a_row_that_names_another_site_is_refused(pages: Pages, small: School) -> None:
    answer = upload(
        pages, csv_of(["admission_number", "forename", "site"], ["800001", "Zoë", "Hill School"])
    )
    (sentence,) = problems(answer)[2]["site"]
    assert "“Hill School”, and the file was uploaded for Harbour House" in sentence


def test_a_single_pupil_may_change_schools(pages: Pages, estate: Estate, small: School) -> None:
    hill = factories.SiteFactory(organisation=estate.organisation, name="Hill School")
    assign_perm("manage_site", estate.max, hill)
    there = school_of_one(hill)
    content = csv_of(HEADERS, row(admission_number="700001", registration_group="9H",
                                  year_group="9"))  # fmt: skip
    confirm(pages, upload(pages, content, site=hill))
    moved = Person.objects.get(personal_number="700001")
    assert (moved.home_site, moved.registration_group) == (hill, there)


def school_of_one(site: Any) -> RegistrationGroup:
    year = YearGroup.objects.create(organisation=site.organisation, name="Year 9", rank=9)
    return RegistrationGroup.objects.create(site=site, name="9H", year_group=year)


# Who leaves, and who comes back.


def test_who_is_not_in_the_list_leaves_only_when_asked_and_only_pupils_here(
    pages: Pages, estate: Estate, small: School
) -> None:
    stays = [[one.personal_number, one.given_name] for one in small.pupils[:-1]]
    content = csv_of(["admission_number", "forename"], *stays, ["1002", "Ben"])
    told = upload(pages, content)
    assert [one.pk for one in told.context["result"].gone] == [small.pupils[-1].pk]
    assert "Nothing happens to them" in text(told)
    confirm(pages, upload(pages, content, leaves="yes"))
    assert Person.objects.get(pk=small.pupils[-1].pk).status == "left"
    assert Person.objects.get(pk=estate.amira.pk).status == "active", "she is staff"


def test_more_than_half_of_the_pupils_take_a_second_tick(pages: Pages, small: School) -> None:
    content = csv_of(["admission_number", "forename"], ["700001", "Pupil1"])
    preview = upload(pages, content, leaves="yes")
    assert 'name="is_sure"' in text(preview)
    assert "more than half" in text(confirm(pages, preview))
    assert not Person.objects.filter(pk__in=[one.pk for one in small.pupils], status="left")


def test_who_left_and_is_in_the_list_again_comes_back(pages: Pages, small: School) -> None:
    Person.objects.filter(personal_number="700001").update(status="left")
    confirm(pages, upload(pages, csv_of(["admission_number", "forename"], ["700001", "Pupil1"])))
    assert Person.objects.get(personal_number="700001").status == "active"


def test_who_has_left_by_their_date_leaves_and_nobody_new_is_kept_for_it(
    pages: Pages, small: School
) -> None:
    headers = ["admission_number", "forename", "leaving_date", "card_uid"]
    content = csv_of(headers, ["700001", "Pupil1", "2020-07-21", "0004211111"],
                     ["800001", "Long gone", "2019-07-21", ""])  # fmt: skip
    confirm(pages, upload(pages, content))
    assert Person.objects.get(personal_number="700001").status == "left"
    assert not Person.objects.filter(personal_number="800001").exists()
