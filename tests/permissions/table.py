"""Who gets in where: one line for each address. An address that is not here fails the test."""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from access.services import passes
from kiosk.services.me import sessions, sign_ins
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
    SITE_RECOVER = enum.auto()  # empty what was not given back
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


def _site(world: World) -> dict[str, Any]:
    return {"site_id": world.estate.site.pk}


def _door(world: World) -> dict[str, Any]:
    return {"compartment_id": world.estate.doors[0].pk}


def _bank(world: World) -> dict[str, Any]:
    return {"bank_id": world.estate.bank.pk}


def _opening(world: World) -> dict[str, Any]:
    return {"opening_id": world.opening.pk}


def _day_end(world: World) -> dict[str, Any]:
    return {"day_end_id": world.ids["day_end"]}


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


def _giving(world: World) -> dict[str, Any]:
    """Somebody is given a door who has one: who gets in is refused for that."""
    return {
        "policy": world.estate.policy.pk,
        "person": world.estate.amira.pk,
        "compartment": world.ids["compartment"],
    }


def _swapping(world: World) -> dict[str, Any]:
    return {"assignments": [world.ids["assignment"]] * 2, "reason": "audit"}


def _waiting(world: World) -> dict[str, Any]:
    return {
        "person": world.estate.ben.pk,
        "bank": world.ids["bank"],
        "size": world.estate.small.pk,
    }


def _label(world: World) -> dict[str, Any]:
    return {"label": sessions.label_of(world.estate.bank)}


def _visit(world: World) -> dict[str, Any]:
    return {"link": sign_ins.visit_link_of(world.visit)}


def _own(world: World) -> dict[str, Any]:
    return {"claim_id": world.ids["assignment"]}


def _own_series(world: World) -> dict[str, Any]:
    return {"series_id": world.ids["series of the phone"]}


def _number(name: str) -> Callable[[World], dict[str, Any]]:
    return lambda world: {name: MISSING}


def _a_policy(world: World) -> dict[str, Any]:
    return {"name": "Another", "where": f"bank:{world.ids['bank']}"}


def _a_group(world: World) -> dict[str, Any]:
    organisation = world.estate.organisation.pk
    return {"name": "Another", "organisation": organisation, "doors": "A 1"}


def _a_find(world: World) -> dict[str, Any]:
    return {"site": world.ids["site"], "what": "An umbrella", "stored_where": "Shelf 1"}


def _pk(name: str) -> Callable[[World], dict[str, Any]]:
    return lambda world: {"pk": world.ids[name]}


