"""Which fields of a policy a model asks about; the page's script hides the others."""

from __future__ import annotations

from occupancy.allocation.rules import MODELS, Ends

_BY_ENDS = {
    "ends_at_time": {Ends.LOCAL_TIME, Ends.PERIOD, Ends.ACCESS},
    "lasts": {Ends.AFTER},
    "days": {Ends.PERIOD},
    "months": {Ends.PERIOD},
    "shifts": {Ends.SHIFT},
    "handover": {Ends.SHIFT},
    "renewals": {Ends.LOCAL_TIME, Ends.AFTER, Ends.SHIFT, Ends.PERIOD},
    "grace": set(Ends) - {Ends.NEVER},
    "at_end": set(Ends) - {Ends.NEVER},
}
BOOKING = ("least_notice", "longest_booking", "checks_in_before", "no_show_after",
           "bookings_per_person")  # fmt: skip


def shown_for() -> dict[str, list[str]]:
    """Return by field the models that ask about it; other fields are for all."""
    return {
        name: [model.value for model, meaning in MODELS.items() if meaning.ends in ends]
        for name, ends in _BY_ENDS.items()
    }
