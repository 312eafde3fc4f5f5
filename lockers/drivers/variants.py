"""How boards of one family differ in what the same bytes mean: commissioning finds out which it is.

A person opens every door once; what was read then is looked at as each variant would read it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lockers.drivers import lcb8a
from lockers.drivers.base import BoardSpec, DoorState, Snapshot

Options = Mapping[str, Any]

# What is usual stands first: where nothing tells variants apart, it stays.
_HIGH_IS_CLOSED: tuple[Options, ...] = ({"closed_level": 1}, {"closed_level": 0})
_LOW_IS_CLOSED: tuple[Options, ...] = ({"closed_level": 0}, {"closed_level": 1})
_VARIANTS: dict[str, tuple[Options, ...]] = {
    "lcb8a": lcb8a.VARIANTS,
    "kerong_cu16": _HIGH_IS_CLOSED,
    "modbus_relay": _HIGH_IS_CLOSED,
    "wkly": _HIGH_IS_CLOSED,
    "winnsen": _LOW_IS_CLOSED,
    "uhppote": _LOW_IS_CLOSED,
}
_OTHER = {DoorState.OPEN: DoorState.CLOSED, DoorState.CLOSED: DoorState.OPEN}


def variants(driver: str) -> Sequence[Options]:
    """Return the options of a profile that differ between boards of a family; never none."""
    return _VARIANTS.get(driver, ({},))


def doors_as(spec: BoardSpec, snapshot: Snapshot, options: Options) -> tuple[DoorState, ...]:
    """Say how the doors of a reading stand if the board is of another variant."""
    if spec.driver == "lcb8a":
        profile = lcb8a.parse_profile({**spec.profile, **options})
        if not profile.door_sensor:
            return snapshot.doors
        return lcb8a.read_as(snapshot.raw, spec.channels, profile)
    usual = variants(spec.driver)[0]
    if all(spec.profile.get(name, usual[name]) == value for name, value in options.items()):
        return snapshot.doors
    return tuple(_OTHER.get(door, door) for door in snapshot.doors)
