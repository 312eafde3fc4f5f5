"""What the bridge of a bank is known to have written down of claims."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from lockers.models import Bridge


class Kept(models.Model):
    """A claim as a bridge has it. Nobody is told of a claim before, where a bank works alone."""

    # By number: the bridge has it a moment longer than it exists.
    claim_id = models.BigIntegerField(_("claim"), primary_key=True)
    bridge = models.ForeignKey(
        Bridge, models.CASCADE, related_name="kept", verbose_name=_("bridge")
    )
    # Fingerprint of what was told; see occupancy.services.keeping.
    state = models.CharField(max_length=32)

    class Meta:
        verbose_name = _("kept claim")
        verbose_name_plural = _("kept claims")

    def __str__(self) -> str:
        return str(self.claim_id)
