"""The roles of staff: bundles of rights, given on an organisation, a site or an area.

A pure table, so that what a role may do is read in one place and never drifts in a database.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db import models
from django.utils.translation import gettext_lazy as _

# The words of single rights. All but MANAGE, STAFF and COMBINATION have a meaning in an area too.
VIEW = "view"  # see the doors, who has them, and what happened
OPERATE = "operate"  # give, release, open for its holder, take out of service
OVERRIDE = "override"  # open any door without its holder, with a reason
RECOVER = "recover"  # empty an overdue door into lost property, with a record of every step
MAINTAIN = "maintain"  # repair, clean and inspect: open a door for it, out of service and back
MANAGE = "manage"  # change the estate, the people and the policies
STAFF = "staff"  # give roles to staff and take them
COMBINATION = "combination"  # read the combination of a lock; every reading is recorded
RIGHTS = frozenset({VIEW, OPERATE, OVERRIDE, RECOVER, MAINTAIN, MANAGE, STAFF, COMBINATION})

# Codenames of the permissions that stand for a word, by what they are given on.
ON_SITE = {
    VIEW: "view_site",
    OPERATE: "operate_site",
    OVERRIDE: "override_site",
    RECOVER: "recover_site",
    MAINTAIN: "maintain_site",
    MANAGE: "manage_site",
    STAFF: "staff_site",
    COMBINATION: "view_combination",
}
ON_AREA = {
    VIEW: "view_area",
    OPERATE: "operate_area",
    OVERRIDE: "override_area",
    RECOVER: "recover_area",
    MAINTAIN: "maintain_area",
}
WORDS = {codename: word for word, codename in ON_SITE.items()} | {
    codename: word for word, codename in ON_AREA.items()
}


class StaffRole(models.TextChoices):
    ORGANISATION_ADMIN = "organisation_admin", _("organisation admin")
    SITE_MANAGER = "site_manager", _("site manager")
    RECEPTION = "reception", _("reception")
    FACILITIES = "facilities", _("facilities")
    TECHNICIAN = "technician", _("technician")
    SECURITY = "security", _("security")
    AUDITOR = "auditor", _("auditor")
    TEACHER = "teacher", _("teacher")


class Level(models.TextChoices):
    """What a role is given on."""

    ORGANISATION = "organisation", _("organisation")
    SITE = "site", _("site")
    AREA = "area", _("area")


BUNDLES: dict[str, frozenset[str]] = {
    StaffRole.ORGANISATION_ADMIN: RIGHTS,
    StaffRole.SITE_MANAGER: RIGHTS,
    StaffRole.RECEPTION: frozenset({VIEW, OPERATE, OVERRIDE}),
    StaffRole.FACILITIES: frozenset({VIEW, OPERATE, OVERRIDE, RECOVER, MAINTAIN, COMBINATION}),
    StaffRole.TECHNICIAN: frozenset({VIEW, MAINTAIN}),
    StaffRole.SECURITY: frozenset({VIEW, OVERRIDE, RECOVER}),
    StaffRole.AUDITOR: frozenset({VIEW}),
    StaffRole.TEACHER: frozenset({VIEW, OPERATE}),
}
_EVERYWHERE = frozenset(Level.values)
LEVELS: dict[str, frozenset[str]] = {
    StaffRole.ORGANISATION_ADMIN: frozenset({Level.ORGANISATION.value}),
    StaffRole.SITE_MANAGER: frozenset({Level.ORGANISATION.value, Level.SITE.value}),
    StaffRole.RECEPTION: _EVERYWHERE,
    StaffRole.FACILITIES: _EVERYWHERE,
    StaffRole.TECHNICIAN: _EVERYWHERE,
    StaffRole.SECURITY: _EVERYWHERE,
    StaffRole.AUDITOR: _EVERYWHERE,
    StaffRole.TEACHER: _EVERYWHERE,
}


def rights_of(role: str, level: str) -> frozenset[str]:
    """Return the words that a role means at a level; raises KeyError for no such role."""
    return BUNDLES[role] & ON_AREA.keys() if level == Level.AREA else BUNDLES[role]


def is_given_at(role: str, level: str) -> bool:
    """Say whether a role can be given at a level."""
    return level in LEVELS[role]


def codenames(words: Iterable[str], level: str) -> frozenset[str]:
    """Return the permissions that stand for some words at a level."""
    names = ON_AREA if level == Level.AREA else ON_SITE
    return frozenset(names[word] for word in words)
