"""Who is this? A badge identifies; a PIN confirms a number, never finds somebody by itself."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.conf import settings
from django.db import connection

from access import hashing
from access.choices import CredentialKind, CredentialStatus
from access.decisions import Decision, Facts, decide
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
    # Whether this bank asks for a PIN besides what is held to the reader.
    pin_rule: str = "never"

    @property
    def throttle_key(self) -> str:
        """Whose wrong PINs are counted besides the person's."""
        return f"{self.actor.kind.value}:{self.actor.id}"


@dataclass(frozen=True)
class Identified:
    """Who it is, by what, and why that was good enough."""

    credential_id: int
    kind: str
    person_id: int
    decision: Decision


@dataclass(frozen=True)
class _Shown:
    """A credential as it stands, with what its person's state adds."""

    credential_id: int
    kind: str
    person_id: int
    status: str
    valid_from: dt.datetime | None
    valid_until: dt.datetime | None
    verifier: str
    assurance: str
    person_status: str
    is_held: bool


# Every tap begins here, and building these queries took a third of a claim's time.
_SHOWN = """
SELECT c.id, c.kind, c.person_id, c.status, c.valid_from, c.valid_until, c.verifier, c.assurance,
       p.status, EXISTS (SELECT FROM access_hold h
         WHERE h.person_id = p.id AND h.lifted_at IS NULL AND h.starts_at <= %(at)s
           AND (h.ends_at IS NULL OR h.ends_at > %(at)s))
FROM access_credential c JOIN access_person p ON p.id = c.person_id
WHERE c.organisation_id = %(organisation)s AND
"""
_ACTIVE_PIN = f"c.kind = '{CredentialKind.PIN}' AND c.status = '{CredentialStatus.ACTIVE}'"
# One digest is one badge, wristband or phone of the tenant; a PIN has none.
_CARRIED = "c.kind <> 'pin' AND c.digest = %(shown)s"


def by_badge(*, text: str, where: Where, at: dt.datetime) -> Identified:
    """Return whose badge this is; raises UnknownBadge and NotAllowed."""
    digest = hashing.badge_digest(settings.BADGE_KEY, hashing.canonical_text(text))
    shown = _find(where, _CARRIED, digest, at)
    if shown is None:
        raise _refused(UnknownBadge(), where, at, None, badge=digest[:12], hint=hashing.hint(text))
    return _admit(shown, where, at)


def by_pin(*, personal_number: str, pin: str, where: Where, at: dt.datetime) -> Identified:
    """Return the person with this number; raises WrongPin, TooManyAttempts, NotAllowed.

    Takes the same time for an unknown number as for a wrong PIN.
    """
    number = personal_number.strip()
    condition = f"{_ACTIVE_PIN} AND p.personal_number = %(shown)s"
    shown = _find(where, condition, number, at) if number else None
    return _check_pin(shown, pin, where, at, number)


def pin_of(*, person_id: int | None, pin: str, where: Where, at: dt.datetime) -> Identified:
    """Return the holder of a door (None when nobody holds it); raises as by_pin."""
    condition = f"{_ACTIVE_PIN} AND p.id = %(shown)s"
    shown = None if person_id is None else _find(where, condition, person_id, at)
    return _check_pin(shown, pin, where, at, "door")


def _find(where: Where, condition: str, value: str | int, at: dt.datetime) -> _Shown | None:
    with connection.cursor() as cursor:
        cursor.execute(
            _SHOWN + condition, {"organisation": where.organisation_id, "shown": value, "at": at}
        )
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
    return _admit(shown, where, at)


def _admit(shown: _Shown, where: Where, at: dt.datetime) -> Identified:
    decision = decide(
        Facts(
            person_status=shown.person_status,
            is_held=shown.is_held,
            credential_status=shown.status,
            credential_from=shown.valid_from,
            credential_until=shown.valid_until,
            assurance=None if shown.kind == CredentialKind.PIN else shown.assurance,
            pin_rule=where.pin_rule,
        ),
        at,
    )
    if not decision.allowed:
        raise _refused(NotAllowed(decision), where, at, shown.person_id, decision=decision.log())
    return Identified(shown.credential_id, shown.kind, shown.person_id, decision)


def _refused(
    refusal: Refusal,
    where: Where,
    at: dt.datetime,
    person_id: int | None,
    action: Action = Action.REFUSED,
    **data: object,
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
