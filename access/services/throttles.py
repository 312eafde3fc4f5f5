"""Back-off after wrong PINs: per person, per device and per organisation, in the database.

How long the waits are stands in access/back_off.py. PINs that are out of use stay so until staff
clear it or give a new PIN. A number that belongs to nobody is counted as a person is, so that it
cannot be told apart. What was counted is forgotten a day after the last wrong PIN, at a device
(screen or bridge) after a quarter of an hour.

An organisation: when 20 different people (or numbers) were guessed at within a quarter of an hour
without a right PIN since, somebody is trying one PIN on many. From then on for a quarter of an
hour every wrong PIN makes its screen wait at least 30 s, and the trail says so. Nobody who types
the right PIN is kept out; the guesses get two a minute and screen at most.
"""

from __future__ import annotations

import datetime as dt
import logging
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction

from access import hashing
from access.back_off import (
    BACK_OFF,
    DEVICE_FORGETS_AFTER,
    DISABLED_AT,
    FORGOTTEN_AFTER,
    back_off,
)
from access.choices import ThrottleKind
from access.errors.pins import PinDisabled, TooManyAttempts
from access.models import Throttle
from audit.actions import Action
from audit.services import events
from audit.services.events import Actor

log = logging.getLogger(__name__)

SPRAY_PEOPLE = 20
SPRAY_WITHIN = dt.timedelta(minutes=15)
SPRAY_LASTS = dt.timedelta(minutes=15)
# Numbers that belong to nobody need not be remembered for ever.
UNKNOWN_KEPT_FOR = dt.timedelta(days=30)

_COUNT = """
INSERT INTO access_throttle AS t
       (key, kind, organisation_id, site_id, person_id, failures, failed_at)
VALUES (%(key)s, %(kind)s, %(organisation)s, %(site)s, %(person)s, 1, %(at)s)
ON CONFLICT (key) DO UPDATE SET failed_at = GREATEST(t.failed_at, excluded.failed_at), failures =
    CASE WHEN t.disabled_at IS NULL AND t.failed_at < %(forgotten)s THEN 1 ELSE t.failures + 1 END
RETURNING failures, disabled_at
"""
# Counted from the moment at which staff cleared it, when they did.
_GUESSED_AT = """
SELECT count(*) FROM access_throttle t WHERE t.organisation_id = %(organisation)s
   AND t.kind IN ('person', 'unknown') AND t.failed_at > GREATEST(%(since)s, (
       SELECT o.failed_at FROM access_throttle o
       WHERE o.key = %(key)s AND o.blocked_until IS NULL))
"""
# Only the first one to notice gets a row back: one event for each time that it begins.
_SPRAYED = """
INSERT INTO access_throttle AS t (key, kind, organisation_id, failures, failed_at, blocked_until)
VALUES (%(key)s, 'organisation', %(organisation)s, %(people)s, %(at)s, %(until)s)
ON CONFLICT (key) DO UPDATE SET failures = excluded.failures, failed_at = excluded.failed_at,
    blocked_until = excluded.blocked_until
    WHERE t.blocked_until IS NULL OR t.blocked_until <= excluded.failed_at
RETURNING key
"""


@dataclass(frozen=True)
class Guess:
    """Whose PIN is tried, on which device, and where that stands."""

    organisation_id: int
    site_id: int
    device: str
    person_id: int | None
    # What was typed when it belongs to nobody; kept as a digest only.
    tried: str = ""

    @property
    def target(self) -> str:
        """The key of the person, or of the number that is nobody's."""
        if self.person_id is not None:
            return f"person:{self.person_id}"
        return f"nobody:{hashing.token_digest(f'{self.organisation_id}:{self.tried}')[:32]}"

    @property
    def organisation(self) -> str:
        """The key under which guesses at many people are noticed."""
        return f"organisation:{self.organisation_id}"


@dataclass(frozen=True)
class Wait:
    """What a wrong PIN led to: nothing, a wait from now on, or the end of the PIN."""

    lasts: dt.timedelta | None = None
    is_disabled: bool = False


