"""What a holder does at a terminal besides opening: keep it longer, share it, wait for one."""

from __future__ import annotations

import contextlib
import datetime as dt
import zoneinfo
from dataclasses import dataclass, replace

from django.utils.translation import gettext_lazy as _

from access.models import Person
from audit.services.events import Actor
from kiosk.authentication import Here
from kiosk.errors import NotAtThisBank, PassForOneDoor
from kiosk.services import doors
from kiosk.services.scans import Stands
from lockers.models import Compartment
from occupancy import periods
from occupancy.choices import ClaimKind
from occupancy.errors.claims import NotTheHolder
from occupancy.errors.custody import NotWithThemselves, ShareOver
from occupancy.models import Assignment, Claim, Share
from occupancy.selectors import waiting as lists
from occupancy.services.bookings import check_ins
from occupancy.services.claims import assignments, renewals
from occupancy.services.claims.claiming import Claimed
from occupancy.services.custody import sharing
from occupancy.services.queue import waiting


@dataclass(frozen=True)
class Shared:
    """With whom a door is shared now, and until when."""

    initials: str
    until: dt.datetime


def renew(
    *, here: Here, who: Stands, claim_id: int, at: dt.datetime, seen: str | None = None
) -> bool:
    """Let the holder keep a door of this bank for another term; raises as renewals.renew.

    Return False, with nothing done, when it is not due any more when the screen said (``seen``):
    it was kept longer in another way meanwhile, and one touch is one term.
    """
    assignment = doors.held_here(here, who, claim_id)
    # A second touch waits here, and then sees what the first one did.
    Compartment.objects.select_for_update(no_key=True).get(pk=assignment.compartment_id)
    assignment.refresh_from_db(fields=["due_at"])
    if seen is not None and assignment.due_at is not None and seen != assignment.due_at.isoformat():
        return False
    renewals.renew(
        claim_id=claim_id, person_id=who.person_id, actor=Actor.person(who.person_id), at=at
    )
    return True


def share(*, here: Here, who: Stands, claim_id: int, with_id: int, at: dt.datetime) -> Shared:
    """Let somebody whose badge was held here open a door too, until it is due.

    One without an end is shared until midnight. Raises as sharing.share.
    """
    assignment = doors.held_here(here, who, claim_id)
    until = assignment.due_at
    if until is None:
        until = periods.next_local(at, dt.time(0, 0), zoneinfo.ZoneInfo(here.time_zone))
    try:
        sharing.share(
            claim_id=claim_id,
            person_id=who.person_id,
            with_id=with_id,
            until=until,
            actor=Actor.person(who.person_id),
            at=at,
        )
    except NotWithThemselves as refusal:
        refusal.sentence = _("That is your own badge. Hold the badge of who may open it too.")
        raise
    return Shared(Person.objects.get(pk=with_id).initials, until)


def end_share(*, here: Here, who: Stands, share_id: int, at: dt.datetime) -> int:
    """End a share of a door of this bank, for its holder or the other; return the door's claim.

    One that is over already is what was wanted. Raises NotTheHolder.
    """
    share = Share.objects.filter(pk=share_id).first()
    if share is None:
        raise NotTheHolder
    doors.held_here(here, who, share.claim_id)
    with contextlib.suppress(ShareOver):
        sharing.end_share(
            share_id=share_id, person_id=who.person_id, actor=Actor.person(who.person_id), at=at
        )
    return share.claim_id


def join(*, here: Here, who: Stands, size_id: int, at: dt.datetime) -> lists.Waiting:
    """Put somebody on the waiting list of this bank; return their place. Raises as waiting.join."""
    if who.only_id is not None:
        raise PassForOneDoor
    entry = waiting.join(
        person_id=who.person_id,
        bank_id=here.bank_id,
        size_id=size_id,
        actor=Actor.person(who.person_id),
        at=at,
    )
    return lists.places([entry.pk], at)[entry.pk]


def accept(*, here: Here, who: Stands, offer_id: int, scan: str, at: dt.datetime) -> Claimed:
    """Take a door that was kept for whoever waited, and open it; raises as waiting.accept."""
    if who.only_id is not None:
        raise PassForOneDoor
    claimed = waiting.accept(
        offer_id=offer_id,
        person_id=who.person_id,
        actor=Actor.person(who.person_id),
        at=at,
        opens=True,
        credential=who.kind,
        via={"terminal": here.terminal_id, "scan": scan},
    )
    return replace(claimed, because="offered")


def decline(*, who: Stands, offer_id: int, at: dt.datetime) -> None:
    """Say no to a door that was kept for whoever waited; raises as waiting.decline."""
    if who.only_id is not None:
        raise PassForOneDoor
    waiting.decline(
        offer_id=offer_id, person_id=who.person_id, actor=Actor.person(who.person_id), at=at
    )


def check_in(*, here: Here, who: Stands, claim_id: int, scan: str, at: dt.datetime) -> Claimed:
    """Begin what somebody booked at this bank; raises as check_ins.check_in.

    What they began already, on the phone or by a touch before, is opened.
    """
    if who.only_id is not None:
        raise PassForOneDoor
    actor = Actor.person(who.person_id)
    begun = Assignment.objects.filter(
        assignments.in_force(at), pk=claim_id, holder=who.person_id
    ).first()
    if begun is not None:
        door = doors.held_here(here, who, claim_id).compartment
        command = assignments.open_again(
            claim_id=claim_id, person_id=who.person_id, actor=actor, at=at
        )
        return Claimed(claim_id, door.pk, door.number, begun.due_at, command)
    booked = Claim.objects.filter(
        pk=claim_id, kind=ClaimKind.RESERVATION, holder=who.person_id
    ).select_related("compartment__bank")
    for claim in booked.exclude(compartment__bank=here.bank_id):
        raise NotAtThisBank(bank=claim.compartment.bank.name)
    shown = booked.values_list("compartment_id", flat=True).first()
    claimed = check_ins.check_in(
        claim_id=claim_id,
        person_id=who.person_id,
        actor=actor,
        at=at,
        credential=who.kind,
        via={"terminal": here.terminal_id, "scan": scan},
    )
    # Whoever had the door before may still have it: then it is another one.
    return claimed if claimed.compartment_id == shown else replace(claimed, because="moved")
