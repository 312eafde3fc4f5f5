"""What exists: the estate, its calendars, the devices and the locks."""

from __future__ import annotations

from lockers.models.academic import AcademicSession, SessionLevel
from lockers.models.authority import Authority
from lockers.models.calendars import OpeningHours, SpecialDay
from lockers.models.commissioning import Commissioning, CommissioningStep
from lockers.models.devices import Bridge, BridgePresence
from lockers.models.estate import Area, Bank, Compartment, Organisation, Site, Size
from lockers.models.hardware import BankOpening, Command, Controller, Door, LockEvent
from lockers.models.inquiries import Inquiry
from lockers.models.readers import Reader, ReaderProfile

__all__ = [
    "AcademicSession",
    "Area",
    "Authority",
    "Bank",
    "BankOpening",
    "Bridge",
    "BridgePresence",
    "Command",
    "Commissioning",
    "CommissioningStep",
    "Compartment",
    "Controller",
    "Door",
    "Inquiry",
    "LockEvent",
    "OpeningHours",
    "Organisation",
    "Reader",
    "ReaderProfile",
    "SessionLevel",
    "Site",
    "Size",
    "SpecialDay",
]