def check(*, guess: Guess, at: dt.datetime) -> None:
    """Raise TooManyAttempts while person or device has to wait, PinDisabled when it is over."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT max(blocked_until), coalesce(bool_or(disabled_at IS NOT NULL), FALSE)"
            " FROM access_throttle WHERE key IN (%s, %s)"
            " AND (blocked_until > %s OR disabled_at IS NOT NULL)",
            (guess.target, guess.device, at),
        )
        until, is_disabled = cursor.fetchone()
    if is_disabled:
        raise PinDisabled
    if until is not None:
        raise TooManyAttempts(wait_seconds=int((until - at).total_seconds()) + 1)


def count(*, guess: Guess, actor: Actor, at: dt.datetime) -> Wait:
    """Count one wrong PIN against person, device and organisation; return what it led to.

    One statement a key, so that guesses at two terminals at once are both counted; always in the
    same order, so that they never wait for each other in a ring.
    """
    kind = ThrottleKind.UNKNOWN if guess.person_id is None else ThrottleKind.PERSON
    with transaction.atomic():
        failures, was_disabled = _one_more(guess.target, kind, guess, at)
        at_device, _never = _one_more(guess.device, ThrottleKind.DEVICE, guess, at)
        waits = [wait for n in (failures, at_device) if (wait := back_off(n)) is not None]
        _block(guess.target, back_off(failures), at)
        slowed = back_off(at_device)
        if _is_sprayed(guess, actor, at):
            slowed = max(slowed or BACK_OFF[0], BACK_OFF[0])
            waits.append(slowed)
        _block(guess.device, slowed, at)
        is_disabled = failures >= DISABLED_AT
        if is_disabled and not was_disabled:
            _disable(guess, actor, at)
    return Wait(max(waits, default=None), is_disabled)


def forgive(*, person_id: int) -> bool:
    """Forget a person's wrong PINs, after a right one or with a new one; say whether any were.

    A device is only forgiven by time, and by staff.
    """
    return bool(Throttle.objects.filter(key=f"person:{person_id}").delete()[0])


def clear(*, throttle: Throttle, reason: str, actor: Actor, at: dt.datetime) -> None:
    """Let PINs be typed again at once, by staff who say why."""
    with transaction.atomic():
        rows = Throttle.objects.filter(pk=throttle.pk)
        if throttle.kind == ThrottleKind.ORGANISATION:
            # Kept, so that what was guessed before is not counted again.
            changed = rows.update(blocked_until=None, failures=0, failed_at=at)
        else:
            changed = rows.delete()[0]
        if changed:
            events.record(
                action=Action.PIN_CLEARED,
                actor=actor,
                at=at,
                organisation_id=throttle.organisation_id,
                site_id=throttle.site_id,
                person_id=throttle.person_id,
                subject=throttle.key,
                reason=reason,
                data={
                    "failures": throttle.failures,
                    "was_out_of_use": throttle.disabled_at is not None,
                },
            )


def purge(*, at: dt.datetime) -> int:
    """Forget what does not count any more; return how many. Who is out of use stays so."""
    over = Throttle.objects.filter(disabled_at=None, failed_at__lt=at - FORGOTTEN_AFTER)
    nobody = Throttle.objects.filter(kind=ThrottleKind.UNKNOWN, failed_at__lt=at - UNKNOWN_KEPT_FOR)
    return over.delete()[0] + nobody.delete()[0]


def _one_more(
    key: str, kind: ThrottleKind, guess: Guess, at: dt.datetime
) -> tuple[int, dt.datetime | None]:
    is_device = kind == ThrottleKind.DEVICE
    with connection.cursor() as cursor:
        cursor.execute(
            _COUNT,
            {
                "key": key,
                "kind": kind.value,
                "organisation": guess.organisation_id,
                "site": guess.site_id if is_device else None,
                "person": None if is_device else guess.person_id,
                "at": at,
                "forgotten": at - (DEVICE_FORGETS_AFTER if is_device else FORGOTTEN_AFTER),
            },
        )
        failures, disabled_at = cursor.fetchone()
    return failures, disabled_at


def _block(key: str, wait: dt.timedelta | None, at: dt.datetime) -> None:
    if wait is not None:
        Throttle.objects.filter(pk=key).update(blocked_until=at + wait)


def _is_sprayed(guess: Guess, actor: Actor, at: dt.datetime) -> bool:
    """Say whether many people are being guessed at, and record the moment it begins."""
    key = guess.organisation
    if Throttle.objects.filter(pk=key, blocked_until__gt=at).exists():
        return True
    values: dict[str, Any] = {
        "key": key,
        "organisation": guess.organisation_id,
        "since": at - SPRAY_WITHIN,
        "at": at,
        "until": at + SPRAY_LASTS,
    }
    with connection.cursor() as cursor:
        cursor.execute(_GUESSED_AT, values)
        people = cursor.fetchone()[0]
        if people < SPRAY_PEOPLE:
            return False
        cursor.execute(_SPRAYED, {**values, "people": people})
        has_begun = cursor.fetchone() is not None
    if has_begun:
        log.warning(
            "PINs of %s people of organisation %s are being guessed", people, guess.organisation_id
        )
        _record(Action.PIN_SPRAYED, guess, actor, at, None, people=people)
    return True


def _disable(guess: Guess, actor: Actor, at: dt.datetime) -> None:
    Throttle.objects.filter(pk=guess.target, disabled_at=None).update(disabled_at=at)
    if guess.person_id is not None:
        _record(Action.PIN_DISABLED, guess, actor, at, guess.person_id, failures=DISABLED_AT)


def _record(
    action: Action,
    guess: Guess,
    actor: Actor,
    at: dt.datetime,
    person_id: int | None,
    **data: object,
) -> None:
    events.record(
        action=action,
        actor=actor,
        at=at,
        organisation_id=guess.organisation_id,
        site_id=guess.site_id,
        person_id=person_id,
        data=data,
    )
