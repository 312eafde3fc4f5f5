"""Terminals, what was just scanned there, and people who are signed in on their phones."""

from __future__ import annotations

from kiosk.models.devices import Scan, Terminal
from kiosk.models.phones import PhoneSession, SignIn

__all__ = ["PhoneSession", "Scan", "SignIn", "Terminal"]
