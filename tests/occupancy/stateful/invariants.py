"""What is true after every step, whatever was done before; the trail is read the slow way."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from dataclasses import dataclass
from itertools import combinations

from access.choices import PersonStatus
from access.models import Grant
from audit.actions import Action
from audit.models import Event
from occupancy.choices import AtEnd, ClaimKind, ClosedHow, CustodyKind
from occupancy.models import Assignment, Claim, Quota, Recovery
from occupancy.selectors.doors import SHOWN_AHEAD, bank_states
from occupancy.services.claims.assignments import in_force
from tests.occupancy.stateful.world import World

_BEGIN = {
    Action.CLAIMED, Action.GIVEN, Action.CHECKED_IN, Action.RELEASE_UNDONE,
    Action.TRANSFERRED, Action.SWAPPED, Action.MOVED,
}  # fmt: skip
_END = {
    Action.RELEASED, Action.RELEASED_BY_STAFF, Action.EXPIRED, Action.RECOVERY_CLOSED,
    Action.BOOKING_CANCELLED, Action.NO_SHOW, Action.OFFER_ACCEPTED, Action.OFFER_DECLINED,
    Action.OFFER_LAPSED, Action.OFFER_WITHDRAWN,
}  # fmt: skip
_PLANNED = {Action.BOOKED, Action.OFFER_MADE, Action.BOOKING_MOVED}


def check(world: World) -> None:
    """Check all of them."""
    assert not world.aside, f"rows that could not be done: {world.aside}"
    no_overlap()
    every_open_use_has_holder_grant_and_event(world.at)
    nobody_is_over_a_limit()
    what_is_emptied_is_held()
    what_stopped_people_have_is_held(world.at)
    shown_as_the_trail_says(world)


def no_overlap() -> None:
    """No two open claims of a door at the same time."""
    far = dt.datetime.max.replace(tzinfo=dt.UTC)
    by_door: dict[int, list[Claim]] = defaultdict(list)
    for claim in Claim.objects.filter(closed_at=None):
        by_door[claim.compartment_id].append(claim)
    for claims in by_door.values():
        assert sum(claim.started_at is not None for claim in claims) <= 1
        for one, other in combinations(claims, 2):
            is_apart = (one.ends_at or far) <= other.starts_at or (
                other.ends_at or far
            ) <= one.starts_at
            assert is_apart, f"claims {one.pk} and {other.pk} overlap"


def every_open_use_has_holder_grant_and_event(at: dt.datetime) -> None:
    """One holder; the right to open while it lasts, and never longer; an event that began it."""
    grants: dict[int, list[Grant]] = defaultdict(list)
    for grant in Grant.objects.filter(claim_id__isnull=False, revoked_at=None):
        grants[grant.claim_id or 0].append(grant)
    begun = {event.data["claim"] for event in Event.objects.filter(action__in=_BEGIN)}
    for use in Assignment.objects.all():
        assert use.pk in begun, f"no event began {use.pk}"
        assert [use.holder_id, use.role_id, use.department_id].count(None) == 2
        theirs = [
            grant for grant in grants[use.pk]
            if grant.person_id == use.holder_id and grant.is_in_force(at)
        ]  # fmt: skip
        lasts = use.ends_at is None or use.ends_at > at
        if use.closed_at is None and lasts and use.recovery_at is None:
            assert len(theirs) == 1, f"{len(theirs)} grants of {use.pk}"
            assert theirs[0].compartment_id == use.compartment_id
            assert theirs[0].ends_at == use.ends_at
        else:
            assert not any(grant.is_in_force(at) for grant in grants[use.pk]), use.pk


def nobody_is_over_a_limit() -> None:
    """The numbers of somebody's open uses under a policy differ, and belong to open claims.

    A limit that was lowered takes nothing away from anybody; no number is above the highest limit
    that the table of verbs ever sets.
    """
    open_numbers = Quota.objects.filter(is_open=True).select_related("claim", "policy")
    taken = Counter(
        (one.holder_id, one.policy_id, one.is_booking, one.slot) for one in open_numbers
    )
    assert not taken or max(taken.values()) == 1
    for number in open_numbers:
        assert number.claim.closed_at is None
        assert number.claim.holder_id == number.holder_id
        assert number.is_booking == (number.claim.kind == ClaimKind.RESERVATION)
        assert number.slot <= (5 if number.is_booking else 3)
    assert not Quota.objects.filter(is_open=False, claim__closed_at=None).exists()


def what_is_emptied_is_held() -> None:
    """A recovery goes on exactly while its claim is in it; it is closed emptied, and opened by two.

    Whatever is in the register or said to be empty was opened before.
    """
    going_on = Recovery.objects.filter(closed_at=None).values_list("claim", flat=True)
    in_it = Assignment.objects.filter(closed_at=None).exclude(recovery_at=None)
    assert set(going_on) == set(in_it.values_list("pk", flat=True))
    assert not in_it.exclude(at_end=AtEnd.HOLD).exists()
    for use in Assignment.objects.filter(closed_how=ClosedHow.RECOVERED):
        assert use.recovery.emptied_at is not None, f"claim {use.pk} was freed before emptied"
    for case in Recovery.objects.prefetch_related("steps"):
        known: set[str] = set()
        confirmed: set[str] = set()
        for step in sorted(case.steps.all(), key=lambda one: one.pk):
            if step.kind == CustodyKind.BEGUN:
                known, confirmed = set(), set()
            elif step.kind == CustodyKind.CONFIRMED:
                confirmed.add(step.actor_id)
            elif step.kind == CustodyKind.OPENED:
                assert not case.takes_two or confirmed - {step.actor_id}, f"{case.pk} by one"
            elif step.kind in {CustodyKind.FOUND, CustodyKind.NONE_FOUND, CustodyKind.STORED}:
                assert CustodyKind.OPENED in known, f"{case.pk} was emptied unopened"
            known.add(step.kind)


def what_stopped_people_have_is_held(at: dt.datetime) -> None:
    """No time frees what somebody has who is suspended or has left."""
    freed = Assignment.objects.filter(in_force(at), at_end=AtEnd.RELEASE).exclude(
        holder__status=PersonStatus.ACTIVE
    )
    assert not freed.exclude(holder=None).exists()


@dataclass
class _Told:
    """What the trail says of a claim."""

    door_id: int
    person_id: int | None
    is_started: bool
    is_open: bool = True
    in_recovery: bool = False
    was_in_recovery: bool = False


def shown_as_the_trail_says(world: World) -> None:
    """Each door's shown state is what follows from the whole trail, event by event."""
    told, service = _read_trail(world)
    rows = {claim.pk: claim for claim in Claim.objects.all()}
    for claim_id, one in told.items():
        row = rows[claim_id]
        assert one.is_open == (row.closed_at is None), f"claim {claim_id} and the trail"
        assert one.door_id == row.compartment_id
        assert one.is_started == (row.started_at is not None)
        if row.closed_at is None:
            assert one.in_recovery == (row.recovery_at is not None)
            assert one.person_id == row.holder_id
    for door in bank_states([bank.pk for bank in world.banks], world.at):
        wanted = _shown(
            [(one, rows[pk]) for pk, one in told.items() if one.door_id == door.id and one.is_open],
            service.get(door.id, "in_service"),
            world.at,
        )
        assert door.state(world.at).shown == wanted, f"door {door.number}"


