"""Badge readers, and how each kind of them writes badges down."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from lockers.choices import (
    AT_THE_BRIDGE,
    Assurance,
    BadgeContent,
    BadgeKind,
    ByteOrder,
    NumberBase,
    ReaderPurpose,
    ReaderTransport,
    WiegandFormat,
)
from lockers.drivers.osdp.profile import MAX_UNIT
from lockers.drivers.wire.line import BAUDRATES
from lockers.models.estate import Bank, Compartment, Organisation

_PLAIN_UID = _("A serial number can be copied, so it is a plain number.")


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

    @property
    def reads_osdp(self) -> bool:
        """Whether it reads what OSDP readers send: all bits, from the left of whole bytes."""
        if self.kind == BadgeKind.UID:
            return self.base == NumberBase.HEX and self.byte_order == ByteOrder.MSB
        return self.kind == BadgeKind.WIEGAND and self.content == BadgeContent.LEFT

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
    # Those of OSDP readers: several are on one wire, and each has a secret of its own.
    unit = models.PositiveSmallIntegerField(
        _("number"),
        default=0,
        validators=[MaxValueValidator(MAX_UNIT)],
        help_text=_("The OSDP address that is set at the reader, 0 to 126."),
    )
    baudrate = models.PositiveIntegerField(
        _("speed"), default=9600, choices=[(one, str(one)) for one in BAUDRATES]
    )
    sealed_key = models.TextField(blank=True, editable=False)
    installs_key = models.BooleanField(
        _("set up: give the reader its key"),
        default=False,
        help_text=_(
            "Only while somebody stands there and watches: until it has its key, anything on the"
            " wire could take it. It ends by itself when the reader has it."
        ),
    )
    prefix = models.CharField(_("prefix"), max_length=8, blank=True)
    suffix = models.CharField(_("suffix"), max_length=8, default="\r")
    length = models.PositiveSmallIntegerField(
        _("length"),
        default=10,
        validators=[MaxValueValidator(64)],
        help_text=_(
            "Characters between prefix and suffix; anything else is refused. OSDP has neither."
        ),
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
                condition=models.Q(length__gt=0) | models.Q(transport=ReaderTransport.OSDP),
                name="lockers_reader_has_a_length",
            ),
            # The profile says how many bits its cards have.
            models.CheckConstraint(
                condition=~models.Q(transport=ReaderTransport.OSDP)
                | ~models.Q(address="")
                & ~models.Q(sealed_key="")
                & models.Q(profile__isnull=False, unit__lte=MAX_UNIT, baudrate__in=BAUDRATES),
                name="lockers_osdp_reader_has_address_key_and_profile",
                violation_error_message=_("An OSDP reader needs an address and a profile."),
            ),
            models.CheckConstraint(
                condition=models.Q(installs_key=False) | models.Q(transport=ReaderTransport.OSDP),
                name="lockers_only_osdp_readers_are_given_keys",
                violation_error_message=_("Only OSDP readers have a key."),
            ),
            models.UniqueConstraint(
                fields=["bank", "address", "unit"],
                condition=models.Q(transport=ReaderTransport.OSDP),
                name="lockers_one_osdp_reader_per_number",
                violation_error_message=_("Another reader on this wire has this number."),
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
        if self.transport in AT_THE_BRIDGE and not self.address:
            raise ValidationError({"address": _("A wired reader needs an address.")})
        if self.transport == ReaderTransport.OSDP:
            self._check_wire()
        if self.compartment is not None and self.compartment.bank_id != self.bank_id:
            raise ValidationError({"compartment": _("That door belongs to another bank.")})
        if self.profile is not None:
            self._check_profile(self.profile)

    def _check_wire(self) -> None:
        """Refuse what the bridge could not use; a wire may have readers of several banks."""
        if self.profile is None:
            raise ValidationError(
                {"profile": _("An OSDP reader needs a profile, which says what its cards are.")}
            )
        if not self.bank_id or self.bank.bridge_id is None:
            return
        others = Reader.objects.filter(
            bank__bridge=self.bank.bridge_id, address=self.address, transport=ReaderTransport.OSDP
        ).exclude(pk=self.pk)
        if others.filter(unit=self.unit).exists():
            raise ValidationError({"unit": _("Another reader on this wire has this number.")})
        if others.exclude(baudrate=self.baudrate).exists():
            raise ValidationError(
                {"baudrate": _("The other readers on this wire have another speed.")}
            )

    def _check_profile(self, profile: ReaderProfile) -> None:
        if self.bank_id and profile.organisation_id != self.bank.site.organisation_id:
            raise ValidationError({"profile": _("That profile belongs to another organisation.")})
        if self.transport == ReaderTransport.OSDP:
            if not profile.reads_osdp:
                raise ValidationError(
                    {
                        "profile": _(
                            "OSDP readers send all bits from the left of whole bytes. Choose a"
                            " card format that is read so, or a UID in hexadecimal as the card"
                            " sends it."
                        )
                    }
                )
        elif profile.digits not in (0, self.length):
            raise ValidationError(
                {
                    "length": _(
                        "The profile has %(digits)d characters. Write the same number here."
                    )
                    % {"digits": profile.digits}
                }
            )
