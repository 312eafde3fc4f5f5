"""Who is this? A badge identifies; a PIN confirms a number, never finds somebody by itself."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

from access import hashing
from access.badges.profiles import MAIN, BadReading, Fault, Profile, weaker
from access.choices import Assurance, CredentialKind, CredentialPurpose, CredentialStatus
from access.decisions import Code, Decision
from access.errors.badges import BadRead, UnknownBadge, UnknownFormat
from access.errors.decisions import NotAllowed
from access.errors.pins import PinDisabled, TooManyAttempts, WrongOwnPin, WrongPin
from access.errors.visits import WrongCode
from access.models import Credential
from access.services import digests, throttles, tries
from access.services.shown import (
    ACTIVE_PIN,
    CARRIED,
    CODE,
    PURPOSES,
    Shown,
    Where,
    find,
    judge,
    pins_of,
    refused,
)
from access.services.throttles import Guess
from audit.actions import Action
from audit.errors import Refusal
from audit.services import events


@dataclass(frozen=True)
class Identified:
    """Who it is, by what, and why that was good enough."""

    credential_id: int
    kind: str
    person_id: int
    decision: Decision
    purpose: str = CredentialPurpose.PERSONAL.value

    @property
    def needs_pin(self) -> bool:
        """Whether the badge is good, and this bank still asks for the PIN."""
        return self.decision.code == Code.PIN_REQUIRED


def by_badge(
    *,
    text: str,
    where: Where,
    at: dt.datetime,
    profile: Profile = MAIN,
    pin: str | None = None,
    may_wait: bool = False,
) -> Identified:
    """Return whose badge a reader of this profile delivered.

    A badge is at most as hard to copy as the way in which this reader reads it. Where the bank
    asks for a PIN as well: without one NotAllowed is raised, unless the PIN ``may_wait``, in which
    case ``needs_pin`` says that nothing is allowed yet. Raises BadRead, UnknownFormat,
    UnknownBadge, NotAllowed, and as by_pin with a PIN.
    """
    try:
        canonical = hashing.canonical_text(text, profile)
    except BadReading as error:
        raise _misread(error.fault, profile, where, at) from error
    digest = digests.of(where.organisation_id, canonical)
    shown = find(where, CARRIED, digest, at)
    if shown is None:
        hint = hashing.hint(canonical)
        raise refused(UnknownBadge(), where, at, None, badge=digest[:12], hint=hint)
    if profile.assurance:
        shown = replace(shown, assurance=weaker(shown.assurance, profile.assurance))
    return _with_pin(shown, pin, where, at, may_wait=may_wait)


def by_credential(
    *, credential_id: int | None, pin: str | None, where: Where, at: dt.datetime
) -> Identified:
    """Return whose badge waits for its PIN since it was held to a reader; raises as by_badge."""
    shown = find(where, "c.id = %(shown)s", credential_id or 0, at)
    if shown is None:
        raise refused(UnknownBadge(), where, at, None)
    # The reader may have read less than is known of the badge: it was asked for its PIN, and is.
    shown = replace(shown, assurance=Assurance.PLAIN.value)
    return _with_pin(shown, pin, where, at)


def by_pin(*, personal_number: str, pin: str, where: Where, at: dt.datetime) -> Identified:
    """Return the person with this number, and use up a recovery PIN.

    Takes the same time for an unknown number as for a wrong PIN. Raises WrongPin, TooManyAttempts,
    PinDisabled and NotAllowed.
    """
    number = personal_number.strip()
    pins = pins_of(where, "p.personal_number = %(shown)s", number, at) if number else []
    return _by_pin(pins, pin, where, at, number)


def pin_of(
    *, person_id: int | None, pin: str, where: Where, at: dt.datetime, door: str = ""
) -> Identified:
    """Return the holder of a door (None when nobody holds it); raises as by_pin."""
    pins = [] if person_id is None else pins_of(where, "p.id = %(shown)s", person_id, at)
    return _by_pin(pins, pin, where, at, f"door {where.bank_id} {door}")


def by_code(*, code: str, where: Where, at: dt.datetime) -> Identified:
    """Return the visitor who has this code; raises WrongCode, TooManyTries and NotAllowed.

    A code finds somebody by itself, so that wrong ones are counted against the device.
    """
    digest = digests.of(where.organisation_id, hashing.visitor_code(code))
    guess = Guess(where.organisation_id, where.site_id, f"{where.throttle_key}:codes", None, digest)
    tries.check(guess=guess, at=at)
    shown = find(where, CODE, digest, at)
    if shown is None:
        wrong = WrongCode()
        raise refused(wrong, where, at, None).keep(
            lambda: tries.count(refusal=wrong, guess=guess, actor=where.actor, at=at)
        )
    return _admit(shown, where, at)


def own_pin(*, person_id: int, pin: str, where: Where, at: dt.datetime) -> Identified:
    """Check the PIN of somebody who is known already; raises as by_pin."""
    pins = pins_of(where, "p.id = %(shown)s", person_id, at)
    guess = _guess(where, person_id, "")
    return _use(_confirm(pins, pin, guess, where, at, WrongOwnPin()), where, at)


def again(*, credential_id: int | None, where: Where, at: dt.datetime) -> Identified:
    """Judge once more what somebody showed a moment ago; raises NotAllowed.

    The PIN that a bank asks for besides a badge was shown then. A recovery PIN is used up by its
    one use and a PIN may have been changed since, which must not end what they were used for.
    """
    shown = find(where, "c.id = %(shown)s", credential_id or 0, at)
    if shown is None:
        raise refused(UnknownBadge(), where, at, None)
    if shown.kind == CredentialKind.PIN and (
        shown.purpose == CredentialPurpose.RECOVERY
        or find(where, f"{ACTIVE_PIN} AND p.id = %(shown)s", shown.person_id, at)
    ):
        shown = replace(shown, status=CredentialStatus.ACTIVE, valid_until=None)
    return _admit(shown, where, at, has_shown_pin=True)


def _misread(fault: Fault, profile: Profile, where: Where, at: dt.datetime) -> Refusal:
    """Return the refusal of what a profile cannot read; nothing of the number is kept."""
    # A wrong check bit is a bad read of a card that the reader knows.
    refusal = BadRead() if fault is Fault.PARITY else UnknownFormat()
    return refused(refusal, where, at, None, fault=fault.value, profile=profile.key)


def _with_pin(
    shown: Shown, pin: str | None, where: Where, at: dt.datetime, *, may_wait: bool = False
) -> Identified:
    """Judge a badge, and the PIN that the bank asks for besides."""
    decision = judge(shown, where, at, has_shown_pin=False)
    if decision.code != Code.PIN_REQUIRED or (pin is None and not may_wait):
        return _admit(shown, where, at)
    if pin is None:
        return Identified(shown.credential_id, shown.kind, shown.person_id, decision)
    pins = pins_of(where, "p.id = %(shown)s", shown.person_id, at)
    guess = _guess(where, shown.person_id, "")
    _use(_confirm(pins, pin, guess, where, at, WrongOwnPin()), where, at)
    return _admit(shown, where, at, has_shown_pin=True)


def _by_pin(pins: list[Shown], pin: str, where: Where, at: dt.datetime, tried: str) -> Identified:
    guess = _guess(where, pins[0].person_id if pins else None, tried)
    return _use(_confirm(pins, pin, guess, where, at, WrongPin()), where, at, is_alone=True)


def _guess(where: Where, person_id: int | None, tried: str) -> Guess:
    return Guess(where.organisation_id, where.site_id, where.throttle_key, person_id, tried)


def _confirm(
    pins: list[Shown], pin: str, guess: Guess, where: Where, at: dt.datetime, wrong: WrongPin
) -> Shown:
    """Return which of the PINs this is; raises ``wrong``, TooManyAttempts, PinDisabled."""
    throttles.check(guess=guess, at=at)
    found = _match(pins, pin)
    refusal: Refusal = wrong
    try:
        # Others guessed while this one was verified: what it was is not told any more.
        throttles.check(guess=guess, at=at)
        if found is not None:
            return found
    except (TooManyAttempts, PinDisabled) as meanwhile:
        refusal = meanwhile
        if found is not None:
            raise

    def count() -> None:
        wait = throttles.count(guess=guess, actor=where.actor, at=at)
        wrong.waits(wait.lasts, is_disabled=wait.is_disabled)

    raise refused(refusal, where, at, guess.person_id, action=Action.PIN_WRONG).keep(count)


def _match(pins: list[Shown], pin: str) -> Shown | None:
    """Return the PIN that fits; verifies as many as anybody can have, whoever it is."""
    found = None
    for place in range(len(PURPOSES)):
        one = pins[place] if place < len(pins) else None
        if hashing.pin_matches(one.verifier if one else None, pin):
            found = found or one
    return found


def _use(shown: Shown, where: Where, at: dt.datetime, *, is_alone: bool = False) -> Identified:
    """Let somebody in by a PIN that fits: forget the wrong ones, and use up a recovery PIN."""
    # A PIN that was lent or is for recovery stands for the badge that somebody does not have.
    is_alone = is_alone and shown.purpose == CredentialPurpose.PERSONAL
    identified = _admit(shown, where, at, is_pin_alone=is_alone)
    throttles.forgive(person_id=shown.person_id)
    if shown.purpose == CredentialPurpose.RECOVERY:
        # Of two that come at once only one finds it active.
        used = Credential.objects.filter(
            pk=shown.credential_id, status=CredentialStatus.ACTIVE
        ).update(status=CredentialStatus.REVOKED)
        if not used:
            raise refused(WrongPin(), where, at, shown.person_id, action=Action.PIN_WRONG)
        events.record(
            action=Action.CREDENTIAL_CHANGED,
            actor=where.actor,
            at=at,
            organisation_id=where.organisation_id,
            site_id=where.site_id,
            bank_id=where.bank_id,
            person_id=shown.person_id,
            subject=f"credential:{shown.credential_id}",
            reason="used",
            data={
                "kind": shown.kind,
                "purpose": shown.purpose,
                "status": CredentialStatus.REVOKED.value,
            },
        )
    return identified


def _admit(
    shown: Shown,
    where: Where,
    at: dt.datetime,
    *,
    has_shown_pin: bool = False,
    is_pin_alone: bool = False,
) -> Identified:
    decision = judge(shown, where, at, has_shown_pin=has_shown_pin, is_pin_alone=is_pin_alone)
    if not decision.allowed:
        refusal = NotAllowed(
            decision,
            is_pin=shown.kind == CredentialKind.PIN,
            is_code=shown.kind == CredentialKind.CODE,
        )
        raise refused(refusal, where, at, shown.person_id, decision=decision.log())
    return Identified(shown.credential_id, shown.kind, shown.person_id, decision, shown.purpose)
