"""What became of each policy that covers a door, with its place and the facts, in plain words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from access.choices import PersonKind
from access.models import Person
from occupancy.allocation.policy import Considered
from occupancy.choices import Need
from occupancy.models import Policy

_RELATED = ("groups", "departments", "roles")
_NEEDS = {
    Need.LOW_DOOR: "needs_low_door",
    Need.WIDE_DOOR: "needs_wide_door",
    Need.CHARGING: "needs_charging",
    Need.NEAR_ENTRANCE: "needs_near_entrance",
}


def policies_of(considered: Iterable[Considered]) -> Mapping[int, Policy]:
    """Return the policies that were considered, with what they ask: four statements."""
    rows = Policy.objects.filter(pk__in=[one.policy_id for one in considered])
    return {
        one.pk: one
        for one in rows.select_related("site", "area", "bank", "group").prefetch_related(*_RELATED)
    }


def place(policy: Policy) -> str:
    """Return the place that a policy is attached to."""
    if policy.group is not None:
        return _("doors “%s”") % policy.group
    if policy.bank is not None:
        return _("bank %s") % policy.bank.name
    if policy.area is not None:
        return _("area %s") % policy.area.name
    return _("site %s") % policy.site if policy.site is not None else _("everywhere")


def words(considered: Considered, policy: Policy, person: Person) -> str:
    """Return what became of a policy for a person, and by which facts."""
    verdict = considered.verdict
    if verdict == "governs":
        return _("Decides: the closest one that is for this person.")
    if verdict == "for others":
        return " ".join([_("Is for others."), *_why_not(policy, person)])
    if verdict.startswith("hidden"):
        return _("Does not count here: a closer policy keeps these doors for its people.")
    if verdict == "limits only" and policy.limit_per_person is not None:
        limit = policy.limit_per_person
        return ngettext(
            "Does not decide, but its limit counts: %d door for each person.",
            "Does not decide, but its limit counts: %d doors for each person.", limit,
        ) % limit  # fmt: skip
    return _("Is wider, or says less about whom it is for, than the one that decides.")


def _why_not(policy: Policy, person: Person) -> Iterable[str]:
    """Say each thing that a policy asks about people and that is otherwise of this one."""
    if policy.person_kinds and person.kind not in policy.person_kinds:
        kinds = [str(PersonKind(one).label) for one in policy.person_kinds]
        yield _("It asks for %(asked)s; this person is %(is)s.") % {
            "asked": _or(kinds), "is": person.get_kind_display()
        }  # fmt: skip
    departments = {one.pk: one.name for one in policy.departments.all()}
    if departments and person.department_id not in departments:
        yield _("It asks for the department %(asked)s; this person is in %(is)s.") % {
            "asked": _or(departments.values()), "is": person.department or _("none")
        }  # fmt: skip
    roles = {one.pk: one.name for one in policy.roles.all()}
    if roles and person.role_id not in roles:
        yield _("It asks for the role %(asked)s; this person has %(is)s.") % {
            "asked": _or(roles.values()), "is": person.role or _("none")
        }  # fmt: skip
    groups = {one.pk: one.name for one in policy.groups.all()}
    if groups and not groups.keys() & {one.pk for one in person.groups.all()}:
        yield _("It asks for the group %s; this person is not in it.") % _or(groups.values())
    needs = [Need(one) for one in policy.needs]
    if needs and not any(getattr(person, _NEEDS[one]) for one in needs):
        yield _("It asks who needs %s; this person does not.") % _or(
            str(one.label) for one in needs
        )


def _or(names: Iterable[Any]) -> str:
    return _(" or ").join(str(one) for one in names)
