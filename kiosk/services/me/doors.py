"""What a person does with doors from a phone. Nothing opens from afar."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections.abc import Iterable

from django.db.models import Q

from access.choices import CredentialKind
from access.models import Person
from audit.services.events import Actor
from kiosk.errors import NoSuchPerson, NotAtTheBank, NotByPhone
from kiosk.models import PhoneSession
from kiosk.services import doors as screen
from kiosk.services.me import sessions
from lockers.errors import BankDecidesAlone
from lockers.models import Command
from occupancy.choices import ClosedHow
from occupancy.errors.claims import NotTheHolder, TimeIsOver
from occupancy.models import Assignment, Policy
from occupancy.services import keeping
from occupancy.services.claims import assignments
from occupancy.services.claims import sessions as uses
from occupancy.services.claims.assignments import Claimed, Wanted
from occupancy.services.custody import sharing
from occupancy.services.queue import waiting

# What somebody shows to the policies: that they hold their phone.
SHOWN = CredentialKind.PHONE.value


def claim(
    *, session: PhoneSession, bank_id: int, wanted: Wanted, at: dt.datetime
) -> tuple[Claimed, bool]:
    """Claim a door, and open it for who stands there where the policy lets phones open.

    Return the claim and whether the door was asked to open. Raises as assignments.claim; and
    NotAtTheBank or NotByPhone for a use that would end with its first opening.
    """
    claimed = assignments.claim(
        person_id=session.person_id,
        bank_id=bank_id,
        wanted=wanted,
        actor=Actor.person(session.person_id),
        at=at,
        credential=SHOWN,
        via={"phone": session.pk},
        opens=False,
    )
    return claimed, _begin(session, claimed, at)


def accept(*, session: PhoneSession, offer_id: int, at: dt.datetime) -> tuple[Claimed, bool]:
    """Take a door that is held for somebody, as ``claim`` does; raises as waiting.accept, too."""
    claimed = waiting.accept(
        offer_id=offer_id,
        person_id=session.person_id,
        actor=Actor.person(session.person_id),
        at=at,
        credential=SHOWN,
        via={"phone": session.pk},
    )
    return claimed, _begin(session, claimed, at)


def may_open(session: PhoneSession, assignment: Assignment, at: dt.datetime) -> bool:
    """Say whether a door would open at a touch."""
    is_there = _policy(assignment).opens_by_phone and _stands_there(session, assignment, at)
    return is_there and not _is_over(assignment, at)


def last_openings(session: PhoneSession, claims: Iterable[Assignment]) -> set[int]:
    """Return which uses end with the next opening: nothing is taken out before a first one."""
    mine = [
        claim.pk
        for claim in claims
        if claim.holder_id == session.person_id and uses.ends_at_tap(claim)
    ]
    if not mine:
        return set()
    opened = Command.objects.filter(claim_id__in=mine).exclude(status__in=screen.NEVER_OPENED)
    ids = set(opened.values_list("claim_id", flat=True))
    return {pk for pk in mine if pk in ids}


def open_door(*, session: PhoneSession, claim_id: int, at: dt.datetime) -> Assignment:
    """Open a door for who stands before it; raises NotByPhone, NotAtTheBank, as open_again."""
    assignment = _mine(session.person, claim_id, at)
    if _is_over(assignment, at):
        raise TimeIsOver
    if not may_open(session, assignment, at):
        raise _why_shut(assignment, _policy(assignment))
    _is_known(assignment)
    is_last = claim_id in last_openings(session, [assignment])
    verb = uses.open_and_finish if is_last else assignments.open_again
    verb(
        claim_id=claim_id, person_id=session.person_id,
        actor=Actor.person(session.person_id), at=at,
    )  # fmt: skip
    return assignment


def finish(*, session: PhoneSession, claim_id: int, at: dt.datetime) -> Assignment:
    """Give a door back; raises BankDecidesAlone where somebody else may have it by now."""
    _is_known(_mine(session.person, claim_id, at))
    return assignments.release(
        claim_id=claim_id,
        how=ClosedHow.FINISHED,
        actor=Actor.person(session.person_id),
        at=at,
        person_id=session.person_id,
    )


def undo(*, session: PhoneSession, claim_id: int, at: dt.datetime) -> Assignment:
    """Take a finish back within its minute."""
    return assignments.undo_release(
        claim_id=claim_id,
        person_id=session.person_id,
        actor=Actor.person(session.person_id),
        at=at,
    )


def colleague(*, session: PhoneSession, address: str) -> Person:
    """Return who in the same organisation has an address; raises NoSuchPerson."""
    person = (
        Person.objects.filter(
            organisation_id=session.person.organisation_id,
            email__iexact=address.strip(),
            status="active",
        )
        .exclude(pk=session.person_id)
        .order_by("pk")
        .first()
        if address.strip()
        else None
    )
    if person is None:
        raise NoSuchPerson
    return person


def zone_of(*, session: PhoneSession, claim_id: int, at: dt.datetime) -> zoneinfo.ZoneInfo:
    """Return the clock of the lockers of somebody's door; raises NotTheHolder."""
    return _mine(session.person, claim_id, at).compartment.bank.site.zone


def theirs(person: Person, at: dt.datetime) -> Q:
    """Return the condition for what somebody may open: their own, their group's, or shared."""
    return assignments.of(person) | sharing.with_person(person.pk, at)


def still_theirs(*, session: PhoneSession, claim_id: int, at: dt.datetime) -> bool:
    """Say whether somebody may open a door, again or at all."""
    return Assignment.objects.filter(
        assignments.in_force(at), theirs(session.person, at), pk=claim_id
    ).exists()


def _begin(session: PhoneSession, claimed: Claimed, at: dt.datetime) -> bool:
    """Open a door that was just taken for who stands there; say whether it was asked to."""
    assignment = _mine(session.person, claimed.claim_id, at)
    if not may_open(session, assignment, at):
        if uses.ends_at_tap(assignment):
            raise _why_shut(assignment, _policy(assignment))
        return False
    assignments.open_again(
        claim_id=assignment.pk, person_id=session.person_id,
        actor=Actor.person(session.person_id), at=at, purpose="claim",
    )  # fmt: skip
    return True


def _mine(person: Person, claim_id: int, at: dt.datetime) -> Assignment:
    assignment = (
        Assignment.objects.filter(assignments.in_force(at), theirs(person, at), pk=claim_id)
        .select_related("compartment__bank__site", "policy")
        .first()
    )
    if assignment is None:
        raise NotTheHolder
    return assignment


def _is_known(assignment: Assignment) -> None:
    """Raise BankDecidesAlone where the bridge may have let the door be given back, or given it."""
    if keeping.deciding_alone([assignment.compartment.bank_id]):
        raise BankDecidesAlone


def _stands_there(session: PhoneSession, assignment: Assignment, at: dt.datetime) -> bool:
    bank = sessions.stands_at(session, at)
    return bank is not None and bank.pk == assignment.compartment.bank_id


def _is_over(assignment: Assignment, at: dt.datetime) -> bool:
    """Say whether a use is overdue, or being emptied by staff."""
    is_emptied = assignment.recovery_at is not None and assignment.recovery_at <= at
    return is_emptied or assignments.is_overdue(assignment, at)


def _policy(assignment: Assignment) -> Policy:
    assert assignment.policy is not None  # by constraint: an assignment has one
    return assignment.policy


def _why_shut(assignment: Assignment, policy: Policy) -> NotByPhone | NotAtTheBank:
    if not policy.opens_by_phone:
        return NotByPhone()
    return NotAtTheBank(bank=assignment.compartment.bank.name)
