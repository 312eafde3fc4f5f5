"""When a use ends, by the policy that governs it, in the site's own local time. Pure."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from dataclasses import dataclass

from dateutil.relativedelta import relativedelta

from occupancy import periods
from occupancy.allocation.rules import Ends, Rules


@dataclass(frozen=True, slots=True)
class Term:
    """Until when: what the person is told, and when the door is really up (later by the grace)."""

    due_at: dt.datetime | None
    ends_at: dt.datetime | None
    # It would last longer, but the person's last day here is over then.
    is_last: bool = False


def term(
    rules: Rules,
    at: dt.datetime,
    zone: zoneinfo.ZoneInfo,
    *,
    access_until: dt.datetime | None = None,
    window_ends_at: dt.datetime | None = None,
    leaves_at: dt.datetime | None = None,
) -> Term:
    """Return until when a use that begins at ``at`` lasts; never longer than the person's access.

    ``access_until`` is the end of temporary access, for those who need it; ``leaves_at`` the end of
    somebody's last day here.
    """
    due = _due(rules, at, zone, access_until, window_ends_at)
    ends = None if due is None else due + rules.grace
    if access_until is not None:
        due = access_until if due is None else min(due, access_until)
        ends = access_until if ends is None else min(ends, access_until)
    return within(Term(due, ends), leaves_at)


def within(term: Term, leaves_at: dt.datetime | None) -> Term:
    """Return a term that ends with somebody's last day at the latest."""
    if leaves_at is None or (term.ends_at is not None and term.ends_at <= leaves_at):
        return term
    due = leaves_at if term.due_at is None else min(term.due_at, leaves_at)
    return Term(due, leaves_at, is_last=True)


def _due(
    rules: Rules,
    at: dt.datetime,
    zone: zoneinfo.ZoneInfo,
    access_until: dt.datetime | None,
    window_ends_at: dt.datetime | None,
) -> dt.datetime | None:
    if window_ends_at is not None:
        # Whatever the model, what was booked ends with its window.
        return window_ends_at
    ends = rules.meaning.ends
    if ends is Ends.NEVER:
        return None
    if ends is Ends.WINDOW:
        return window_ends_at
    if ends is Ends.AFTER:
        # An hour is an hour on the day the clocks change, too.
        assert rules.lasts is not None  # the database refuses a policy without it
        return at + rules.lasts
    if ends is Ends.SHIFT:
        return shift_ends(at, rules.shifts, rules.handover, zone)
    if ends is Ends.PERIOD:
        return period_ends(at, rules, zone)
    if ends is Ends.ACCESS and access_until is not None:
        return access_until
    return periods.next_local(at, rules.ends_at_time, zone)


def period_ends(at: dt.datetime, rules: Rules, zone: zoneinfo.ZoneInfo) -> dt.datetime:
    """Return when a period of days or months is over; the first day counts.

    A month from 31 January ends with the last day of February.
    """
    local = at.astimezone(zone)
    last = local + relativedelta(months=rules.months, days=rules.days - 1)
    if rules.months and not rules.days:
        last = local + relativedelta(months=rules.months) - relativedelta(days=1)
    return periods.next_local(last.astimezone(dt.UTC), rules.ends_at_time, zone)


def shift_ends(
    at: dt.datetime, starts: tuple[dt.time, ...], handover: dt.timedelta, zone: zoneinfo.ZoneInfo
) -> dt.datetime:
    """Return when the running shift has to be out: the handover before the next one starts.

    Who comes during the handover has come for the next shift.
    """
    begins = _next_start(at, starts, zone)
    if at >= begins - handover:
        begins = _next_start(begins, starts, zone)
    return begins - handover


def _next_start(
    at: dt.datetime, starts: tuple[dt.time, ...], zone: zoneinfo.ZoneInfo
) -> dt.datetime:
    return min(periods.next_local(at, start, zone) for start in starts)
