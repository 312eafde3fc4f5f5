"""May this person do this here, now? Pure: facts in, decision out. Edge code: no Django."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from enum import StrEnum


class Code(StrEnum):
    """Why, in one stable word; the sentences stand in access.sentences."""

    ALLOWED = "allowed"
    PERSON_SUSPENDED = "person_suspended"
    PERSON_LEFT = "person_left"
    CREDENTIAL_SUSPENDED = "credential_suspended"
    CREDENTIAL_REVOKED = "credential_revoked"
    CREDENTIAL_NOT_YET_VALID = "credential_not_yet_valid"
    CREDENTIAL_OVER = "credential_over"
    NO_GRANT = "no_grant"
    GRANT_OVER = "grant_over"
    OUT_OF_SERVICE = "out_of_service"


@dataclass(frozen=True)
class Facts:
    """What a decision rests on. What is not asked (None) is not judged."""

    person_status: str
    credential_status: str | None = None
    credential_from: dt.datetime | None = None
    credential_until: dt.datetime | None = None
    # Only for opening a door that somebody should already have:
    needs_grant: bool = False
    grant_from: dt.datetime | None = None
    grant_until: dt.datetime | None = None
    grant_revoked: bool = False
    service_status: str | None = None


@dataclass(frozen=True)
class Decision:
    """Allowed or not, why, and the facts for an administrator."""

    allowed: bool
    code: Code
    facts: dict[str, str] = field(default_factory=dict)


def decide(facts: Facts, at: dt.datetime) -> Decision:
    """Decide on the facts as they are at ``at``; the first failing rule names itself.

    Order: the person, what they showed, the grant, the door, so that the answer is the reason a
    person can do something about at the right desk.
    """
    code = _person(facts) or _credential(facts, at) or _grant(facts, at) or _door(facts)
    if code is None:
        return Decision(allowed=True, code=Code.ALLOWED, facts=_told(facts, at))
    return Decision(allowed=False, code=code, facts=_told(facts, at))


def _person(facts: Facts) -> Code | None:
    if facts.person_status == "active":
        return None
    return Code.PERSON_LEFT if facts.person_status == "left" else Code.PERSON_SUSPENDED


def _credential(facts: Facts, at: dt.datetime) -> Code | None:
    if facts.credential_status is None:
        return None
    if facts.credential_status == "suspended":
        return Code.CREDENTIAL_SUSPENDED
    if facts.credential_status != "active":
        return Code.CREDENTIAL_REVOKED
    if facts.credential_from is not None and at < facts.credential_from:
        return Code.CREDENTIAL_NOT_YET_VALID
    if facts.credential_until is not None and at >= facts.credential_until:
        return Code.CREDENTIAL_OVER
    return None


def _grant(facts: Facts, at: dt.datetime) -> Code | None:
    if not facts.needs_grant:
        return None
    if facts.grant_from is None or facts.grant_revoked or at < facts.grant_from:
        return Code.NO_GRANT
    if facts.grant_until is not None and at >= facts.grant_until:
        return Code.GRANT_OVER
    return None


def _door(facts: Facts) -> Code | None:
    # A fault or needed cleaning never keeps a holder from their things; closed service does.
    if facts.service_status in {"out_of_service", "decommissioned"} and not facts.needs_grant:
        return Code.OUT_OF_SERVICE
    return None


def _told(facts: Facts, at: dt.datetime) -> dict[str, str]:
    told = {"at": at.isoformat(), "person_status": facts.person_status}
    for name in (
        "credential_status",
        "credential_from",
        "credential_until",
        "grant_from",
        "grant_until",
        "service_status",
    ):
        value = getattr(facts, name)
        if value is not None:
            told[name] = value.isoformat() if isinstance(value, dt.datetime) else str(value)
    return told
