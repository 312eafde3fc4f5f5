"""The machines beside a bank that are not locks: bridges and badge readers."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from lockers.choices import ReaderPurpose, ReaderTransport
from lockers.models.estate import Bank, Compartment, Site


class Bridge(models.Model):
    """The edge agent of one or more banks. Its token is stored as a digest only."""

    site = models.ForeignKey(Site, models.PROTECT, related_name="bridges", verbose_name=_("site"))
    name = models.CharField(_("name"), max_length=60)
    token_digest = models.CharField(max_length=64, blank=True, editable=False)
    code_digest = models.CharField(max_length=64, blank=True, editable=False)
    code_expires_at = models.DateTimeField(null=True, blank=True, editable=False)
    enrolled_at = models.DateTimeField(_("enrolled at"), null=True, blank=True, editable=False)
    revoked_at = models.DateTimeField(_("revoked at"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("bridge")
        verbose_name_plural = _("bridges")
        ordering = ["site", "name"]
        constraints = [
            models.UniqueConstraint(fields=["site", "name"], name="lockers_one_bridge_per_name"),
            models.UniqueConstraint(
                fields=["token_digest"],
                name="lockers_one_bridge_per_token",
                condition=~models.Q(token_digest=""),
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
    config_hash = models.CharField(_("configuration"), max_length=64, blank=True)
    clock_offset_ms = models.BigIntegerField(_("clock offset (ms)"), default=0)
    queue_depth = models.PositiveIntegerField(_("queue"), default=0)

    class Meta:
        verbose_name = _("bridge presence")
        verbose_name_plural = _("bridge presences")

    def __str__(self) -> str:
        return str(self.bridge_id)


class Reader(models.Model):
    """A badge reader of a bank, or of one door when ``compartment`` is set."""

    bank = models.ForeignKey(Bank, models.CASCADE, related_name="readers", verbose_name=_("bank"))
    compartment = models.ForeignKey(
        Compartment,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="readers",
        verbose_name=_("door"),
    )
    name = models.CharField(_("name"), max_length=60)
    transport = models.CharField(
        _("transport"),
        max_length=8,
        choices=ReaderTransport.choices,
        default=ReaderTransport.WEDGE,
    )
    purpose = models.CharField(
        _("purpose"), max_length=8, choices=ReaderPurpose.choices, default=ReaderPurpose.ENTRY
    )
    address = models.CharField(
        _("address"),
        max_length=200,
        blank=True,
        help_text=_("For wired readers: tcp://host:port or a serial device."),
    )
    prefix = models.CharField(_("prefix"), max_length=8, blank=True)
    suffix = models.CharField(_("suffix"), max_length=8, default="\r")
    length = models.PositiveSmallIntegerField(
        _("length"),
        default=10,
        validators=[MaxValueValidator(64)],
        help_text=_("Characters between prefix and suffix; anything else is refused."),
    )

    class Meta:
        verbose_name = _("reader")
        verbose_name_plural = _("readers")
        ordering = ["bank", "name"]
        constraints = [
            models.UniqueConstraint(fields=["bank", "name"], name="lockers_one_reader_per_name"),
            models.CheckConstraint(
                condition=models.Q(length__gt=0), name="lockers_reader_has_a_length"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuse what would let a truncated badge through, and a wired reader without address."""
        if self.transport == ReaderTransport.WEDGE and not (self.prefix and self.suffix):
            raise ValidationError(
                _("A reader that types like a keyboard needs a prefix and a suffix.")
            )
        if self.transport == ReaderTransport.WIRED and not self.address:
            raise ValidationError({"address": _("A wired reader needs an address.")})
        if self.compartment is not None and self.compartment.bank_id != self.bank_id:
            raise ValidationError({"compartment": _("That door belongs to another bank.")})
