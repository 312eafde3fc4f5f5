"""PINs: chosen by their owner, or lent by staff for a while or instead of a lost badge.

Everybody has at most one active PIN of each purpose. What is refused as weak is what is guessed
first: one digit or one short block repeated, runs, dates and years, the owner's personal number,
and the few PINs that lists of leaked ones begin with.
"""

from __future__ import annotations

import datetime as dt
import secrets
from dataclasses import dataclass

from django.db import transaction
from django.db.models import QuerySet

from access import hashing
from access.choices import CredentialKind, CredentialPurpose, CredentialStatus
from access.errors.pins import WeakPin
from access.models import Credential, Person
from access.services import identification, throttles
from access.services.shown import Where
from audit.actions import Action
from audit.services import events
from audit.services.events import Actor
from lockers.models.estate import LONGEST_PIN

# A PIN that was given out lies about on a slip of paper: longer than what people must remember.
LENT_LENGTH = 8
RECOVERY_LASTS = dt.timedelta(hours=24)
TEMPORARY_LASTS_AT_MOST = dt.timedelta(days=31)
# A shorter personal number stands in too many PINs by chance.
_SHORTEST_NUMBER = 4
# Paths on the pad, steps of two and the like, the first of every list of leaked PINs; repeats,
# runs and dates have their own rules.
COMMON = frozenset({
    "102030", "112233", "121314", "123321", "123654", "135790", "142536", "147258", "147852",
    "159357", "159753", "223344", "246810", "258456", "258852", "321654", "332211", "357159",
    "445566", "456123", "456852", "654123", "741852", "753951", "789123", "789456", "852456",
    "963852", "987321", "11223344", "12344321", "12345679", "13579246", "14725836", "87654312",
})  # fmt: skip


@dataclass(frozen=True)
class Lent:
    """A PIN that staff hand over: shown once, never stored and never logged."""

    pin: str
    credential: Credential


def weakness(pin: str, *, least: int, personal_number: str = "") -> str | None:
    """Return in one word why a PIN would be guessed, or None when it is good."""
    if not (pin.isascii() and pin.isdigit() and least <= len(pin) <= LONGEST_PIN):
        return "length"
    if _repeats(pin) or _runs(pin):
        return "pattern"
    number = personal_number.strip()
    if len(number) >= _SHORTEST_NUMBER and number in pin:
        return "own_number"
    if _is_date(pin):
        return "date"
    return "common" if pin in COMMON else None


def set_pin(
    *,
    person: Person,
    pin: str,
    actor: Actor,
    at: dt.datetime,
    purpose: CredentialPurpose = CredentialPurpose.PERSONAL,
    valid_until: dt.datetime | None = None,
) -> Credential:
    """Give a person a PIN, or a new one instead of the old of that purpose; raises WeakPin.

    With a new PIN from staff the person's wrong ones are forgotten.
    """
    if why := weakness(
        pin, least=person.organisation.pin_length, personal_number=person.personal_number
    ):
        raise WeakPin(why=why, least=person.organisation.pin_length)
    with transaction.atomic():
        credential = _replace(person, pin, purpose, valid_until, actor, at)
        throttles.forgive(person_id=person.pk)
    return credential


def lend_temporary(
    *, person: Person, valid_until: dt.datetime, actor: Actor, at: dt.datetime
) -> Lent:
    """Make a PIN that is over at some time; it can be changed into an own one at the screen.

    Raises ValueError for an end that is past or further away than TEMPORARY_LASTS_AT_MOST.
    """
    if not at < valid_until <= at + TEMPORARY_LASTS_AT_MOST:
        raise ValueError("a temporary PIN ends after it begins, and within a month")
    return _lend(person, CredentialPurpose.TEMPORARY, valid_until, actor, at)


def lend_recovery(
    *, person: Person, actor: Actor, at: dt.datetime, lasts: dt.timedelta = RECOVERY_LASTS
) -> Lent:
    """Make a PIN for somebody who lost their badge: it works once, and for a day at most."""
    return _lend(person, CredentialPurpose.RECOVERY, at + min(lasts, RECOVERY_LASTS), actor, at)


