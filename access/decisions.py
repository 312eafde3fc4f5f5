"""May this person do this here, now? Pure: facts in, decision out. Edge code: no Django."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from dataclasses import dataclass
from enum import StrEnum


class Code(StrEnum):
    """Why, in one stable word; the sentences stand in access.errors.decisions."""

    ALLOWED = "allowed"
    PERSON_SUSPENDED = "person_suspended"
    PERSON_LEFT = "person_left"
    PERSON_HELD = "person_held"
    CREDENTIAL_SUSPENDED = "credential_suspended"
    CREDENTIAL_REVOKED = "credential_revoked"
    CREDENTIAL_NOT_YET_VALID = "credential_not_yet_valid"
    CREDENTIAL_OVER = "credential_over"
    CREDENTIAL_USED = "credential_used"
    PIN_REQUIRED = "pin_required"
    BADGE_REQUIRED = "badge_required"
    NO_ACCESS = "no_access"
    ACCESS_OVER = "access_over"
    NO_GRANT = "no_grant"
    GRANT_OVER = "grant_over"
    OUT_OF_SERVICE = "out_of_service"
    CURFEW = "curfew"


@dataclass(frozen=True)
class Facts:
    """What a decision rests on. What is not asked (None) is not judged."""

    person_status: str | None
    is_held: bool = False
    # What was shown, when something was:
    credential_status: str | None = None
    credential_from: dt.datetime | None = None
    credential_until: dt.datetime | None = None
    # How hard it is to copy ("plain", "secure", "osdp"); None for what is typed.
    assurance: str | None = None
    pin_rule: str = "never"
    has_shown_pin: bool = False
    # A personal number and PIN, and nothing that is carried: one factor, however it is counted.
    is_pin_alone: bool = False
    # Visitors and contractors use lockers only while they were given access:
    needs_access: bool = False
    access_from: dt.datetime | None = None
    access_until: dt.datetime | None = None
    # Only for opening a door that somebody should already have:
    needs_grant: bool = False
    grant_from: dt.datetime | None = None
    grant_until: dt.datetime | None = None
    is_grant_revoked: bool = False
    service_status: str | None = None
    # Shut from-until in the site's local time; it may reach over midnight.
    curfew: tuple[dt.time, dt.time] | None = None
    time_zone: str = "UTC"


@dataclass(frozen=True)
class Step:
    """One rule that was looked at, the fact it saw, and the code it would refuse with."""

    rule: str
    fact: str
    code: Code | None

    def __str__(self) -> str:
        return f"{self.rule}: {self.fact}" + (f" -> {self.code}" if self.code else "")


@dataclass(frozen=True)
class Decision:
    """Allowed or not, why in one word, and every rule looked at up to the one that decided."""

    allowed: bool
    code: Code
    explanation: tuple[Step, ...] = ()

    def log(self) -> dict[str, object]:
        """Return the decision as it stands in the trail."""
        return {"code": self.code.value, "why": [str(step) for step in self.explanation]}


def decide(facts: Facts, at: dt.datetime) -> Decision:
    """Decide on the facts as they are at ``at``; the first failing rule names itself.

    Order: the person, what they showed, their time here, the grant, the door, the hour, so that
    the answer is the reason a person can do something about at the right desk.
    """
    steps: list[Step] = []
    for rule in _RULES:
        step = rule(facts, at)
        if step is None:
            continue
        steps.append(step)
        if step.code is not None:
            return Decision(allowed=False, code=step.code, explanation=tuple(steps))
    return Decision(allowed=True, code=Code.ALLOWED, explanation=tuple(steps))


def _person(facts: Facts, at: dt.datetime) -> Step | None:
    if facts.person_status is None:
        return None
    code = None
    if facts.person_status != "active":
        code = Code.PERSON_LEFT if facts.person_status == "left" else Code.PERSON_SUSPENDED
    return Step("person", facts.person_status, code)


def _hold(facts: Facts, at: dt.datetime) -> Step | None:
    return Step("hold", "in force", Code.PERSON_HELD) if facts.is_held else None


def _credential(facts: Facts, at: dt.datetime) -> Step | None:
    if facts.credential_status is None:
        return None
    code = None
    if facts.credential_status == "suspended":
        code = Code.CREDENTIAL_SUSPENDED
    elif facts.credential_status == "used":
        code = Code.CREDENTIAL_USED
    elif facts.credential_status != "active":
        code = Code.CREDENTIAL_REVOKED
    elif facts.credential_from is not None and at < facts.credential_from:
        code = Code.CREDENTIAL_NOT_YET_VALID
    elif facts.credential_until is not None and at >= facts.credential_until:
        code = Code.CREDENTIAL_OVER
    said = facts.credential_status + _window(facts.credential_from, facts.credential_until)
    return Step("credential", said, code)


def _second_factor(facts: Facts, at: dt.datetime) -> Step | None:
    if facts.is_pin_alone and facts.pin_rule not in {"never", "plain"}:
        return Step("PIN", "PIN without a badge", Code.BADGE_REQUIRED)
    if facts.assurance is None or facts.pin_rule == "never":
        return None
    # An assurance that nobody knows is as good as none; an unknown rule asks.
    is_copied_easily = facts.assurance not in {"secure", "osdp"}
    asks = is_copied_easily if facts.pin_rule == "plain" else True
    said = f"{facts.assurance} badge, PIN {'shown' if facts.has_shown_pin else 'not shown'}"
    return Step("PIN", said, Code.PIN_REQUIRED if asks and not facts.has_shown_pin else None)


def _access(facts: Facts, at: dt.datetime) -> Step | None:
    if not facts.needs_access:
        return None
    if facts.access_from is None:
        return Step("access", "none", Code.NO_ACCESS)
    code = None
    if at < facts.access_from:
        code = Code.NO_ACCESS
    elif facts.access_until is not None and at >= facts.access_until:
        code = Code.ACCESS_OVER
    return Step("access", "given" + _window(facts.access_from, facts.access_until), code)


def _grant(facts: Facts, at: dt.datetime) -> Step | None:
    if not facts.needs_grant:
        return None
    code = None
    if facts.grant_from is None or facts.is_grant_revoked or at < facts.grant_from:
        code = Code.NO_GRANT
    elif facts.grant_until is not None and at >= facts.grant_until:
        code = Code.GRANT_OVER
    if facts.grant_from is None:
        return Step("grant", "none", code)
    said = "revoked" if facts.is_grant_revoked else "given"
    return Step("grant", said + _window(facts.grant_from, facts.grant_until), code)


def _door(facts: Facts, at: dt.datetime) -> Step | None:
    if facts.service_status is None:
        return None
    # A fault or needed cleaning never keeps a holder from their things; closed service does.
    is_closed = facts.service_status in {"out_of_service", "decommissioned"}
    code = Code.OUT_OF_SERVICE if is_closed and not facts.needs_grant else None
    return Step("door", facts.service_status, code)


def _curfew(facts: Facts, at: dt.datetime) -> Step | None:
    if facts.curfew is None:
        return None
    begins, ends = facts.curfew
    now = at.astimezone(zoneinfo.ZoneInfo(facts.time_zone)).time()
    is_shut = begins <= now < ends if begins < ends else now >= begins or now < ends
    said = f"{begins:%H:%M} to {ends:%H:%M}, now {now:%H:%M}"
    return Step("curfew", said, Code.CURFEW if is_shut else None)


def _window(begins: dt.datetime | None, ends: dt.datetime | None) -> str:
    said = f" from {begins.isoformat()}" if begins is not None else ""
    return said + (f" until {ends.isoformat()}" if ends is not None else "")


_RULES = (_person, _hold, _credential, _second_factor, _access, _grant, _door, _curfew)
