"""OneRoster sets as a school's program would write them."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable
from typing import Any

from lockers.importing.oneroster.headers import COLUMNS

WHEN = "2026-08-24T09:00:00.000Z"
SCHOOL, OTHER = "org-harbour", "org-hill"
Files = dict[str, list[dict[str, str]]]


def table(name: str, rows: Iterable[dict[str, str]], version: str = "1.1") -> str:
    """Write a file with the header of its version; columns that a row adds come after it."""
    header = list(COLUMNS[version][name][0])
    listed = list(rows)
    for row in listed:
        header += [column for column in row if column not in header]
    text = io.StringIO()
    writer = csv.DictWriter(text, header, restval="", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(listed)
    return text.getvalue()


def manifest(version: str, files: dict[str, str], **more: str) -> str:
    """Write a manifest that says what each file is."""
    said = {"manifest.version": "1.0", "oneroster.version": version}
    said |= {f"file.{name}": mode for name, mode in files.items()}
    said |= {name.replace("__", "."): value for name, value in more.items()}
    return "propertyName,value\r\n" + "".join(f"{name},{value}\r\n" for name, value in said.items())


def zipped(files: dict[str, str | bytes]) -> bytes:
    """Put files into a zip."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return content.getvalue()


def roster(
    tables: Files, *, version: str = "1.1", modes: dict[str, str] | None = None, bom: bool = False
) -> bytes:
    """Write a whole set; every file is bulk unless ``modes`` says otherwise."""
    said = {name: (modes or {}).get(name, "bulk") for name in tables}
    for name in ("demographics", "results", "courses"):
        said[name] = "absent"
    files: dict[str, str | bytes] = {"manifest.csv": manifest(version, said)}
    for name, rows in tables.items():
        text = table(name, rows, version)
        files[f"{name}.csv"] = ("\ufeff" + text if bom else text).encode()
    return zipped(files)


def org(id_: str = SCHOOL, name: str = "Harbour Academy", **more: str) -> dict[str, str]:
    return {"sourcedId": id_, "name": name, "type": "school", **more}


def homeroom(id_: str, title: str, grade: str = "", **more: str) -> dict[str, str]:
    return {
        "sourcedId": id_, "title": title, "grades": grade, "classType": "homeroom",
        "courseSourcedId": "c", "schoolSourcedId": SCHOOL, "termSourcedIds": "t", **more,
    }  # fmt: skip


def user(id_: str, given: str, role: str = "student", **more: str) -> dict[str, str]:
    """Write somebody of 1.1, whose role stands in users.csv."""
    return {
        "sourcedId": id_, "enabledUser": "true", "orgSourcedIds": SCHOOL, "role": role,
        "username": id_, "givenName": given, "familyName": "Example", **more,
    }  # fmt: skip


def user_12(id_: str, given: str, **more: str) -> dict[str, str]:
    """Write somebody of 1.2, whose roles stand in roles.csv."""
    return {
        "sourcedId": id_, "enabledUser": "true", "username": id_, "givenName": given,
        "familyName": "Example", **more,
    }  # fmt: skip


def role(user_id: str, what: str = "student", org_id: str = SCHOOL, **more: str) -> dict[str, str]:
    return {
        "sourcedId": f"r-{user_id}-{what}", "userSourcedId": user_id, "roleType": "primary",
        "role": what, "orgSourcedId": org_id, **more,
    }  # fmt: skip


def enrolled(user_id: str, class_id: str, **more: str) -> dict[str, str]:
    return {
        "sourcedId": f"e-{user_id}-{class_id}", "classSourcedId": class_id,
        "schoolSourcedId": SCHOOL, "userSourcedId": user_id, "role": "student", **more,
    }  # fmt: skip


def changed(row: dict[str, str], status: str = "active") -> dict[str, str]:
    """Write a row as a delta file has it."""
    return {**row, "status": status, "dateLastModified": WHEN}


def two_pupils(**more: Any) -> Files:
    """Return Ada of 7A and Bo of 7B, Ada with a father, at one school."""
    return {
        "orgs": [org()],
        "classes": [homeroom("k7a", "7A", "07"), homeroom("k7b", "7B", "07")],
        "users": [
            user("u1", "Ada", identifier="800001", grades="07", email="ada@example.org",
                 agentSourcedIds="p1", password="secret", phone="555 0101"),
            user("u2", "Bo", identifier="800002", grades="07"),
            user("p1", "Theo", "parent", phone="+44 20 7946 0000", email="theo@example.org"),
            user("t1", "Tess", "teacher"),
        ],
        "enrollments": [
            enrolled("u1", "k7a"), enrolled("u2", "k7b"), enrolled("t1", "k7a", role="teacher"),
        ],
        **more,
    }  # fmt: skip
