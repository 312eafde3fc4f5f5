"""Lists of badges in the forms in which they are printed, read under a reader profile."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from access.models import Credential
from lockers.models import ReaderProfile
from tests import factories
from tests.access.test_admin import tables_that_hold
from tests.factories.cast import Estate
from tests.lockers.files import Pages, csv_of, problems

HEADERS = ["personal_number", "given_name", "badge", "badge_profile", "badge_written"]


@pytest.fixture
def pages(estate: Estate, settings: Any, tmp_path: Path, client: Client) -> Pages:
    settings.VAR_DIR = tmp_path
    client.force_login(estate.max)
    return Pages(client, "access_person")


@pytest.fixture
def doors(estate: Estate) -> ReaderProfile:
    profile: ReaderProfile = factories.ReaderProfileFactory(
        organisation=estate.organisation, name="Doors", kind="wiegand", wiegand_format="H10301",
        content="frame", base="hex", assurance="secure",
    )  # fmt: skip
    return profile


@pytest.mark.parametrize(
    ("badge", "written"),
    [
        ("02F623AE", ""),
        ("02F623AE", "reader"),
        ("123,04567", "pair"),
        ("0008065495", "Decimal"),
        ("7B11D7", "hex"),
        ("D7117B", "reversed_hex"),
    ],
)
def test_a_list_in_any_printed_form_gives_the_same_badge(
    pages: Pages, estate: Estate, doors: ReaderProfile, badge: str, written: str
) -> None:
    pages.bring_in(csv_of(HEADERS, ["1001", "Amira", "7B11D6", "Doors", "hex"]))
    pages.bring_in(csv_of(HEADERS, ["1002", "Ben", badge, "Doors", written]))
    badges = Credential.objects.filter(scheme="wiegand:H10301").order_by("pk")
    assert [(one.person, one.hint, one.assurance) for one in badges] == [
        (estate.amira, "4566", "secure"),
        (estate.ben, "4567", "secure"),
    ]
    assert tables_that_hold(badge) == []


def test_a_badge_written_in_two_ways_collides_before_anything_is_saved(
    pages: Pages, estate: Estate, doors: ReaderProfile
) -> None:
    before = Credential.objects.count()
    answer = pages.upload(
        csv_of(
            HEADERS,
            ["1001", "Amira", "123,04567", "Doors", "pair"],
            ["1002", "Ben", "0008065495", "Doors", "decimal"],
            ["1003", "Carla", "0008065495", "", ""],  # a text: another badge
        )
    )
    both = ["The same badge stands in rows 2, 3. It can be one person's only."]
    assert problems(answer) == {2: {"badge": both}, 3: {"badge": both}}
    assert Credential.objects.count() == before


def test_what_a_profile_cannot_read_is_said_with_its_row(
    pages: Pages, estate: Estate, doors: ReaderProfile
) -> None:
    factories.ReaderProfileFactory(
        organisation=estate.organisation, name="Serials", kind="uid", uid_bytes=4
    )
    theirs = factories.ReaderProfileFactory(
        organisation=estate.other_site.organisation, name="Theirs"
    )
    found = problems(
        pages.upload(
            csv_of(
                HEADERS,
                ["2001", "Flip", "02F623AF", "Doors", ""],
                ["2002", "Large", "256,1", "Doors", "pair"],
                ["2003", "Short", "8804C43B", "Serials", "hex"],
                ["2004", "Form", "1,2", "Doors", "couple"],
                ["2005", "Theirs", "12345", theirs.name, ""],
                ["2006", "Text", "123,04567", "", "pair"],
            )
        )
    )
    assert "check bit" in found[2]["badge"][0]
    assert "No card of this profile has this number" in found[3]["badge"][0]
    assert "only part of a longer serial number" in found[4]["badge"][0]
    assert "reader, pair, decimal" in found[5]["badge_written"][0]
    assert found[6] == {"badge_profile": ["There is no reader profile “Theirs”. Find it first."]}
    assert "no badge number" in found[7]["badge"][0]


def test_a_file_may_be_brought_in_twice(pages: Pages, estate: Estate, doors: ReaderProfile) -> None:
    file = csv_of(HEADERS, ["1002", "Ben", "123,04567", "Doors", "pair"])
    pages.bring_in(file)
    assert pages.bring_in(file).totals["skip"] == 1
    assert Credential.objects.filter(scheme="wiegand:H10301").count() == 1
    assert b"badge" not in pages.export("0")
