"""The access register in the administration."""

from __future__ import annotations

from access.admin import (
    access_requests,
    credentials,
    incident_panels,
    incidents,
    key_records,
    keys,
    locks,
    master_keys,
    notice_rules,
    passes,
    people,
    procedures,
    profiles,
    pupils,
    roles,
    school,
    staff,
    throttles,
    visitors,
)

__all__ = [
    "access_requests",
    "credentials",
    "incident_panels",
    "incidents",
    "key_records",
    "keys",
    "locks",
    "master_keys",
    "notice_rules",
    "passes",
    "people",
    "procedures",
    "profiles",
    "pupils",
    "roles",
    "school",
    "staff",
    "throttles",
    "visitors",
]
