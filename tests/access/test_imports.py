"""People from and into files, through the pages of the administration."""

from __future__ import annotations

import datetime as dt
import io
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.test import Client
from guardian.shortcuts import assign_perm

from access.models import Credential, Person
from access.services import credentials
from access.services.identification import by_badge
from access.services.shown import Where
from audit.models import Event
from audit.services.events import Actor
from tests import factories
from tests.factories.cast import AMIRA_BADGE, BEN_BADGE, Estate
from tests.lockers.files import XLSX, Pages, csv_of, problems, text, xlsx_of

HEADERS = ["personal_number", "given_name"]


@pytest.fixture
def pages(estate: Estate, settings: Any, tmp_path: Path, client: Client) -> Pages:
    settings.VAR_DIR = tmp_path
    client.force_login(estate.max)
    return Pages(client, "access_person")


def names() -> set[str]:
    return set(Person.objects.values_list("given_name", flat=True))


def events(action: str) -> list[Event]:
    return list(Event.objects.filter(action=action).order_by("pk"))


def test_a_good_file_adds_and_changes_people(pages: Pages, estate: Estate) -> None:
    factories.DepartmentFactory(organisation=estate.organisation, name="Sales")
    factories.GroupFactory(organisation=estate.organisation, name="Runners")
    factories.GroupFactory(organisation=estate.organisation, name="Night shift")
    issued = len(events("credential.issued"))
    headers = [*HEADERS, "family_name", "email", "kind", "home_site", "department", "groups",
               "needs_low_door", "badge"]  # fmt: skip
    new = ["2001", "Zoë", "Ó Néill", "zoe@example.org", "Contractor", "Harbour House", "Sales",
           "Runners; Night shift", "yes", "0004299999"]  # fmt: skip
    known = ["1001", "Amira", "Example", "", "", "Harbour House", "", "Runners;", "", AMIRA_BADGE]
    preview = pages.upload(csv_of(headers, new, known))
    assert "1 new, 1 changed, 0 as they are" in text(preview)
    assert "0004299999" not in text(preview), "a badge number is not shown again"
    assert "Zoë" not in names()
    pages.confirm(preview)

    zoe = Person.objects.get(personal_number="2001")
    assert (zoe.organisation, zoe.home_site, zoe.kind) == (
        estate.organisation, estate.site, "contractor"
    )  # fmt: skip
    assert zoe.department is not None and zoe.department.name == "Sales"
    assert {group.name for group in zoe.groups.all()} == {"Runners", "Night shift"}
    assert zoe.needs_low_door and not zoe.needs_charging
    assert zoe.credentials.get().hint == "9999"
    assert [group.name for group in estate.amira.groups.all()] == ["Runners"]
    assert estate.amira.credentials.filter(kind="badge").count() == 1, "it was hers already"

    (imported,) = events("record.imported")
    assert imported.data == {"file": "list.csv", "new": 1, "updated": 1, "unchanged": 0}
    assert imported.organisation_id == estate.organisation.pk
    (changed,) = events("record.changed")
    assert changed.data["changed"] == {"groups": ["", "Runners"]}
    assert len(events("credential.issued")) == issued + 1
    everything = str([event.data for event in Event.objects.all()])
    assert "Zoë" not in everything and "9999" not in everything


def test_a_badge_that_came_in_a_file_identifies(pages: Pages, estate: Estate) -> None:
    pages.bring_in(csv_of([*HEADERS, "badge"], ["2001", "Zoe", "0004299999"]))
    assert Credential.objects.get(hint="9999").person.given_name == "Zoe"
    site = estate.site
    where = Where(Actor.terminal(estate.terminal.pk), site.organisation_id, site.pk, estate.bank.pk)
    found = by_badge(text="0004299999", where=where, at=dt.datetime.now(dt.UTC))
    assert Person.objects.get(pk=found.person_id).given_name == "Zoe"


