"""What each page of the administration asks for, and what only some do."""

from __future__ import annotations

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from tests.factories.cast import Estate

pytestmark = pytest.mark.django_db


def test_who_may_see_every_model_is_asked_only_where_a_page_draws_it(
    estate: Estate, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str | None] = []
    built = admin.site._build_app_dict
    monkeypatch.setattr(
        admin.site._wrapped,
        "_build_app_dict",
        lambda request, label=None: asked.append(label) or built(request, label),
    )
    client = Client()
    client.force_login(estate.max)
    page = client.get(reverse("admin:occupancy_policy_changelist"))
    assert page.status_code == 200 and asked == []
    page = client.get(reverse("admin:app_list", args=["occupancy"]))
    assert reverse("admin:occupancy_policy_changelist") in page.content.decode()
    assert asked == ["occupancy"]


def test_an_app_in_which_somebody_sees_nothing_is_not_there(estate: Estate) -> None:
    client = Client()
    client.force_login(estate.max)
    assert client.get("/admin/nothing/").status_code == 404
