"""Every page of every model in the administration, asked for by everyone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.contrib import admin
from django.urls import reverse

from tests.permissions import admin_table as table
from tests.permissions import routes
from tests.permissions.test_pages import outcome
from tests.permissions.world import World

NOTHING = 99_999_999


@pytest.fixture
def world(db: None, at: dt.datetime) -> Iterator[World]:
    with time_machine.travel(at, tick=False):
        yield World.build(at)


def pages() -> list[tuple[str, str, routes.Route]]:
    """Return model, kind and route of every admin page that belongs to a model."""
    return [
        (*found, route)
        for route in routes.pages()
        if (found := routes.admin_page(route)) is not None
    ]


def is_list(model: str, kind: str) -> bool:
    return kind in table.LISTS or f"{model} {kind}" in table.MORE_LISTS


def ours(model: str, world: World) -> Any:
    """Return the first row of a model at our site, or None when there is none."""
    kind = next(one for one in admin.site._registry if one._meta.label == model)
    rows = kind._default_manager.all()
    if model in table.BY_SITE:
        rows = rows.filter(**{table.BY_SITE[model]: world.estate.site.pk})
    return rows.order_by("pk").first()


def path(route: routes.Route, pk: Any) -> str:
    if route.name.endswith(":") or not route.name:
        return "/" + route.pattern.replace("<path:object_id>", str(pk))
    return reverse(route.name, args=[pk] if "<" in route.pattern else [])


def test_every_model_of_the_administration_is_classed() -> None:
    registered = {model._meta.label for model in admin.site._registry}
    assert registered - table.SUPERUSER_ONLY - table.BY_SITE.keys() == set()
    assert not table.SUPERUSER_ONLY & table.BY_SITE.keys()


def test_every_page_of_a_model_is_of_a_known_kind() -> None:
    more = table.MORE_LISTS | table.MORE_OBJECTS
    unknown = {
        f"{model} {kind}"
        for model, kind, _route in pages()
        if kind not in table.LISTS | table.OBJECTS
    }
    assert unknown - more == set(), "pages that nobody put into MORE_LISTS or MORE_OBJECTS"
    assert more - unknown == set(), "lines whose page is gone"


@pytest.mark.parametrize("role", ["anonymous", "terminal"])
def test_nobody_gets_in_without_a_log_in(world: World, role: str) -> None:
    client = world.client(role)
    wrong = [
        route.pattern
        for _model, _kind, route in pages()
        if outcome(client.get(path(route, 1), follow=False)) != "log in"
        and "/change/" not in client.get(path(route, 1)).get("Location", "")
    ]
    assert not wrong


@pytest.mark.parametrize("role", ["nina", "viewer", "olga", "max"])
def test_what_is_for_superusers_is_for_nobody_else(world: World, role: str) -> None:
    client = world.client(role)
    wrong = []
    for model, kind, route in pages():
        if model not in table.SUPERUSER_ONLY or kind == "old_change":
            continue
        row = None if is_list(model, kind) else ours(model, world)
        answer = client.get(path(route, row.pk if row else NOTHING))
        # An object that is not there sends back to the start page, as Django does.
        if answer.status_code == 200:
            wrong.append(route.pattern)
    assert not wrong


def test_a_superuser_may_open_every_list(world: World) -> None:
    client = world.client("rosa")
    wrong = [
        f"{route.pattern}: {status}"
        for _model, kind, route in pages()
        if kind == "changelist" and (status := client.get(path(route, None)).status_code) != 200
    ]
    assert not wrong


def test_a_list_shows_only_rows_of_ones_own_sites(world: World) -> None:
    client = world.client("nina")
    wrong = []
    for model, kind, route in pages():
        if model not in table.BY_SITE or kind != "changelist":
            continue
        answer = client.get(path(route, None))
        if answer.status_code == 200:
            shown = answer.context["cl"].queryset
            if shown.filter(**{table.BY_SITE[model]: world.estate.site.pk}).exists():
                wrong.append(model)
    assert not wrong, "nina of another site sees rows of ours"


def test_what_is_forbidden_looks_like_what_is_missing(world: World) -> None:
    client = world.client("nina")
    wrong = []
    for model, kind, route in pages():
        if model not in table.BY_SITE or is_list(model, kind) or kind == "old_change":
            continue
        row = ours(model, world)
        if row is None:
            continue
        has_uuid = model.endswith(("Command", "Inquiry", "Pass"))
        missing = "00000000-0000-4000-8000-000000000000" if has_uuid else NOTHING
        forbidden = client.get(path(route, row.pk))
        absent = client.get(path(route, missing))
        if (forbidden.status_code, forbidden.get("Location")) != (
            absent.status_code,
            absent.get("Location"),
        ) or forbidden.status_code == 200:
            wrong.append(f"{route.pattern}: {forbidden.status_code}, {absent.status_code}")
    assert not wrong


@pytest.mark.parametrize("role", ["nina", "viewer", "olga"])
def test_only_who_manages_a_site_deletes_there(world: World, role: str) -> None:
    client = world.client(role)
    wrong = []
    for model, kind, route in pages():
        if model not in table.BY_SITE or kind != "delete":
            continue
        row = ours(model, world)
        if row is not None:
            client.post(path(route, row.pk), {"post": "yes"})
            if not type(row)._default_manager.filter(pk=row.pk).exists():
                wrong.append(model)
    assert not wrong, f"{role} deleted these"
