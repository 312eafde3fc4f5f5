"""The administration's menu."""

from __future__ import annotations

from django.contrib import admin
from django.test import RequestFactory

from access.models import User
from config import menu
from tests.factories.cast import Estate


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
        "Coming and going",
        "Keys",
        "Estate",
        "Devices",
        "Staff",
        "Jobs",
    }
    staff = shown_to(estate.max)
    assert "Jobs" not in staff
    assert {"Live map", "Events"} <= set(staff["Use"])
    assert "Banks" in staff["Estate"]
