"""Who gives out the doors of a bridge's banks; lockers/authority.md is the argument."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from lockers.models.devices import Bridge


class Authority(models.Model):
    """How the server stands with one bridge. Its own table: it is written every second."""

    bridge = models.OneToOneField(
        Bridge, models.CASCADE, primary_key=True, related_name="authority", verbose_name=_("bridge")
    )
    term = models.BigIntegerField(_("term"), default=0, db_default=0)
    # Numbers what the bridge is told of holders, whichever process tells it.
    told = models.BigIntegerField(default=0, db_default=0)
    # Banks that the bridge gives out when it is alone, by what it was told or has on its disk.
    banks = ArrayField(models.BigIntegerField(), default=list, db_default=[])
    # By the database's clock, while the bridge answers.
    beat_at = models.DateTimeField(_("answered at"), null=True)

    class Meta:
        verbose_name = _("authority")
        verbose_name_plural = _("authorities")

    def __str__(self) -> str:
        return f"{self.bridge_id}: {self.term}"
