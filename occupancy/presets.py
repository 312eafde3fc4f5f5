"""What an administrator starts from: sensible rules for each usual purpose. Data."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext_lazy as _

from access.choices import PersonKind
from occupancy.choices import AtEnd, UseModel


@dataclass(frozen=True)
class Preset:
    """A purpose in the administrator's words, and the rules to begin with."""

    title: Any
    meaning: Any
    values: dict[str, Any] = field(default_factory=dict)
    # Whether it begins with the smallest size alone.
    is_small: bool = False


_NOT_STAFF = [PersonKind.VISITOR.value]
PRESETS = {
    "visitors": Preset(
        _("Visitors"),
        _("One small door until 18:00, never longer than the visit."),
        {"name": _("Visitors until 18:00"), "model": UseModel.VISITOR, "ends_at_time": "18:00",
         "person_kinds": _NOT_STAFF, "limit_per_person": 1},
        is_small=True,
    ),
    "staff": Preset(
        _("Staff, for the day"),
        _("Any free door until midnight."),
        {"name": _("Staff, for the day"), "model": UseModel.DAY_USE, "ends_at_time": "00:00",
         "person_kinds": [PersonKind.STAFF.value], "limit_per_person": 1},
    ),
    "team": Preset(
        _("A team's own doors"),
        _("Some doors for one department and nobody else, for the day."),
        {"name": _("A team's own doors"), "model": UseModel.DAY_USE, "ends_at_time": "00:00",
         "is_exclusive": True, "limit_per_person": 1},
    ),
    "shift": Preset(
        _("Shifts"),
        _("Until the handover: 30 minutes before the next shift starts."),
        {"name": _("Shifts"), "model": UseModel.SHIFT, "shifts": "06:00, 14:00, 22:00",
         "handover": "30 min", "limit_per_person": 1},
    ),
    "session": Preset(
        _("One session"),
        _("For a swim or a training: until opened again, three hours at most."),
        {"name": _("One session"), "model": UseModel.SESSION, "lasts": "3 h",
         "limit_per_person": 1},
    ),
    "fixed": Preset(
        _("A number of days"),
        _("30 days, can be renewed twice; overdue doors are emptied after a week."),
        {"name": _("30 days"), "model": UseModel.FIXED, "days": 30, "ends_at_time": "18:00",
         "renewals": 2, "grace": "1 d", "at_end": AtEnd.HOLD, "recovers_after": "7 d",
         "limit_per_person": 1},
    ),
    "permanent": Preset(
        _("Permanent"),
        _("Given by staff to one person, until it is changed."),
        {"name": _("Permanent"), "model": UseModel.PERMANENT, "at_end": AtEnd.HOLD,
         "limit_per_person": 1},
    ),
    "booking": Preset(
        _("Booked ahead"),
        _("For a window, up to 14 days ahead; free again when nobody comes for 10 minutes."),
        {"name": _("Booked ahead"), "model": UseModel.RESERVATION, "books_ahead": "14 d",
         "longest_booking": "1 d", "no_show_after": "10 min", "limit_per_person": 1},
    ),
}  # fmt: skip