def test_every_bad_row_is_named_and_nothing_changes(pages: Pages, estate: Estate) -> None:
    factories.GroupFactory(organisation=estate.organisation, name="Runners")
    headers = [*HEADERS, "email", "kind", "department", "role", "groups", "needs_charging"]
    answer = pages.upload(
        csv_of(
            headers,
            ["2001", "Good", "", "", "", "", "", ""],
            ["2002", "", "not an address", "boss", "Nowhere", "King", "Runners; Jumpers", "maybe"],
            ["", "Nobody", "", "", "", "", "", ""],
            ["1001", "Amira", "", "", "Nowhere", "", "", ""],
            ["2" * 21, "Long", "", "", "", "", "", ""],
        )
    )
    found = problems(answer)
    assert {number: sorted(columns) for number, columns in found.items()} == {
        3: ["department", "email", "given_name", "groups", "kind", "needs_charging", "role"],
        4: ["personal_number"],
        5: ["department"],
        6: ["personal_number"],
    }
    assert found[3]["groups"] == ["There is no group “Jumpers”. Add it first."]
    assert found[3]["role"] == ["There is no role “King”. Add it first."]
    assert found[5]["department"] == ["There is no department “Nowhere”. Add it first."]
    assert "staff, student, visitor" in found[3]["kind"][0]
    assert "Good" not in names()


def test_badges_that_collide_are_reported_before_anything_is_saved(
    pages: Pages, estate: Estate
) -> None:
    lost = credentials.issue_badge(
        person=estate.ben, text="0004200000", actor=Actor.job("test"), at=dt.datetime.now(dt.UTC)
    )
    Credential.objects.filter(pk=lost.pk).update(status="revoked")
    before = Credential.objects.count()
    answer = pages.upload(
        csv_of(
            [*HEADERS, "badge"],
            ["2001", "Good", "0004211111"],
            ["2002", "First", "0004222222"],
            ["2003", "Second", " 0004222222 "],
            ["2004", "Thief", BEN_BADGE],
            ["1002", "Ben", "0004200000"],
            ["2006", "Long", "1" * 65],
        )
    )
    found = problems(answer)
    both = ["The same badge stands in rows 3, 4. It can be one person's only."]
    assert found.pop(3) == found.pop(4) == {"badge": both}
    (taken,) = found.pop(5)["badge"]
    assert taken.startswith("This badge belongs to somebody already: it is on Ben Example, and")
    assert "suspended or revoked" in found.pop(6)["badge"][0]
    assert "no badge number" in found.pop(7)["badge"][0]
    assert found == {}
    assert BEN_BADGE not in text(answer)
    assert (Credential.objects.count(), "Good" in names()) == (before, False)


def test_a_badge_taken_after_the_preview_changes_nothing(pages: Pages, estate: Estate) -> None:
    preview = pages.upload(
        csv_of([*HEADERS, "badge"], ["2001", "Zoe", ""], ["2002", "Yan", "0004211111"])
    )
    credentials.issue_badge(
        person=estate.ben, text="0004211111", actor=Actor.job("test"), at=dt.datetime.now(dt.UTC)
    )
    answer = pages.confirm(preview)
    assert list(problems(answer)) == [3]
    assert not names() & {"Zoe", "Yan"}
    assert not events("record.imported")


def test_people_without_a_number_are_found_by_e_mail(pages: Pages, estate: Estate) -> None:
    def person(**values: Any) -> Person:
        made: Person = factories.PersonFactory(organisation=estate.organisation, **values)
        return made

    one = person(email="one@example.org")
    twins = [person(email="twins@example.org") for _ in range(2)]
    numbered = person(email="numbered@example.org", personal_number="77")
    headers = ["email", "given_name"]
    pages.bring_in(
        csv_of(headers, ["One@example.org", "Uno"], ["numbered@example.org", "Nu"],
               ["new@example.org", "Neu"])
    )  # fmt: skip
    one.refresh_from_db()
    numbered.refresh_from_db()
    assert (one.given_name, numbered.given_name) == ("Uno", "Nu")
    assert numbered.personal_number == "77"
    assert "Neu" in names()
    answer = pages.upload(csv_of(headers, ["twins@example.org", "Which"]))
    assert problems(answer) == {
        2: {"email": ["Several people have this e-mail. Give the personal number."]}
    }
    assert len(twins) == 2


