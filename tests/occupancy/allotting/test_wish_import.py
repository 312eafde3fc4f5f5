"""Wishes and friends of many pupils from one file: all of it, or a message for each wrong cell."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from html import unescape
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from access.models import Person
from audit.models import Event
from lockers.importing.files import CsvFile
from lockers.models import Area
from occupancy.imports import wishes
from occupancy.models import AllotmentRule, Entry, Preference
from occupancy.services.custody import giving
from tests import factories
from tests.admin_pages import signed_in
from tests.factories.cast import SETUP
from tests.factories.school import PupilFactory
from tests.lockers.files import csv_of, xlsx_of
from tests.occupancy.allotting.conftest import AUGUST, CLOSES, August

pytestmark = pytest.mark.django_db
DURING = AUGUST + dt.timedelta(days=2)
HEADERS = ["admission_number", "wish_1", "wish_2", "friend_1", "friend_2", "keep_door"]


@pytest.fixture(autouse=True)
def opened(august: August) -> Iterator[None]:
    august.opened()
    with time_machine.travel(DURING, tick=False):
        yield


class Office:
    """Somebody at the office, with files."""

    def __init__(self, august: August) -> None:
        self.client: Client = signed_in(factories.UserFactory(is_superuser=True))
        self.address = reverse(
            "admin:occupancy_allotment_import_wishes", args=[august.allotment.pk]
        )

    def upload(self, content: bytes, name: str = "wishes.csv") -> Any:
        file = SimpleUploadedFile(name, content)
        return self.client.post(self.address, {"import_file": file})

    def confirm(self, preview: Any) -> Any:
        form = preview.context["confirm"]
        assert form is not None, unescape(preview.content.decode())
        return self.client.post(self.address, form.initial, follow=True)

    def wrong(self, *rows: list[str], headers: list[str] = HEADERS) -> dict[tuple[int, str], str]:
        """Return what the page says of each cell, and assert that nothing can be confirmed."""
        answer = self.upload(csv_of(headers, *rows))
        assert answer.context["confirm"] is None
        page = unescape(answer.content.decode())
        found = {}
        for one in answer.context["found"].wrong:
            assert f"<td>{one.row}</td><td>{one.column}</td>" in page and one.sentence in page
            found[one.row, one.column] = one.sentence
        return found


@pytest.fixture
def office(august: August) -> Office:
    return Office(august)


def number(august: August, at: int) -> str:
    return str(august.school.pupils[at].personal_number)


def wished(august: August, at: int) -> list[str]:
    entry = august.entry(august.school.pupils[at])
    return [str(one) for one in entry.preferences.order_by("rank")]


def test_it_is_shown_first_and_kept_when_confirmed(august: August, office: Office) -> None:
    one, two = number(august, 0), number(august, 1)
    preview = office.upload(
        csv_of(HEADERS, [one, "north n3", "south", two, "", "no"], [two, "S1", "", one, "", ""])
    )  # fmt: skip
    page = unescape(preview.content.decode())
    assert "1. door North N3; 2. South; near Pupil2 Of7A" in page
    assert not Preference.objects.exists()
    answer = office.confirm(preview).content.decode()
    assert "The wishes of 2 pupils were kept." in answer
    assert wished(august, 0) == ["1: N3", "2: South"] and wished(august, 1) == ["1: S1"]
    first, second = (august.entry(august.school.pupils[at]) for at in (0, 1))
    assert list(first.friends.all()) == [second] and list(second.friends.all()) == [first]
    assert Event.objects.filter(action="allotment.wishes").count() == 2
    imported = Event.objects.get(action="record.imported")
    assert imported.data == {"file": "wishes.csv", "updated": 2, "unchanged": 0}


def test_a_workbook_is_read_as_well(august: August, office: Office) -> None:
    preview = office.upload(
        xlsx_of(["Admission number", "wish_1"], [int(number(august, 0)), "South"]), "w.xlsx"
    )
    office.confirm(preview)
    assert wished(august, 0) == ["1: South"]


def test_a_file_is_confirmed_once(august: August, office: Office) -> None:
    preview = office.upload(csv_of(HEADERS, [number(august, 0), "South", "", "", "", ""]))
    office.confirm(preview)
    assert "was imported or is too old" in office.confirm(preview).content.decode()


def test_nobody_else_confirms_it(august: August, office: Office) -> None:
    preview = office.upload(csv_of(HEADERS, [number(august, 0), "South", "", "", "", ""]))
    answer = Office(august).confirm(preview).content.decode()
    assert "This preview is too old" in answer and not Preference.objects.exists()


def test_what_is_the_same_is_left_alone_and_a_missing_column_says_nothing(
    august: August, office: Office
) -> None:
    row = [number(august, 0), "South", "", number(august, 1), "", ""]
    office.confirm(office.upload(csv_of(HEADERS, row)))
    again = office.upload(csv_of(HEADERS, row))
    assert "Nothing in this file is different" in again.content.decode()
    office.confirm(office.upload(csv_of(["admission_number", "wish_1"], [row[0], "North"])))
    assert wished(august, 0) == ["1: North"]
    assert august.entry(august.school.pupils[0]).friends.count() == 1


def test_an_unknown_pupil_is_named_by_row_and_column(office: Office) -> None:
    found = office.wrong(["999", "South", "", "", "", ""], ["", "South", "", "", "", ""])
    assert found == {
        (2, "admission_number"): "Nobody at Harbour House has the admission number “999”.",
        (3, "admission_number"): "Give the admission number: it says who this is.",
    }


def test_a_bank_that_closed_is_named_with_what_there_is(august: August, office: Office) -> None:
    august.allotment.banks.set([august.north])
    found = office.wrong(
        [number(august, 0), "North", "South", "", "", ""],
        [number(august, 1), "South S2", "Nowhere", "", "", ""],
    )
    assert found[2, "wish_2"] == (
        "“South” is not among the lockers of this draw: they closed, or were taken out. Choose"
        " from North, or leave the cell empty."
    )
    assert found[3, "wish_1"].startswith("“South S2” is not among the lockers of this draw")
    assert found[3, "wish_2"] == (
        "There is no area, no lockers and no door “Nowhere” at this site."
    )
    assert len(found) == 3 and not Preference.objects.exists()


def test_a_door_that_is_not_given_out_is_said(august: August, office: Office) -> None:
    august.north.compartments.filter(number="N1").update(service_status="out_of_service")
    found = office.wrong([number(august, 0), "N1", "", "", "", ""])
    assert found[2, "wish_1"].startswith("Door “N1” is not given out: ")


def test_what_the_rules_do_not_allow_is_said(august: August, office: Office) -> None:
    rule = AllotmentRule.objects.create(allotment=august.allotment)
    rule.registration_groups.set([august.school.form("7A")])
    rule.banks.set([august.north])
    found = office.wrong([number(august, 0), "South", "", "", "", ""])
    assert found == {
        (2, "wish_1"): "By the rules “South” is not for this pupil. Choose something else."
    }


def test_a_number_that_two_doors_have_wants_its_lockers(august: August, office: Office) -> None:
    august.south.compartments.filter(number="S1").update(number="N1")
    found = office.wrong([number(august, 0), "N1", "", "", "", ""])
    assert found[2, "wish_1"] == (
        "Several are called “N1”. Write the lockers and the number: North N1."
    )
    office.confirm(office.upload(csv_of(HEADERS, [number(august, 0), "South, N1", "", "", "", ""])))
    assert wished(august, 0) == ["1: N1"]


def test_an_area_is_a_wish_for_anywhere_in_it(august: August, office: Office) -> None:
    area = Area.objects.create(site=august.school.site, name="Old house", kind="building")
    august.north.area = area
    august.north.save(update_fields=["area"])
    office.confirm(office.upload(csv_of(HEADERS, [number(august, 0), "old house", "", "", "", ""])))
    assert Preference.objects.get().area == area


def test_twice_the_same_and_too_many_are_said(august: August, office: Office) -> None:
    august.allotment.most_wishes = 1
    august.allotment.save(update_fields=["most_wishes"])
    found = office.wrong([number(august, 0), "South", "North", "", "", ""])
    assert found[2, "wish_2"] == "At most 1 wish is taken. Leave this cell empty."
    august.allotment.most_wishes = 5
    august.allotment.save(update_fields=["most_wishes"])
    found = office.wrong([number(august, 0), "South", "south", "", "", ""])
    assert found[2, "wish_2"] == "“south” stands in this row twice. Keep one."


def test_a_pupil_in_two_rows_is_named_in_both(august: August, office: Office) -> None:
    row = [number(august, 0), "South", "", "", "", ""]
    found = office.wrong(row, row)
    sentence = "This stands in rows 2, 3. Keep one of them."
    assert found == {(2, "admission_number"): sentence, (3, "admission_number"): sentence}


def test_a_friend_who_is_not_at_this_school_is_said(august: August, office: Office) -> None:
    other = factories.SiteFactory(organisation=august.school.organisation, name="Hill House")
    PupilFactory(organisation=august.school.organisation, home_site=other, personal_number="4711")
    found = office.wrong(
        [number(august, 0), "", "", "4711", "9999", ""],
        [number(august, 1), "", "", number(august, 1), "", ""],
    )
    assert found == {
        (2, "friend_1"): "“4711” is a pupil of another school, not of Harbour House.",
        (2, "friend_2"): "Nobody at Harbour House has the admission number “9999”.",
        (3, "friend_1"): "This is the pupil themselves. Name a friend, or nobody.",
    }


def test_a_circle_of_friends_is_said_with_its_rows(august: August, office: Office) -> None:
    one, two, three = (number(august, at) for at in range(3))
    found = office.wrong(
        [one, "", "", "", two, ""], [two, "", "", three, "", ""], [three, "", "", one, "", ""]
    )
    assert found == {
        (2, "friend_2"): (
            "A circle: Pupil1 Of7A asks Pupil2 Of7A (row 2); Pupil2 Of7A asks Pupil3 Of7A (row 3);"
            " Pupil3 Of7A asks Pupil1 Of7A (row 4). Nobody is asked back, and being near counts"
            " only where both ask. Let two of them name each other, or take this one out."
        )
    }
    assert not Entry.objects.filter(friends__isnull=False).exists()
    # Two who name each other are friends, whoever else they ask.
    office.confirm(
        office.upload(
            csv_of(
                HEADERS, [one, "", "", two, "", ""], [two, "", "", three, one, ""],
                [three, "", "", one, "", ""],
            )
        )
    )  # fmt: skip
    assert august.entry(august.school.pupils[1]).friends.count() == 2


def test_a_circle_with_what_a_pupil_handed_in_themselves_is_said(
    august: August, office: Office
) -> None:
    one, two, three = (august.entry(pupil) for pupil in august.school.pupils[:3])
    three.friends.set([one])
    found = office.wrong(
        [number(august, 0), "", "", number(august, 1), "", ""],
        [number(august, 1), "", "", number(august, 2), "", ""],
    )
    assert "Pupil3 Of7A asks Pupil1 Of7A (on their page)" in found[2, "friend_1"]
    assert two.friends.count() == 0


def test_a_circle_that_is_none_of_the_file_stops_nobody(august: August, office: Office) -> None:
    one, two, three = (august.entry(pupil) for pupil in august.school.pupils[:3])
    for asks, asked in ((one, two), (two, three), (three, one)):
        asks.friends.set([asked])
    office.confirm(office.upload(csv_of(HEADERS, [number(august, 5), "South", "", "", "", ""])))
    assert wished(august, 5) == ["1: South"]


def test_the_list_of_another_school_is_refused_by_its_first_row(
    august: August, office: Office
) -> None:
    other = factories.SiteFactory(organisation=august.school.organisation, name="Hill House")
    for at in range(3):
        PupilFactory(
            organisation=august.school.organisation, home_site=other, personal_number=f"47{at}"
        )
    rows = [[number(august, 0), "South"], *([f"47{at}", "South"] for at in range(3))]
    answer = unescape(office.upload(csv_of(HEADERS[:2], *rows)).content.decode())
    assert (
        "3 of 4 rows are pupils of another school, such as row 3, column admission_number. This is"
        " not the list of Harbour House."
    ) in answer
    found = office.wrong(["470", "South"], headers=HEADERS[:2])
    assert found == {
        (2, "admission_number"): "“470” is a pupil of another school, not of Harbour House."
    }


def test_a_door_is_kept_only_by_who_has_one(august: August, office: Office) -> None:
    pupil = august.school.pupils[0]
    row = [str(pupil.personal_number), "", "", "", "", "yes"]
    assert office.wrong(row) == {
        (2, "keep_door"): "This pupil has no door that can be kept. Write no."
    }
    assert office.wrong([*row[:-1], "perhaps"]) == {
        (2, "keep_door"): "Write yes or no instead of “perhaps”."
    }
    giving.give(
        policy_id=august.allotment.policy_id, person_id=pupil.pk, bank_id=august.north.pk,
        actor=SETUP, at=DURING,
    )  # fmt: skip
    office.confirm(office.upload(csv_of(HEADERS, row)))
    assert august.entry(pupil).wants_to_keep


def test_unknown_columns_are_named(office: Office) -> None:
    answer = unescape(office.upload(csv_of(["number", "wish_1"], ["1", "South"])).content.decode())
    assert "Unknown columns: number." in answer
    assert "Missing columns: admission_number" in unescape(
        office.upload(csv_of(["wish_1"], ["South"])).content.decode()
    )


def test_only_while_wishes_are_open(august: August, office: Office) -> None:
    row = [number(august, 0), "South", "", "", "", ""]
    with time_machine.travel(CLOSES - dt.timedelta(minutes=1), tick=False):
        preview = office.upload(csv_of(HEADERS, row))
    with time_machine.travel(CLOSES, tick=False):
        sentence = "Wishes are not taken now"
        assert sentence in office.upload(csv_of(HEADERS, row)).content.decode()
        assert sentence in office.confirm(preview).content.decode()
    assert not Preference.objects.exists()


def test_what_closed_between_look_and_confirmation_stops_all_of_it(
    august: August, office: Office
) -> None:
    preview = office.upload(
        csv_of(HEADERS, [number(august, 0), "South", "", "", "", ""],
               [number(august, 1), "North", "", "", "", ""])
    )  # fmt: skip
    august.allotment.banks.set([august.north])
    answer = unescape(office.confirm(preview).content.decode())
    assert "One cell is not right, so nothing was changed." in answer
    assert not Preference.objects.exists()
    assert Event.objects.get(action="request.refused").data["rows"] == [2]


def test_who_came_since_it_was_opened_takes_part(august: August, office: Office) -> None:
    pupil: Person = PupilFactory(registration_group=august.school.form("7A"))
    office.confirm(
        office.upload(csv_of(HEADERS[:2], [str(pupil.personal_number), "South"]))
    )  # fmt: skip
    assert Preference.objects.get().entry.person == pupil


def test_more_rows_take_no_more_statements(august: August) -> None:
    def counted(rows: int) -> int:
        content = csv_of(HEADERS, *(
            [number(august, at), "South", "N2", number(august, 11), "", ""] for at in range(rows)
        ))  # fmt: skip
        dataset = CsvFile().create_dataset(content)
        with CaptureQueriesContext(connection) as queries:
            assert not wishes.read(dataset, august.allotment, DURING).wrong
        return len(queries)

    few = counted(2)
    assert counted(11) == few


def test_the_page_says_which_columns_there_are(office: Office) -> None:
    page = office.client.get(office.address).content.decode()
    assert re.search(r'type="file"', page) and "friend_1, friend_2 (admission numbers)" in page
