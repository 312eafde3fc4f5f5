"""What bridges gave while they were cut off, and what of it needs somebody's eyes."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from access.models import Person
from lockers.models import Bridge, Compartment
from occupancy.choices import Breach
from occupancy.models.claims import Claim


class AloneUse(models.Model):
    """A door that a bridge gave by itself. It is never taken away for breaking a rule of ours."""

    # The bridge's own name for it, which it finishes it by.
    ref = models.UUIDField(primary_key=True, editable=False)
    bridge = models.ForeignKey(Bridge, models.CASCADE, verbose_name=_("bridge"))
    compartment = models.ForeignKey(Compartment, models.PROTECT, verbose_name=_("compartment"))
    person = models.ForeignKey(
        Person, models.PROTECT, null=True, blank=True, verbose_name=_("person")
    )
    # None where the door is somebody else's here: two cannot have it, whoever stands before it.
    claim = models.OneToOneField(
        Claim, models.PROTECT, null=True, blank=True, verbose_name=_("claim")
    )
    given_at = models.DateTimeField(_("given at"))
    breach = models.CharField(_("to look at"), max_length=12, choices=Breach.choices, blank=True)
    looked_at = models.DateTimeField(_("looked at"), null=True, blank=True, editable=False)
    looked_by = models.CharField(_("looked at by"), max_length=60, blank=True, editable=False)

    class Meta:
        verbose_name = _("door given by a bridge")
        verbose_name_plural = _("doors given by bridges")
        ordering = ["-given_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(claim__isnull=False) | ~models.Q(breach=""),
                name="occupancy_alone_use_without_claim_says_why",
            ),
            models.CheckConstraint(
                condition=models.Q(looked_at__isnull=True) | ~models.Q(looked_by=""),
                name="occupancy_alone_use_is_looked_at_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.compartment_id} {self.given_at:%Y-%m-%d %H:%M}"
