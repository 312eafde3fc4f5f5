"""Mechanical locks, the keys cut for them, who holds which, and what a lost one leads to."""

from __future__ import annotations

from typing import Any

from django.core.validators import MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from access.choices import HoldingEnd, KeyStatus, SignedHow
from access.models.master_keys import MasterSet
from access.models.people import Person
from access.models.users import User
from lockers.models import Compartment, Organisation, Site

# Currencies whose smallest unit is the currency itself.
_WHOLE = {"CLP", "ISK", "JPY", "KRW", "PYG", "VND"}


def money(amount_minor: int, currency: str) -> str:
    """Write an amount, given in the smallest unit of its currency."""
    amount = f"{amount_minor}" if currency in _WHOLE else f"{amount_minor / 100:.2f}"
    return f"{amount} {currency}"


class Lock(models.Model):
    """The mechanical lock in one door: opened by a key, or by one of its combinations."""

    compartment = models.OneToOneField(
        Compartment, models.CASCADE, related_name="lock", verbose_name=_("compartment")
    )
    # That of its door, written here so that the database itself keeps serial numbers apart.
    organisation = models.ForeignKey(
        Organisation, models.PROTECT, related_name="+", editable=False,
        verbose_name=_("organisation"),
    )  # fmt: skip
    serial = models.CharField(_("serial number"), max_length=40, blank=True)
    # Whoever knows it can have a key cut: shown to those who manage the site only.
    key_code = models.CharField(_("key code"), max_length=40, blank=True)
    # Which of its combinations opens it now; none for a lock that only takes a key.
    position = models.PositiveSmallIntegerField(
        _("combination in force"), null=True, blank=True, editable=False
    )

    class Meta:
        verbose_name = _("lock")
        verbose_name_plural = _("locks")
        ordering = ["compartment__bank", "compartment__column", "compartment__row"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(position__isnull=True) | models.Q(position__range=(1, 9)),
                name="access_lock_points_at_one_of_nine",
            ),
            models.UniqueConstraint(
                fields=["organisation", "serial"],
                condition=~models.Q(serial=""),
                name="access_one_lock_per_serial",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.compartment.bank.name} {self.compartment.number}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Write down whose door it is in; a lock never moves to another."""
        if self.organisation_id is None:
            self.organisation_id = self.compartment.bank.site.organisation_id
        super().save(*args, **kwargs)


class Key(models.Model):
    """One copy of a key: to one lock, or to every lock of a master set."""

    # The site in whose cabinet it hangs.
    site = models.ForeignKey(
        Site, models.PROTECT, related_name="keys", verbose_name=_("site"), editable=False
    )
    lock = models.ForeignKey(
        Lock,
        models.PROTECT,
        null=True,
        blank=True,
        db_index=False,  # access_one_key_per_lock_copy serves
        related_name="keys",
        verbose_name=_("lock"),
    )
    master_set = models.ForeignKey(
        MasterSet,
        models.PROTECT,
        null=True,
        blank=True,
        db_index=False,  # access_one_key_per_set_copy serves
        related_name="keys",
        verbose_name=_("master key of"),
    )
    copy = models.PositiveSmallIntegerField(
        _("copy"), validators=[MinValueValidator(1)], help_text=_("As stamped on the key.")
    )
    hook = models.CharField(_("hook"), max_length=20, blank=True)
    # Whether somebody has it is not said here: an open holding says it.
    status = models.CharField(
        _("status"), max_length=8, choices=KeyStatus.choices, default=KeyStatus.IN_USE
    )

    class Meta:
        verbose_name = _("key")
        verbose_name_plural = _("keys")
        ordering = ["site", "master_set", "lock", "copy"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(lock__isnull=False, master_set__isnull=True)
                | models.Q(lock__isnull=True, master_set__isnull=False),
                name="access_key_opens_one_lock_or_one_set",
            ),
            models.UniqueConstraint(fields=["lock", "copy"], name="access_one_key_per_lock_copy"),
            models.UniqueConstraint(
                fields=["master_set", "copy"], name="access_one_key_per_set_copy"
            ),
        ]

    def __str__(self) -> str:
        opens = self.master_set if self.master_set is not None else self.lock
        return f"{opens} / {self.copy}"

    @property
    def is_master(self) -> bool:
        """Whether it opens more than one lock, and so takes two people to hand out."""
        return self.master_set_id is not None


class KeyHolding(models.Model):
    """Somebody had a key from when to when, and signed for it."""

    key = models.ForeignKey(Key, models.PROTECT, related_name="holdings", verbose_name=_("key"))
    person = models.ForeignKey(
        Person, models.PROTECT, related_name="keys_held", verbose_name=_("person")
    )
    issued_at = models.DateTimeField(_("issued at"))
    due_at = models.DateTimeField(_("due back"), null=True, blank=True)
    issued_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("issued by")
    )
    # An SVG path or a typed name, as the next field says.
    signature = models.TextField(_("signature"))
    signed_how = models.CharField(_("signed"), max_length=6, choices=SignedHow.choices)
    returned_at = models.DateTimeField(_("back at"), null=True, blank=True)
    returned_to = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("taken by")
    )
    ended_how = models.CharField(
        _("ended"), max_length=8, choices=HoldingEnd.choices, blank=True, default=""
    )
    return_signature = models.TextField(_("signature at return"), blank=True, default="")
    return_signed_how = models.CharField(
        _("signed at return"), max_length=6, choices=SignedHow.choices, blank=True, default=""
    )

    class Meta:
        verbose_name = _("key holding")
        verbose_name_plural = _("key holdings")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["key"],
                condition=models.Q(returned_at__isnull=True),
                name="access_one_holder_per_key",
            ),
            models.CheckConstraint(
                condition=~models.Q(signature="")
                & models.Q(signed_how__in=(SignedHow.DRAWN, SignedHow.TYPED)),
                name="access_key_is_signed_for",
            ),
            models.CheckConstraint(
                condition=models.Q(returned_at__isnull=True, ended_how="")
                | models.Q(returned_at__isnull=False, returned_at__gte=models.F("issued_at"))
                & ~models.Q(ended_how=""),
                name="access_key_holding_ends_later_and_says_how",
            ),
            models.CheckConstraint(
                condition=models.Q(due_at__isnull=True)
                | models.Q(due_at__gt=models.F("issued_at")),
                name="access_key_is_due_after_it_is_issued",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.key}: {self.person}"


class KeyCharge(models.Model):
    """What somebody owes for a key; recorded here, paid elsewhere."""

    key = models.ForeignKey(Key, models.PROTECT, related_name="charges", verbose_name=_("key"))
    person = models.ForeignKey(
        Person, models.PROTECT, related_name="key_charges", verbose_name=_("person")
    )
    amount_minor = models.PositiveIntegerField(
        _("amount (pence, cents)"), help_text=_("In the smallest unit of the currency.")
    )
    currency = models.CharField(_("currency"), max_length=3)
    charged_at = models.DateTimeField(_("charged at"))
    waived_at = models.DateTimeField(_("waived at"), null=True, blank=True)
    waived_because = models.CharField(_("waived because"), max_length=200, blank=True, default="")

    class Meta:
        verbose_name = _("key charge")
        verbose_name_plural = _("key charges")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(amount_minor__gt=0, currency__regex=r"^[A-Z]{3}$"),
                name="access_key_charge_is_money",
            ),
            models.CheckConstraint(
                condition=models.Q(waived_at__isnull=True) | ~models.Q(waived_because=""),
                name="access_waived_key_charge_has_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return money(self.amount_minor, self.currency)


class LockChangeRequest(models.Model):
    """A lock whose key is in unknown hands: somebody has to change it."""

    lock = models.ForeignKey(
        Lock, models.CASCADE, related_name="change_requests", verbose_name=_("lock")
    )
    key = models.ForeignKey(
        Key, models.PROTECT, related_name="change_requests", verbose_name=_("lost key")
    )
    reason = models.CharField(_("reason"), max_length=200)
    requested_at = models.DateTimeField(_("requested at"))
    requested_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("asked by")
    )
    done_at = models.DateTimeField(_("done at"), null=True, blank=True)

    class Meta:
        verbose_name = _("lock change request")
        verbose_name_plural = _("lock change requests")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["lock"],
                condition=models.Q(done_at__isnull=True),
                name="access_one_open_change_request_per_lock",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.lock} {self.requested_at:%Y-%m-%d}"
