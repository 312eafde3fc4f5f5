"""Why somebody got a door, or waits: a sentence from what was written down of it."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from occupancy.choices import AllotmentMethod
from occupancy.models import Allotted


def why(result: Allotted) -> str:
    """Return the sentence for the pupil; ``because`` says by which method, wish and place."""
    because: dict[str, Any] = result.because
    facts = {"place": result.place, "of": because["of"], "nth": because["wish"] + 1}
    if result.compartment_id is None:
        return _waits(result, because)
    if "served" in because:
        return _served(because["served"])
    if because["keeps"]:
        return _("You keep the door that you had.")
    if because["method"] == AllotmentMethod.FITTING:
        return _(
            "It fits your year, your form and what you need. Wishes did not count: doors were given"
            " by the rules alone."
        )
    if because["wishes"] == 0:
        return _without_wishes(because, facts)
    if because["wish"] == 0:
        return (
            _("You were number %(place)d of %(of)d in the draw, and got your first wish.") % facts
        )
    return _not_the_first(because, facts)


def why_served(position: int, *, is_late: bool, is_reserve: bool) -> str:
    """Return the sentence for the office when a free door is given after the draw."""
    if is_late and is_reserve:
        return _("Came after the draw. This door was held back for late arrivals.")
    if is_late:
        return _("Came after the draw, and nobody who waits can have this door.")
    return _("Number %(position)d of those who wait, and the first whom this door fits.") % {
        "position": position
    }


def _served(served: dict[str, Any]) -> str:
    return _(
        "You waited, and on %(day)s a door came free. You were number %(position)d of those who"
        " waited, and the first whom it fits."
    ) % {
        "day": date_format(dt.date.fromisoformat(served["day"])), "position": served["position"]
    }  # fmt: skip


def _waits(result: Allotted, because: dict[str, Any]) -> str:
    if not because["can"]:
        return _(
            "No door fits what you need and what the rules allow. Talk to the school office: they"
            " can find one."
        )
    return _(
        "You were number %(place)d of %(of)d in the draw, and by then every door for you was taken."
        " That made you number %(waiting)d on the waiting list."
    ) % {"place": result.place, "of": because["of"], "waiting": result.waiting}


def _without_wishes(because: dict[str, Any], facts: dict[str, int]) -> str:
    if because["method"] == AllotmentMethod.OPTIMUM:
        return _("You wished for nothing special. This one makes the walks of all shortest.")
    return (
        _(
            "You were number %(place)d of %(of)d in the draw and wished for nothing special, so you"
            " got the nearest to your form room of those that fit you and were left."
        )
        % facts
    )


def _not_the_first(because: dict[str, Any], facts: dict[str, int]) -> str:
    missed = because["rank"]
    if because["method"] == AllotmentMethod.OPTIMUM:
        before = ngettext(
            "Your first wish would have cost others more than it was worth to you.",
            "Your first %(count)d wishes would have cost others more than they were worth to you.",
            missed,
        ) % {"count": missed}
    else:
        before = ngettext(
            "You were number %(place)d of %(of)d in the draw. Your first wish was taken by then.",
            "You were number %(place)d of %(of)d in the draw. Your first %(count)d wishes were"
            " taken by then.",
            missed,
        ) % {**facts, "count": missed}
    if because["wish"] >= 0:
        after = _("You got wish number %(nth)d.") % facts
    else:
        after = _("You got another door that is allowed for you.")
    return f"{before} {after}"
