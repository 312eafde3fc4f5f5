"""Booking the same hours again and again; each time stands for itself, booked or explained."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from dateutil.rrule import rrule
from django.db import transaction
from django.db.models import F, Q

from access.errors.decisions import NotAllowed
from audit.actions import Action
from audit.errors import Refusal
from audit.services import events
from audit.services.events import Actor
from occupancy.allocation import recurring
from occupancy.choices import SkippedWhy
from occupancy.errors.policies import (
    CredentialNotEnough,
    NoPolicy,
    NotForYou,
    NotWalkUp,
    SizeNotAllowed,
)
from occupancy.errors.reservations import (
    BadRule,
    BadWindow,
    BookingLimitReached,
    NotBookable,
    SeriesOver,
    SiteClosed,
    TooFarAhead,
    TooShortNotice,
)
from occupancy.models import Claim, Occurrence, Policy, Series
from occupancy.services.bookings import reservations
from occupancy.services.bookings.reservations import Wanted
from occupancy.services.ending import sweeping

_ACTOR = Actor.job("recurring bookings")
# What nobody may book at all is refused as a whole; the rest is a reason of one time of it.
_WHY: list[tuple[tuple[type[Refusal], ...], SkippedWhy]] = [
    ((SiteClosed,), SkippedWhy.CLOSED),
    ((BookingLimitReached,), SkippedWhy.LIMIT),
    ((NotAllowed,), SkippedWhy.NOT_ADMITTED),
    ((TooShortNotice, BadWindow), SkippedWhy.TOO_LATE),
    (
        (NoPolicy, NotForYou, NotWalkUp, NotBookable, SizeNotAllowed, CredentialNotEnough),
        SkippedWhy.NOT_FOR_YOU,
    ),
]


@dataclass(frozen=True)
class Repeats:
    """What is wished: the rule, and the hours of the first time as the site's clocks show them."""

    rule: str
    first_day: dt.date
    starts_at: dt.time
    ends_at: dt.time


@dataclass(frozen=True)
class Time:
    """One time: what was or would be booked, or why it could not be had."""

    starts_at: dt.datetime
    ends_at: dt.datetime
    claim_id: int | None = None
    number: str = ""
    skipped_why: str = ""


@dataclass(frozen=True)
class Made:
    """A series (none, when it was only asked about) and its times up to now."""

    series_id: int | None
    times: tuple[Time, ...]


def make(
    *,
    person_id: int,
    bank_id: int,
    wanted: Wanted,
    repeats: Repeats,
    actor: Actor,
    at: dt.datetime,
    dry_run: bool = False,
) -> Made:
    """Book every time of a rule as far ahead as the policies allow, and go on by a job.

    A time that cannot be had is skipped, with its reason; the others are made. With ``dry_run``
    nothing is kept of it, and the answer is the same. Raises BadRule, and Again as booking does.
    """
    with transaction.atomic():
        series = Series(
            person_id=person_id, bank_id=bank_id, size_id=wanted.size_id,
            compartment_id=wanted.compartment_id, rule=repeats.rule[:300],
            first_day=repeats.first_day, starts_at=repeats.starts_at, ends_at=repeats.ends_at,
            booked_by=f"{actor.kind.value}:{actor.id}"[:60], made_at=at,
        )  # fmt: skip
        # A rule that is none is refused before anything is written.
        _rule(series)
        series.save()
        times = tuple(_materialise(series, actor, at))
        if dry_run:
            transaction.set_rollback(True)
            return Made(None, tuple(_without_claim(one) for one in times))
        _record(
            series, Action.SERIES_MADE, actor, at,
            booked=sum(one.claim_id is not None for one in times), times=len(times),
        )  # fmt: skip
    return Made(series.pk, times)


def end(
    *,
    series_id: int,
    actor: Actor,
    at: dt.datetime,
    person_id: int | None = None,
    reason: str = "",
) -> int:
    """End a series and cancel what it booked and has not begun; return how many bookings.

    Raises SeriesOver.
    """
    with transaction.atomic():
        running = Series.objects.filter(pk=series_id, ended_at__isnull=True)
        if person_id is not None:
            running = running.filter(person=person_id)
        if not running.update(ended_at=at):
            raise SeriesOver
        cancelled = 0
        for time in Occurrence.objects.filter(
            series=series_id, claim__in=Claim.objects.filter(reservations.stands(at))
        ).order_by("starts_at"):
            assert time.claim_id is not None  # the filter asks for it
            reservations.cancel(claim_id=time.claim_id, actor=actor, at=at, reason=reason)
            cancelled += 1
        series = Series.objects.get(pk=series_id)
        _record(series, Action.SERIES_ENDED, actor, at, reason=reason, cancelled=cancelled)
    return cancelled


