"""What a person reads of their doors: each with its true state, and what they may do with it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, replace
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from access.models import Person
from kiosk import places, untils
from kiosk.models import PhoneSession
from kiosk.services.me import doors, sessions
from kiosk.untils import Standing, Use
from lockers.choices import CommandStatus
from lockers.models import Command
from occupancy import selectors as occupancy
from occupancy.allocation.rules import MODELS
from occupancy.choices import UseModel
from occupancy.models import Assignment, Claim, Share
from occupancy.selectors import MapDoor
from occupancy.services import keeping
from occupancy.services.bookings.no_shows import stands
from occupancy.services.claims import assignments, renewals

# An opening that was asked for longer ago says nothing of the door any more.
_OPENING_FOR = dt.timedelta(seconds=60)
_UNDER_WAY = (CommandStatus.QUEUED, CommandStatus.SENT, CommandStatus.ACCEPTED)
_DID_NOT = (CommandStatus.FAILED, CommandStatus.EXPIRED, CommandStatus.CANCELLED)


@dataclass(frozen=True)
class Holding:
    """One door that somebody has, or may open."""

    claim: Assignment
    until: str
    standing: Standing
    # "open", "closed" or "unknown": only a sensor says open.
    door: str
    # What became of an opening a moment ago: "opening", "released", "failed", "unknown" or "".
    opening: str
    is_reached: bool
    is_own: bool
    is_group: bool
    opens_by_phone: bool
    may_open: bool
    may_finish: bool
    may_renew: bool
    may_share: bool
    is_last_opening: bool
    # Given for good: asked once more before it is given up.
    is_for_good: bool = False
    where: str = ""
    # Where the lockers are cut off: when they were last heard, as a time of day.
    as_of: str = ""
    # The lockers do not have it yet.
    is_pending: bool = False
    # Who else may open it; for whom it is shared with, their own share alone.
    shares: list[Share] = field(default_factory=list)

    @property
    def is_shared(self) -> bool:
        """Whether somebody else lets this person open it."""
        return not self.is_own and not self.is_group

    @property
    def said(self) -> str:
        """How the door stands, in a sentence."""
        if self.is_pending and self.as_of:
            return _("Not confirmed yet: these lockers are cut off. Look here again later.")
        if self.as_of:
            old = _(
                "This is as of %(time)s, when we last heard from these lockers. They are cut off"
                " now: open the door and finish there."
            )
            return old % {"time": self.as_of}
        if not self.is_reached:
            return _("These lockers cannot be reached right now.")
        if self.door == "open":
            return _("The door is open. Close it when you are done.")
        told = {
            "opening": _("The door is opening."),
            "released": _("The lock was released. Pull the door."),
            "failed": _("The door did not open. Try again, or ask reception."),
            "unknown": _("Nobody knows whether the door opened. Look at it."),
        }
        if self.opening in told:
            return told[self.opening]
        if self.door == "closed":
            return _("The door is closed.")
        return _("This door cannot say whether it is open.")


def held(session: PhoneSession, at: dt.datetime) -> list[Holding]:
    """Return every door somebody has now, that of the bank where they stand first."""
    claims = list(_claims(session.person, at))
    here = sessions.stands_at(session, at)
    found = _told(session, claims, at)
    return sorted(
        found,
        key=lambda one: (here is None or one.claim.compartment.bank_id != here.pk, one.claim.pk),
    )


def one(session: PhoneSession, claim_id: int, at: dt.datetime) -> Holding | None:
    """Return one door that somebody has now, with where it is; None when it is not theirs."""
    found = _told(session, list(_claims(session.person, at).filter(pk=claim_id)), at)
    return found[0] if found else None


def bookings(person: Person, at: dt.datetime) -> QuerySet[Claim]:
    """Return what somebody booked and has not begun to use, the next one first."""
    return (
        Claim.objects.filter(stands(at), holder=person)
        .select_related("compartment__bank__site", "compartment__size", "policy", "occurrence")
        .order_by("starts_at", "pk")
    )


def next_bookings(person: Person, at: dt.datetime) -> list[Claim]:
    """Return what somebody booked, and of what repeats only the next time."""
    told: list[Claim] = []
    series: set[int] = set()
    for booking in bookings(person, at):
        # Most bookings are no time of a series, and then have no such row.
        time = getattr(booking, "occurrence", None)
        if time is None or time.series_id not in series:
            told.append(booking)
        if time is not None:
            series.add(time.series_id)
    return told


def drawing(claim: Claim, at: dt.datetime) -> dict[str, Any]:
    """Return the bank of a claim as it stands, its door marked, and where that is in words."""
    states = occupancy.bank_states([claim.compartment.bank_id], at)
    mine = next(door for door in states if door.id == claim.compartment_id)
    return {
        "x": mine.x_mm + mine.width_mm // 2,
        "y": mine.y_mm + mine.height_mm // 2,
        "width": max((door.x_mm + door.width_mm for door in states), default=1),
        "height": max((door.y_mm + door.height_mm for door in states), default=1),
        "doors": states,
        "where": places.words(states).get(claim.compartment_id, ""),
    }


def _claims(person: Person, at: dt.datetime) -> QuerySet[Assignment]:
    return (
        Assignment.objects.filter(assignments.in_force(at))
        .filter(doors.theirs(person, at))
        .select_related(
            "compartment__bank__site", "compartment__size", "policy", "role", "department", "holder"
        )
        .distinct()
    )


def _told(session: PhoneSession, claims: list[Assignment], at: dt.datetime) -> list[Holding]:
    if not claims:
        return []
    banks = {claim.compartment.bank_id for claim in claims}
    states = occupancy.bank_states(banks, at)
    by_id = {door.id: door for door in states}
    where: dict[int, str] = {}
    for bank_id in banks:
        where |= places.words(door for door in states if door.bank_id == bank_id)
    newest: dict[int, Command] = {}
    for command in (
        Command.objects.filter(
            claim_id__in=[claim.pk for claim in claims], requested_at__gt=at - _OPENING_FOR
        )
        .select_related("compartment")
        .order_by("requested_at")
    ):
        newest[command.compartment_id] = command
    shares: dict[int, list[Share]] = {}
    for share in Share.objects.filter(
        claim__in=claims, ended_at__isnull=True, until__gt=at
    ).select_related("person"):
        shares.setdefault(share.claim_id, []).append(share)
    last = doors.last_openings(session, claims)
    cut_off, pending = keeping.deciding_alone(banks), keeping.pending(one.pk for one in claims)
    told = [
        _holding(session, claim, by_id[claim.compartment_id], where[claim.compartment_id],
                 newest.get(claim.compartment_id), shares.get(claim.pk, []), claim.pk in last, at)
        for claim in claims
    ]  # fmt: skip
    return [_as_known(one, cut_off, pending, at) for one in told]


def _as_known(
    holding: Holding, cut_off: dict[int, dt.datetime | None], pending: set[int], at: dt.datetime
) -> Holding:
    """Return it without what cannot be done or said while the lockers are cut off."""
    bank = holding.claim.compartment.bank
    if bank.pk not in cut_off:
        return holding
    return replace(
        holding,
        as_of=untils.when(cut_off[bank.pk] or holding.claim.starts_at, bank.site.zone, at),
        is_pending=holding.claim.pk in pending,
        may_open=False,
        may_finish=False,
        may_renew=False,
        opens_by_phone=False,
    )


def unconfirmed(claims: list[Claim]) -> set[int]:
    """Return which bookings the lockers do not have because they are cut off."""
    cut_off = keeping.deciding_alone({claim.compartment.bank_id for claim in claims})
    return keeping.pending(claim.pk for claim in claims if claim.compartment.bank_id in cut_off)


def _holding(
    session: PhoneSession,
    claim: Assignment,
    door: MapDoor,
    where: str,
    command: Command | None,
    shares: list[Share],
    is_last: bool,
    at: dt.datetime,
) -> Holding:
    policy, bank = claim.policy, claim.compartment.bank
    assert policy is not None  # by constraint: an assignment has one
    meaning = MODELS[UseModel(policy.model)]
    is_own = claim.holder_id == session.person_id
    group = claim.role or claim.department
    may_renew = is_own and renewals.has_terms_left(claim) and not meaning.ends_at_tap
    use = Use(
        number=claim.compartment.number,
        model=UseModel(policy.model),
        due_at=claim.due_at,
        ends_at=claim.ends_at,
        recovery_at=claim.recovery_at,
        group=group.name if group else "",
        is_shared=claim.holder_id is not None and not is_own,
        may_renew=may_renew,
    )
    standing = untils.standing(use, at)
    is_running = standing in (Standing.GOOD, Standing.WARNING)
    state = door.state(at)
    return Holding(
        claim=claim,
        until=untils.sentence(use, bank.site.zone, at),
        standing=standing,
        door=state.door,
        opening=_opening(command),
        is_reached=state.shown != "offline",
        is_own=is_own,
        is_group=group is not None,
        opens_by_phone=policy.opens_by_phone and door.is_wired,
        may_open=door.is_wired and doors.may_open(session, claim, at),
        # What is overdue is emptied before it is anybody else's: reception opens it.
        may_finish=is_own and (is_running or standing is Standing.GRACE),
        may_renew=may_renew and is_running,
        may_share=is_own and policy.may_share and is_running and not meaning.ends_at_tap,
        is_last_opening=is_last,
        is_for_good=not meaning.is_walk_up and claim.due_at is None,
        where=where,
        shares=[one for one in shares if is_own or one.person_id == session.person_id],
    )


def _opening(command: Command | None) -> str:
    if command is None:
        return ""
    status = command.status
    if status in _UNDER_WAY:
        return "opening"
    if status == CommandStatus.ACTUATED:
        return "opening" if command.compartment.has_sensor else "released"
    if status in _DID_NOT:
        return "failed"
    return "unknown" if status == CommandStatus.UNKNOWN else ""
