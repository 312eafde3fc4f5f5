"""Who uses which compartment from when to when."""

from __future__ import annotations

from occupancy.models.allotments import (
    Allotment,
    AllotmentRule,
    AllotmentYear,
    Allotted,
    Entry,
    Preference,
    TrialRun,
)
from occupancy.models.alone import AloneUse
from occupancy.models.booked_sets import BookedSet, BookedSetDoor
from occupancy.models.bookings import DeskBooking, Occurrence, Series
from occupancy.models.claims import Assignment, Claim, Reservation
from occupancy.models.counts import DoorUse, PolicyVersion, Quota
from occupancy.models.days import DayEnd, DayEndDoor
from occupancy.models.groups import CompartmentGroup
from occupancy.models.keeping import Kept
from occupancy.models.lost_property import LostItem
from occupancy.models.policies import Policy
from occupancy.models.recovery import CustodyStep, Recovery
from occupancy.models.rollovers import (
    Rollover,
    RolloverChange,
    RolloverForm,
    RolloverYear,
)
from occupancy.models.searches import SearchOpening
from occupancy.models.shares import Share
from occupancy.models.waiting import Offer, WaitingEntry
from occupancy.models.warnings import PolicyWarning, Told

__all__ = [
    "Allotment",
    "AllotmentRule",
    "AllotmentYear",
    "Allotted",
    "AloneUse",
    "Assignment",
    "BookedSet",
    "BookedSetDoor",
    "Claim",
    "CompartmentGroup",
    "CustodyStep",
    "DayEnd",
    "DayEndDoor",
    "DeskBooking",
    "DoorUse",
    "Entry",
    "Kept",
    "LostItem",
    "Occurrence",
    "Offer",
    "Policy",
    "PolicyVersion",
    "PolicyWarning",
    "Preference",
    "Quota",
    "Recovery",
    "Reservation",
    "Rollover",
    "RolloverChange",
    "RolloverForm",
    "RolloverYear",
    "SearchOpening",
    "Series",
    "Share",
    "Told",
    "TrialRun",
    "WaitingEntry",
]
