"""Under which policies staff can give a door: what the list on the door's panel offers."""

from __future__ import annotations

from dataclasses import dataclass, replace

from django.utils.translation import gettext as _

from lockers.models import Compartment
from occupancy.allocation import policy
from occupancy.allocation.rules import Rules, Whose
from occupancy.choices import UseModel
from occupancy.services.policies import judging, spots


@dataclass(frozen=True)
class Givable:
    """A policy that covers a door, and whom it is for."""

    policy_id: int
    name: str
    whose: Whose

    @property
    def label(self) -> str:
        """The policy, and whom it is for where that is no person."""
        if self.whose is Whose.ROLE:
            return _("%s (a role)") % self.name
        return _("%s (a department)") % self.name if self.whose is Whose.DEPARTMENT else self.name


def policies_for(door: Compartment) -> list[Givable]:
    """Return the policies in use that cover a door and that no closer one shuts out of it."""
    spot = spots.at_bank(door.bank_id)
    everything = spot.rulebook.policies
    place = replace(spot.place, groups=spot.rulebook.groups.get(door.pk, frozenset()))
    near = [(one, policy.closeness(one, place)) for one in everything]
    found = [
        (close, one)
        for one, close in near
        if close is not None
        and (not one.rules.sizes or door.size_id in one.rules.sizes)
        and (_is_exception(one.rules) or not judging.is_kept(everything, place, one))
    ]
    return [
        Givable(one.rules.policy_id, one.rules.name, one.rules.meaning.whose)
        # An exception is what is left when nothing else fits.
        for _close, one in sorted(
            found, key=lambda row: (_is_exception(row[1].rules), -row[0], row[1].rules.name)
        )
    ]


def _is_exception(rules: Rules) -> bool:
    return rules.model is UseModel.EXCEPTION
