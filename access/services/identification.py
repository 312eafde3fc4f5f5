"""Who is this? A badge identifies; a PIN confirms a number, never finds somebody by itself."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.conf import settings
from django.db import connection

from access import hashing
from access.choices import CredentialKind, CredentialStatus
from access.decisions import Facts, decide
from access.errors import NotAllowed, UnknownBadge, WrongPin
from access.services import throttles
from audit.actions import Action
from audit.errors import Refusal
from audit.services import events
from audit.services.events import Actor


@dataclass(frozen=True)
class Where:
    """The device that asks, and where it stands; refusals are recorded there."""

    actor: Actor
    organisation_id: int
    site_id: int
    bank_id: int

    @property
    def throttle_key(self) -> str:
        """Whose wrong PINs are counted besides the person's."""
        return f"{self.actor.kind.value}:{self.actor.id}"


@dataclass(frozen=True)
class Identified:
    """Who it is, and by what."""

    credential_id: int
    kind: str
    person_id: int


@dataclass(frozen=True)
class _Shown(Identified):
    """A credential as it stands, with what its person's state adds."""

    status: str
    valid_from: dt.datetime | None
    valid_until: dt.datetime | None
    verifier: str
    person_status: str


# Every tap begins here, and building these queries took a third of a claim's time.
_SHOWN = """
SELECT c.id, c.kind, c.person_id, c.status, c.valid_from, c.valid_until, c.verifier, p.status
FROM access_credential c JOIN access_person p ON p.id = c.person_id
WHERE c.organisation_id = %s AND
"""
_ACTIVE_PIN = f"c.kind = '{CredentialKind.PIN}' AND c.status = '{CredentialStatus.ACTIVE}'"


def by_badge(*, text: str, where: Where, at: dt.datetime) -> Identified:
    """Return whose badge this is; raises UnknownBadge and NotAllowed."""
    digest = hashing.badge_digest(settings.BADGE_KEY, hashing.canonical_text(text))
    shown = _find(where, f"c.kind = '{CredentialKind.BADGE}' AND c.digest = %s", digest)
    if shown is None:
        raise _refused(UnknownBadge(), where, at, None, badge=digest[:12], hint=hashing.hint(text))
    _admit(shown, where, at)
    return shown


def by_pin(*, personal_number: str, pin: str, where: Where, at: dt.datetime) -> Identified:
    """Return the person with this number; raises WrongPin, TooManyAttempts, NotAllowed.

    Takes the same time for an unknown number as for a wrong PIN.
    """
    number = personal_number.strip()
    shown = _find(where, f"{_ACTIVE_PIN} AND p.personal_number = %s", number) if number else None
    return _check_pin(shown, pin, where, at, number)


def pin_of(*, person_id: int | None, pin: str, where: Where, at: dt.datetime) -> Identified:
    """Return the holder of a door (None when nobody holds it); raises as by_pin."""
    shown = None if person_id is None else _find(where, f"{_ACTIVE_PIN} AND p.id = %s", person_id)
    return _check_pin(shown, pin, where, at, "door")


def _find(where: Where, condition: str, value: str | int) -> _Shown | None:
    with connection.cursor() as cursor:
        cursor.execute(_SHOWN + condition, (where.organisation_id, value))
        row = cursor.fetchone()
    return None if row is None else _Shown(*row)


def _check_pin(
    shown: _Shown | None, pin: str, where: Where, at: dt.datetime, tried: str
) -> Identified:
    person_key = f"person:{shown.person_id}" if shown else f"nobody:{tried}"[:60]
    keys = [person_key, where.throttle_key]
    throttles.check(keys=keys, at=at)
    if not hashing.pin_matches(shown.verifier if shown else None, pin):
        person_id = shown.person_id if shown else None
        wrong = WrongPin()

        def count() -> None:
            wait = throttles.count_failure(keys=keys, at=at)
            if wait is not None:
                wrong.waits(wait)

        raise _refused(wrong, where, at, person_id, action=Action.PIN_WRONG).keep(count)
    assert shown is not None  # nobody's PIN never matches
    throttles.forgive(key=person_key)
    _admit(shown, where, at)
    return shown


def _admit(shown: _Shown, where: Where, at: dt.datetime) -> None:
    decision = decide(
        Facts(
            person_status=shown.person_status,
            credential_status=shown.status,
            credential_from=shown.valid_from,
            credential_until=shown.valid_until,
        ),
        at,
    )
    if not decision.allowed:
        raise _refused(NotAllowed(decision), where, at, shown.person_id)


def _refused(
    refusal: Refusal,
    where: Where,
    at: dt.datetime,
    person_id: int | None,
    action: Action = Action.REFUSED,
    **data: str,
) -> Refusal:
    """Make the refusal leave its event, whatever is rolled back."""
    return refusal.keep(
        lambda: events.record(
            action=action,
            actor=where.actor,
            at=at,
            organisation_id=where.organisation_id,
            site_id=where.site_id,
            bank_id=where.bank_id,
            person_id=person_id,
            data={"code": refusal.code, **data},
        )
    )
