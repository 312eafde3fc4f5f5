"""Emptying what was not given back: who did what, step by step."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from audit.models import ActorKind
from occupancy.choices import CustodyKind
from occupancy.models.claims import Claim


class Recovery(models.Model):
    """A compartment is to be emptied by staff. Its claim holds the door until that is done."""

    claim = models.OneToOneField(
        Claim, models.PROTECT, related_name="recovery", verbose_name=_("use")
    )
    reason = models.CharField(_("reason"), max_length=200)
    takes_two = models.BooleanField(_("takes two people"), default=False)
    begun_at = models.DateTimeField(_("begun at"))
    emptied_at = models.DateTimeField(_("emptied at"), null=True, blank=True)
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True)

    class Meta:
        verbose_name = _("recovery")
        verbose_name_plural = _("recoveries")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(reason=""), name="occupancy_recovery_has_a_reason"
            ),
            models.CheckConstraint(
                condition=(
                    models.Q(emptied_at__isnull=True)
                    | models.Q(emptied_at__gte=models.F("begun_at"))
                )
                & (
                    models.Q(closed_at__isnull=True) | models.Q(closed_at__gte=models.F("begun_at"))
                ),
                name="occupancy_recovery_runs_forward",
            ),
        ]
        indexes = [
            models.Index(
                fields=["begun_at"],
                name="occupancy_recovery_open",
                condition=models.Q(closed_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        door = self.claim.compartment
        return f"{door.bank.name} {door.number}"


class CustodyStep(models.Model):
    """One step, as it was: the database refuses to change or remove it."""

    recovery = models.ForeignKey(
        Recovery, models.PROTECT, related_name="steps", verbose_name=_("recovery")
    )
    kind = models.CharField(_("step"), max_length=12, choices=CustodyKind.choices)
    at = models.DateTimeField(_("at"))
    actor_kind = models.CharField(_("by"), max_length=12, choices=ActorKind.choices)
    actor_id = models.CharField(_("number"), max_length=40, blank=True)
    note = models.CharField(_("note"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("custody step")
        verbose_name_plural = _("custody steps")
        ordering = ["recovery", "id"]

    def __str__(self) -> str:
        return str(self.get_kind_display())
