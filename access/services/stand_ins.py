"""A way in for who lost a key to a door that opens electronically, too: for a while, recorded."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db import transaction

from access import selectors
from access.choices import CredentialStatus, StandInKind
from access.errors.keys import NoOtherWayIn
from access.models import Key, Lock, Person, StandIn
from access.services import credentials, passes, pins
from access.services.pins import Lent
from audit.actions import Action
from audit.services import events
from audit.services.events import Actor
from lockers.choices import LockKind

# Locks are changed within a week; whoever needs longer asks again.
LASTS = dt.timedelta(days=7)


@dataclass(frozen=True)
class Given:
    """What somebody was given; a PIN is shown once."""

    stand_in: StandIn
    lent: Lent | None = None


def is_possible(*, lock: Lock | None, person: Person, at: dt.datetime) -> bool:
    """Say whether a door has an electronic lock as well, and is this person's to open."""
    return (
        lock is not None
        and lock.compartment.lock_kind == LockKind.ELECTRONIC
        and person.grants.filter(
            selectors.grants_in_force(at), compartment=lock.compartment_id
        ).exists()
    )


def give(*, key: Key, person: Person, kind: StandInKind, actor: Actor, at: dt.datetime) -> Given:
    """Let somebody open a door without the key they lost, for LASTS or until its lock is changed.

    It opens what the person may open at that time, and never more. Raises NoOtherWayIn, and
    NoPassKey for a pass that nothing can sign.
    """
    lock = key.lock
    if lock is None or not is_possible(lock=lock, person=person, at=at):
        raise NoOtherWayIn
    ends_at = at + LASTS
    with transaction.atomic():
        lent = given_pass = None
        if kind == StandInKind.PIN:
            lent = pins.lend_temporary(person=person, valid_until=ends_at, actor=actor, at=at)
        else:
            given_pass = passes.issue(
                person=person,
                compartment=lock.compartment,
                starts_at=at,
                ends_at=ends_at,
                is_single_use=False,
                actor=actor,
                at=at,
            )
        stand_in = StandIn.objects.create(
            lock=lock,
            key=key,
            person=person,
            pin=lent.credential if lent is not None else None,
            given_pass=given_pass,
            given_at=at,
            ends_at=ends_at,
        )
        _record(Action.STAND_IN_GIVEN, stand_in, actor, at)
    return Given(stand_in, lent)


def end(*, lock: Lock, actor: Actor, at: dt.datetime) -> int:
    """Take back what was given until this lock is changed; return how much."""
    ended = 0
    for stand_in in StandIn.objects.filter(lock=lock, ended_at__isnull=True).select_related(
        "lock__compartment__bank__site", "pin__person", "given_pass__person", "person"
    ):
        with transaction.atomic():
            if not StandIn.objects.filter(pk=stand_in.pk, ended_at__isnull=True).update(
                ended_at=at
            ):
                continue
            if stand_in.pin is not None:
                credentials.set_status(
                    credential=stand_in.pin, status=CredentialStatus.REVOKED, actor=actor, at=at,
                    reason="lock changed",
                )  # fmt: skip
            if stand_in.given_pass is not None:
                passes.revoke(given=stand_in.given_pass, actor=actor, at=at, reason="lock changed")
            _record(Action.STAND_IN_ENDED, stand_in, actor, at)
            ended += 1
    return ended


def _record(action: Action, stand_in: StandIn, actor: Actor, at: dt.datetime) -> None:
    bank = stand_in.lock.compartment.bank
    events.record(
        action=action,
        actor=actor,
        at=at,
        organisation_id=bank.site.organisation_id,
        site_id=bank.site_id,
        bank_id=bank.pk,
        compartment_id=stand_in.lock.compartment_id,
        person_id=stand_in.person_id,
        subject=f"key:{stand_in.key_id}",
        data={
            "kind": (StandInKind.PIN if stand_in.pin_id else StandInKind.PASS).value,
            "until": stand_in.ends_at.isoformat(),
        },
    )
