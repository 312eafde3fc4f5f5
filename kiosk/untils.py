"""Until when a door is somebody's, in one sentence for its own screen."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from dataclasses import dataclass
from enum import StrEnum

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from occupancy.allocation.rules import MODELS, Ends, Whose
from occupancy.choices import UseModel

# The screen itself warns this long before a use is due.
WARNS_BEFORE = dt.timedelta(minutes=15)


class Standing(StrEnum):
    """How a use stands against its end."""

    GOOD = "good"
    WARNING = "warning"  # a few minutes left
    GRACE = "grace"  # due, and not yet up
    OVERDUE = "overdue"  # over, and kept for the holder: only staff open it
    RECOVERY = "recovery"  # staff are to empty it


@dataclass(frozen=True, slots=True)
class Use:
    """What there is to know of a use."""

    number: str
    model: UseModel
    due_at: dt.datetime | None
    ends_at: dt.datetime | None
    recovery_at: dt.datetime | None = None
    # The name of the role or department it is for; nothing for a person's own.
    group: str = ""
    # Whether somebody else lets this person open it.
    is_shared: bool = False
    # Whether that is for one single opening.
    is_once: bool = False
    may_renew: bool = False


def standing(use: Use, at: dt.datetime) -> Standing:
    """Return how a use stands at ``at``."""
    if use.recovery_at is not None and use.recovery_at <= at:
        return Standing.RECOVERY
    if use.ends_at is not None and use.ends_at <= at:
        return Standing.OVERDUE
    if use.due_at is None:
        return Standing.GOOD
    if use.due_at <= at:
        return Standing.GRACE
    return Standing.WARNING if use.due_at - at <= WARNS_BEFORE else Standing.GOOD


def sentence(use: Use, zone: zoneinfo.ZoneInfo, at: dt.datetime) -> str:
    """Return what the holder reads: until when, or what to do now."""
    facts = {"number": use.number, "whose": use.group}
    state = standing(use, at)
    if state is Standing.RECOVERY:
        return (
            _("Door %(number)s is to be emptied by staff. Ask reception for your things.") % facts
        )
    if state is Standing.OVERDUE:
        facts["time"] = when(use.due_at or at, zone, at)
        return (
            _(
                "Your time with door %(number)s is over, since %(time)s."
                " Your things are safe: ask reception to open it."
            )
            % facts
        )
    if state is Standing.GRACE:
        assert use.due_at is not None and use.ends_at is not None  # by constraint
        facts |= {"time": when(use.due_at, zone, at), "last": when(use.ends_at, zone, at)}
        return (
            _(
                "Your time with door %(number)s was over at %(time)s."
                " Take everything out by %(last)s."
            )
            % facts
        )
    if state is Standing.WARNING:
        return _warning(use, at)
    return _good(use, zone, at)


def offered(
    model: UseModel, due_at: dt.datetime | None, zone: zoneinfo.ZoneInfo, at: dt.datetime
) -> str:
    """Return what is read before a door is chosen: until when it would be somebody's."""
    meaning = MODELS[model]
    if due_at is None:
        return _("Yours until it is changed.")
    facts = {"time": when(due_at, zone, at)}
    if meaning.ends_at_tap:
        return _("Yours until you open it again, at the latest until %(time)s.") % facts
    if meaning.ends is Ends.SHIFT:
        return _("Yours until your shift ends, at %(time)s.") % facts
    last = _last_day(due_at, zone)
    if last is None:
        return _("Yours until %(time)s.") % facts
    if last == at.astimezone(zone).date():
        return _("Yours until midnight.")
    return _("Yours until the end of %(day)s.") % {"day": date_format(last, "DATE_FORMAT")}


def about(wait: dt.timedelta) -> str:
    """Return about how long somebody waits, in one unit."""
    minutes = max(1, round(wait.total_seconds() / 60))
    if minutes < 120:
        return ngettext("%(n)s minute", "%(n)s minutes", minutes) % {"n": minutes}
    hours = round(minutes / 60)
    if hours < 48:
        return ngettext("%(n)s hour", "%(n)s hours", hours) % {"n": hours}
    return _("%(n)s days") % {"n": round(hours / 24)}


def opened(number: str) -> str:
    """Return what is read by who was to open a door once, and did."""
    return _("You have opened door %(number)s, as you were asked.") % {"number": number}


def when(instant: dt.datetime, zone: zoneinfo.ZoneInfo, at: dt.datetime) -> str:
    """Return an instant as the site's clocks show it; with the day when it is another one."""
    local, today = instant.astimezone(zone), at.astimezone(zone).date()
    time = local.strftime("%H:%M")
    if local.date() == today:
        return time
    return _("%(time)s on %(day)s") % {"time": time, "day": date_format(local, "DATE_FORMAT")}


def _warning(use: Use, at: dt.datetime) -> str:
    assert use.due_at is not None  # or there is nothing to warn of
    minutes = max(1, -(-(use.due_at - at) // dt.timedelta(minutes=1)))
    said = ngettext(
        "Door %(number)s is yours for one more minute.",
        "Door %(number)s is yours for %(n)s more minutes.",
        minutes,
    ) % {"number": use.number, "n": minutes}
    if use.may_renew:
        return said + " " + _("Take everything out, or keep it longer.")
    return said + " " + _("Take everything out in time.")


def _good(use: Use, zone: zoneinfo.ZoneInfo, at: dt.datetime) -> str:
    meaning = MODELS[use.model]
    facts = {"number": use.number, "whose": use.group}
    if use.is_shared and use.is_once:
        return _("You may open door %(number)s once.") % facts
    if use.is_shared:
        return _("Door %(number)s is shared with you.") % facts
    if meaning.whose is Whose.ROLE:
        return _("Door %(number)s is for your role: %(whose)s.") % facts
    if meaning.whose is Whose.DEPARTMENT:
        return _("Door %(number)s is for your department: %(whose)s.") % facts
    if use.due_at is None:
        return _("Door %(number)s is yours until it is changed.") % facts
    facts["time"] = when(use.due_at, zone, at)
    if meaning.ends_at_tap:
        return (
            _("Door %(number)s is yours until you open it again, at the latest until %(time)s.")
            % facts
        )
    if meaning.ends is Ends.SHIFT:
        return _("Door %(number)s is yours until your shift ends, at %(time)s.") % facts
    return _until(use.due_at, facts, zone, at)


def _until(
    due_at: dt.datetime, facts: dict[str, str], zone: zoneinfo.ZoneInfo, at: dt.datetime
) -> str:
    last = _last_day(due_at, zone)
    if last is None:
        return _("Door %(number)s is yours until %(time)s.") % facts
    if last == at.astimezone(zone).date():
        return _("Door %(number)s is yours until midnight.") % facts
    facts["day"] = date_format(last, "DATE_FORMAT")
    return _("Door %(number)s is yours until the end of %(day)s.") % facts


def _last_day(due_at: dt.datetime, zone: zoneinfo.ZoneInfo) -> dt.date | None:
    """Return the day at whose midnight a use is due; None when it is due by day."""
    local = due_at.astimezone(zone)
    return local.date() - dt.timedelta(days=1) if local.time() == dt.time(0, 0) else None
