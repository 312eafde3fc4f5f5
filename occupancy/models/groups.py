"""Named groups of compartments, which may stand in several banks."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from lockers.models import Compartment, Organisation


class CompartmentGroup(models.Model):
    """Doors that are used alike: a row, a team's doors, the wide ones of a whole building."""

    organisation = models.ForeignKey(
        Organisation,
        models.CASCADE,
        related_name="compartment_groups",
        verbose_name=_("organisation"),
    )
    name = models.CharField(_("name"), max_length=80)
    compartments = models.ManyToManyField(
        Compartment, blank=True, related_name="groups", verbose_name=_("compartments")
    )

    class Meta:
        verbose_name = _("group of compartments")
        verbose_name_plural = _("groups of compartments")
        ordering = ["organisation", "name"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "name"], name="occupancy_group_name_is_used_once"
            ),
        ]

    def __str__(self) -> str:
        return self.name
