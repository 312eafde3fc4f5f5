"""Pupils out of a OneRoster zip: 1.1 and 1.2, whole lists and changes, of the right school."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from guardian.shortcuts import assign_perm

from access.models import Person, RegistrationGroup
from audit.models import Event
from lockers.models import Site
from tests import factories
from tests.access.pupil_files import confirm
from tests.factories.cast import Estate
from tests.factories.oneroster import (
    OTHER,
    SCHOOL,
    changed,
    enrolled,
    homeroom,
    manifest,
    org,
    role,
    roster,
    table,
    two_pupils,
    user,
    user_12,
    zipped,
)
from tests.factories.school import school
from tests.lockers.files import Pages, problems, text

DELTA = dict.fromkeys(["orgs", "users", "classes", "enrollments", "roles"], "delta")


@pytest.fixture
def pages(estate: Estate, settings: Any, tmp_path: Path, client: Client) -> Pages:
    settings.VAR_DIR = tmp_path
    client.force_login(estate.max)
    return Pages(client, "access_pupil")


def upload(pages: Pages, content: bytes, *, site: str = "Harbour House", **more: Any) -> Any:
    file = SimpleUploadedFile("oneroster.zip", content)
    chosen = Site.objects.get(name=site).pk
    return pages.client.post(
        pages.url("import"), {"import_file": file, "site": chosen, "makes": "on", **more}
    )


def bring_in(pages: Pages, tables: Any, **how: Any) -> Any:
    preview = upload(pages, roster(tables, **how))
    confirm(pages, preview)
    return preview


def refused(pages: Pages, tables: Any, **how: Any) -> str:
    answer = upload(pages, roster(tables, **how))
    assert "confirm_form" not in answer.context
    return text(answer)


def pupil(id_: str) -> Person:
    return Person.objects.get(external_id=id_)


# What comes in, and what does not.


@pytest.mark.parametrize("bom", [False, True], ids=["plain", "bom"])
def test_a_whole_list_of_11_brings_pupils_with_year_form_and_guardian(
    pages: Pages, estate: Estate, bom: bool
) -> None:
    preview = upload(pages, roster(two_pupils(), bom=bom))
    shown = text(preview)
    assert "2 new, 0 changed" in shown
    assert "OneRoster 1.1, the whole list: the school “Harbour Academy” (org-harbour)." in shown
    assert "From now on Harbour House takes only files of this school." in shown
    assert "Forms: 7A, 7B" in shown
    assert not Site.objects.get(pk=estate.site.pk).external_id
    confirm(pages, preview)
    ada = pupil("u1")
    assert (ada.kind, ada.home_site, str(ada.year_group), str(ada.registration_group)) == (
        "student", estate.site, "Year 7", "7A",
    )  # fmt: skip
    assert (ada.personal_number, ada.email) == ("800001", "ada@example.org")
    assert (ada.guardian_name, ada.guardian_phone, ada.guardian_email) == (
        "Theo Example", "+44 20 7946 0000", "theo@example.org",
    )  # fmt: skip
    assert RegistrationGroup.objects.get(name="7A").external_id == "k7a"
    assert Site.objects.get(pk=estate.site.pk).external_id == SCHOOL


def test_of_parents_and_teachers_nothing_but_the_contact_is_kept(
    pages: Pages, estate: Estate
) -> None:
    before = Person.objects.count()
    bring_in(pages, two_pupils())
    assert Person.objects.count() == before + 2
    everything = str(list(Person.objects.values()))
    assert "555 0101" not in everything, "a pupil's own number is of no use"
    assert "Tess" not in everything and "secret" not in everything


def test_12_says_in_roles_who_is_a_student_and_where(pages: Pages, estate: Estate) -> None:
    tables = two_pupils(
        users=[
            user_12("u1", "Adelheid", preferredGivenName="Ada", grades="07", agentSourcedIds="p1",
                    userIds="{UPN:a801200001001},{LDAP:x}"),
            user_12("u2", "Bo", grades="07", userIds="{UPN:bo@example.org}"),
            user_12("u3", "Cy", grades="07"),
            user_12("p1", "Theo", email="theo@example.org", phone="nobody knows"),
        ],
        roles=[role("u1"), role("u2"), role("u3", org_id=OTHER), role("p1", "guardian")],
        enrollments=[enrolled("u1", "k7a"), enrolled("u2", "k7b")],
    )  # fmt: skip
    shown = text(bring_in(pages, tables, version="1.2"))
    assert "OneRoster 1.2" in shown and "1 pupil of another school is left out" in shown
    assert "1 phone number or e-mail of a guardian cannot be read and is left out" in shown
    ada = pupil("u1")
    assert (ada.given_name, ada.upn, ada.guardian_email) == (
        "Ada", "A801200001001", "theo@example.org",
    )  # fmt: skip
    assert pupil("u2").upn == "", "an address is no unique pupil number"
    assert not Person.objects.filter(external_id="u3").exists()


def test_a_guardian_who_names_the_pupil_is_found_too(pages: Pages, estate: Estate) -> None:
    tables = two_pupils()
    tables["users"] += [
        user("r1", "Rea", "relative", agentSourcedIds="u2"),
        user("g1", "Gus", "guardian", agentSourcedIds="u2", sms="555 0199"),
    ]
    bring_in(pages, tables)
    bo = pupil("u2")
    assert (bo.guardian_name, bo.guardian_phone) == ("Gus Example", "555 0199")


def test_the_same_file_twice_changes_nothing(pages: Pages, estate: Estate) -> None:
    bring_in(pages, two_pupils())
    again = upload(pages, roster(two_pupils()))
    assert dict(again.context["result"].totals)["skip"] == 2
    assert "From now on" not in text(again)


def test_pupils_of_a_plain_list_are_found_by_their_number(pages: Pages, estate: Estate) -> None:
    small = school(estate)
    tables = two_pupils()
    tables["users"][0] |= {"identifier": "700001"}
    bring_in(pages, tables)
    first = Person.objects.get(pk=small.pupils[0].pk)
    assert (first.external_id, first.given_name) == ("u1", "Ada")
    assert RegistrationGroup.objects.filter(name="7A").count() == 1
    assert RegistrationGroup.objects.get(pk=small.form("7A").pk).external_id == "k7a"


def test_a_form_that_is_called_otherwise_now_keeps_its_pupils(pages: Pages, estate: Estate) -> None:
    bring_in(pages, two_pupils())
    renamed = two_pupils(classes=[homeroom("k7a", "7 Ash", "07"), homeroom("k7b", "7B", "07")])
    assert "The form 7A is called 7 Ash now." in text(bring_in(pages, renamed))
    assert pupil("u1").registration_group == RegistrationGroup.objects.get(external_id="k7a")
    assert RegistrationGroup.objects.get(external_id="k7a").name == "7 Ash"
    assert RegistrationGroup.objects.count() == 2


def test_a_whole_list_may_let_go_who_is_not_in_it(pages: Pages, estate: Estate) -> None:
    bring_in(pages, two_pupils())
    third = two_pupils()
    third["users"] = third["users"][:1] + third["users"][2:]
    third["enrollments"] = third["enrollments"][:1]
    preview = upload(pages, roster(third), leaves="yes")
    assert {one.external_id for one in preview.context["result"].gone} == {"u2", ""}, "and Ben"
    confirm(pages, preview, is_sure="on")
    assert pupil("u2").status == "left"


# Changes only.


def test_a_delta_changes_what_it_names_and_nobody_else(pages: Pages, estate: Estate) -> None:
    bring_in(pages, two_pupils())
    changes = {
        "users": [
            changed(user("u1", "Adela", identifier="800001", grades="07")),
            changed(user("u3", "Cy", grades="07", identifier="800003")),
            changed(user("u9", "Never here"), "tobedeleted"),
        ],
        "enrollments": [changed(enrolled("u3", "k7a"))],
    }
    preview = upload(pages, roster(changes, modes=DELTA))
    assert "what changed: the school" in text(preview)
    assert preview.context["result"].gone == []
    confirm(pages, preview)
    ada = pupil("u1")
    assert (ada.given_name, str(ada.registration_group), ada.guardian_name) == (
        "Adela", "7A", "Theo Example",
    )  # fmt: skip
    assert str(pupil("u3").registration_group) == "7A"
    assert not Person.objects.filter(external_id="u9").exists()
    assert pupil("u2").status == "active"


def test_a_delta_lets_go_who_is_to_be_deleted(pages: Pages, estate: Estate) -> None:
    bring_in(pages, two_pupils())
    gone = {"users": [changed(user("u2", "Bo"), "tobedeleted")]}
    bring_in(pages, gone, modes=DELTA)
    assert (pupil("u1").status, pupil("u2").status) == ("active", "left")
    assert Event.objects.filter(action="person.left", person_id=pupil("u2").pk).count() == 1


def test_an_enrolment_alone_moves_a_pupil_into_another_form(pages: Pages, estate: Estate) -> None:
    bring_in(pages, two_pupils())
    moves = {
        "users": [changed(user("t1", "Tess", "teacher"))],
        "enrollments": [
            changed(enrolled("u1", "k7a"), "tobedeleted"), changed(enrolled("u1", "k7b")),
            changed(enrolled("u2", "k7b"), "tobedeleted"),
        ],
    }  # fmt: skip
    bring_in(pages, moves, modes=DELTA)
    assert str(pupil("u1").registration_group) == "7B"
    assert pupil("u2").registration_group is None
    assert str(pupil("u2").year_group) == "Year 7"


def test_a_guardian_alone_changes_the_contact(pages: Pages, estate: Estate) -> None:
    bring_in(pages, two_pupils())
    parent = changed(user("p1", "Theo", "parent", email="new@example.org", agentSourcedIds="u1"))
    bring_in(pages, {"users": [parent]}, modes=DELTA)
    assert pupil("u1").guardian_email == "new@example.org"


def test_a_delta_says_nothing_of_those_it_does_not_name(pages: Pages, estate: Estate) -> None:
    bring_in(pages, two_pupils())
    changes = {"users": [changed(user("u1", "Ada", grades="07"))]}
    answer = upload(pages, roster(changes, modes=DELTA), leaves="yes")
    assert "This is a delta: it names only what changed." in text(answer)


# Another school, and other things that are refused.


def test_the_files_of_another_school_are_refused(pages: Pages, estate: Estate) -> None:
    bring_in(pages, two_pupils())
    before = Person.objects.count()
    assert (
        "This is another school. orgs.csv names “Hill School” (org-hill, row 2), and Harbour House"
        " is “org-harbour” there."
    ) in refused(pages, two_pupils(orgs=[org(OTHER, "Hill School")]))
    assert Person.objects.count() == before


def test_a_school_that_is_another_site_is_refused(pages: Pages, estate: Estate) -> None:
    factories.SiteFactory(
        organisation=estate.organisation, name="Hill School", external_id=SCHOOL
    )  # fmt: skip
    assert "orgs.csv names “Harbour Academy” (org-harbour, row 2), which is Hill School." in (
        refused(pages, two_pupils())
    )


def test_of_several_schools_the_one_of_this_name_is_meant(pages: Pages, estate: Estate) -> None:
    several = two_pupils(
        orgs=[org(OTHER, "Hill School"), org(), org("d1", "Trust", type="district")]
    )
    assert (
        "orgs.csv names several schools: “Hill School” (org-hill, row 2), “Harbour Academy”"
        " (org-harbour, row 3)."
    ) in refused(pages, several)
    several["orgs"][1]["name"] = "harbour house"
    bring_in(pages, several)
    assert Site.objects.get(pk=estate.site.pk).external_id == SCHOOL


def test_the_first_file_says_which_school_it_is_of(pages: Pages, estate: Estate) -> None:
    tables = two_pupils()
    del tables["orgs"]
    assert "orgs.csv is needed the first time" in refused(pages, tables)


def test_a_wrong_header_order_is_named_and_nothing_is_applied(pages: Pages, estate: Estate) -> None:
    classes = table("classes", [homeroom("k7a", "7A")]).replace("title,grades", "grades,title")
    files = {"orgs": "bulk", "users": "bulk", "classes": "bulk"}
    answer = upload(
        pages,
        zipped(
            {
                "manifest.csv": manifest("1.1", files),
                "orgs.csv": table("orgs", [org()]),
                "users.csv": table("users", [user("u1", "Ada")]),
                "classes.csv": classes,
            }
        ),
    )
    assert (
        "classes.csv, row 1, column 4: here stands “grades”, and OneRoster 1.1 wants “title”."
    ) in text(answer)
    assert not Person.objects.filter(external_id="u1").exists()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            {"enrollments": [enrolled("u1", "k7a"), enrolled("u1", "k7b")]},
            "enrollments.csv, row 3, column classSourcedId: this pupil is in two forms: “7A”"
            " (row 2), “7B” (row 3). Keep one.",
        ),
        (
            {"enrollments": [enrolled("u8", "k7a")]},
            "enrollments.csv, row 2, column userSourcedId: there is no “u8” in users.csv.",
        ),
        (
            {"enrollments": [enrolled("u1", "k9")]},
            "enrollments.csv, row 2, column classSourcedId: there is no “k9” in classes.csv.",
        ),
        (
            {"users": [user("u1", "Ada", grades="07,08")], "enrollments": []},
            "users.csv, row 2, column grades: a pupil is in one year, and here are several: 07,08.",
        ),
        (
            {"users": [user("u1", "Ada", orgSourcedIds=OTHER)], "enrollments": []},
            "No pupil in users.csv is at the school “org-harbour”.",
        ),
    ],
)
def test_what_does_not_fit_together_is_named_by_file_row_and_column(
    pages: Pages, estate: Estate, change: Any, sentence: str
) -> None:
    assert sentence in refused(pages, two_pupils(**change))
    assert not Person.objects.filter(external_id="u1").exists()


def test_a_cell_that_is_wrong_is_told_with_its_file_and_row(pages: Pages, estate: Estate) -> None:
    tables = two_pupils()
    tables["users"][1] |= {"email": "bo", "identifier": "800001"}
    found = problems(upload(pages, roster(tables)))
    assert list(found) == ["users.csv 3"]
    assert found["users.csv 3"]["admission_number"] == [
        "This stands in rows users.csv 2, users.csv 3. Keep one of them."
    ]
    assert "valid email" in found["users.csv 3"]["email"][0]


def test_12_without_roles_says_nothing_of_students(pages: Pages, estate: Estate) -> None:
    tables = two_pupils(users=[user_12("u1", "Ada")], enrollments=[])
    assert "roles.csv is needed" in refused(pages, tables, version="1.2")


def test_in_august_the_form_of_september_counts(pages: Pages, estate: Estate) -> None:
    tables = two_pupils(
        enrollments=[
            enrolled("u1", "k7b", beginDate="2025-09-01", endDate="2026-07-21"),
            enrolled("u1", "k7a", beginDate="2026-09-01", endDate="2027-07-21"),
        ]
    )
    with time_machine.travel("2026-08-20 10:00Z", tick=False):
        bring_in(pages, tables)
    assert str(pupil("u1").registration_group) == "7A"


def test_who_manages_another_site_imports_nothing_here(pages: Pages, estate: Estate) -> None:
    assign_perm("manage_site", estate.nina, estate.other_site)
    pages.client.force_login(estate.nina)
    answer = upload(pages, roster(two_pupils()))
    assert answer.context["form"].errors["site"]
    assert not Person.objects.filter(external_id="u1").exists()
