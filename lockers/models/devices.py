"""The machines beside a bank that are not locks: bridges and badge readers."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from lockers.choices import (
    Assurance,
    BadgeContent,
    BadgeKind,
    ByteOrder,
    NumberBase,
    ReaderPurpose,
    ReaderTransport,
    WiegandFormat,
)
from lockers.models.estate import Bank, Compartment, Organisation, Site

_PLAIN_UID = _("A serial number can be copied, so it is a plain number.")


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


class ReaderProfile(models.Model):
    """How one kind of reader writes badges down. What it means never changes once it is used."""

    organisation = models.ForeignKey(
        Organisation,
        models.CASCADE,
        related_name="reader_profiles",
        verbose_name=_("organisation"),
    )
    name = models.CharField(_("name"), max_length=60)
    # Part of the canonical key of texts, so it stays when the name changes.
    key = models.CharField(_("key"), max_length=20, editable=False)
    kind = models.CharField(
        _("what it reads"), max_length=8, choices=BadgeKind.choices, default=BadgeKind.TEXT
    )
    wiegand_format = models.CharField(
        _("card format"), max_length=8, choices=WiegandFormat.choices, blank=True
    )
    content = models.CharField(_("writes"), max_length=8, choices=BadgeContent.choices, blank=True)
    base = models.CharField(
        _("digits are"), max_length=8, choices=NumberBase.choices, default=NumberBase.DECIMAL
    )
    byte_order = models.CharField(
        _("order of the bytes"), max_length=3, choices=ByteOrder.choices, default=ByteOrder.MSB
    )
    uid_bytes = models.PositiveSmallIntegerField(
        _("bytes of the UID"), default=0, help_text=_("4, 7 or 10; 0 for everything else.")
    )
    digits = models.PositiveSmallIntegerField(
        _("characters"),
        default=0,
        validators=[MaxValueValidator(64)],
        help_text=_("Exactly as many, zeros in front included; 0 leaves it to the reader."),
    )
    facility_digits = models.PositiveSmallIntegerField(
        _("digits of the facility"),
        default=0,
        validators=[MaxValueValidator(10)],
        help_text=_("Where facility and number stand together without a separator."),
    )
    separator = models.CharField(
        _("separator"), max_length=1, blank=True, help_text=_("Between facility and number.")
    )
    assurance = models.CharField(
        _("how safe"), max_length=8, choices=Assurance.choices, default=Assurance.PLAIN
    )

    class Meta:
        verbose_name = _("reader profile")
        verbose_name_plural = _("reader profiles")
        ordering = ["organisation", "name"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "name"], name="lockers_one_reader_profile_per_name"
            ),
            models.UniqueConstraint(
                fields=["organisation", "key"], name="lockers_one_reader_profile_per_key"
            ),
            # "main" is what readers without a profile have.
            models.CheckConstraint(
                condition=~models.Q(key="") & ~models.Q(key="main"),
                name="lockers_reader_profile_has_its_own_key",
            ),
            models.CheckConstraint(
                condition=models.Q(kind=BadgeKind.TEXT, wiegand_format="", content="", uid_bytes=0)
                | models.Q(
                    kind=BadgeKind.UID, wiegand_format="", content="", uid_bytes__in=[4, 7, 10]
                )
                | models.Q(
                    kind=BadgeKind.WIEGAND,
                    wiegand_format__in=WiegandFormat.values,
                    content__in=[BadgeContent.FRAME, BadgeContent.DATA],
                    uid_bytes=0,
                )
                # Both are read from the left, whatever the byte order says.
                | models.Q(
                    kind=BadgeKind.WIEGAND,
                    wiegand_format__in=WiegandFormat.values,
                    content=BadgeContent.LEFT,
                    base=NumberBase.HEX,
                    byte_order=ByteOrder.MSB,
                    uid_bytes=0,
                )
                | models.Q(
                    ~models.Q(separator="") | models.Q(facility_digits__gt=0),
                    kind=BadgeKind.WIEGAND,
                    wiegand_format__in=WiegandFormat.values,
                    content=BadgeContent.PAIR,
                    byte_order=ByteOrder.MSB,
                    uid_bytes=0,
                ),
                name="lockers_reader_profile_says_how_to_read",
                violation_error_message=_(
                    "A number of a card format needs its format and what is written of it; facility"
                    " and number need a separator or the digits of the facility; a serial number"
                    " its 4, 7 or 10 bytes; a text none of these."
                ),
            ),
            # A serial number can be copied, whatever the card.
            models.CheckConstraint(
                condition=~models.Q(kind=BadgeKind.UID) | models.Q(assurance=Assurance.PLAIN),
                name="lockers_uid_profile_is_plain",
                violation_error_message=_PLAIN_UID,
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuse what the constraint does, also where the form shows only the assurance."""
        if self.kind == BadgeKind.UID and self.assurance != Assurance.PLAIN:
            raise ValidationError({"assurance": _PLAIN_UID})


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
    profile = models.ForeignKey(
        ReaderProfile,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="readers",
        verbose_name=_("profile"),
        help_text=_("How it writes badges down. Without one the text is taken as it comes."),
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
        if self.profile is not None:
            self._check_profile(self.profile)

    def _check_profile(self, profile: ReaderProfile) -> None:
        if self.bank_id and profile.organisation_id != self.bank.site.organisation_id:
            raise ValidationError({"profile": _("That profile belongs to another organisation.")})
        if profile.digits not in (0, self.length):
            raise ValidationError(
                {
                    "length": _(
                        "The profile has %(digits)d characters. Write the same number here."
                    )
                    % {"digits": profile.digits}
                }
            )
