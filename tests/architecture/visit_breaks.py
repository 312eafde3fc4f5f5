"""The constraints of requests and visitors, broken around the services (see test_constraints)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from access.models import AccessRequest, Credential, Notice, TemporaryAccess, Visit
from tests import factories
from tests.factories.cast import Estate

NINE = dt.datetime(2026, 11, 17, 9, tzinfo=dt.UTC)
TEN = NINE + dt.timedelta(hours=1)


def asked(estate: Estate, **values: Any) -> AccessRequest:
    row: dict[str, Any] = {
        "person": estate.ben, "site": estate.site, "starts_at": NINE, "ends_at": TEN,
        "source": "web", "asked_at": NINE, **values,
    }  # fmt: skip
    return AccessRequest.objects.create(**row)


def visit(estate: Estate, **values: Any) -> Visit:
    row: dict[str, Any] = {
        "visitor": estate.ben, "host": estate.amira, "site": estate.site, "expected_from": NINE,
        "expected_until": TEN, "source": "staff", "registered_at": NINE, **values,
    }  # fmt: skip
    return Visit.objects.create(**row)


def code(estate: Estate, **values: Any) -> Credential:
    row: dict[str, Any] = {
        "organisation": estate.organisation, "person": estate.ben, "kind": "code",
        "digest": "d" * 64, "issued_at": NINE, "valid_until": TEN, **values,
    }  # fmt: skip
    return Credential.objects.create(**row)


def two_here(estate: Estate) -> None:
    for _each in range(2):
        visit(estate, arrived_at=NINE)


def two_waiting(estate: Estate) -> None:
    for _each in range(2):
        asked(estate)


def two_codes(estate: Estate) -> None:
    code(estate)
    code(estate, person=factories.PersonFactory(organisation=estate.organisation))


BREAKS: dict[str, Callable[[Estate], object]] = {
    "access_request_ends_after_it_starts": lambda e: asked(e, ends_at=NINE),
    "access_request_is_decided_by_somebody": lambda e: asked(e, status="approved", decided_at=NINE),
    "access_request_is_not_decided_by_who_asked": lambda e: asked(
        e, status="approved", decided_at=NINE, decided_by=e.max.pk, asked_by=e.max.pk
    ),
    "access_one_waiting_request_per_person_and_site": two_waiting,
    "access_temporary_ends_after_it_starts": lambda e: TemporaryAccess.objects.create(
        person=e.ben, site=e.site, starts_at=NINE, ends_at=NINE, given_at=NINE
    ),
    "access_letter_is_about_one_thing": lambda e: Notice.objects.create(
        kind="access_asked", to="a@northwind.example", site=e.site, made_at=NINE, try_at=NINE
    ),
    "access_visit_ends_after_it_starts": lambda e: visit(e, expected_until=NINE),
    "access_visitor_leaves_after_arriving": lambda e: visit(e, arrived_at=TEN, left_at=NINE),
    "access_visitor_arrives_before_leaving": lambda e: visit(e, left_at=NINE),
    "access_visit_is_cancelled_before_arrival": lambda e: visit(
        e, arrived_at=NINE, cancelled_at=NINE
    ),
    "access_visitor_is_not_their_own_host": lambda e: visit(e, host=e.ben),
    "access_one_visit_at_a_time": two_here,
    "access_one_visitor_per_code": two_codes,
    "access_visitor_code_has_an_end": lambda e: code(e, valid_until=None),
}
