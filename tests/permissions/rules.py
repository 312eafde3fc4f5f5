"""What a line of the table says: who gets in, and what of the estate is asked for there."""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from access.services import passes
from kiosk.services.me import sessions, sign_ins
from maintenance import door_labels
from tests.permissions.world import World

MISSING = 99_999_999


class May(enum.Enum):
    """Who is let in; everyone else gets what ``outsiders`` says."""

    PUBLIC = enum.auto()  # everyone
    LOGIN = enum.auto()  # who is logged in; what they see is filtered by site
    SITE_VIEW = enum.auto()  # who may look at the object's site
    SITE_OPERATE = enum.auto()
    OPERATE_SOMEWHERE = enum.auto()  # who operates any site
    SITE_OVERRIDE = enum.auto()  # open any door without its holder
    SITE_RECOVER = enum.auto()  # empty what was not given back
    SITE_MAINTAIN = enum.auto()  # repair, clean and inspect
    SITE_REPORT = enum.auto()  # say what is broken: who operates or maintains
    MAINTAIN_SOMEWHERE = enum.auto()  # who repairs at any site
    SITE_MANAGE = enum.auto()
    SUPERUSER = enum.auto()
    TERMINAL = enum.auto()  # an enrolled kiosk, and no log-in
    BRIDGE = enum.auto()  # a bridge, and no log-in
    PHONE = enum.auto()  # a person on their phone, and no log-in
    SETUP = enum.auto()  # nobody, once the installation is set up
    NOBODY = enum.auto()  # nobody, asked like this


@dataclass(frozen=True)
class Rule:
    """What is expected of one address, and how to ask for something of the estate there."""

    may: May
    method: str = "get"
    # The object's kwargs in the URL, for the right site.
    there: Callable[[World], dict[str, Any]] | None = None
    data: Callable[[World], dict[str, Any]] | None = None


def post(may: May, there: Callable[[World], dict[str, Any]] | None = None) -> Rule:
    return Rule(may, "post", there)


def site(world: World) -> dict[str, Any]:
    return {"site_id": world.estate.site.pk}


def door(world: World) -> dict[str, Any]:
    return {"compartment_id": world.estate.doors[0].pk}


def bank(world: World) -> dict[str, Any]:
    return {"bank_id": world.estate.bank.pk}


def opening(world: World) -> dict[str, Any]:
    return {"opening_id": world.opening.pk}


def day_end(world: World) -> dict[str, Any]:
    return {"day_end_id": world.ids["day_end"]}


def a_pass(world: World) -> dict[str, Any]:
    return {"link": passes.link_of(world.shown_pass)}


def asking(world: World) -> dict[str, Any]:
    return {
        "person": world.ids["visitor"],
        "site": world.ids["site"],
        "starts_at": "2026-11-18T08:00:00Z",
        "ends_at": "2026-11-18T18:00:00Z",
        "reason": "audit",
    }


def giving(world: World) -> dict[str, Any]:
    """Somebody is given a door who has one: who gets in is refused for that."""
    return {
        "policy": world.estate.policy.pk,
        "person": world.estate.amira.pk,
        "compartment": world.ids["compartment"],
    }


def swapping(world: World) -> dict[str, Any]:
    return {"assignments": [world.ids["assignment"]] * 2, "reason": "audit"}


def waiting(world: World) -> dict[str, Any]:
    return {
        "person": world.estate.ben.pk,
        "bank": world.ids["bank"],
        "size": world.estate.small.pk,
    }


def label(world: World) -> dict[str, Any]:
    return {"label": sessions.label_of(world.estate.bank)}


def door_code(world: World) -> dict[str, Any]:
    return {"code": door_labels.code_of(world.estate.doors[0].pk)}


def ticket(world: World) -> dict[str, Any]:
    return {"ticket_id": world.ids["ticket"]}


def photo(world: World) -> dict[str, Any]:
    return {"photo_id": world.ids["photo"]}


def visit(world: World) -> dict[str, Any]:
    return {"link": sign_ins.visit_link_of(world.visit)}


def own(world: World) -> dict[str, Any]:
    return {"claim_id": world.ids["assignment"]}


def own_series(world: World) -> dict[str, Any]:
    return {"series_id": world.ids["series of the phone"]}


def number(name: str) -> Callable[[World], dict[str, Any]]:
    return lambda world: {name: MISSING}


def a_policy(world: World) -> dict[str, Any]:
    return {"name": "Another", "where": f"bank:{world.ids['bank']}"}


def a_group(world: World) -> dict[str, Any]:
    organisation = world.estate.organisation.pk
    return {"name": "Another", "organisation": organisation, "doors": "A 1"}


def a_find(world: World) -> dict[str, Any]:
    return {"site": world.ids["site"], "what": "An umbrella", "stored_where": "Shelf 1"}


def a_fault(world: World) -> dict[str, Any]:
    return {"compartment": world.ids["compartment"], "category": "dirty"}


def pk(name: str) -> Callable[[World], dict[str, Any]]:
    return lambda world: {"pk": world.ids[name]}


def parts_ticket(world: World) -> dict[str, Any]:
    return {"ticket_id": world.ids["parts-ticket"]}


def a_voltage(world: World) -> dict[str, Any]:
    return {"compartment": world.ids["compartment"], "millivolts": 5000}


def a_round(world: World) -> dict[str, Any]:
    return {"round_id": world.ids["round"]}


def a_stop(world: World) -> dict[str, Any]:
    return {**a_round(world), "stop_id": world.ids["round-stop"]}


def a_check(world: World) -> dict[str, Any]:
    return {"check_id": world.ids["round-check"]}
