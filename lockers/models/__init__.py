"""What exists: the estate, its calendars, the devices and the locks."""

from __future__ import annotations

from lockers.models.calendars import OpeningHours, SpecialDay
from lockers.models.devices import Bridge, BridgePresence, Reader, ReaderProfile
from lockers.models.estate import Area, Bank, Compartment, Organisation, Site, Size
from lockers.models.hardware import BankOpening, Command, Controller, Door, LockEvent

__all__ = [
    "Area",
    "Bank",
    "BankOpening",
    "Bridge",
    "BridgePresence",
    "Command",
    "Compartment",
    "Controller",
    "Door",
    "LockEvent",
    "OpeningHours",
    "Organisation",
    "Reader",
    "ReaderProfile",
    "Site",
    "Size",
    "SpecialDay",
]
