"""Who uses which compartment from when to when."""

from __future__ import annotations

from occupancy.models.claims import Assignment, Claim
from occupancy.models.policies import Policy

__all__ = ["Assignment", "Claim", "Policy"]
