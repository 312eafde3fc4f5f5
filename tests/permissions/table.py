"""Who gets in where: one line for each address. An address that is not here fails the test."""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from access.services import passes
from tests.permissions.world import World

MISSING = 99_999_999
NO_COMMAND = "00000000-0000-4000-8000-000000000000"


class May(enum.Enum):
    """Who is let in; everyone else gets what ``outsiders`` says."""

    PUBLIC = enum.auto()  # everyone
    LOGIN = enum.auto()  # who is logged in; what they see is filtered by site
    SITE_VIEW = enum.auto()  # who may look at the object's site
    SITE_OPERATE = enum.auto()
    OPERATE_SOMEWHERE = enum.auto()  # who operates any site
    SITE_OVERRIDE = enum.auto()  # open any door without its holder
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


def _pass(world: World) -> dict[str, Any]:
    return {"link": passes.link_of(world.shown_pass)}


def _asking(world: World) -> dict[str, Any]:
    return {
        "person": world.ids["visitor"],
        "site": world.ids["site"],
        "starts_at": "2026-11-18T08:00:00Z",
        "ends_at": "2026-11-18T18:00:00Z",
        "reason": "audit",
    }


def _pk(name: str) -> Callable[[World], dict[str, Any]]:
    return lambda world: {"pk": world.ids[name]}


