"""What can be booked: the doors of a window and the policies, judged before anything is written."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import connection

from access.decisions import decide
from access.errors.decisions import NotAllowed
from audit.errors import Refusal
from occupancy import closings, refusals
from occupancy.allocation import engine
from occupancy.allocation.engine import Ask, Choice, Failing, Plan
from occupancy.allocation.ranking import Wish
from occupancy.errors.claims import CompartmentTaken, NoCompartmentAvailable
from occupancy.errors.reservations import (
    BadWindow,
    BookingLimitReached,
    BookingTooLong,
    DoorClosedThen,
    LockersClosedThen,
    NotBookable,
    SiteClosed,
    TooFarAhead,
    TooShortNotice,
)
from occupancy.services.bookings import windows
from occupancy.services.bookings.windows import Window
from occupancy.services.claims import situations
from occupancy.services.claims.claiming import Wanted
from occupancy.services.claims.situations import Situation


def situation_in(person_id: int, bank_id: int, window: Window) -> Situation:
    """Read what is true when the window begins, and what is booked now. Raises BadWindow."""
    starts_at, ends_at = window.starts_at, window.ends_at
    whole = all(one.second == 0 and one.microsecond == 0 for one in (starts_at, ends_at))
    # The running minute has begun, and is still good.
    begun = window.at.replace(second=0, microsecond=0)
    is_late = starts_at < begun and not window.keeps_start
    if not whole or ends_at <= max(starts_at, window.at) or is_late:
        raise BadWindow
    return situations.read(person_id, bank_id, max(starts_at, window.at), booking_at=window.at)


def choices_in(
    situation: Situation,
    wanted: Wanted,
    window: Window,
    *,
    credential: str | None = None,
    counts: bool = True,
    is_kept: bool = False,
) -> tuple[Sequence[Choice], Refusal | None]:
    """Return the doors that can be booked, the best first; or none of them and why.

    Without ``counts`` it is a booking that has its numbers under the limits; where it ``is_kept``,
    at the same time too, so that only the doors are in question.
    """
    decision = decide(situation.facts(), window.starts_at)
    if not decision.allowed:
        return (), NotAllowed(decision)
    hours = windows.hours(situation.site_id, window.starts_at, window.ends_at)
    if not is_kept and not hours.is_open(window.starts_at, window.ends_at, situation.zone):
        return (), SiteClosed()
    ask = Ask(
        who=situation.who,
        at=window.starts_at,
        zone=situation.zone,
        wish=Wish(situation.needs, wanted.near),
        size_id=wanted.size_id,
        door_id=wanted.compartment_id,
        credential=credential,
        access_until=situation.access_until if situation.needs_access else None,
        leaves_at=situation.leaves_at,
        window_ends_at=window.ends_at,
    )
    doors = windows.doors(situation, window, wanted.compartment_id)
    held = situation.held if counts else {}
    plan = engine.plan(situation.rulebook.for_booking, ask, situation.place, doors, held)
    against = [[] if is_kept else _fails(choice, window) for choice in plan.choices]
    choices = [one for one, no in zip(plan.choices, against, strict=True) if not no]
    if choices:
        return choices, None
    first = next((no[0] for no in against if no), None)
    if first is None:
        return (), _why_nothing(plan, wanted, situation, window)
    # Every rule that is against it, each once.
    rules = dict.fromkeys(
        (no.code, choice.offer.rules.name)
        for choice, said in zip(plan.choices, against, strict=True)
        for no in said
    )
    first.facts["failed"] = [{"rule": code, "policy": name} for code, name in rules]
    return (), first


def _fails(choice: Choice, window: Window) -> list[Refusal]:
    """Return all that the policy of a door says against this window."""
    rules = choice.offer.rules
    ahead = rules.ahead
    if ahead is None or not rules.is_bookable:
        return [NotBookable(policy=rules.name)]
    against: list[Refusal] = []
    if window.starts_at - window.at > ahead.books_ahead:
        against.append(TooFarAhead(latest=window.at + ahead.books_ahead))
    if window.starts_at - window.at < ahead.least_notice and not window.keeps_start:
        against.append(TooShortNotice(earliest=window.at + ahead.least_notice))
    if window.ends_at - window.starts_at > ahead.longest:
        against.append(BookingTooLong(minutes=int(ahead.longest.total_seconds() // 60)))
    ends_at = choice.offer.term.ends_at
    if ends_at is None or ends_at <= window.starts_at:
        against.append(BadWindow())
    return against


def _why_nothing(plan: Plan, wanted: Wanted, situation: Situation, window: Window) -> Refusal:
    codes = [one.code for one in plan.failed]
    if codes and codes[0] is Failing.LIMIT_REACHED:
        limits = [one.by.rules.limit for one in plan.failed if one.by and one.by.rules.limit]
        return BookingLimitReached(limit=min(limits), failed=refusals.told(plan.failed))
    if codes and codes[0] is not Failing.NO_COMPARTMENT_AVAILABLE:
        return refusals.of(plan.failed)
    closing = closings.first_across(
        bank_id=situation.bank_id, starts_at=window.starts_at, ends_at=window.ends_at,
        compartment_id=wanted.compartment_id, size_id=wanted.size_id,
    )  # fmt: skip
    told = closing.told(situation.zone) if closing is not None else None
    if wanted.compartment_id is not None:
        if told is not None:
            return DoorClosedThen(**told)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT number FROM lockers_compartment WHERE id = %s", (wanted.compartment_id,)
            )
            row = cursor.fetchone()
        return CompartmentTaken(number=row[0] if row else None)
    facts = {"free_sizes": [], "failed": refusals.told(plan.failed)}
    return LockersClosedThen(**facts, **told) if told else NoCompartmentAvailable(**facts)
