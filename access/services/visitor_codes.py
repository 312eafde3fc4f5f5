"""Codes that visitors type instead of holding a badge to the reader; each is of one visit."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac

from django.conf import settings
from django.db import IntegrityError, transaction

from access import hashing
from access.choices import CredentialKind, CredentialStatus
from access.models import Credential, Visit
from access.services import digests
from audit.actions import Action
from audit.services import events
from audit.services.events import Actor

# Of 100 million codes; a screen that guesses gets four, then waits.
CODE_DIGITS = 8
_CODES_TRIED = 20


def issue(visit: Visit, secret: str, actor: Actor, at: dt.datetime) -> str:
    """Give the visitor of a visit a code for as long as it lasts, and return it this once."""
    for attempt in range(_CODES_TRIED):
        code = _made(secret, attempt)
        credential = Credential(
            organisation_id=visit.visitor.organisation_id,
            person=visit.visitor,
            kind=CredentialKind.CODE,
            scheme="code",
            digest=_digest(visit, code),
            valid_from=at,
            valid_until=visit.expected_until,
            issued_at=at,
        )
        try:
            with transaction.atomic():
                credential.save(force_insert=True)
        except IntegrityError:
            continue  # another visitor has it now
        events.record(
            action=Action.CREDENTIAL_ISSUED,
            actor=actor,
            at=at,
            organisation_id=visit.visitor.organisation_id,
            site_id=visit.site_id,
            person_id=visit.visitor_id,
            subject=f"credential:{credential.pk}",
            data={"kind": credential.kind},
        )
        Visit.objects.filter(pk=visit.pk).update(code=credential)
        visit.code = credential
        return code
    raise RuntimeError("no code was free")


def extend(*, visit: Visit, actor: Actor, at: dt.datetime) -> None:
    """Let the code of a visit last as long as the visit does now; without a code, do nothing."""
    if visit.code_id is None:
        return
    with transaction.atomic():
        changed = Credential.objects.filter(
            pk=visit.code_id, status=CredentialStatus.ACTIVE
        ).update(valid_until=visit.expected_until)
        if changed:
            events.record(
                action=Action.CREDENTIAL_CHANGED,
                actor=actor,
                at=at,
                organisation_id=visit.visitor.organisation_id,
                site_id=visit.site_id,
                person_id=visit.visitor_id,
                subject=f"credential:{visit.code_id}",
                data={"until": visit.expected_until.isoformat()},
            )


def _made(secret: str, attempt: int) -> str:
    """Return a code: nothing of it is stored, and only the key and the secret make it again."""
    made = hmac.new(
        settings.BADGE_KEY, f"visitor code:{secret}:{attempt}".encode(), hashlib.sha256
    ).digest()
    return f"{int.from_bytes(made[:8]) % 10**CODE_DIGITS:0{CODE_DIGITS}}"


def _digest(visit: Visit, code: str) -> str:
    return digests.of(visit.visitor.organisation_id, hashing.visitor_code(code))


def code_of(visit: Visit, secret: str) -> str:
    """Return the code that was made for a visit with this secret, "" when it was another."""
    if visit.code is None:
        return ""
    for attempt in range(_CODES_TRIED):
        code = _made(secret, attempt)
        if hmac.compare_digest(_digest(visit, code), visit.code.digest):
            return code
    return ""


def grouped(code: str) -> str:
    """Return a code as it is shown: in two groups of four."""
    return f"{code[:4]} {code[4:]}"