def materialise_due(at: dt.datetime, aside: list[str] | None = None) -> int:
    """Book what has come within reach of every series; return how many series had something."""
    running = Series.objects.filter(ended_at__isnull=True).order_by("pk")

    def go_on(series: Series) -> int:
        # Two jobs at once: the second finds that the first has done it.
        series = Series.objects.select_for_update().get(pk=series.pk)
        return int(any(True for _one in list(_materialise(series, _ACTOR, at))))

    return sweeping.each(
        running, go_on, lambda one: f"series {one.pk}",
        aside,
    )  # fmt: skip


def _materialise(series: Series, actor: Actor, at: dt.datetime) -> Iterator[Time]:
    """Book the times that have come within reach since the last run, and remember how far."""
    reach = at + _books_ahead(series, at)
    after = series.made_until or at
    if series.ended_at is not None or reach <= after:
        return
    zone = series.bank.site.zone
    times = recurring.windows(_rule(series), series.ends_at, zone, after=after, until=reach)
    done = list(
        Occurrence.objects.filter(series=series, starts_at__gte=after).values_list(
            "starts_at", flat=True
        )
    )
    for starts_at, ends_at in times:
        if starts_at in done:
            continue
        try:
            time = _book(series, starts_at, ends_at, actor, at)
        except TooFarAhead:
            # Another policy reaches further than theirs: this one and the rest come later.
            reach = starts_at
            break
        Occurrence.objects.create(
            series=series, starts_at=starts_at, claim_id=time.claim_id,
            skipped_why=time.skipped_why,
        )  # fmt: skip
        yield time
    Series.objects.filter(pk=series.pk).update(made_until=reach)


def _book(
    series: Series, starts_at: dt.datetime, ends_at: dt.datetime, actor: Actor, at: dt.datetime
) -> Time:
    wanted = Wanted(size_id=series.size_id, compartment_id=series.compartment_id)
    try:
        with transaction.atomic():
            got = reservations.reserve(
                person_id=series.person_id, bank_id=series.bank_id, wanted=wanted,
                starts_at=starts_at, ends_at=ends_at, actor=actor, at=at,
            )  # fmt: skip
    except TooFarAhead:
        raise
    except Refusal as refusal:
        why = next((why for kinds, why in _WHY if isinstance(refusal, kinds)), SkippedWhy.NONE_FREE)
        _record(
            series, Action.SKIPPED, actor, at, starts=starts_at, code=refusal.code, why=why.value
        )
        return Time(starts_at, ends_at, skipped_why=why.value)
    return Time(starts_at, got.ends_at, got.claim_id, got.number)


def _books_ahead(series: Series, at: dt.datetime) -> dt.timedelta:
    """Return how far ahead any policy lets the person book at that bank."""
    bank = series.bank
    furthest = (
        Policy.objects.filter(
            Q(site__isnull=True) | Q(site=bank.site_id),
            Q(bank__isnull=True) | Q(bank=bank.pk),
            organisation=bank.site.organisation_id, is_active=True, books_ahead__isnull=False,
        ).order_by(F("books_ahead").desc())
    ).first()  # fmt: skip
    if furthest is None or furthest.books_ahead is None:
        return dt.timedelta(0)
    return furthest.books_ahead


def _rule(series: Series) -> rrule:
    try:
        return recurring.parse(series.rule, series.first, series.bank.site.zone)
    except recurring.NoSuchRule as error:
        raise BadRule from error


def _without_claim(time: Time) -> Time:
    return Time(time.starts_at, time.ends_at, None, time.number, time.skipped_why)


def _record(
    series: Series,
    action: Action,
    actor: Actor,
    at: dt.datetime,
    reason: str = "",
    **data: object,
) -> None:
    bank = series.bank
    events.record(
        action=action,
        actor=actor,
        at=at,
        organisation_id=bank.site.organisation_id,
        site_id=bank.site_id,
        bank_id=bank.pk,
        person_id=series.person_id,
        subject=f"series:{series.pk}",
        reason=reason,
        data=dict(data),
    )
