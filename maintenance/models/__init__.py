"""What is broken, due or worn out."""

from __future__ import annotations

from maintenance.models.assets import (
    Asset,
    AssetEvent,
    AssetModel,
    Decommissioning,
    StepDone,
    UpgradeDoor,
    UpgradePlan,
)
from maintenance.models.checklists import Checklist, ChecklistItem
from maintenance.models.collections import Collection, CollectionEntry, CollectionLine
from maintenance.models.costs import CostRules
from maintenance.models.parts import Battery, BatteryReading, Part, Stock, StockMove, Store
from maintenance.models.rounds import LateEntry, Round, RoundPlan, RoundStop, StopCheck
from maintenance.models.service_levels import ServiceLevel, Team
from maintenance.models.tickets import Finding, Photo, Ticket, TicketCheck, TicketEntry

__all__ = [
    "Asset",
    "AssetEvent",
    "AssetModel",
    "Battery",
    "BatteryReading",
    "Checklist",
    "ChecklistItem",
    "Collection",
    "CollectionEntry",
    "CollectionLine",
    "CostRules",
    "Decommissioning",
    "Finding",
    "LateEntry",
    "Part",
    "Photo",
    "Round",
    "RoundPlan",
    "RoundStop",
    "ServiceLevel",
    "StepDone",
    "Stock",
    "StockMove",
    "StopCheck",
    "Store",
    "Team",
    "Ticket",
    "TicketCheck",
    "TicketEntry",
    "UpgradeDoor",
    "UpgradePlan",
]
