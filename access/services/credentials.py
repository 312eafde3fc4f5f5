"""Issuing, suspending and revoking what people show."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.db import IntegrityError, transaction

from access import hashing
from access.badges.profiles import MAIN, BadReading, Printed, Profile, read_printed
from access.choices import Assurance, CredentialKind, CredentialStatus
from access.errors.badges import BadgeTaken, UnreadableBadge
from access.models import Credential, Person
from access.services import digests
from audit.actions import Action
from audit.services import events
from audit.services.events import Actor, Line


def issue_badge(
    *,
    person: Person,
    text: str,
    actor: Actor,
    at: dt.datetime,
    kind: str = CredentialKind.BADGE,
    profile: Profile = MAIN,
    printed: str = Printed.READER,
    valid_from: dt.datetime | None = None,
    valid_until: dt.datetime | None = None,
) -> Credential:
    """Give a person a badge, wristband or phone by the number that a reader delivers.

    The text is as a reader of the profile writes it, or as a list in a printed form does. Raises
    UnreadableBadge, and BadgeTaken where anybody of the organisation has it or had it.
    """
    try:
        canonical = read_printed(profile, printed, text)
    except BadReading as error:
        raise UnreadableBadge(error.fault) from error
    credential = Credential(
        organisation_id=person.organisation_id,
        person=person,
        kind=kind,
        scheme=profile.scheme,
        digest=digests.of(person.organisation_id, canonical),
        hint=hashing.hint(canonical),
        assurance=profile.assurance or Assurance.PLAIN,
        valid_from=valid_from,
        valid_until=valid_until,
        issued_at=at,
    )
    try:
        with transaction.atomic():
            credential.save(force_insert=True)
            events.record_many([_line(Action.CREDENTIAL_ISSUED, credential, actor, at)])
    except IntegrityError as error:
        taken = Credential.objects.filter(
            organisation_id=person.organisation_id, digest=credential.digest
        )
        holder_id = taken.values_list("person_id", flat=True).first()
        if holder_id is None:
            raise  # something else was wrong with it
        refusal = BadgeTaken(hint=credential.hint, holder_id=holder_id)
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
            changed_now = _line(
                Action.CREDENTIAL_CHANGED, credential, actor, at, reason, status=status.value
            )
            events.record_many([changed_now])


def revoke_of(*, people: Sequence[Person], actor: Actor, at: dt.datetime, reason: str = "") -> None:
    """Revoke all that people show, however many they are in a constant number of statements."""
    with transaction.atomic():
        theirs = list(
            Credential.objects.select_for_update(no_key=True, of=("self",))
            .filter(person__in=people)
            .exclude(status=CredentialStatus.REVOKED)
            .select_related("person")
            .order_by("pk")
        )
        revoked = CredentialStatus.REVOKED
        Credential.objects.filter(pk__in=[one.pk for one in theirs]).update(status=revoked)
        events.record_many(
            _line(Action.CREDENTIAL_CHANGED, one, actor, at, reason, status=revoked.value)
            for one in theirs
        )


def _line(
    action: Action,
    credential: Credential,
    actor: Actor,
    at: dt.datetime,
    reason: str = "",
    **data: str,
) -> Line:
    return Line(
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
