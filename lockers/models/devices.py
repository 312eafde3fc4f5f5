"""Bridges: the machines beside banks that drive their locks and readers."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from lockers.choices import JournalAlarm
from lockers.models.estate import Site


class Bridge(models.Model):
    """The edge agent of one or more banks, known by its public key (Ed25519, in hex)."""

    site = models.ForeignKey(Site, models.PROTECT, related_name="bridges", verbose_name=_("site"))
    name = models.CharField(_("name"), max_length=60)
    public_key = models.CharField(max_length=64, blank=True, editable=False)
    # What lockers.introduction.code_key makes of its one-time code.
    code_key = models.CharField(max_length=64, blank=True, editable=False)
    code_expires_at = models.DateTimeField(null=True, blank=True, editable=False)
    code_used_at = models.DateTimeField(null=True, blank=True, editable=False)
    enrolled_at = models.DateTimeField(_("enrolled at"), null=True, blank=True, editable=False)
    revoked_at = models.DateTimeField(_("revoked at"), null=True, blank=True, editable=False)
    roll_asked_at = models.DateTimeField(
        _("new key asked for at"), null=True, blank=True, editable=False
    )

    class Meta:
        verbose_name = _("bridge")
        verbose_name_plural = _("bridges")
        ordering = ["site", "name"]
        constraints = [
            models.UniqueConstraint(fields=["site", "name"], name="lockers_one_bridge_per_name"),
            models.UniqueConstraint(
                fields=["public_key"],
                name="lockers_one_bridge_per_key",
                condition=~models.Q(public_key=""),
            ),
            models.CheckConstraint(
                condition=models.Q(public_key="") | models.Q(public_key__regex="^[0-9a-f]{64}$"),
                name="lockers_bridge_key_is_32_bytes_in_hex",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class BridgePresence(models.Model):
    """What a bridge last said of itself. Its own table: heartbeats rewrite it every few seconds."""

    bridge = models.OneToOneField(
        Bridge, models.CASCADE, primary_key=True, related_name="presence", verbose_name=_("bridge")
    )
    connection = models.UUIDField(_("connection"), null=True)
    last_seen_at = models.DateTimeField(_("last seen at"))
    software = models.CharField(_("software"), max_length=60, blank=True)
    journal = models.UUIDField(_("journal"), null=True)
    last_seq = models.BigIntegerField(_("last event"), default=0)
    journal_alarm = models.CharField(
        _("journal"), max_length=8, choices=JournalAlarm.choices, blank=True, db_default=""
    )
    journal_alarm_at = models.DateTimeField(_("journal noticed at"), null=True, blank=True)
    config_hash = models.CharField(_("configuration"), max_length=64, blank=True)
    clock_offset_ms = models.BigIntegerField(_("clock offset (ms)"), default=0)
    queue_depth = models.PositiveIntegerField(_("queue"), default=0)
    unacknowledged = models.PositiveIntegerField(_("events not yet received"), default=0)
    # Wires and readers, as lockers.services.connections writes them; what changes is announced.
    health = models.JSONField(_("health"), default=dict, blank=True)
    # What went over the wires, and which board answered when; once a minute, and no news.
    figures = models.JSONField(_("figures"), default=dict, blank=True)

    class Meta:
        verbose_name = _("bridge presence")
        verbose_name_plural = _("bridge presences")

    def __str__(self) -> str:
        return str(self.bridge_id)
