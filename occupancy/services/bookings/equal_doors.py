"""Another door for a booking that is as good: first in its bank, then in its area.

As good is: of the same size, with what the person needs of a door as far as the old one had it,
and with its width and its charging; under a policy by which they may book it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import replace

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q

from lockers.choices import ServiceStatus
from lockers.models import Bank, Compartment
from occupancy.allocation.engine import Choice
from occupancy.allocation.rules import Whose
from occupancy.choices import AtEnd, Need
from occupancy.errors.claims import NoSuchCompartment
from occupancy.models import Claim, Quota
from occupancy.services.bookings import bookable, windows
from occupancy.services.bookings.no_shows import release_no_shows, stands
from occupancy.services.bookings.windows import Window
from occupancy.services.claims import bank_doors, situations
from occupancy.services.claims.looking import Wanted
from occupancy.services.claims.situations import Situation
from occupancy.services.ending import expiry

# From then on it matters who has a door at this moment, and whether its bank is reached.
SOON = dt.timedelta(minutes=30)


def overrun(at: dt.datetime) -> Q:
    """Return the condition: a use that went past what its holder was told, and goes on."""
    late = Q(due_at__lte=at) | Q(due_at__isnull=True, ends_at__lte=at)
    return Q(closed_at__isnull=True, started_at__isnull=False) & (
        Q(late, at_end=AtEnd.HOLD) | Q(recovery_at__isnull=False)
    )


def move(claim: Claim, at: dt.datetime, *, is_here: bool = False) -> bool:
    """Move a booking to the best equal door that is free for it; say whether there was one.

    Of its area, or with ``is_here`` of its bank.
    """
    banks = [claim.compartment.bank_id] if is_here else _banks(claim)
    return any(_move(claim, choice, at) for choice in _choices(claim, banks, at))


def _choices(claim: Claim, banks: Sequence[int], at: dt.datetime) -> Iterator[Choice]:
    due_at = claim.due_at or claim.ends_at
    assert claim.holder_id is not None and due_at is not None  # whoever booked it, until when
    window = Window(claim.starts_at, due_at, at, besides=claim.pk, keeps_start=True)
    wanted = Wanted(size_id=claim.compartment.size_id)
    begins_soon = claim.starts_at - at <= SOON
    for bank_id in banks:
        expiry.expire_due(at=at, bank_id=bank_id)
        release_no_shows(at, bank_id=bank_id)
        try:
            # Not as a new booking, which cannot begin before now: this one may have.
            situation = situations.read(
                claim.holder_id, bank_id, max(claim.starts_at, at), booking_at=at
            )
        except NoSuchCompartment:
            continue
        if begins_soon and bank_id != claim.compartment.bank_id and situation.cut_off is not None:
            continue
        found, _no = bookable.choices_in(situation, wanted, window, counts=False, is_kept=True)
        same = [one for one in found if one.offer.rules.policy_id == claim.policy_id]
        # Under another policy it counts there, with the person's other bookings.
        found, _no = bookable.choices_in(
            _without(situation, claim), wanted, window, is_kept=True
        )  # fmt: skip
        others = [
            one for one in found
            if one.offer.rules.policy_id != claim.policy_id and _may_be_booked(one)
        ]  # fmt: skip
        equal = [one for one in [*same, *others] if _is_equal(one, claim, situation)]
        yield from _to_be_had(equal, at) if begins_soon else equal


def _banks(claim: Claim) -> list[int]:
    """Return the bank of a booking, then the others of its area."""
    own = claim.compartment.bank
    others = Bank.objects.filter(site=own.site_id, area=own.area_id).exclude(pk=own.pk)
    return [own.pk, *others.order_by("position", "name", "pk").values_list("pk", flat=True)]


def _without(situation: Situation, claim: Claim) -> Situation:
    """Return it as if the person had not booked this."""
    mine = set(Quota.objects.filter(claim=claim.pk).values_list("policy", "slot"))
    kept = [
        one for one in zip(situation.limited_by, situation.slots, strict=True) if one not in mine
    ]
    return replace(
        situation, limited_by=[policy_id for policy_id, _slot in kept],
        slots=[slot for _policy_id, slot in kept],
    )  # fmt: skip


def _may_be_booked(choice: Choice) -> bool:
    rules = choice.offer.rules
    return rules.ahead is not None and rules.meaning.whose is Whose.PERSON


def _is_equal(choice: Choice, claim: Claim, situation: Situation) -> bool:
    old = claim.compartment
    had = bank_doors.features(
        old.is_accessible, old.is_wide, old.has_charging, old.bank.is_near_entrance
    )
    asked = had & (situation.needs | {Need.WIDE_DOOR.value, Need.CHARGING.value})
    return choice.door.id != claim.compartment_id and asked <= choice.door.offers


def _to_be_had(choices: Sequence[Choice], at: dt.datetime) -> list[Choice]:
    """Return those that nobody has now, then those that will be free in time by all we know."""
    by_door = {one.door.id: one for one in choices}
    now = windows.usable(list(by_door))
    stays = Claim.objects.filter(overrun(at), compartment=OuterRef("pk"))
    later = set(
        Compartment.objects.filter(
            ~Exists(stays), pk__in=by_door, service_status=ServiceStatus.IN_SERVICE,
            claims__closed_at__isnull=True, claims__started_at__isnull=False,
            claims__at_end=AtEnd.RELEASE,
        ).values_list("pk", flat=True)
    )  # fmt: skip
    return [by_door[one] for one in now] + [
        one for one in choices if one.door.id in later and one.door.id not in now
    ]


def _move(claim: Claim, choice: Choice, at: dt.datetime) -> bool:
    """Write it by compare-and-set; the constraints have the last word."""
    changes: dict[str, object] = {"compartment": choice.door.id, "unserved_since": None}
    is_same = choice.offer.rules.policy_id == claim.policy_id
    if not is_same:
        ends_at = choice.offer.term.ends_at
        changes |= {
            "policy": choice.offer.rules.policy_id, "due_at": choice.offer.term.due_at,
            "ends_at": ends_at, "at_end": choice.offer.at_end,
            "lapses_at": min(one for one in (claim.lapses_at, ends_at) if one is not None),
        }  # fmt: skip
    try:
        with transaction.atomic():
            moved = Claim.objects.filter(
                stands(at), pk=claim.pk, compartment=claim.compartment_id
            ).update(**changes)
            if moved and not is_same:
                Quota.objects.filter(claim=claim.pk).delete()
                Quota.objects.bulk_create(
                    Quota(
                        claim=claim, policy_id=policy_id, holder=claim.holder, slot=slot,
                        is_booking=True,
                    )
                    for policy_id, slot in choice.offer.counts.items()
                )  # fmt: skip
    except IntegrityError as error:
        told = str(error)
        if not any(
            name in told
            for name in (
                "occupancy_one_claim_per_compartment_and_time", "occupancy_no_more_than_the_limit",
            )
        ):  # fmt: skip
            raise
        return False  # booked by somebody else at this very moment
    return bool(moved)