def has_own(*, person_id: int, at: dt.datetime) -> bool:
    """Say whether somebody has a PIN that can be changed at the screen."""
    return any(
        pin.valid_until is None or pin.valid_until > at
        for pin in _active(person_id).exclude(purpose=CredentialPurpose.RECOVERY)
    )


def change_own(*, person_id: int, old: str, new: str, where: Where, at: dt.datetime) -> None:
    """Give somebody the PIN they chose instead of the old; a temporary one is over with that.

    The caller knows already who it is. Raises WeakPin, and as identification.own_pin.
    """
    person = Person.objects.select_related("organisation").get(pk=person_id)
    least = person.organisation.pin_length
    # First, so that an owner who chose badly is not asked for the old one in vain.
    if why := weakness(new, least=least, personal_number=person.personal_number):
        raise WeakPin(why=why, least=least)
    identification.own_pin(person_id=person_id, pin=old, where=where, at=at)
    if old == new:
        raise WeakPin(why="same", least=least)
    with transaction.atomic():
        _active(person_id).filter(purpose=CredentialPurpose.TEMPORARY).update(
            status=CredentialStatus.REVOKED
        )
        _replace(person, new, CredentialPurpose.PERSONAL, None, Actor.person(person_id), at)


def _lend(
    person: Person,
    purpose: CredentialPurpose,
    valid_until: dt.datetime,
    actor: Actor,
    at: dt.datetime,
) -> Lent:
    length = max(person.organisation.pin_length, LENT_LENGTH)
    pin = _random(length)
    while weakness(pin, least=length, personal_number=person.personal_number):
        pin = _random(length)
    credential = set_pin(
        person=person, pin=pin, purpose=purpose, valid_until=valid_until, actor=actor, at=at
    )
    return Lent(pin, credential)


def _random(length: int) -> str:
    return f"{secrets.randbelow(10**length):0{length}d}"


def _active(person_id: int) -> QuerySet[Credential]:
    return Credential.objects.filter(
        person_id=person_id, kind=CredentialKind.PIN, status=CredentialStatus.ACTIVE
    )


def _replace(
    person: Person,
    pin: str,
    purpose: CredentialPurpose,
    valid_until: dt.datetime | None,
    actor: Actor,
    at: dt.datetime,
) -> Credential:
    verifier = hashing.pin_verifier(pin)
    # Two who give one at once take turns.
    Person.objects.select_for_update().get(pk=person.pk)
    _active(person.pk).filter(purpose=purpose).update(status=CredentialStatus.REVOKED)
    credential = Credential.objects.create(
        organisation_id=person.organisation_id,
        person=person,
        kind=CredentialKind.PIN,
        purpose=purpose,
        verifier=verifier,
        valid_until=valid_until,
        issued_at=at,
    )
    data = {"kind": CredentialKind.PIN.value}
    if valid_until is not None:
        data |= {"purpose": purpose.value, "valid_until": valid_until.isoformat()}
    events.record(
        action=Action.CREDENTIAL_ISSUED,
        actor=actor,
        at=at,
        organisation_id=person.organisation_id,
        site_id=person.home_site_id,
        person_id=person.pk,
        subject=f"credential:{credential.pk}",
        data=data,
    )
    return credential


def _repeats(pin: str) -> bool:
    """Say whether a PIN is a shorter block again and again, as 777777 and 123123 are."""
    # Found in itself before its end exactly when it is a repetition.
    return (pin + pin).find(pin, 1) < len(pin)


def _runs(pin: str) -> bool:
    steps = {(int(b) - int(a)) % 10 for a, b in zip(pin, pin[1:], strict=False)}
    return len(steps) == 1 and steps <= {1, 9}


def _is_date(pin: str) -> bool:
    """Say whether a PIN is a day with its year of two digits, or of four from 1900 to 2099."""
    if len(pin) == 6:
        dates = [(pin[:2], pin[2:4]), (pin[2:4], pin[:2]), (pin[4:], pin[2:4])]
    elif len(pin) == 8:
        dates = [
            (day, month)
            for year, day, month in (
                (pin[4:], pin[:2], pin[2:4]),
                (pin[4:], pin[2:4], pin[:2]),
                (pin[:4], pin[6:], pin[4:6]),
            )
            if year[:2] in {"19", "20"}
        ]
    else:
        return False
    return any(1 <= int(day) <= 31 and 1 <= int(month) <= 12 for day, month in dates)
