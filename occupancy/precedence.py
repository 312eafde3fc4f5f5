"""The one rule by which policies are chosen, in the sentences that people read."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

# As occupancy.allocation.policy does it and the README says it; a test holds the three together.
SENTENCES = (
    _("Of the policies that cover a door, the closest level comes first: group of doors, bank,"
      " inner area, outer area, site, organisation."),
    _("A policy that keeps its doors for its people hides every wider policy there."),
    _("Of those that are left and are for the person, the closest one makes the choices; of two"
      " equally close the one that says more about whom it is for, then the older one."),
    _("Limits are not chosen but add up: the person stays within the limit of every policy that is"
      " for them and covers the door, however wide."),
)  # fmt: skip