PAGES: dict[str, Rule] = {
    "home": Rule(May.PUBLIC),
    "health": Rule(May.PUBLIC),
    # The secret address is the right; staff have none that others lack.
    "pass": Rule(May.PUBLIC, there=_pass),
    # Requests for access
    "access-request-new": Rule(May.OPERATE_SOMEWHERE),
    "access-request": Rule(May.SITE_MANAGE, there=_pk("access-request")),
    "access-request-approve": post(May.SITE_MANAGE, _pk("access-request")),
    "access-request-refuse": post(May.SITE_MANAGE, _pk("refused-request")),
    # Only by who asked, who is none of these.
    "access-request-withdraw": post(May.NOBODY, _pk("refused-request")),
    "set_language": post(May.PUBLIC),
    # Live map
    "map": Rule(May.LOGIN),
    "map-site": Rule(May.SITE_VIEW, there=_site),
    "map-drawing": Rule(May.SITE_VIEW, there=_site),
    "map-door": Rule(May.SITE_VIEW, there=_door),
    "map-door-open": post(May.SITE_OVERRIDE, _door),
    "map-door-release": post(May.SITE_OPERATE, _door),
    "map-door-service": post(May.SITE_OPERATE, _door),
    "map-bank": Rule(May.SITE_VIEW, there=_bank),
    "map-bank-open-all": post(May.SITE_OVERRIDE, _bank),
    "map-opening-confirm": post(May.SITE_OVERRIDE, _opening),
    "map-opening-cancel": post(May.SITE_OVERRIDE, _opening),
    # Kiosk: the page itself is for everyone, it holds nothing before it is enrolled.
    "kiosk": Rule(May.PUBLIC),
    "kiosk-enrol": post(May.NOBODY),
    "kiosk-bank": Rule(May.TERMINAL),
    "kiosk-scan": post(May.TERMINAL),
    "kiosk-claim": post(May.TERMINAL),
    "kiosk-open": post(May.TERMINAL),
    "kiosk-finish": post(May.TERMINAL),
    "kiosk-undo": post(May.TERMINAL),
    "kiosk-pin": post(May.TERMINAL),
    "kiosk-end": post(May.TERMINAL),
    "kiosk-visitor": post(May.TERMINAL),
    "kiosk-ask": post(May.TERMINAL),
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
    "api-compartment-open": post(May.SITE_OVERRIDE, _pk("compartment")),
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
    "api-access-request-list": Rule(May.LOGIN),
    "api-access-request-list (create)": Rule(May.SITE_OPERATE, "post", data=_asking),
    "api-access-request-detail": Rule(May.SITE_VIEW, there=_pk("access-request")),
    "api-access-request-approve": post(May.SITE_MANAGE, _pk("access-request")),
    "api-access-request-refuse": post(May.SITE_MANAGE, _pk("refused-request")),
    "api-lock-list": Rule(May.LOGIN),
    "api-lock-detail": Rule(May.SITE_VIEW, there=_pk("lock")),
    "api-key-list": Rule(May.LOGIN),
    "api-key-detail": Rule(May.SITE_VIEW, there=_pk("key")),
    "api-key-issue": post(May.SITE_OPERATE, _pk("key")),
    "api-key-return": post(May.SITE_OPERATE, _pk("key")),
    "api-key-lost": post(May.SITE_OPERATE, _pk("key")),
    "api-command-list": Rule(May.LOGIN),
    "api-command-detail": Rule(May.SITE_VIEW, there=_pk("command")),
    "api-event-list": Rule(May.LOGIN),
    "api-event-detail": Rule(May.SITE_VIEW, there=_pk("event")),
    # Log-in, and what belongs to one's own: nobody reaches anybody else's.
    "account_login": Rule(May.PUBLIC),
    "account_logout": post(May.PUBLIC),
    "account_inactive": Rule(May.PUBLIC),
    "account_signup": Rule(May.PUBLIC),  # says that nobody signs up
    "account_reauthenticate": Rule(May.LOGIN),
    "account_email": Rule(May.LOGIN),
    "account_email_verification_sent": Rule(May.PUBLIC),
    "account_confirm_email": Rule(May.PUBLIC, there=lambda world: {"key": "nothing"}),
    "account_change_password": Rule(May.LOGIN),
    "account_set_password": Rule(May.LOGIN),
    "account_reset_password": Rule(May.PUBLIC),
    "account_reset_password_done": Rule(May.PUBLIC),
    "account_reset_password_from_key": Rule(
        May.PUBLIC, there=lambda world: {"uidb36": "1", "key": "nothing"}
    ),
    "account_reset_password_from_key_done": Rule(May.PUBLIC),
    "account_request_login_code": Rule(May.PUBLIC),
    "account_confirm_login_code": Rule(May.LOGIN),
    "mfa_index": Rule(May.LOGIN),
    "mfa_authenticate": Rule(May.LOGIN),
    "mfa_reauthenticate": Rule(May.LOGIN),
    "mfa_activate_totp": Rule(May.LOGIN),
    # Not there before an app and codes are set up.
    "mfa_deactivate_totp": Rule(May.NOBODY),
    "mfa_view_recovery_codes": Rule(May.NOBODY),
    "mfa_generate_recovery_codes": Rule(May.LOGIN),
    "mfa_download_recovery_codes": Rule(May.NOBODY),
    "mfa_list_webauthn": Rule(May.LOGIN),
    "mfa_add_webauthn": Rule(May.LOGIN),
    "mfa_reauthenticate_webauthn": Rule(May.LOGIN),
    "mfa_remove_webauthn": Rule(May.LOGIN, there=lambda world: {"pk": 1}),
    "mfa_edit_webauthn": Rule(May.LOGIN, there=lambda world: {"pk": 1}),
    # For the log-in page's own script; a browser that comes by itself is sent to that page.
    "mfa_login_webauthn": Rule(May.LOGIN),
    "usersessions_list": Rule(May.LOGIN),
    # Nobody ends a session of somebody else.
    "session-end": Rule(May.NOBODY, "post", there=lambda world: {"session_id": 1}),
    # Administration: the pages that belong to no model
    "admin:index": Rule(May.LOGIN),
    "admin:search": Rule(May.LOGIN),
    # It sends on to the one page for log-in, and whoever is logged in to the start page.
    "admin:login": Rule(May.LOGIN),
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
METHODS = {"api-access-request-list (create)", "api-assignment-list (create)"}
SOCKETS: dict[str, May] = {
    "ws/bridge/": May.BRIDGE,
    "ws/map/": May.SITE_VIEW,
    "ws/kiosk/": May.TERMINAL,
}
