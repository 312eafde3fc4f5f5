"""What a board can do as it is configured: asked of its driver, as the bridge will ask."""

from __future__ import annotations

from typing import Any

from lockers.drivers import registry
from lockers.drivers.base import BoardSpec, Capabilities
from lockers.drivers.errors import BadProfile


def capabilities(
    *, driver: str, address: str, unit: int, channels: int, profile: dict[str, Any]
) -> Capabilities:
    """Return what a board can do; raises BadProfile or UnknownDriver, which name the field."""
    spec = BoardSpec(0, driver, address, unit, channels, profile)
    try:
        return registry.open_boards([spec])[0].capabilities
    except BadProfile as error:
        # The registry says which of many boards it was; here there is one.
        raise error.__cause__ if isinstance(error.__cause__, BadProfile) else error from None


def possible_pulse(can: Capabilities, wanted_ms: int) -> int:
    """Return the pulse nearest to the wanted one that the board can make."""
    return min(max(wanted_ms, can.shortest_pulse_ms), can.longest_pulse_ms)
