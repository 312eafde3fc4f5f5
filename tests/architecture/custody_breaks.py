"""How to break every constraint of shared doors and of what is handed on."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from typing import Any

from occupancy.models import Share
from tests.architecture.policy_breaks import NINE, NOON, assignment
from tests.factories.cast import Estate


def _share(estate: Estate, times: int = 1, **values: Any) -> None:
    claim = assignment(estate)
    for _time in range(times):
        Share.objects.create(
            **{"claim": claim, "person": estate.ben, "starts_at": NINE, "until": NOON, **values}
        )


BREAKS: dict[str, Callable[[Estate], object]] = {
    "occupancy_share_ends_after_it_starts": lambda e: _share(e, until=NINE),
    "occupancy_only_one_opening_is_used_up": lambda e: _share(
        e, used_at=NINE + dt.timedelta(minutes=1), command_id=uuid.uuid4()
    ),
    "occupancy_shared_with_somebody_once": lambda e: _share(e, times=2),
}
