"""What somebody showed, as the register has it now, and what the decision says to it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db import connection

from access.choices import CredentialKind, CredentialPurpose, CredentialStatus
from access.decisions import Decision, Facts, decide
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
class Shown:
    """A credential as it stands, with what its person's state adds."""

    credential_id: int
    kind: str
    purpose: str
    person_id: int
    status: str
    valid_from: dt.datetime | None
    valid_until: dt.datetime | None
    verifier: str
    assurance: str
    person_status: str
    is_held: bool


# Every tap begins here, and building these queries took a third of a claim's time.
_READ = """
SELECT c.id, c.kind, c.purpose, c.person_id, c.status, c.valid_from, c.valid_until, c.verifier,
       c.assurance, p.status, EXISTS (SELECT FROM access_hold h
         WHERE h.person_id = p.id AND h.lifted_at IS NULL AND h.starts_at <= %(at)s
           AND (h.ends_at IS NULL OR h.ends_at > %(at)s))
FROM access_credential c
JOIN access_person p ON p.id = c.person_id AND p.organisation_id = c.organisation_id
WHERE c.organisation_id = %(organisation)s AND
"""
ACTIVE_PIN = f"c.kind = '{CredentialKind.PIN}' AND c.status = '{CredentialStatus.ACTIVE}'"
# One digest is one badge, wristband or phone of the tenant; a PIN has none.
CARRIED = "c.kind NOT IN ('pin', 'code') AND c.digest = %(shown)s"
CODE = "c.kind = 'code' AND c.digest = %(shown)s ORDER BY c.status = 'active' DESC, c.id DESC"
_TYPED = (CredentialKind.PIN, CredentialKind.CODE)
# One active PIN of each purpose is the most that a person has.
PURPOSES = [purpose.value for purpose in CredentialPurpose]


def find(where: Where, condition: str, value: str | int, at: dt.datetime) -> Shown | None:
    return next(iter(_all(where, condition, value, at)), None)


def pins_of(where: Where, condition: str, value: str | int, at: dt.datetime) -> list[Shown]:
    """Return the active PINs of somebody, the personal one first, the recovery PIN last."""
    pins = _all(where, f"{ACTIVE_PIN} AND {condition}", value, at)
    return sorted(pins, key=lambda one: PURPOSES.index(one.purpose))


def _all(where: Where, condition: str, value: str | int, at: dt.datetime) -> list[Shown]:
    with connection.cursor() as cursor:
        cursor.execute(
            _READ + condition, {"organisation": where.organisation_id, "shown": value, "at": at}
        )
        return [Shown(*row) for row in cursor.fetchall()]


def judge(
    shown: Shown,
    where: Where,
    at: dt.datetime,
    *,
    has_shown_pin: bool,
    is_pin_alone: bool = False,
) -> Decision:
    return decide(
        Facts(
            person_status=shown.person_status,
            is_held=shown.is_held,
            credential_status=shown.status,
            credential_from=shown.valid_from,
            credential_until=shown.valid_until,
            assurance=None if shown.kind in _TYPED else shown.assurance,
            pin_rule=where.pin_rule,
            has_shown_pin=has_shown_pin,
            is_pin_alone=is_pin_alone,
        ),
        at,
    )


def refused(
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
