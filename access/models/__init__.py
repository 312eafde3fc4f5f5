"""Who may open what."""

from __future__ import annotations

from access.models.combinations import Combination
from access.models.credentials import Credential
from access.models.grants import Grant
from access.models.holds import Hold
from access.models.incidents import Incident, IncidentNote
from access.models.keys import Key, KeyCharge, KeyHolding, Lock, LockChangeRequest
from access.models.master_keys import (
    KeyCount,
    KeyCountLine,
    KeyRules,
    MasterRelease,
    MasterSet,
)
from access.models.passes import Pass
from access.models.people import Department, Group, Person, Pupil, Role
from access.models.permissions import AreaUserPermission, SiteUserPermission
from access.models.procedures import ImportMapping, Procedure, ProcedureStep, Run, RunStep
from access.models.pupils import House, RegistrationGroup, YearGroup
from access.models.requests import AccessRequest, Notice, TemporaryAccess
from access.models.staff import RoleAssignment
from access.models.stand_ins import StandIn
from access.models.telling import NoticeRules
from access.models.throttles import Throttle
from access.models.users import User
from access.models.visits import Visit, VisitorRules

__all__ = [
    "AccessRequest",
    "AreaUserPermission",
    "Combination",
    "Credential",
    "Department",
    "Grant",
    "Group",
    "Hold",
    "House",
    "ImportMapping",
    "Incident",
    "IncidentNote",
    "Key",
    "KeyCharge",
    "KeyCount",
    "KeyCountLine",
    "KeyHolding",
    "KeyRules",
    "Lock",
    "LockChangeRequest",
    "MasterRelease",
    "MasterSet",
    "Notice",
    "NoticeRules",
    "Pass",
    "Person",
    "Procedure",
    "ProcedureStep",
    "Pupil",
    "RegistrationGroup",
    "Role",
    "RoleAssignment",
    "Run",
    "RunStep",
    "SiteUserPermission",
    "StandIn",
    "TemporaryAccess",
    "Throttle",
    "User",
    "Visit",
    "VisitorRules",
    "YearGroup",
]