def _read_trail(world: World) -> tuple[dict[int, _Told], dict[int, str]]:
    told: dict[int, _Told] = {}
    service: dict[int, str] = {}
    for event in Event.objects.order_by("id"):
        claim_id, door_id = event.data.get("claim"), event.compartment_id
        if event.action == Action.SERVICE_CHANGED:
            service[door_id or 0] = event.data["after"]
        if event.action in _BEGIN:
            told[claim_id] = _Told(door_id or 0, event.person_id, is_started=True)
            if follows := event.data.get("follows"):
                told[follows].is_open = False
        elif event.action in _PLANNED:
            told[claim_id] = _Told(door_id or 0, event.person_id, is_started=False)
        elif event.action == Action.RECOVERY_BEGUN:
            told[claim_id].in_recovery = told[claim_id].was_in_recovery = True
        elif event.action == Action.RECOVERY_CALLED_OFF:
            told[claim_id].in_recovery = False
        elif event.action in _END:
            told[claim_id].is_open = False
            # Looked into and reset: what was to be cleaned is clean.
            was_emptied = event.action == Action.RECOVERY_CLOSED
            if was_emptied and service.get(door_id or 0) == "needs_cleaning":
                service[door_id or 0] = "in_service"
    return told, service


def _shown(claims: list[tuple[_Told, Claim]], service: str, at: dt.datetime) -> str:
    if service == "out_of_service":
        return service
    shown = "free"
    for one, claim in claims:
        is_past = claim.ends_at is not None and claim.ends_at <= at
        if one.is_started:
            # One that was called off does not begin again by itself.
            if one.in_recovery or not one.was_in_recovery and _recovers(claim, at):
                return "recovery"
            if not is_past:
                return "occupied"
            if claim.at_end == AtEnd.HOLD:
                return "overdue"
        elif not is_past and claim.starts_at - at <= SHOWN_AHEAD and not _lapsed(claim, at):
            shown = "reserved"
    return "cleaning" if service == "needs_cleaning" else shown


def _recovers(claim: Claim, at: dt.datetime) -> bool:
    """Whether the policy says that it is to be emptied by now."""
    policy = claim.policy
    return (
        claim.at_end == AtEnd.HOLD
        and policy is not None
        and policy.recovers_after is not None
        and claim.ends_at is not None
        and claim.ends_at + policy.recovers_after <= at
    )


def _lapsed(claim: Claim, at: dt.datetime) -> bool:
    return claim.lapses_at is not None and claim.lapses_at <= at