PAGES: dict[str, Rule] = {
    "home": Rule(May.PUBLIC),
    "health": Rule(May.PUBLIC),
    # The secret address is the right; staff have none that others lack.
    "pass": Rule(May.PUBLIC, there=_pass),
    # A person on their phone. Getting in is for everyone; nobody is in by a log-in alone.
    "me": Rule(May.PHONE),
    "me-in": Rule(May.PUBLIC),
    "me-code": Rule(May.PUBLIC),
    "me-link": Rule(May.NOBODY, there=lambda world: {"link": "nothing"}),
    "me-visit": Rule(May.PUBLIC, there=_visit),
    # Of none of these log-ins is the address anybody's.
    "me-log-in": post(May.NOBODY),
    # Everybody is out afterwards.
    "me-out": post(May.NOBODY),
    "me-switch": post(May.NOBODY),
    "me-at": Rule(May.PHONE, there=_label),
    "me-get": Rule(May.PHONE),
    "me-claim": post(May.PHONE),
    "me-door": Rule(May.PHONE, there=_own),
    "me-open": post(May.PHONE, _own),
    "me-finish": post(May.PHONE, _own),
    "me-undo": post(May.PHONE, _own),
    "me-renew": post(May.PHONE, _own),
    "me-share": post(May.PHONE, _own),
    "me-share-end": post(May.PHONE, _number("share_id")),
    "me-problem": Rule(May.PHONE, there=_own),
    "me-report": post(May.PHONE, _own),
    "me-book": Rule(May.PHONE),
    "me-reserve": post(May.PHONE),
    "me-cancel": post(May.PHONE, _number("claim_id")),
    "me-check-in": post(May.PHONE, _number("claim_id")),
    "me-series": Rule(May.PHONE, there=_own_series),
    "me-series-end": post(May.PHONE, _own_series),
    "me-wait": post(May.PHONE),
    "me-wait-leave": post(May.PHONE, _number("entry_id")),
    "me-offer-accept": post(May.PHONE, _number("offer_id")),
    "me-offer-decline": post(May.PHONE, _number("offer_id")),
    "me-pass": Rule(May.PHONE),
    "me-pass-make": post(May.PHONE),
    "me-history": Rule(May.PHONE),
    "me-more": Rule(May.PHONE),
    "me-away": Rule(May.PUBLIC),
    "me-manifest": Rule(May.PUBLIC),
    "me-worker": Rule(May.PUBLIC),
    "bank-label": Rule(May.SITE_MANAGE, there=_bank),
    "bank-label-picture": Rule(May.SITE_MANAGE, there=_bank),
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
    "map-door-recover": post(May.SITE_RECOVER, _door),
    "day-end-new": Rule(May.SITE_RECOVER, there=_site),
    "day-end": Rule(May.SITE_RECOVER, there=_day_end),
    "day-end-go-on": post(May.SITE_RECOVER, _day_end),
    "day-end-release": post(May.SITE_RECOVER, _day_end),
    "map-door-release": post(May.SITE_OPERATE, _door),
    "map-door-service": post(May.SITE_OPERATE, _door),
    "map-door-people": Rule(May.SITE_OPERATE, there=_door),
    "map-door-give": post(May.SITE_OPERATE, _door),
    "map-door-renew": post(May.SITE_OPERATE, _door),
    "map-door-transfer": post(May.SITE_OPERATE, _door),
    "map-door-move": post(May.SITE_OPERATE, _door),
    "map-door-share": post(May.SITE_OPERATE, _door),
    "map-door-end-share": post(May.SITE_OPERATE, _door),
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
    "kiosk-renew": post(May.TERMINAL),
    "kiosk-share": post(May.TERMINAL),
    "kiosk-end-share": post(May.TERMINAL),
    "kiosk-check-in": post(May.TERMINAL),
    "kiosk-join": post(May.TERMINAL),
    "kiosk-accept": post(May.TERMINAL),
    "kiosk-decline": post(May.TERMINAL),
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
    "api-assignment-renew": post(May.SITE_OPERATE, _pk("assignment")),
    "api-assignment-share": post(May.SITE_OPERATE, _pk("assignment")),
    "api-assignment-delegate": post(May.SITE_OPERATE, _pk("assignment")),
    "api-assignment-end-share": post(May.SITE_OPERATE, _pk("assignment")),
    "api-assignment-transfer": post(May.SITE_OPERATE, _pk("assignment")),
    "api-assignment-move": post(May.SITE_OPERATE, _pk("assignment")),
    "api-assignment-recover": post(May.SITE_RECOVER, _pk("assignment")),
    "api-assignment-shares": Rule(May.SITE_VIEW, there=_pk("assignment")),
    "api-assignment-give": Rule(May.SITE_OPERATE, "post", data=_giving),
    "api-assignment-give-many": Rule(
        May.SITE_OPERATE, "post", data=lambda w: {"rows": [_giving(w)], "dry_run": True}
    ),
    "api-assignment-swap": Rule(May.SITE_OPERATE, "post", data=_swapping),
    "api-reservation-list": Rule(May.LOGIN),
    "api-reservation-list (create)": Rule(
        May.SITE_OPERATE,
        "post",
        data=lambda world: {
            "person": world.estate.ben.pk,
            "bank": world.estate.bank.pk,
            "starts_at": "2026-11-17T11:00:00Z",
            "ends_at": "2026-11-17T10:00:00Z",
        },
    ),
    "api-reservation-detail": Rule(May.SITE_VIEW, there=_pk("reservation")),
    "api-reservation-change": post(May.SITE_OPERATE, _pk("reservation")),
    "api-reservation-cancel": post(May.SITE_OPERATE, _pk("reservation")),
    "api-reservation-check-in": post(May.SITE_OPERATE, _pk("reservation")),
    "api-series-list": Rule(May.LOGIN),
    "api-series-detail": Rule(May.SITE_VIEW, there=_pk("series")),
    "api-series-end": post(May.SITE_OPERATE, _pk("series")),
    "api-desk-booking-list": Rule(May.LOGIN),
    "api-desk-booking-detail": Rule(May.SITE_VIEW, there=lambda world: {"external_id": "desk-1"}),
    "api-recovery-list": Rule(May.LOGIN),
    "api-recovery-detail": Rule(May.SITE_VIEW, there=_pk("recovery")),
    "api-recovery-confirm": post(May.SITE_RECOVER, _pk("recovery")),
    "api-recovery-open": post(May.SITE_RECOVER, _pk("recovery")),
    "api-recovery-opened-by-key": post(May.SITE_RECOVER, _pk("recovery")),
    "api-recovery-nothing-found": post(May.SITE_RECOVER, _pk("recovery")),
    "api-recovery-store": post(May.SITE_RECOVER, _pk("recovery")),
    "api-recovery-close": post(May.SITE_RECOVER, _pk("recovery")),
    "api-recovery-call-off": post(May.SITE_RECOVER, _pk("recovery")),
    "api-lost-item-list": Rule(May.LOGIN),
    "api-lost-item-list (create)": Rule(May.SITE_OPERATE, "post", data=_a_find),
    "api-lost-item-detail": Rule(May.SITE_VIEW, there=_pk("lost-item")),
    "api-lost-item-hand-out": post(May.SITE_OPERATE, _pk("lost-item")),
    "api-lost-item-dispose": post(May.SITE_OPERATE, _pk("lost-item")),
    "api-access-request-list": Rule(May.LOGIN),
    "api-access-request-list (create)": Rule(May.SITE_OPERATE, "post", data=_asking),
    "api-access-request-detail": Rule(May.SITE_VIEW, there=_pk("access-request")),
    "api-access-request-approve": post(May.SITE_MANAGE, _pk("access-request")),
    "api-access-request-refuse": post(May.SITE_MANAGE, _pk("refused-request")),
    "api-waiting-list": Rule(May.LOGIN),
    "api-waiting-list (create)": Rule(May.SITE_OPERATE, "post", data=_waiting),
    "api-waiting-detail": Rule(May.SITE_VIEW, there=_pk("waiting")),
    "api-waiting-accept": post(May.SITE_OPERATE, _pk("waiting")),
    "api-waiting-decline": post(May.SITE_OPERATE, _pk("waiting")),
    "api-waiting-leave": post(May.SITE_OPERATE, _pk("waiting")),
    "api-policy-list": Rule(May.LOGIN),
    "api-policy-list (create)": Rule(May.SITE_MANAGE, "post", data=_a_policy),
    "api-policy-detail": Rule(May.SITE_VIEW, there=_pk("policy")),
    "api-policy-change": post(May.SITE_MANAGE, _pk("policy")),
    "api-policy-preview": post(May.SITE_MANAGE, _pk("policy")),
    "api-policy-preview-new": Rule(May.SITE_MANAGE, "post", data=_a_policy),
    # Without a person and a bank there is nothing to explain; both are looked up by right.
    "api-policy-explain": Rule(May.LOGIN),
    "api-door-group-list": Rule(May.LOGIN),
    "api-door-group-list (create)": Rule(May.SITE_MANAGE, "post", data=_a_group),
    "api-door-group-detail": Rule(May.SITE_VIEW, there=_pk("door-group")),
    "api-door-group-change": post(May.SITE_MANAGE, _pk("door-group")),
    "api-door-group-preview": post(May.SITE_MANAGE, _pk("door-group")),
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
METHODS = {
    "api-reservation-list (create)",
    "api-access-request-list (create)",
    "api-door-group-list (create)",
    "api-policy-list (create)",
    "api-assignment-list (create)",
    "api-waiting-list (create)",
    "api-lost-item-list (create)",
}
SOCKETS: dict[str, May] = {
    "ws/bridge/": May.BRIDGE,
    "ws/map/": May.SITE_VIEW,
    "ws/kiosk/": May.TERMINAL,
}
