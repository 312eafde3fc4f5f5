"""Giving a machine its token: a one-time code for an operator, exchanged once, revocable.

Serves everything with ``token_digest``, ``code_digest``, ``code_expires_at``, ``enrolled_at`` and
``revoked_at``: terminals in kiosk. Bridges have keys instead (see bridge_keys.py).
"""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from typing import Any, Protocol

from django.db import models, transaction

from audit.actions import Action
from audit.services import events
from audit.services.events import Actor
from lockers.errors import CodeRefused

CODE_VALID_FOR = dt.timedelta(minutes=30)
# No letters or digits that are mistaken for another when read aloud.
_LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"


class Place(Protocol):
    """Where a device stands, for the audit trail."""

    @property
    def organisation_id(self) -> int: ...
    @property
    def site_id(self) -> int: ...


def digest(secret: str) -> str:
    """Return the SHA-256 of a code or token; both are random, so no key is needed."""
    return hashlib.sha256(secret.encode()).hexdigest()


def make_code(
    *, device: models.Model, subject: str, site: Any, actor: Actor, at: dt.datetime
) -> str:
    """Make a one-time enrolment code for a device and return it; it is shown once."""
    code = "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(2))
    with transaction.atomic():
        _all(device).filter(pk=device.pk).update(
            code_digest=digest(code), code_expires_at=at + CODE_VALID_FOR
        )
        _record(Action.ENROLMENT_CODE_MADE, subject, site, actor, at)
    return code


def redeem(*, model: type[models.Model], code: str, at: dt.datetime) -> tuple[Any, str]:
    """Exchange a code for a new token; return the device and the token.

    The old token stops working at once. Raises CodeRefused.
    """
    token = secrets.token_urlsafe(32)
    with transaction.atomic():
        device = (
            model._default_manager.select_for_update(no_key=True)
            .filter(code_digest=digest(code.strip().upper()), code_expires_at__gt=at)
            .first()
        )
        if device is None:
            raise CodeRefused().keep(
                lambda: events.record(
                    action=Action.REFUSED,
                    actor=Actor.anonymous(),
                    at=at,
                    data={"code": CodeRefused.code, "device": model._meta.label_lower},
                )
            )
        _all(device).filter(pk=device.pk).update(
            code_digest="",
            code_expires_at=None,
            token_digest=digest(token),
            enrolled_at=at,
            revoked_at=None,
        )
    return device, token


def revoke(*, device: models.Model, subject: str, site: Any, actor: Actor, at: dt.datetime) -> None:
    """Make a device's token and code worthless from now on."""
    with transaction.atomic():
        _all(device).filter(pk=device.pk).update(
            token_digest="", code_digest="", code_expires_at=None, revoked_at=at
        )
        _record(Action.REVOKED, subject, site, actor, at)


def record_enrolled(*, subject: str, site: Any, actor: Actor, at: dt.datetime) -> None:
    """Record that a device exchanged its code."""
    _record(Action.ENROLLED, subject, site, actor, at)


def _all(device: models.Model) -> models.QuerySet[Any]:
    return type(device)._default_manager.all()


def _record(action: Action, subject: str, site: Any, actor: Actor, at: dt.datetime) -> None:
    events.record(
        action=action,
        actor=actor,
        at=at,
        organisation_id=site.organisation_id,
        site_id=site.pk,
        subject=subject,
    )
