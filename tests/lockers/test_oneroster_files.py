"""The rules of OneRoster CSV: the zip, its manifest, and the exact header of every file."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import pytest

from lockers.importing import oneroster
from lockers.importing.files import Unreadable
from lockers.importing.oneroster import archive, headers, tables
from lockers.importing.oneroster.faults import SHOWN, Faulty
from tests.factories.oneroster import (
    changed,
    manifest,
    org,
    roster,
    table,
    two_pupils,
    user,
    user_12,
    zipped,
)

WANTED = ["orgs", "users", "roles", "classes", "enrollments"]


def refused(content: bytes, needed: Any = ()) -> str:
    with pytest.raises(Unreadable) as error:
        oneroster.read(content, WANTED, needed=needed)
    return str(error.value)


def with_users(text: str, version: str = "1.1", mode: str = "bulk") -> bytes:
    return zipped({"manifest.csv": manifest(version, {"users": mode}), "users.csv": text})


@pytest.mark.parametrize("bom", [False, True], ids=["plain", "bom"])
@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_a_set_of_either_version_is_read_with_its_rows_numbered(version: str, bom: bool) -> None:
    make = user if version == "1.1" else user_12
    found = oneroster.read(
        roster({"users": [make("u1", "Ada"), make("u2", "Bo")]}, version=version, bom=bom), WANTED
    )
    assert (found.version, found["users"].mode) == (version, "bulk")
    assert [(row.number, row["givenName"]) for row in found["users"].rows] == [
        (2, "Ada"), (3, "Bo"),
    ]  # fmt: skip
    assert not found.has("orgs") and found["orgs"].rows == []


def test_a_password_is_not_kept() -> None:
    (row,) = oneroster.read(
        roster({"users": [user("u1", "Ada", password="secret")]}), WANTED
    )["users"].rows  # fmt: skip
    assert "secret" not in row.cells.values()


def test_a_wrong_order_of_columns_is_named_with_file_column_and_what_is_expected() -> None:
    text = table("users", [user("u1", "Ada")]).replace("orgSourcedIds,role", "role,orgSourcedIds")
    assert refused(with_users(text)) == (
        "users.csv, row 1, column 5: here stands “role”, and OneRoster 1.1 wants “orgSourcedIds”."
        " The columns have to be in the order of the standard."
    )


def test_the_header_of_one_version_is_not_that_of_the_other() -> None:
    text = table("users", [user("u1", "Ada")])
    assert "OneRoster 1.2 wants “username”" in refused(with_users(text, "1.2"))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda text: text.replace(",password", "", 1), "column 18, “password”, is missing"),
        (lambda text: text.replace("givenName", "givenname"), "here stands “givenname”"),
        (lambda text: text.replace(",password", ",password,shoes", 1), "“shoes” is no column"),
        (lambda text: "", "users.csv is empty"),
        (lambda text: "\r\n" + text, "begins with an empty row"),
        (lambda text: text + "u9,x\r\n", "users.csv, row 3 has 2 cells"),
        (lambda text: text + 'u9,"x\r\n', "the quotes or commas are not right"),
        (lambda text: text + text.splitlines()[1] + "\r\n", "row 3, column sourcedId: row 2 has"),
        (lambda text: text.replace("\r\nu1", "\r\n"), "row 2, column sourcedId: every row"),
        (lambda text: text.replace("u1,,", "u1,gone,"), "row 2, column status: a bulk file lists"),
    ],
)
def test_what_breaks_a_rule_of_the_file_is_named(change: Any, sentence: str) -> None:
    assert sentence in refused(with_users(change(table("users", [user("u1", "Ada")]))))


def test_more_columns_begin_with_metadata() -> None:
    text = table("users", [user("u1", "Ada") | {"metadata.house": "Curie"}])
    (row,) = oneroster.read(with_users(text), WANTED)["users"].rows
    assert row["metadata.house"] == "Curie"
    twice = text.replace("metadata.house", "metadata.house,metadata.house").replace(
        "Curie", "Curie,Curie"
    )
    assert "stands there twice" in refused(with_users(twice))


def test_users_of_12_come_with_or_without_the_column_of_the_drafts() -> None:
    for header in headers.COLUMNS["1.2"]["users"]:
        row = ",".join({"sourcedId": "u1"}.get(name, "") for name in header)
        found = oneroster.read(with_users(f"{','.join(header)}\n{row}\n", "1.2"), WANTED)
        assert found["users"].rows[0].id == "u1"


def test_a_delta_says_of_every_row_what_and_when() -> None:
    rows = [changed(user("u1", "Ada")), changed(user("u2", "Bo"), "tobedeleted")]
    found = oneroster.read(with_users(table("users", rows), mode="delta"), WANTED)["users"]
    assert ([row.is_gone for row in found.rows], found.is_whole) == ([False, True], False)
    bare = refused(with_users(table("users", [user("u1", "Ada")]), mode="delta"))
    assert "row 2, column status: in a delta file it is “active” or “tobedeleted”" in bare
    assert "row 2, column dateLastModified: a delta file says when" in bare


# The manifest.


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("name,value\n", "manifest.csv, row 1: the columns are “propertyName,value”"),
        ("propertyName,value\nmanifest.version,1.0\n", "has no row “oneroster.version”"),
        (
            "propertyName,value\nmanifest.version,1.0\noneroster.version,1.0\n",
            "manifest.csv, row 3, column value: oneroster.version “1.0” is not known",
        ),
        (manifest("1.1", {"users": "all"}), "file.users is “bulk”, “delta” or “absent”, not “all”"),
        (manifest("1.1", {"users": "absent"}), "users.csv is absent, and it is in the zip"),
        (manifest("1.1", {"users": "bulk", "orgs": "bulk"}), "orgs.csv is bulk, and it is not in"),
        (manifest("1.1", {}) + "oneroster.version,1.2\n", "“oneroster.version” stands in row 3"),
        (manifest("1.1", {}) + "x\n", "every row has a name and a value"),
    ],
)
def test_a_manifest_that_contradicts_itself_or_the_zip_is_refused(text: str, sentence: str) -> None:
    users = table("users", [user("u1", "Ada")])
    assert sentence in refused(zipped({"manifest.csv": text, "users.csv": users}))


def test_a_file_without_which_nothing_can_be_imported_has_to_be_there() -> None:
    assert "users.csv is needed" in refused(roster({"orgs": [org()]}), needed=["users"])


def test_files_that_are_not_used_are_not_opened() -> None:
    content = zipped(
        {
            "manifest.csv": manifest("1.1", {"users": "bulk", "demographics": "bulk"}),
            "users.csv": table("users", [user("u1", "Ada")]),
            "demographics.csv": b"\xff\xfe not even text",
        }
    )
    assert oneroster.read(content, WANTED).tables.keys() == {"users"}


# The zip.


def test_what_is_no_zip_or_a_broken_one_is_refused() -> None:
    assert "This is not a zip." in refused(b"PK\x03\x04 nothing")
    good = roster(two_pupils())
    assert "This is not a zip." in refused(good[: len(good) // 2])
    place = good.index(b"users.csv") + 30
    broken = good[:place] + bytes(20) + good[place + 20 :]
    assert "is broken" in refused(broken)


@pytest.mark.parametrize(
    "name", ["../users.csv", "export/users.csv", "..\\users.csv", "/users.csv"]
)
def test_a_path_leads_nowhere(name: str) -> None:
    sentence = refused(zipped({"manifest.csv": manifest("1.1", {}), name: "x"}))
    assert "The files have to lie directly in the zip" in sentence


def test_what_a_mac_adds_does_no_harm() -> None:
    content = zipped(
        {
            "manifest.csv": manifest("1.1", {"users": "bulk"}),
            "__MACOSX/._users.csv": "x",
            "users.csv": table("users", [user("u1", "Ada")]),
        }
    )
    assert oneroster.read(content, WANTED)["users"].rows


def test_a_zip_without_a_manifest_is_none_of_the_standard() -> None:
    assert "There is no manifest.csv in this zip" in refused(zipped({"users.csv": "x"}))


def test_a_name_that_stands_twice_is_refused() -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as made, pytest.warns(UserWarning, match="Duplicate"):
        for _each in range(2):
            made.writestr("users.csv", "x")
    assert "is in the zip twice" in refused(content.getvalue())


def test_a_bomb_is_refused_before_it_is_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_UNPACKED", 1_000_000)
    bomb = zipped(
        {"manifest.csv": manifest("1.1", {"users": "bulk"}), "users.csv": "0" * 2_000_000}
    )
    assert len(bomb) < 10_000
    assert "unpacks to too much" in refused(bomb)


def test_a_zip_that_lies_about_its_size_is_read_no_further_than_the_limit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(archive, "MAX_FILE", 1000)
    content = zipped({"manifest.csv": manifest("1.1", {"users": "bulk"}), "users.csv": "0" * 2000})
    assert "users.csv is too large" in refused(content)


def test_too_many_files_and_a_password_are_refused() -> None:
    many = {f"{number}.csv": "x" for number in range(archive.MAX_FILES + 1)}
    assert "more than 100 files" in refused(zipped(many))
    good = bytearray(zipped({"users.csv": "x"}))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        good[good.index(mark) + offset] |= 1
    assert "has a password" in refused(bytes(good))


def test_many_faults_are_counted_not_listed() -> None:
    rows = [user("", f"N{number}") for number in range(SHOWN + 5)]
    with pytest.raises(Faulty) as error:
        oneroster.read(with_users(table("users", rows)), WANTED)
    assert len(error.value.sentences) == SHOWN + 1
    assert error.value.sentences[-1] == "And 5 more."


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"\xff\xfeu\x00", "is UTF-16"),
        (b"a\nb\xe9\n", "line 2 is not UTF-8"),
        (b"a\0b", "is not a CSV file"),
    ],
)
def test_a_text_is_utf_8(content: bytes, sentence: str) -> None:
    with pytest.raises(Faulty, match=sentence):
        tables.text_of("users.csv", content)
