"""What becomes of an offer: compare-and-set, with its claim and its place on the list."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

from django.db import transaction
from django.db.models import OuterRef, Q, QuerySet, Subquery

from audit.actions import Action
from audit.services import events
from audit.services.events import Actor
from lockers.models import Compartment
from occupancy.allocation.ranking import Door
from occupancy.choices import ClaimKind, ClosedHow, OfferEnd, WaitingEnd
from occupancy.errors.waiting import OfferOver
from occupancy.models import Claim, Offer, WaitingEntry
from occupancy.services.claims.situations import Situation
from occupancy.services.queue import offering

_SAID = {
    OfferEnd.ACCEPTED: Action.OFFER_ACCEPTED,
    OfferEnd.DECLINED: Action.OFFER_DECLINED,
    OfferEnd.LAPSED: Action.OFFER_LAPSED,
    OfferEnd.WITHDRAWN: Action.OFFER_WITHDRAWN,
}


def standing(at: dt.datetime) -> Q:
    """Return the condition under which an offer can be accepted at ``at``, whatever jobs did."""
    return Q(closed_at__isnull=True, claim__starts_at__lte=at, claim__ends_at__gt=at)


def end(
    offer_id: int,
    how: OfferEnd,
    *,
    actor: Actor,
    at: dt.datetime,
    place: WaitingEnd | None,
    reason: str = "",
) -> bool:
    """End an open offer and free its door; return False when somebody was faster.

    ``place`` is how the place on the list ends with it; None: the person keeps it.
    """
    with transaction.atomic():
        if not Offer.objects.filter(pk=offer_id, closed_at__isnull=True).update(
            closed_at=at, closed_how=how
        ):
            return False
        offer = Offer.objects.select_related("claim__compartment__bank__site").get(pk=offer_id)
        claim = offer.claim
        # What never began ends at its beginning.
        Claim.objects.filter(pk=claim.pk, closed_at__isnull=True).update(
            closed_at=max(at, claim.starts_at), closed_how=ClosedHow.OFFER_OVER
        )
        if place is not None:
            WaitingEntry.objects.filter(pk=offer.entry_id, closed_at__isnull=True).update(
                closed_at=at, closed_how=place
            )
        bank = claim.compartment.bank
        events.record(
            action=_SAID[how],
            actor=actor,
            at=at,
            organisation_id=bank.site.organisation_id,
            site_id=bank.site_id,
            bank_id=bank.pk,
            compartment_id=claim.compartment_id,
            person_id=claim.holder_id,
            subject=f"offer:{offer_id}",
            reason=reason,
            data={"claim": claim.pk, "entry": offer.entry_id},
        )
    return True


@dataclass(frozen=True)
class Left:
    """What is left for a claimant where people wait: by size, and their own offer's door."""

    of_sizes: Mapping[int, frozenset[int]] = field(default_factory=dict)
    own: int | None = None

    def has(self, door: Door) -> bool:
        """Say whether a door may be theirs; one that came free a moment ago is not yet."""
        left = self.of_sizes.get(door.size_id)
        return left is None or door.id in left or door.id == self.own


def at_claim(
    *,
    situation: Situation,
    size_id: int | None,
    door_id: int | None,
    offer_id: int | None,
    actor: Actor,
    at: dt.datetime,
) -> Left:
    """Let those who wait come first, then take up the claimant's own offer.

    What is free and waited for is offered now, in the claim's own transaction: the claimant gets
    what is left over. Raises OfferOver when it is about an offer that is over, and Again.
    """
    left = {
        queue.size_id: offering.left_in(queue, at, door_id)
        for queue in offering.queues(bank_id=situation.bank_id, size_id=size_id)
    }
    own = _own(situation, size_id, door_id, at)
    if offer_id is not None:
        own = _own(situation, None, None, at).filter(pk=offer_id)
    offer = own.select_related("claim").order_by("pk").first()
    if offer is not None and end(
        offer.pk, OfferEnd.ACCEPTED, actor=actor, at=at, place=WaitingEnd.GOT
    ):
        return Left(left, offer.claim.compartment_id)
    if offer_id is not None:
        raise OfferOver
    return Left(left)


