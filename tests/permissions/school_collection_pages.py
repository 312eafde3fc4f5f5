"""The addresses of collections, for the table of who gets in where."""

from __future__ import annotations

from typing import Any

from tests.permissions.rules import May, Rule


def a_form(world: Any) -> dict[str, Any]:
    return {"collection_id": world.ids["collection"], "form": 0}


def a_line(world: Any) -> dict[str, Any]:
    number = world.ids["collection-line"]
    return {"collection_id": world.ids["collection"], "line_id": number}


def a_list(world: Any) -> dict[str, Any]:
    return {"collection_id": world.ids["collection"], "what": "charges", "kind": "csv"}


def a_session(world: Any) -> dict[str, Any]:
    return {"session_id": world.ids["session"]}


PAGES = {
    # No person is in a review.
    "reviews": Rule(May.LOGIN),
    "review": Rule(May.SITE_VIEW, there=a_session),
    "review-workbook": Rule(May.SITE_VIEW, there=a_session),
    # Tutors see their own form, too.
    "collections": Rule(May.LOGIN),
    "collection": Rule(May.SITE_REPORT, there=a_form),
    "collection-open": Rule(May.SITE_RECOVER, "post", a_form),
    "collection-say": Rule(May.SITE_REPORT, "post", a_line),
    "collection-list": Rule(May.SITE_REPORT, there=a_list),
}