@pytest.mark.parametrize("form", ["0", "1"])
def test_what_is_exported_comes_back_without_a_change(
    pages: Pages, estate: Estate, form: str
) -> None:
    group = factories.GroupFactory(organisation=estate.organisation, name="=Formula")
    odd = ["=cmd()", "+44", "-1", "@me", "\ttab", "\rreturn", "'=quoted", " a "]
    for n, name in enumerate(odd):
        someone = factories.PersonFactory(
            organisation=estate.organisation, given_name=name, family_name="O'Brien",
            personal_number=f"00{n}", email=f"{n}@example.org", needs_wide_door=True,
            status="suspended", home_site=estate.site,
        )  # fmt: skip
        someone.groups.add(group)
    content = pages.export(form)
    assert b"badge" not in content
    result = pages.bring_in(content, form)
    assert result.totals["new"] == 0
    assert result.totals["update"] == 0
    assert result.totals["skip"] == 12
    assert not events("record.changed")
    assert [event.data["rows"] for event in events("record.exported")] == [12]


def test_no_exported_cell_is_a_formula(pages: Pages, estate: Estate) -> None:
    wrong = ["=1+1", "+1", "-1", "@sum", "\tx"]
    for number, name in enumerate(wrong):
        factories.PersonFactory(
            organisation=estate.organisation, given_name=name, personal_number=f"9{number}"
        )
    exported = {row["given_name"] for row in pages.exported()}
    assert exported > {f"'{name}" for name in wrong}
    sheet = openpyxl.load_workbook(io.BytesIO(pages.export(XLSX))).active
    cells = [cell for row in sheet.iter_rows() for cell in row]
    assert not [cell for cell in cells if cell.data_type == "f"]
    assert {cell.value for cell in cells} > {f"'{name}" for name in wrong}


def test_a_workbook_says_where_it_lost_zeros_or_made_a_date(pages: Pages) -> None:
    answer = pages.upload(
        xlsx_of([*HEADERS, "badge"], [2001, "Zoe", 4299999], [dt.date(2026, 3, 2), "Date", None]),
        XLSX,
    )
    found = problems(answer)
    assert "zeros in front are lost" in found[2]["badge"][0]
    assert "date or time" in found[3]["personal_number"][0]


def test_people_of_another_organisation_are_as_if_they_were_not_there(
    pages: Pages, estate: Estate
) -> None:
    theirs = factories.PersonFactory(
        organisation=estate.other_site.organisation, personal_number="1001", given_name="Theirs"
    )
    seen = factories.SiteFactory(organisation=estate.organisation, name="Only seen")
    factories.DepartmentFactory(organisation=estate.other_site.organisation, name="Abroad")
    assign_perm("view_site", estate.max, seen)
    assign_perm("view_site", estate.max, estate.other_site)
    answer = pages.upload(
        csv_of(
            ["organisation", *HEADERS, "home_site", "department"],
            ["Southwind", "1001", "Mine", "", ""],
            ["", "2001", "New", "Elsewhere", ""],
            ["", "2002", "New", "Only seen", ""],
            ["Northwind", "2003", "New", "", "Abroad"],
        )
    )
    assert problems(answer) == {
        2: {"organisation": ["There is no organisation “Southwind”."]},
        3: {"home_site": ["There is no site “Elsewhere”. Check its name."]},
        4: {"home_site": ["There is no site “Only seen”. Check its name."]},
        5: {"department": ["There is no department “Abroad”. Add it first."]},
    }
    pages.bring_in(csv_of(HEADERS, ["1001", "Amira again"]))
    theirs.refresh_from_db()
    assert theirs.given_name == "Theirs"
    rows = pages.exported()
    assert {row["organisation"] for row in rows} == {"Northwind", "Southwind"}, "seen, so named"


def test_who_sees_one_organisation_exports_no_column_of_it(pages: Pages, estate: Estate) -> None:
    factories.PersonFactory(given_name="Hidden")
    rows = pages.exported()
    assert "organisation" not in rows[0]
    assert "Hidden" not in {row["given_name"] for row in rows}


def test_who_looks_after_several_organisations_says_which(pages: Pages, estate: Estate) -> None:
    pages.client.force_login(estate.rosa)
    answer = pages.upload(csv_of(HEADERS, ["2001", "Zoe"]))
    assert problems(answer) == {
        2: {"organisation": ["Say which organisation: you look after several."]}
    }
    pages.bring_in(csv_of(["organisation", *HEADERS], ["Southwind", "1001", "Zoe"]))
    assert Person.objects.get(given_name="Zoe").organisation.name == "Southwind"
