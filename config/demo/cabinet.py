"""Describe the steel of the demonstration to the virtual cabinet."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from django.utils.text import slugify

from config.demo import banks as bank_plans
from config.demo import people
from config.demo.estate import ORGANISATION
from config.demo.wiring import PlayedBank


def describe(played: list[PlayedBank]) -> dict[str, Any]:
    """Return the cabinet's configuration: every played bank as it hangs on its wire."""
    badges = (*people.TO_TRY, people.REVOKED, people.UNKNOWN)
    return {
        "title": ORGANISATION,
        "banks": [_bank(one, name) for one, name in zip(played, _names(played), strict=True)],
        "badges": [{"label": badge.label, "number": badge.number} for badge in badges],
    }


def write(played: list[PlayedBank], path: Path) -> None:
    """Put the configuration into its file in one step: nobody reads half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".new")
    draft.write_text(json.dumps(describe(played), indent=1, ensure_ascii=False), encoding="utf-8")
    os.replace(draft, path)


def _names(played: list[PlayedBank]) -> list[str]:
    """Return a name for every bank: of at most 24 characters, and no two alike."""
    names: list[str] = []
    for one in played:
        name = slugify(f"{one.bank.site.name}-{one.bank.name}")
        fits = 0 < len(name) <= 24 and name not in names
        names.append(name if fits else f"bank-{one.bank.pk}")
    return names


def _bank(one: PlayedBank, name: str) -> dict[str, Any]:
    return {
        "bank": name,
        "title": f"{one.bank.site.name}, {one.bank.name}",
        "modbus_port": one.port,
        "width_mm": max(door.x_mm + door.width_mm for door in one.doors),
        "height_mm": max(door.y_mm + door.height_mm for door in one.doors),
        "boards": [
            {
                "unit": board.unit,
                "channels": board.channels,
                "silent": one.bank.name in bank_plans.SILENT,
            }
            for board in one.boards.values()
        ],
        "doors": [
            {
                "number": door.number,
                "unit": one.boards[door.controller_id].unit,
                "channel": door.channel,
                "x_mm": door.x_mm,
                "y_mm": door.y_mm,
                "width_mm": door.width_mm,
                "height_mm": door.height_mm,
                "hinge": door.hinge,
                "open": door.pk in one.forced,
            }
            for door in one.doors
            if door.controller_id is not None
        ],
        "readers": [
            {
                "name": reader.name,
                "port": port,
                "prefix": reader.prefix,
                "suffix": reader.suffix,
                "length": reader.length,
                "door": reader.compartment.number if reader.compartment else None,
            }
            for reader, port in one.readers
        ],
    }
