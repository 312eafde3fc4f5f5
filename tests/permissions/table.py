"""Who gets in where: one line for each address. An address that is not here fails the test."""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.permissions.world import World

MISSING = 99_999_999
NO_COMMAND = "00000000-0000-4000-8000-000000000000"


class May(enum.Enum):
    """Who is let in; everyone else gets what ``outsiders`` says."""

    PUBLIC = enum.auto()  # everyone
    LOGIN = enum.auto()  # who is logged in; what they see is filtered by site
    SITE_VIEW = enum.auto()  # who may look at the object's site
    SITE_OPERATE = enum.auto()
    SITE_MANAGE = enum.auto()
    SUPERUSER = enum.auto()
    TERMINAL = enum.auto()  # an enrolled kiosk, and no log-in
    BRIDGE = enum.auto()  # a bridge, and no log-in
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


def _site(world: World) -> dict[str, Any]:
    return {"site_id": world.estate.site.pk}


def _door(world: World) -> dict[str, Any]:
    return {"compartment_id": world.estate.doors[0].pk}


def _bank(world: World) -> dict[str, Any]:
    return {"bank_id": world.estate.bank.pk}


def _opening(world: World) -> dict[str, Any]:
    return {"opening_id": world.opening.pk}


def _pk(name: str) -> Callable[[World], dict[str, Any]]:
    return lambda world: {"pk": world.ids[name]}


PAGES: dict[str, Rule] = {
    "home": Rule(May.PUBLIC),
    "health": Rule(May.PUBLIC),
    "set_language": post(May.PUBLIC),
    # Live map
    "map": Rule(May.LOGIN),
    "map-site": Rule(May.SITE_VIEW, there=_site),
    "map-drawing": Rule(May.SITE_VIEW, there=_site),
    "map-door": Rule(May.SITE_VIEW, there=_door),
    "map-door-open": post(May.SITE_OPERATE, _door),
    "map-door-release": post(May.SITE_OPERATE, _door),
    "map-door-service": post(May.SITE_OPERATE, _door),
    "map-bank": Rule(May.SITE_VIEW, there=_bank),
    "map-bank-open-all": post(May.SITE_OPERATE, _bank),
    "map-opening-confirm": post(May.SITE_OPERATE, _opening),
    "map-opening-cancel": post(May.SITE_OPERATE, _opening),
    # Kiosk: the page itself is for everyone, it holds nothing before it is enrolled.
    "kiosk": Rule(May.PUBLIC),
    "kiosk-enrol": post(May.NOBODY),
    "kiosk-bank": Rule(May.TERMINAL),
    "kiosk-scan": post(May.TERMINAL),
    "kiosk-claim": post(May.TERMINAL),
    "kiosk-open": post(May.TERMINAL),
    "kiosk-finish": post(May.TERMINAL),
    "kiosk-undo": post(May.TERMINAL),
    "kiosk-end": post(May.TERMINAL),
    # A wrong code opens nothing, whoever shows it.
    "bridge-enrol": post(May.NOBODY),
    # Set-up
    "setup": Rule(May.SETUP),
    "setup-review": Rule(May.SETUP),
    "setup-step": Rule(May.SETUP, there=lambda world: {"slug": "place"}),
    # API
    "api-root": Rule(May.PUBLIC),
    "api-schema": Rule(May.PUBLIC),
    "api-docs": Rule(May.PUBLIC),
    "api-nothing": Rule(May.NOBODY),
    "api-site-list": Rule(May.LOGIN),
    "api-site-detail": Rule(May.SITE_VIEW, there=_pk("site")),
    "api-bank-list": Rule(May.LOGIN),
    "api-bank-detail": Rule(May.SITE_VIEW, there=_pk("bank")),
    "api-compartment-list": Rule(May.LOGIN),
    "api-compartment-detail": Rule(May.SITE_VIEW, there=_pk("compartment")),
    "api-compartment-open": post(May.SITE_OPERATE, _pk("compartment")),
    "api-compartment-service-status": post(May.SITE_OPERATE, _pk("compartment")),
    "api-assignment-list": Rule(May.LOGIN),
    "api-assignment-list (create)": Rule(
        May.SITE_OPERATE,
        "post",
        data=lambda world: {"person": world.estate.ben.pk, "bank": world.ids["bank"]},
    ),
    "api-assignment-detail": Rule(May.SITE_VIEW, there=_pk("assignment")),
    "api-assignment-open": post(May.SITE_OPERATE, _pk("assignment")),
    "api-assignment-release": post(May.SITE_OPERATE, _pk("assignment")),
    "api-command-list": Rule(May.LOGIN),
    "api-command-detail": Rule(May.SITE_VIEW, there=_pk("command")),
    "api-event-list": Rule(May.LOGIN),
    "api-event-detail": Rule(May.SITE_VIEW, there=_pk("event")),
    # Administration: the pages that belong to no model
    "admin:index": Rule(May.LOGIN),
    "admin:search": Rule(May.LOGIN),
    "admin:login": Rule(May.PUBLIC),
    "admin:logout": post(May.PUBLIC),
    "admin:password_change": Rule(May.LOGIN),
    "admin:password_change_done": Rule(May.LOGIN),
    "admin:jsi18n": Rule(May.LOGIN),
    # Without the name of a field there is nothing to complete; each field asks its own model.
    "admin:autocomplete": Rule(May.NOBODY),
    "admin:app_list": Rule(May.SUPERUSER, there=lambda world: {"app_label": "django_q"}),
    "admin/(?P<url>.*)$": Rule(May.NOBODY),
    # No model has a page of its own outside the administration.
    "admin:view_on_site": Rule(
        May.NOBODY, there=lambda world: {"content_type_id": MISSING, "object_id": MISSING}
    ),
}
# Patterns that match what nothing else does: an address to ask for.
CATCH_ALLS = {"api-nothing": "/api/v1/nothing/", "admin/(?P<url>.*)$": "/admin/nothing/"}
# Actions that share an address with another method: the key is "address (method)".
METHODS = {"api-assignment-list (create)"}
SOCKETS: dict[str, May] = {
    "ws/bridge/": May.BRIDGE,
    "ws/map/": May.SITE_VIEW,
    "ws/kiosk/": May.TERMINAL,
}
