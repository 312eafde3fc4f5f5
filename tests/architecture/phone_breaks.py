"""The constraints of people on their phones, broken on purpose (see test_constraints)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from access.models import Visit
from kiosk.models import PhoneSession, SignIn
from tests.factories.cast import Estate

NINE = dt.datetime(2026, 11, 17, 9, tzinfo=dt.UTC)
TEN = NINE + dt.timedelta(hours=1)


def asked(**values: Any) -> SignIn:
    return SignIn.objects.create(**{"asked_at": NINE, "expires_at": TEN, **values})


def session(estate: Estate, **values: Any) -> PhoneSession:
    row: dict[str, Any] = {
        "digest": "d", "person": estate.amira, "by": "link", "opened_at": NINE,
        "expires_at": TEN, **values,
    }  # fmt: skip
    return PhoneSession.objects.create(**row)


def of_both(estate: Estate) -> PhoneSession:
    visit = Visit.objects.create(
        visitor=estate.ben, host=estate.amira, site=estate.site, expected_from=NINE,
        expected_until=TEN, source="staff", registered_at=NINE,
    )  # fmt: skip
    return session(estate, user=estate.max, visit=visit)


BREAKS: dict[str, Callable[[Estate], object]] = {
    "kiosk_sign_in_is_over_after_it_was_asked": lambda e: asked(expires_at=NINE),
    "kiosk_sign_in_of_nobody_is_not_used": lambda e: asked(used_at=NINE),
    "kiosk_phone_session_ends_after_it_began": lambda e: session(e, expires_at=NINE),
    "kiosk_phone_session_lives_on_one_thing": of_both,
}
