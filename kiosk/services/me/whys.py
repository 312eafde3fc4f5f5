"""Why a time of a booking that repeats could not be had, told to the person themselves."""

from __future__ import annotations

from django.utils.translation import gettext as _

from occupancy.choices import SkippedWhy


def of(skipped: str) -> str:
    """Return one reason in words."""
    told = {
        SkippedWhy.LIMIT.value: _("you have booked as many as you may"),
        SkippedWhy.NOT_FOR_YOU.value: _("these lockers are not for you then"),
        SkippedWhy.NOT_ADMITTED.value: _("you may not be here then"),
    }
    return told.get(skipped) or str(SkippedWhy(skipped).label)
