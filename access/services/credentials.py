"""Issuing, suspending and revoking what people show."""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.db import IntegrityError, transaction

from access import hashing
from access.choices import CredentialKind, CredentialStatus
from access.errors import BadgeTaken, WeakPin
from access.models import Credential, Person
from audit.actions import Action
from audit.services import events
from audit.services.events import Actor


def issue_badge(
    *,
    person: Person,
    text: str,
    actor: Actor,
    at: dt.datetime,
    valid_until: dt.datetime | None = None,
) -> Credential:
    """Give a person a badge by the number a reader delivers; raises BadgeTaken."""
    credential = Credential(
        organisation_id=person.organisation_id,
        person=person,
        kind=CredentialKind.BADGE,
        digest=hashing.badge_digest(settings.BADGE_KEY, hashing.canonical_text(text)),
        hint=hashing.hint(text),
        valid_until=valid_until,
        issued_at=at,
    )
    try:
        with transaction.atomic():
            credential.save(force_insert=True)
            _record(Action.CREDENTIAL_ISSUED, credential, actor, at)
    except IntegrityError as error:
        refusal = BadgeTaken(hint=credential.hint)
        raise refusal.keep(
            lambda: events.record(
                action=Action.REFUSED,
                actor=actor,
                at=at,
                organisation_id=person.organisation_id,
                site_id=person.home_site_id,
                person_id=person.pk,
                data={"code": refusal.code},
            )
        ) from error
    return credential


def set_pin(*, person: Person, pin: str, actor: Actor, at: dt.datetime) -> Credential:
    """Give a person a PIN, or a new one instead of the old; raises WeakPin."""
    if not is_strong(pin):
        raise WeakPin
    with transaction.atomic():
        Credential.objects.filter(
            person=person, kind=CredentialKind.PIN, status=CredentialStatus.ACTIVE
        ).update(status=CredentialStatus.REVOKED)
        credential = Credential.objects.create(
            organisation_id=person.organisation_id,
            person=person,
            kind=CredentialKind.PIN,
            verifier=hashing.pin_verifier(pin),
            issued_at=at,
        )
        _record(Action.CREDENTIAL_ISSUED, credential, actor, at)
    return credential


def set_status(
    *,
    credential: Credential,
    status: CredentialStatus,
    actor: Actor,
    at: dt.datetime,
    reason: str = "",
) -> None:
    """Suspend, revoke or reinstate one credential; the person's others are untouched."""
    with transaction.atomic():
        changed = (
            Credential.objects.filter(pk=credential.pk)
            .exclude(status=status)
            .exclude(status=CredentialStatus.REVOKED)
            .update(status=status)
        )
        if changed:
            _record(
                Action.CREDENTIAL_CHANGED, credential, actor, at, reason=reason, status=status.value
            )


def is_strong(pin: str) -> bool:
    """Say whether a PIN is 6 to 12 digits, not one digit repeated, not a run up or down."""
    if not (pin.isascii() and pin.isdigit() and 6 <= len(pin) <= 12):
        return False
    steps = {(int(b) - int(a)) % 10 for a, b in zip(pin, pin[1:], strict=False)}
    return not (len(steps) == 1 and steps <= {0, 1, 9})


def _record(
    action: Action,
    credential: Credential,
    actor: Actor,
    at: dt.datetime,
    reason: str = "",
    **data: str,
) -> None:
    events.record(
        action=action,
        actor=actor,
        at=at,
        organisation_id=credential.organisation_id,
        site_id=credential.person.home_site_id,
        person_id=credential.person_id,
        subject=f"credential:{credential.pk}",
        reason=reason,
        data={"kind": credential.kind, **data},
    )
