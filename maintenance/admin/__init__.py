"""The administration of what is broken, due or worn out."""

from __future__ import annotations

from maintenance.admin import (
    asset_models,
    assets,
    bank_panels,
    batteries,
    collection_lines,
    collections,
    decommissionings,
    parts,
    round_plans,
    rounds,
    teams,
    tickets,
    upgrades,
)

__all__ = [
    "asset_models",
    "assets",
    "bank_panels",
    "batteries",
    "collection_lines",
    "collections",
    "decommissionings",
    "parts",
    "round_plans",
    "rounds",
    "teams",
    "tickets",
    "upgrades",
]
