"""The doors that somebody has, and what they may do with each at a screen."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from access.models import Person
from kiosk import rounds, untils, whereabouts
from kiosk.authentication import Here
from kiosk.untils import Standing, Use
from occupancy.allocation.rules import MODELS
from occupancy.choices import UseModel
from occupancy.models import Assignment, Share
from occupancy.services import keeping
from occupancy.services.claims import assignments, renewals
from occupancy.services.claims.claiming import Claimed
from occupancy.services.custody import sharing


@dataclass(frozen=True)
class Hold:
    """One compartment that somebody has now, and what they may do with it here."""

    claim: int
    compartment: int
    number: str
    bank_id: int
    bank: str
    directions: str
    is_here: bool
    where: str
    ends_at: dt.datetime | None
    until: str
    standing: Standing
    opens: bool
    # "yes", "ask" (given by staff: asked once more), or "no" (not this person's alone).
    finishes: str
    may_renew: bool
    may_share: bool
    ends_at_tap: bool
    # Who else may open it, as its holder is told: {"share", "with", "until_time", "once"}.
    shared_with: list[dict[str, Any]] = field(default_factory=list)
    # A round that comes to the door, in a sentence.
    visit: str = ""

    def told(self) -> dict[str, Any]:
        """Return it as the page takes it."""
        return {
            "claim": self.claim,
            "compartment": self.compartment,
            "number": self.number,
            "bank": self.bank,
            "directions": self.directions,
            "here": self.is_here,
            "where": self.where,
            "ends_at": self.ends_at.isoformat() if self.ends_at else None,
            "until": self.until,
            "standing": self.standing.value,
            "opens": self.opens,
            "finishes": self.finishes,
            "renews": self.may_renew,
            "shares": self.may_share,
            "ends_at_tap": self.ends_at_tap,
            "shared_with": self.shared_with,
            "visit": self.visit,
        }


def of(here: Here, person_id: int, at: dt.datetime) -> list[Hold]:
    """Return what somebody is known to have now, the doors of this bank first."""
    person = Person.objects.get(pk=person_id)
    claims = list(
        Assignment.objects.filter(
            # Lockers that are cut off may have given them to somebody else by now.
            keeping.MayTell("compartment__bank_id"),
            assignments.in_force(at),
            assignments.of(person) | sharing.with_person(person_id, at),
        ).select_related("compartment__bank", "policy", "role", "department")
    )
    where: dict[int, str] = {}
    mine = {claim.compartment_id for claim in claims}
    for bank_id in {claim.compartment.bank_id for claim in claims}:
        where |= whereabouts.of_doors(bank_id, mine)
    shares = _shares(claims, at)
    zone = zoneinfo.ZoneInfo(here.time_zone)
    visits = rounds.coming(mine, zone, at) if mine else {}
    found = [
        _hold(
            here, _had(claim, person_id, shares.get(claim.pk, [])), where, zone, at,
            visits.get(claim.compartment_id, ""),
        )
        for claim in claims
    ]  # fmt: skip
    return sorted(found, key=lambda hold: (not hold.is_here, hold.claim))


def begun(here: Here, claimed: Claimed, at: dt.datetime) -> Hold | None:
    """Return a door of this bank that was claimed just now, from what the claim knows of it.

    It is what ``of`` would find, without reading it again; None when the use is not new.
    """
    if claimed.rules is None:
        return None
    had = _Had(
        claim=claimed.claim_id,
        compartment=claimed.compartment_id,
        number=claimed.number,
        bank_id=here.bank_id,
        bank=here.bank,
        directions=here.directions,
        is_wired=True,
        model=claimed.rules.model,
        due_at=claimed.due_at,
        ends_at=claimed.ends_at,
        has_renewals=claimed.due_at is not None and claimed.rules.renewals > 0,
        may_share=claimed.rules.may_share,
    )
    door = claimed.compartment_id
    where = whereabouts.of_doors(here.bank_id, [door])
    zone = zoneinfo.ZoneInfo(here.time_zone)
    return _hold(here, had, where, zone, at, rounds.coming([door], zone, at).get(door, ""))


@dataclass(frozen=True)
class _Had:
    """What is known of a door that somebody has; by itself, one that is their own."""

    claim: int
    compartment: int
    number: str
    bank_id: int
    bank: str
    directions: str
    is_wired: bool
    model: UseModel
    due_at: dt.datetime | None
    ends_at: dt.datetime | None
    has_renewals: bool
    may_share: bool
    recovery_at: dt.datetime | None = None
    group: str = ""
    is_own: bool = True
    # Whether it is shared with this person for one single opening.
    is_once: bool = True
    shares: Sequence[Share] = ()


def _had(claim: Assignment, person_id: int, shares: list[Share]) -> _Had:
    policy = claim.policy
    assert policy is not None  # by constraint: an assignment has one
    group = claim.role or claim.department
    compartment, is_own = claim.compartment, claim.holder_id == person_id
    return _Had(
        claim=claim.pk,
        compartment=compartment.pk,
        number=compartment.number,
        bank_id=compartment.bank_id,
        bank=compartment.bank.name,
        directions=compartment.bank.directions,
        is_wired=compartment.controller_id is not None,
        model=UseModel(policy.model),
        due_at=claim.due_at,
        ends_at=claim.ends_at,
        has_renewals=renewals.has_terms_left(claim),
        may_share=policy.may_share,
        recovery_at=claim.recovery_at,
        # Among those it found that are nobody's role or department, others' doors are shared ones.
        group="" if claim.holder_id is not None or group is None else group.name,
        is_own=is_own,
        is_once=not any(
            share.person_id == person_id and not share.is_one_opening for share in shares
        ),
        shares=shares,
    )


def _shares(claims: list[Assignment], at: dt.datetime) -> dict[int, list[Share]]:
    """Return by claim what is shared of these doors now, in the order in which it was."""
    told: dict[int, list[Share]] = {}
    found = Share.objects.filter(sharing.in_force(at), claim__in=claims).select_related("person")
    for share in found.order_by("pk"):
        told.setdefault(share.claim_id, []).append(share)
    return told


def _with_whom(share: Share, zone: zoneinfo.ZoneInfo, at: dt.datetime) -> dict[str, Any]:
    return {
        "share": share.pk,
        "with": share.person.initials,
        "until_time": untils.when(share.until, zone, at),
        "once": share.is_one_opening,
    }


def _hold(
    here: Here,
    had: _Had,
    where: dict[int, str],
    zone: zoneinfo.ZoneInfo,
    at: dt.datetime,
    visit: str = "",
) -> Hold:
    meaning = MODELS[had.model]
    renews = had.is_own and had.has_renewals and not meaning.ends_at_tap
    use = Use(
        number=had.number,
        model=had.model,
        due_at=had.due_at,
        ends_at=had.ends_at,
        recovery_at=had.recovery_at,
        group=had.group,
        is_shared=not had.is_own and not had.group,
        is_once=had.is_once,
        may_renew=renews,
    )
    standing = untils.standing(use, at)
    is_running = standing in (Standing.GOOD, Standing.WARNING)
    given = not meaning.is_walk_up and had.model != UseModel.RESERVATION
    # A door with a key is its holder's without any screen opening it.
    opens = had.is_wired and standing not in (Standing.OVERDUE, Standing.RECOVERY)
    # What cannot be opened cannot be emptied: it is not given back either.
    finishes = "no" if not had.is_own or not opens else "ask" if given else "yes"
    return Hold(
        claim=had.claim,
        compartment=had.compartment,
        number=had.number,
        bank_id=had.bank_id,
        bank=had.bank,
        directions=had.directions,
        is_here=had.bank_id == here.bank_id,
        where=where[had.compartment],
        ends_at=had.due_at,
        until=untils.sentence(use, zone, at),
        standing=standing,
        opens=opens,
        finishes=finishes,
        may_renew=renews and is_running,
        may_share=had.is_own and had.may_share and is_running and not meaning.ends_at_tap,
        ends_at_tap=had.is_own and meaning.ends_at_tap,
        shared_with=[_with_whom(share, zone, at) for share in had.shares] if had.is_own else [],
        visit=visit,
    )
