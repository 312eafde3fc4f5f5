"""Whether a round is late, and by how much. Pure."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum


class Late(StrEnum):
    """How a round stands to its times."""

    OVER = "over"
    TO_COME = "to_come"
    NOW = "now"
    NOT_BEGUN = "not_begun"
    LATE = "late"


@dataclass(frozen=True)
class Standing:
    """How a round stands, and since when or until when."""

    late: Late
    by: dt.timedelta = dt.timedelta()

    @property
    def is_late(self) -> bool:
        """Whether it should have begun, or been done, by now."""
        return self.late in (Late.NOT_BEGUN, Late.LATE)


def standing(
    *,
    starts_at: dt.datetime,
    due_at: dt.datetime,
    begun_at: dt.datetime | None,
    closed_at: dt.datetime | None,
    at: dt.datetime,
) -> Standing:
    """Return how a round stands at an instant."""
    if closed_at is not None:
        return Standing(Late.OVER)
    if at >= due_at:
        return Standing(Late.LATE, at - due_at)
    if at < starts_at:
        return Standing(Late.TO_COME, starts_at - at)
    if begun_at is None and at - starts_at >= GRACE:
        return Standing(Late.NOT_BEGUN, at - starts_at)
    return Standing(Late.NOW, due_at - at)


# Nobody stands at the first door to the minute.
GRACE = dt.timedelta(minutes=15)
