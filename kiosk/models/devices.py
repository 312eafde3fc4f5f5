"""The person at the door: terminals and what was just scanned there."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from access.models import Credential, Pass, Person
from lockers.models import Bank, Reader


class Terminal(models.Model):
    """A kiosk screen. Its token can identify a scan and act for that person, nothing else."""

    bank = models.ForeignKey(Bank, models.CASCADE, related_name="terminals", verbose_name=_("bank"))
    name = models.CharField(_("name"), max_length=60)
    token_digest = models.CharField(max_length=64, blank=True, editable=False)
    code_digest = models.CharField(max_length=64, blank=True, editable=False)
    code_expires_at = models.DateTimeField(null=True, blank=True, editable=False)
    enrolled_at = models.DateTimeField(_("enrolled at"), null=True, blank=True, editable=False)
    revoked_at = models.DateTimeField(_("revoked at"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("terminal")
        verbose_name_plural = _("terminals")
        ordering = ["bank", "name"]
        constraints = [
            models.UniqueConstraint(fields=["bank", "name"], name="kiosk_one_terminal_per_name"),
            models.UniqueConstraint(
                fields=["token_digest"],
                name="kiosk_one_terminal_per_token",
                condition=~models.Q(token_digest=""),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Scan(models.Model):
    """Somebody identified at a terminal or reader: a one-time, short-lived stand-in for a badge.

    The page at the terminal holds only this id, never the badge number.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    terminal = models.ForeignKey(
        Terminal, models.CASCADE, null=True, related_name="scans", verbose_name=_("terminal")
    )
    reader = models.ForeignKey(
        Reader, models.SET_NULL, null=True, related_name="scans", verbose_name=_("reader")
    )
    bank = models.ForeignKey(Bank, models.CASCADE, related_name="scans", verbose_name=_("bank"))
    person = models.ForeignKey(
        Person, models.CASCADE, related_name="scans", verbose_name=_("person")
    )
    credential = models.ForeignKey(
        Credential, models.SET_NULL, null=True, related_name="scans", verbose_name=_("credential")
    )
    # Instead of a credential; with a door, it stands for that door alone.
    shown_pass = models.ForeignKey(
        Pass, models.SET_NULL, null=True, related_name="scans", verbose_name=_("pass")
    )
    # A badge alone is not enough at this bank: until the PIN is shown, nothing can be done by it.
    needs_pin = models.BooleanField(_("needs a PIN"), default=False)
    scanned_at = models.DateTimeField(_("scanned at"))
    expires_at = models.DateTimeField(_("expires at"))
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)

    class Meta:
        verbose_name = _("scan")
        verbose_name_plural = _("scans")
        ordering = ["-scanned_at"]
        indexes = [
            models.Index(
                fields=["bank", "-scanned_at"],
                name="kiosk_scan_waiting",
                condition=models.Q(terminal__isnull=True, ended_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)
