"""Who may open what."""

from __future__ import annotations

from access.models.credentials import Credential, Throttle
from access.models.grants import Grant
from access.models.holds import Hold
from access.models.people import Department, Group, Person, Role
from access.models.permissions import SiteUserPermission
from access.models.users import User

__all__ = [
    "Credential",
    "Department",
    "Grant",
    "Group",
    "Hold",
    "Person",
    "Role",
    "SiteUserPermission",
    "Throttle",
    "User",
]
