"""How to break every constraint of doors that bridges gave."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from lockers.models import Bank
from occupancy.models import AloneUse
from tests.architecture.policy_breaks import NINE
from tests.factories.cast import Estate


def _given(estate: Estate, **values: Any) -> None:
    AloneUse.objects.create(
        **{
            "ref": uuid.uuid4(), "bridge": estate.bridge, "compartment": estate.doors[0],
            "person": estate.amira, "given_at": NINE, "breach": "door_held", **values,
        }
    )  # fmt: skip


BREAKS: dict[str, Callable[[Estate], object]] = {
    "lockers_bank_is_alone_for_an_hour_to_thirty_days": lambda e: Bank.objects.filter(
        pk=e.bank.pk
    ).update(max_offline_h=0),
    "occupancy_alone_use_without_claim_says_why": lambda e: _given(e, breach=""),
    "occupancy_alone_use_is_looked_at_by_somebody": lambda e: _given(e, looked_at=NINE),
}
