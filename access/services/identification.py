"""Who is this? A badge identifies; a PIN confirms a number, never finds somebody by itself."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.conf import settings

from access import hashing
from access.choices import CredentialKind, CredentialStatus
from access.decisions import Facts, decide
from access.errors import NotAllowed, UnknownBadge, WrongPin
from access.models import Credential
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


def by_badge(*, text: str, where: Where, at: dt.datetime) -> Credential:
    """Return the badge with its person; raises UnknownBadge and NotAllowed."""
    digest = hashing.badge_digest(settings.BADGE_KEY, hashing.canonical_text(text))
    credential = (
        Credential.objects.select_related("person")
        .filter(organisation_id=where.organisation_id, kind=CredentialKind.BADGE, digest=digest)
        .first()
    )
    if credential is None:
        raise _refused(UnknownBadge(), where, at, None, badge=digest[:12], hint=hashing.hint(text))
    _admit(credential, where, at)
    return credential


def by_pin(*, personal_number: str, pin: str, where: Where, at: dt.datetime) -> Credential:
    """Return the PIN of the person with this number; raises WrongPin, TooManyAttempts, NotAllowed.

    Takes the same time for an unknown number as for a wrong PIN.
    """
    credential = (
        Credential.objects.select_related("person")
        .filter(
            organisation_id=where.organisation_id,
            kind=CredentialKind.PIN,
            status=CredentialStatus.ACTIVE,
            person__personal_number=personal_number.strip(),
        )
        .first()
        if personal_number.strip()
        else None
    )
    return _check_pin(credential, pin, where, at, personal_number.strip())


def pin_of(*, person_id: int | None, pin: str, where: Where, at: dt.datetime) -> Credential:
    """Return the PIN of the holder of a door (None when nobody holds it); raises as by_pin."""
    credential = (
        Credential.objects.select_related("person")
        .filter(person_id=person_id, kind=CredentialKind.PIN, status=CredentialStatus.ACTIVE)
        .first()
        if person_id is not None
        else None
    )
    return _check_pin(credential, pin, where, at, "door")


def _check_pin(
    credential: Credential | None, pin: str, where: Where, at: dt.datetime, tried: str
) -> Credential:
    person_key = f"person:{credential.person_id}" if credential else f"nobody:{tried}"[:60]
    keys = [person_key, where.throttle_key]
    throttles.check(keys=keys, at=at)
    if not hashing.pin_matches(credential.verifier if credential else None, pin):
        person_id = credential.person_id if credential else None
        raise _refused(WrongPin(), where, at, person_id, action=Action.PIN_WRONG).keep(
            lambda: throttles.count_failure(keys=keys, at=at)
        )
    assert credential is not None  # nobody's PIN never matches
    throttles.forgive(key=person_key)
    _admit(credential, where, at)
    return credential


def _admit(credential: Credential, where: Where, at: dt.datetime) -> None:
    decision = decide(
        Facts(
            person_status=credential.person.status,
            credential_status=credential.status,
            credential_from=credential.valid_from,
            credential_until=credential.valid_until,
        ),
        at,
    )
    if not decision.allowed:
        raise _refused(NotAllowed(decision), where, at, credential.person_id)


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
