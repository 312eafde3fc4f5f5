"""The claim's own SQL, taken from the services so that the comparison cannot drift from them."""

from __future__ import annotations

from access.services import grants
from audit.services import events, idempotency
from kiosk import authentication
from lockers.services import commands
from occupancy.services import claiming


def of_a_claim() -> dict[str, str]:
    """Return the statements of one claim by name."""
    return {}
