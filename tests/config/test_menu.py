"""The administration's menu."""

from __future__ import annotations

import datetime as dt

from django.contrib import admin
from django.test import RequestFactory

from access.choices import IncidentKind
from access.models import Incident, User
from access.services import incidents
from config import menu
from tests.admin_pages import signed_in
from tests.factories.cast import SETUP, Estate


def shown_to(user: User) -> dict[str, list[str]]:
    request = RequestFactory().get("/admin/")
    request.user = user
    return {
        group["title"]: [item["title"] for item in group["items"]]
        for group in menu.sidebar(request)
    }


def test_every_list_of_the_administration_is_in_the_menu_once() -> None:
    named = [label for _title, models in menu.GROUPS for label, _icon in models]
    assert sorted(named) == sorted(
        model._meta.label for model in admin.site._registry if model._meta.label != "auth.Group"
    )


def test_the_menu_shows_only_what_somebody_may_see(estate: Estate) -> None:
    assert set(shown_to(estate.rosa)) == {
        "Use",
        "People",
        "School",
        "Coming and going",
        "Keys",
        "Upkeep",
        "Estate",
        "Devices",
        "Staff",
        "Jobs",
    }
    staff = shown_to(estate.max)
    assert "Jobs" not in staff
    assert {"Live map", "Events"} <= set(staff["Use"])
    assert "Banks" in staff["Estate"]


def test_what_waits_is_counted_beside_its_list_and_on_the_first_page(
    estate: Estate, at: dt.datetime
) -> None:
    incident = Incident(
        site=estate.site, kind=IncidentKind.DAMAGE, summary="Door bent", happened_at=at
    )
    incidents.report(incident=incident, user_id=None, actor=SETUP, at=at)
    page = signed_in(estate.max).get("/admin/")
    waiting = {one["name"]: (one["count"], one["link"]) for one in page.context["waiting"]}
    assert waiting["Open incidents"][0] == 1
    assert waiting["Keys overdue"][0] == 0
    # Each leads to a list that shows as many.
    for count, link in waiting.values():
        assert signed_in(estate.max).get(link).context["cl"].result_count == count
    # Of another site nothing is counted.
    elsewhere = signed_in(estate.nina).get("/admin/").context["waiting"]
    assert {one["count"] for one in elsewhere} == {0}
