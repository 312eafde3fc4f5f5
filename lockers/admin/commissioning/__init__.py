"""The guided page that finds out at the doors how a bank is wired, and the frames of a wire."""

from __future__ import annotations

from lockers.admin.commissioning.frames import FramesPage
from lockers.admin.commissioning.page import CommissionPage
from lockers.admin.commissioning.records import CommissioningAdmin, InquiryAdmin

__all__ = ["CommissionPage", "CommissioningAdmin", "FramesPage", "InquiryAdmin"]
