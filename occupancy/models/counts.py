"""What the database counts by itself: uses under a limit, uses of a door, changes of policies."""

from __future__ import annotations

from django.db import models

from access.models import Person
from lockers.models import Compartment, Organisation
from occupancy.models.claims import Claim
from occupancy.models.policies import Policy


class Quota(models.Model):
    """One claim is somebody's first, second ... under a policy that limits them.

    Nobody has two open claims with the same number, so that a limit holds in a race. A trigger
    keeps ``is_open`` what the claim is, whoever closes it.
    """

    claim = models.ForeignKey(Claim, models.CASCADE, related_name="quotas")
    policy = models.ForeignKey(Policy, models.PROTECT, db_index=False, related_name="quotas")
    holder = models.ForeignKey(Person, models.CASCADE, db_index=False, related_name="quotas")
    slot = models.PositiveSmallIntegerField()
    # Doors booked for later are limited by themselves.
    is_booking = models.BooleanField(default=False)
    is_open = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["holder", "policy", "is_booking", "slot"],
                condition=models.Q(is_open=True),
                name="occupancy_no_more_than_the_limit",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.holder_id} {self.policy_id} {self.slot}"


class DoorUse(models.Model):
    """How often a door was used, counted by a trigger; doors are chosen so that all wear alike."""

    compartment = models.OneToOneField(
        Compartment, models.CASCADE, primary_key=True, related_name="use"
    )
    uses = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.compartment_id}: {self.uses}"


class PolicyVersion(models.Model):
    """A number that goes up, by triggers, whenever what an organisation's policies say changes."""

    organisation = models.OneToOneField(
        Organisation, models.CASCADE, primary_key=True, related_name="policy_version"
    )
    version = models.PositiveBigIntegerField(default=1)

    def __str__(self) -> str:
        return f"{self.organisation_id}: {self.version}"