def _own(
    situation: Situation, size_id: int | None, door_id: int | None, at: dt.datetime
) -> QuerySet[Offer]:
    """Return the claimant's own offers at a bank that stand."""
    own = Offer.objects.filter(
        standing(at),
        claim__holder=situation.person_id,
        claim__compartment__bank=situation.bank_id,
    )
    if door_id is not None:
        return own.filter(claim__compartment=door_id)
    return own if size_id is None else own.filter(claim__compartment__size=size_id)


@dataclass(frozen=True)
class Held:
    """What those who wait are or would be offered at a bank: a claimant's own door, and others'."""

    own: int | None = None
    # The offer's claim, when it was made already.
    own_claim: int | None = None
    others: frozenset[int] = frozenset()


def held_at(
    *, situation: Situation, size_id: int | None, door_id: int | None, at: dt.datetime
) -> Held:
    """Return what ``at_claim`` would come upon, without offering or taking up anything."""
    would: dict[int, int] = {}
    for queue in offering.queues(bank_id=situation.bank_id, size_id=size_id):
        would |= offering.would_hold(queue, at)
    own = _own(situation, size_id, door_id, at).select_related("claim").order_by("pk").first()
    if own is not None:
        return Held(own.claim.compartment_id, own.claim_id, frozenset(would))
    here = Compartment.objects.filter(
        pk__in=[door for door, person in would.items() if person == situation.person_id],
        bank=situation.bank_id,
    )  # fmt: skip
    if door_id is not None:
        here = here.filter(pk=door_id)
    # One that its last holder may still take back is nobody's for that minute.
    late = Claim.objects.filter(compartment=OuterRef("pk"), started_at__isnull=False)
    here = here.alias(
        how=Subquery(late.order_by("-pk").values("closed_how")[:1]),
        since=Subquery(late.order_by("-pk").values("closed_at")[:1]),
    ).exclude(how=ClosedHow.FINISHED, since__gt=at - offering.UNDO_WITHIN)
    mine = here.order_by("pk").values_list("pk", flat=True).first()
    return Held(mine, None, frozenset(would) - {mine})


def got(
    *, person_id: int, site_id: int, area_id: int | None, size_id: int, actor: Actor,
    at: dt.datetime,
) -> None:  # fmt: skip
    """Take somebody off the list for what they got just now without an offer."""
    entry = WaitingEntry.objects.filter(
        person=person_id, site=site_id, area=area_id, size=size_id, closed_at__isnull=True
    ).first()
    if entry is not None:
        leave(entry, WaitingEnd.GOT, OfferEnd.WITHDRAWN, actor=actor, at=at)


def leave(
    entry: WaitingEntry, how: WaitingEnd, offer_how: OfferEnd, *, actor: Actor, at: dt.datetime
) -> bool:
    """Take somebody off a list and offer what was held for them to the next."""
    with transaction.atomic():
        for offer in entry.offers.filter(closed_at__isnull=True).select_related("claim"):
            if end(offer.pk, offer_how, actor=actor, at=at, place=how):
                offering.freed(compartment_id=offer.claim.compartment_id, at=at)
                return True
        left = WaitingEntry.objects.filter(pk=entry.pk, closed_at__isnull=True).update(
            closed_at=at, closed_how=how
        )
    return bool(left)


def take_back(*, compartment_id: int, actor: Actor, at: dt.datetime) -> None:
    """Withdraw an offer of which nobody was told yet: the holder before undoes the release."""
    for offer in Offer.objects.filter(
        closed_at__isnull=True, claim__compartment=compartment_id, claim__starts_at__gt=at
    ):
        end(offer.pk, OfferEnd.WITHDRAWN, actor=actor, at=at, place=None)


def withdraw(*, compartment_id: int, actor: Actor, at: dt.datetime) -> None:
    """Withdraw what is offered at a door that nobody can use now; the person keeps the place."""
    for offer in Offer.objects.filter(closed_at__isnull=True, claim__compartment=compartment_id):
        end(offer.pk, OfferEnd.WITHDRAWN, actor=actor, at=at, place=None)


def hold(*, bank_id: int, size_id: int | None, door_id: int | None, at: dt.datetime) -> bool:
    """Say whether offers hold what somebody else asked for."""
    held = Claim.objects.filter(
        kind=ClaimKind.OFFER, closed_at__isnull=True, ends_at__gt=at, compartment__bank=bank_id
    )
    if size_id is not None:
        held = held.filter(compartment__size=size_id)
    if door_id is not None:
        held = held.filter(compartment=door_id)
    return held.exists()
