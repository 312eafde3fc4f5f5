"""Coming for a booking: from that moment on it is a use like any other."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import IntegrityError, transaction

from access.decisions import decide
from access.errors.decisions import NotAllowed
from access.services import grants
from audit.actions import Action
from audit.errors import Again, Refusal
from audit.services import outside
from audit.services.events import Actor
from lockers.services import commands
from occupancy import refusals
from occupancy.allocation import policy as policies
from occupancy.allocation.engine import Failed, Failing
from occupancy.allocation.policy import Place
from occupancy.choices import ClaimKind
from occupancy.errors.policies import CredentialNotEnough
from occupancy.errors.reservations import BookingOver, DoorStillInUse, TooEarly
from occupancy.models import Claim, Quota
from occupancy.services.bookings import displacing
from occupancy.services.bookings.booking_changes import get, is_standing, record
from occupancy.services.bookings.no_shows import release_no_shows, stands
from occupancy.services.claims import situations
from occupancy.services.claims.claiming import Claimed
from occupancy.services.claims.situations import Situation
from occupancy.services.ending import expiry
from occupancy.services.queue import offers


def check_in(
    *,
    claim_id: int,
    person_id: int,
    actor: Actor,
    at: dt.datetime,
    via: dict[str, Any] | None = None,
    credential: str | None = None,
    opens: bool = True,
) -> Claimed:
    """Turn a booking into a use by compare-and-set, and ask its door to open where it ``opens``.

    Raises NotYourBooking, BookingOver, TooEarly, DoorStillInUse (staff are told), LimitReached,
    CredentialNotEnough, NotAllowed and BridgeOffline; Again as claiming does.
    """
    claim = get(claim_id, person_id)
    try:
        with transaction.atomic(savepoint=False):
            claimed = _check_in(claim, person_id, actor, at, via or {}, credential, opens)
    except Refusal as refusal:
        why = {"code": refusal.code, "wanted": "check_in", **(via or {})}
        if isinstance(refusal, NotAllowed):
            why["decision"] = refusal.decision.log()
        refusal.keep(lambda: record(Action.REFUSED, claim, actor, at, **why))
        if isinstance(refusal, DoorStillInUse):
            refusal.keep(lambda: displacing.tell_staff(claim, at))
        raise
    return claimed


def _check_in(
    claim: Claim,
    person_id: int,
    actor: Actor,
    at: dt.datetime,
    via: dict[str, Any],
    credential: str | None,
    opens: bool,
) -> Claimed:
    if not is_standing(claim, at):
        raise BookingOver
    assert claim.policy is not None  # by constraint: whoever booked did it under one
    opens_at = claim.starts_at - claim.policy.checks_in_before
    if at < opens_at:
        raise TooEarly(opens_at=opens_at)
    asked = claim.policy.credentials
    if credential is not None and asked and credential not in asked:
        raise CredentialNotEnough
    bank_id = claim.compartment.bank_id
    expiry.expire_due(at=at, bank_id=bank_id)
    release_no_shows(at, bank_id=bank_id)
    situation = situations.read(person_id, bank_id, at)
    decision = decide(situation.facts(), at)
    if not decision.allowed:
        raise NotAllowed(decision)
    if (cut_off := situation.cut_off) is not None:
        raise cut_off
    if displacing.is_blocked(claim, at) and not displacing.displace(claim, at, is_here=True):
        # Before its time somebody may well have the door.
        raise TooEarly(opens_at=claim.starts_at) if at < claim.starts_at else DoorStillInUse
    _begin(claim, situation, at)
    if situation.is_leased:
        outside.ask(claim.pk)
    grants.issue(
        person_id=person_id, compartment_id=claim.compartment_id, claim_id=claim.pk,
        starts_at=at, ends_at=claim.ends_at,
    )  # fmt: skip
    command_id = None
    if opens:
        command_id = commands.request_open(
            compartment_id=claim.compartment_id, purpose="claim", actor=actor, at=at,
            person_id=person_id, claim_id=claim.pk,
        )  # fmt: skip
    offers.got(
        person_id=person_id, site_id=situation.site_id, area_id=situation.list_area,
        size_id=claim.compartment.size_id, actor=actor, at=at,
    )  # fmt: skip
    record(Action.CHECKED_IN, claim, actor, at, decision=decision.log(), **via)
    return Claimed(
        claim.pk, claim.compartment_id, claim.compartment.number, claim.due_at, command_id
    )


def _begin(claim: Claim, situation: Situation, at: dt.datetime) -> None:
    """Make it a use, with its numbers under the limits of uses instead of those of bookings."""
    groups = situation.rulebook.groups.get(claim.compartment_id, frozenset())
    bank = situation.place
    place = Place(bank.organisation_id, bank.site_id, bank.bank_id, bank.areas, groups)
    resolved = policies.resolve(situation.rulebook.policies, situation.who, place)
    counts = policies.count(resolved, situation.held)
    if counts.reached:
        raise refusals.of([Failed(Failing.LIMIT_REACHED, one) for one in counts.reached])
    begins = min(claim.starts_at, at)
    try:
        begun = Claim.objects.filter(stands(at), pk=claim.pk, compartment=claim.compartment_id)
        if not begun.update(
            kind=ClaimKind.ASSIGNMENT, started_at=at, starts_at=begins, lapses_at=None,
            unserved_since=None,
        ):  # fmt: skip
            raise Again  # cancelled, checked in or moved a moment ago: look once more
        Quota.objects.filter(claim=claim.pk).delete()
        Quota.objects.bulk_create(
            Quota(claim=claim, policy_id=policy_id, holder_id=situation.person_id, slot=slot)
            for policy_id, slot in counts.taken.items()
        )
    except IntegrityError as error:
        # Somebody else was given the door, or the person another one, at this very moment.
        raise Again from error
