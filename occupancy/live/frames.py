"""What is sent to an open map: JSON text, encoded once and handed to everybody.

``plan`` names the drawing (which changes rarely and is fetched by HTTP); frames carry states.
"""

from __future__ import annotations

import datetime as dt
import zlib
from collections.abc import Iterable
from typing import Any

import msgspec

from occupancy.selectors.banks import BankFacts
from occupancy.selectors.doors import MapDoor
from occupancy.state import State

STALE = '{"type":"stale"}'


def door_text(door: MapDoor, state: State) -> str:
    """Return one compartment's changing part; what is not said is empty, or as the state says."""
    told: dict[str, Any] = {"id": door.id, "state": state.shown, "door": state.door}
    if state.reason:
        told["reason"] = state.reason
    if state.allocation != state.shown:
        told["has"] = state.allocation
    if door.claim_ends_at is not None and state.allocation in {"occupied", "overdue"}:
        told["until"] = door.claim_ends_at
    return _text(told)


def bank_text(bank: BankFacts, online: bool, at: dt.datetime) -> str:
    """Return one bank's changing part."""
    told: dict[str, Any] = {"id": bank.id, "name": bank.name, "online": online}
    if bank.has_fault and online:
        told["fault"] = True
    opening = bank.opening_at(at)
    if opening is not None:
        told["opening"] = {
            "id": opening.id,
            "status": opening.status,
            "reason": opening.reason,
            "by": opening.by,
        }
    return _text(told)


def delta(seq: int, doors: Iterable[str], banks: Iterable[str]) -> str:
    """Return the frame of what changed."""
    return (
        f'{{"type":"delta","seq":{seq},"compartments":[{",".join(doors)}],'
        f'"banks":[{",".join(banks)}]}}'
    )


def snapshot(
    seq: int, plan: str, at: dt.datetime, doors: Iterable[str], banks: Iterable[str]
) -> str:
    """Return the frame that says everything."""
    return (
        f'{{"type":"snapshot","seq":{seq},"plan":"{plan}","at":{_text(at)},'
        f'"banks":[{",".join(banks)}],"compartments":[{",".join(doors)}]}}'
    )


def drawing(banks: Iterable[BankFacts], doors: Iterable[MapDoor]) -> dict[str, Any]:
    """Return what a map is drawn from: places and shapes, in millimetres, and no states."""
    by_bank: dict[int, list[MapDoor]] = {}
    for door in doors:
        by_bank.setdefault(door.bank_id, []).append(door)
    listed = list(banks)
    return {
        "plan": joined(shape(bank, by_bank.get(bank.id, [])) for bank in listed),
        "banks": [_drawn(bank, by_bank.get(bank.id, [])) for bank in listed],
    }


def encode(told: object) -> bytes:
    """Return something as JSON."""
    return msgspec.json.encode(told)


def shape(bank: BankFacts, doors: Iterable[MapDoor]) -> str:
    """Return a short name for how a bank is drawn: drawn otherwise, it has another name."""
    return f"{zlib.crc32(msgspec.json.encode(_drawn(bank, doors))):08x}"


def joined(shapes: Iterable[str]) -> str:
    """Return one short name for the drawing of a whole site, whatever the order of its banks."""
    return f"{zlib.crc32(''.join(sorted(shapes)).encode()):08x}"


def _drawn(bank: BankFacts, doors: Iterable[MapDoor]) -> dict[str, Any]:
    return {
        "id": bank.id,
        "name": bank.name,
        "area": bank.area,
        "directions": bank.directions,
        "plinth": bank.plinth_mm,
        "doors": [_shape(door) for door in doors],
    }


def _shape(door: MapDoor) -> dict[str, Any]:
    marks = {
        "low": door.is_accessible,
        "wide": door.is_wide,
        "charging": door.has_charging,
        "ventilated": door.is_ventilated,
        "ppe": door.is_ppe,
    }
    shape: dict[str, Any] = {
        "id": door.id,
        "number": door.number,
        "size": door.size,
        "x": door.x_mm,
        "y": door.y_mm,
        "w": door.width_mm,
        "h": door.height_mm,
        "hinge": door.hinge,
        "marks": [mark for mark, has in marks.items() if has],
    }
    if not door.is_wired:
        shape["lock"] = door.lock_kind
    return shape


def _text(told: object) -> str:
    return msgspec.json.encode(told).decode()
