"""Waiting lists: joining, leaving, answering an offer, and the sweep that loses none."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q

from access.choices import NoticeKind, PersonStatus
from access.decisions import decide
from access.errors.decisions import NotAllowed
from access.models import Notice
from access.services import notices
from audit.actions import Action
from audit.errors import Refusal
from audit.services import events
from audit.services.events import Actor
from lockers.choices import ServiceStatus
from lockers.models import Bank
from occupancy import refusals
from occupancy.allocation import engine
from occupancy.allocation.engine import Ask, Failed
from occupancy.allocation.ranking import Wish
from occupancy.choices import OfferEnd, WaitingEnd
from occupancy.errors.waiting import (
    AlreadyWaiting,
    NoSuchOffer,
    NothingToWaitFor,
    NotOnTheList,
    OfferOver,
    PlaceOver,
)
from occupancy.models import Offer, WaitingEntry
from occupancy.services.claims import bank_doors, claiming, situations
from occupancy.services.claims.claiming import Claimed, Wanted
from occupancy.services.claims.situations import Situation
from occupancy.services.ending import sweeping
from occupancy.services.queue import offer_letters, offering, offers
from occupancy.services.queue.offering import Queue

_ACTOR = Actor.job("waiting lists")


def join(
    *, person_id: int, bank_id: int, size_id: int, actor: Actor, at: dt.datetime
) -> WaitingEntry:
    """Put somebody on the list of the bank's area (its site, when it has none) and a size.

    A door that is free is offered at once. Raises NotAllowed, AlreadyWaiting, NothingToWaitFor
    and what a claim of such a door would be refused with, however many were free.
    """
    situation = situations.read(person_id, bank_id, at)
    try:
        decision = decide(situation.facts(), at)
        if not decision.allowed:
            raise NotAllowed(decision)
        area_id = situation.list_area
        _find_use(situation, area_id, size_id, at)
        with transaction.atomic():
            try:
                with transaction.atomic():
                    entry = WaitingEntry.objects.create(
                        person_id=person_id, site_id=situation.site_id, area_id=area_id,
                        size_id=size_id, bank_id=bank_id, joined_at=at,
                    )  # fmt: skip
            except IntegrityError as error:
                if "occupancy_one_place_on_a_waiting_list" not in str(error):
                    raise
                raise AlreadyWaiting from error
            _record(Action.WAITING_JOINED, entry, actor, at)
            offering.offer_in(Queue(situation.site_id, area_id or 0, size_id), at)
    except Refusal as refusal:
        code = refusal.code
        raise refusal.keep(lambda: _refused(situation, actor, at, code, size_id)) from None
    return entry


def _find_use(situation: Situation, area_id: int | None, size_id: int, at: dt.datetime) -> None:
    """Refuse when no door of the list would be for them even if all of them were free."""
    banks = Bank.objects.filter(
        site=situation.site_id, area=area_id, compartments__size=size_id
    ).distinct()
    failed: dict[Failed, None] = {}
    for bank_id in banks.order_by("pk").values_list("pk", flat=True):
        there = situations.read(situation.person_id, bank_id, at)
        plan = engine.plan(
            there.rulebook.policies,
            Ask(who=there.who, at=at, zone=there.zone, wish=Wish(there.needs), size_id=size_id),
            there.place,
            [replace(one, is_free=True, free_until=None) for one in bank_doors.of_bank(there, at)],
            there.held,
        )
        if any(there.needs <= one.door.offers for one in plan.choices):
            return
        if not plan.choices:
            failed.update(dict.fromkeys(plan.failed))
    raise refusals.of(list(failed)) if failed else NothingToWaitFor()


def leave(*, entry_id: int, person_id: int, actor: Actor, at: dt.datetime) -> None:
    """Take somebody off a list; what was held for them is offered to the next.

    Raises NotOnTheList and PlaceOver.
    """
    entry = WaitingEntry.objects.filter(pk=entry_id, person=person_id).first()
    if entry is None:
        raise NotOnTheList
    with transaction.atomic():
        if not offers.leave(entry, WaitingEnd.LEFT, OfferEnd.DECLINED, actor=actor, at=at):
            raise PlaceOver
        _record(Action.WAITING_LEFT, entry, actor, at, how=WaitingEnd.LEFT.value)


def decline(*, offer_id: int, person_id: int, actor: Actor, at: dt.datetime) -> None:
    """Say no to an offer and to the place on the list; the next one is offered the door.

    Raises NoSuchOffer and OfferOver.
    """
    offer = _offer(offer_id, person_id)
    with transaction.atomic():
        if not offers.end(
            offer.pk, OfferEnd.DECLINED, actor=actor, at=at, place=WaitingEnd.DECLINED
        ):
            raise OfferOver
        offering.freed(compartment_id=offer.claim.compartment_id, at=at)


def accept(
    *,
    offer_id: int,
    person_id: int,
    actor: Actor,
    at: dt.datetime,
    opens: bool = False,
    credential: str | None = None,
    via: dict[str, Any] | None = None,
) -> Claimed:
    """Turn an offer into a claim by the rules of every claim; limits and all.

    The door opens with it only when somebody stands there (``opens``, from the kiosk). Raises
    NoSuchOffer, OfferOver and what claiming raises; refused, the offer stands until it lapses.
    """
    offer = _offer(offer_id, person_id)
    return claiming.claim(
        person_id=person_id,
        bank_id=offer.claim.compartment.bank_id,
        wanted=Wanted(compartment_id=offer.claim.compartment_id),
        actor=actor,
        at=at,
        credential=credential,
        via=via,
        opens=opens,
        offer_id=offer.pk,
    )


def drop(*, person_ids: list[int], at: dt.datetime) -> int:
    """Take those who left off every list; return off how many.

    Who is suspended keeps their places, and what is held for them goes to the next.
    """
    is_suspended = Q(claim__holder__status=PersonStatus.SUSPENDED)
    held = Offer.objects.filter(is_suspended, closed_at__isnull=True, claim__holder__in=person_ids)
    rows = held.select_related("claim").order_by("pk")
    withdrawn = sweeping.each(rows, lambda offer: _withdraw(offer, at), _name)
    entries = WaitingEntry.objects.filter(person__in=person_ids, closed_at__isnull=True).exclude(
        person__status=PersonStatus.SUSPENDED
    )
    return withdrawn + sweeping.each(entries.order_by("pk"), lambda entry: _gone(entry, at), _name)


def offer_due(at: dt.datetime, aside: list[str] | None = None) -> int:
    """Tidy up what is over and offer what is free; return how many offers were made.

    One row per transaction, each a compare-and-set: late, twice, or two at once gives the same.
    """
    open_offers = Offer.objects.filter(closed_at__isnull=True).select_related("claim")
    sweeping.each(
        open_offers.filter(claim__ends_at__lte=at).order_by("claim__ends_at", "pk"),
        lambda offer: _lapse(offer, at),
        _name,
        aside,
    )
    gone = WaitingEntry.objects.filter(closed_at__isnull=True, person__status=PersonStatus.LEFT)
    sweeping.each(gone.order_by("pk"), lambda entry: _gone(entry, at), _name, aside)
    # Nobody can use what is held: the person keeps the place, the door is free.
    idle = ~Q(claim__holder__status=PersonStatus.ACTIVE) | ~Q(
        claim__compartment__service_status=ServiceStatus.IN_SERVICE
    )
    sweeping.each(
        open_offers.filter(idle).order_by("pk"),
        lambda offer: _withdraw(offer, at),
        _name,
        aside,
    )
    return sum(offering.offer_in(queue, at, aside) for queue in offering.queues())


def _name(row: Offer | WaitingEntry) -> str:
    return f"{row._meta.model_name}:{row.pk}"


def _lapse(offer: Offer, at: dt.datetime) -> bool:
    lapsed_at = offer.claim.ends_at
    assert lapsed_at is not None  # by constraint
    if not offers.end(
        offer.pk, OfferEnd.LAPSED, actor=_ACTOR, at=lapsed_at, place=WaitingEnd.LAPSED
    ):
        return False
    offer_letters.tell(NoticeKind.OFFER_LAPSED, offer.pk, at=at)
    offering.freed(compartment_id=offer.claim.compartment_id, at=at)
    return True


def _withdraw(offer: Offer, at: dt.datetime) -> bool:
    done = offers.end(offer.pk, OfferEnd.WITHDRAWN, actor=_ACTOR, at=at, place=None)
    if done:
        offering.freed(compartment_id=offer.claim.compartment_id, at=at)
    return done


def _gone(entry: WaitingEntry, at: dt.datetime) -> bool:
    done = offers.leave(entry, WaitingEnd.GONE, OfferEnd.WITHDRAWN, actor=_ACTOR, at=at)
    if done:
        _record(Action.WAITING_LEFT, entry, _ACTOR, at, how=WaitingEnd.GONE.value)
    return done


def _offer(offer_id: int, person_id: int) -> Offer:
    offer = (
        Offer.objects.filter(pk=offer_id, claim__holder=person_id)
        .select_related("claim__compartment")
        .first()
    )
    if offer is None:
        raise NoSuchOffer
    return offer


def _is_of_use(notice: Notice, at: dt.datetime) -> bool:
    offer_id = notice.subject.partition(":")[2]
    return Offer.objects.filter(pk=offer_id, closed_at__isnull=True).exists()


# Nobody is called to a door that was taken back or answered before the letter went.
notices.checked_by(NoticeKind.DOOR_OFFERED, _is_of_use)


def _record(
    action: Action, entry: WaitingEntry, actor: Actor, at: dt.datetime, **data: Any
) -> None:
    events.record(
        action=action,
        actor=actor,
        at=at,
        organisation_id=entry.site.organisation_id,
        site_id=entry.site_id,
        bank_id=entry.bank_id,
        person_id=entry.person_id,
        subject=f"waiting:{entry.pk}",
        data={"size": entry.size_id, **data},
    )


def _refused(situation: Situation, actor: Actor, at: dt.datetime, code: str, size_id: int) -> None:
    events.record(
        action=Action.REFUSED,
        actor=actor,
        at=at,
        organisation_id=situation.organisation_id,
        site_id=situation.site_id,
        bank_id=situation.bank_id,
        person_id=situation.person_id,
        data={"code": code, "size": size_id},
    )
