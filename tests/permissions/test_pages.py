"""Every page, action and export, asked for by everyone."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from tests.permissions import routes, table
from tests.permissions.table import PAGES, May, Rule
from tests.permissions.world import ROLES, STAFF, World, missing

# The administration sends to its own address first, which sends on.
LOG_IN = re.compile(r"^/((admin|account)/login|me/in)/")
LET_IN: dict[May, set[str]] = {
    May.PUBLIC: set(ROLES),
    May.LOGIN: set(STAFF),
    May.SITE_VIEW: {"viewer", "technician", "olga", "max", "rosa"},
    May.SITE_OPERATE: {"olga", "max", "rosa"},
    May.OPERATE_SOMEWHERE: {"nina", "olga", "max", "rosa"},
    May.SITE_OVERRIDE: {"olga", "max", "rosa"},
    May.SITE_RECOVER: {"olga", "max", "rosa"},
    May.SITE_MAINTAIN: {"technician", "rosa"},
    May.SITE_REPORT: {"technician", "olga", "max", "rosa"},
    May.MAINTAIN_SOMEWHERE: {"technician", "rosa"},
    May.SITE_MANAGE: {"max", "rosa"},
    May.SUPERUSER: {"rosa"},
    May.TERMINAL: {"terminal"},
    May.BRIDGE: set(),
    May.PHONE: {"phone"},
    May.SETUP: set(),
    May.NOBODY: set(),
}
OF_A_SITE = {May.SITE_VIEW, May.SITE_OPERATE, May.SITE_OVERRIDE, May.SITE_RECOVER,
             May.SITE_MAINTAIN, May.SITE_REPORT, May.SITE_MANAGE}  # fmt: skip


@pytest.fixture
def world(db: None, at: dt.datetime) -> Iterator[World]:
    with time_machine.travel(at, tick=False):
        yield World.build(at)


def ask(client: Client, key: str, rule: Rule, kwargs: dict[str, Any], data: Any) -> Any:
    path = table.CATCH_ALLS.get(key) or reverse(key.split(" ")[0], kwargs=kwargs)
    if rule.method == "get":
        return client.get(path)
    if path.startswith(("/api/", "/kiosk/", "/bridge/")):
        return client.post(path, data or {}, content_type="application/json")
    return client.post(path, data or {})


def outcome(answer: Any) -> str:
    """Say in one word what became of a request: in, log in, forbidden or not found."""
    if answer.status_code in {301, 302} and LOG_IN.search(answer["Location"]):
        return "log in"
    if answer.status_code in {404, 410}:
        return "not found"
    return {401: "log in", 403: "forbidden"}.get(answer.status_code, "in")


def expected(rule: Rule, key: str, role: str) -> set[str]:
    if role in LET_IN[rule.may]:
        return {"in"}
    if rule.may in {May.TERMINAL, May.BRIDGE}:
        return {"forbidden"}
    if rule.may is May.SETUP:
        return {"not found"}
    if rule.may is May.PHONE:
        return {"log in"}
    if rule.may is May.NOBODY:
        return {"log in", "forbidden", "not found"} | (
            # Enrolment answers a request that is not even one with 400.
            {"in"} if key in {"kiosk-enrol", "bridge-enrol"} else set()
        )
    return {"log in"} if role in {"anonymous", "terminal", "phone"} else {"not found"}


def test_every_page_is_in_the_table() -> None:
    keys = {route.key for route in routes.pages() if routes.admin_page(route) is None}
    known = PAGES.keys() - table.METHODS
    assert keys - known == set(), "pages that nobody classed in table.PAGES"
    assert known - keys == set(), "lines of table.PAGES whose page is gone"


@pytest.mark.parametrize("key", PAGES)
def test_who_gets_in(world: World, key: str) -> None:
    rule = PAGES[key]
    kwargs = rule.there(world) if rule.there else {}
    data = rule.data(world) if rule.data else None
    wrong = []
    for role in ROLES:
        answer = ask(world.client(role), key, rule, kwargs, data)
        if outcome(answer) not in expected(rule, key, role):
            wrong.append(f"{role}: {outcome(answer)} ({answer.status_code})")
    assert not wrong, f"{key} is {rule.may.name}, but " + ", ".join(wrong)


@pytest.mark.parametrize(
    "key", [key for key, rule in PAGES.items() if rule.may in OF_A_SITE and rule.there]
)
def test_what_is_forbidden_looks_like_what_is_missing(world: World, key: str) -> None:
    rule = PAGES[key]
    assert rule.there is not None
    there = rule.there(world)
    for role in sorted(set(STAFF) - LET_IN[rule.may]):
        client = world.client(role)
        forbidden = ask(client, key, rule, there, None)
        absent = ask(client, key, rule, missing(there), None)
        assert forbidden.status_code == absent.status_code == 404
        assert forbidden.content == absent.content, f"{role} can tell that {key} exists"


@pytest.mark.parametrize(
    "key", [key for key in PAGES if key.startswith("api-") and key.endswith("-list")]
)
def test_a_list_shows_nothing_of_other_sites(world: World, key: str) -> None:
    ours = ask(world.client("olga"), key, PAGES[key], {}, None).json()["results"]
    assert ours
    theirs = ask(world.client("nina"), key, PAGES[key], {}, None).json()["results"]
    # The first field is what a row is asked for by: its id, or its number in another system.
    seen = {next(iter(row.values())) for row in theirs} & {next(iter(row.values())) for row in ours}
    assert not seen


def test_a_token_or_session_of_staff_is_no_terminal_and_a_terminal_no_staff(world: World) -> None:
    both = world.client("rosa")
    assert both.get(reverse("kiosk-bank")).status_code == 403
    assert world.client("terminal").get(reverse("api-site-list")).status_code == 401
