"""The rows and addresses of tickets in the tests of permissions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lockers.models import Bank

BY_SITE = {
    "maintenance.Checklist": "organisation__sites",
    "maintenance.ServiceLevel": "organisation__sites",
    "maintenance.Team": "organisation__sites",
    "maintenance.Ticket": "site",
}
MORE_LISTS = {"maintenance.Ticket report"}
MORE_OBJECTS = {
    f"maintenance.Ticket {verb}"
    for verb in (
        "add_photo", "assign", "bring_back", "cancel", "checklist", "close", "inspect", "labour",
        "note", "photo", "put_aside", "rate", "reference", "reopen", "start", "take_out",
    )
}  # fmt: skip
# What an organisation has once is seen by who is on a whole site of it.
SHARED_BY_SITES = {"maintenance.Checklist", "maintenance.Team"}
SITE_PATHS = {"maintenance.ServiceLevel": "site"}
AREA_PATHS = {"maintenance.Ticket": "bank__area"}
SHARED_BY_AREAS = {"maintenance.Team"}
HIDDEN_IN_AREAS = {"maintenance.Checklist", "maintenance.ServiceLevel"}
NEEDS: dict[str, Callable[[Any], dict[str, Any]]] = {
    "maintenance.Ticket": lambda tenant: {"bank": tenant.row(Bank)},
    "maintenance.ServiceLevel": lambda tenant: {"site": tenant.site, "due_hours": 4},
}
