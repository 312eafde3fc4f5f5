"""How it was found out which door hangs on which wire, door by door, with who said so."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from lockers.choices import CommissioningState
from lockers.models.devices import Bridge
from lockers.models.estate import Bank, Compartment
from lockers.models.inquiries import Inquiry


class Commissioning(models.Model):
    """One commissioning of a bank, or of one of its doors; finished, it is a version."""

    bank = models.ForeignKey(
        Bank, models.CASCADE, related_name="commissionings", verbose_name=_("bank")
    )
    bridge = models.ForeignKey(
        Bridge, models.CASCADE, related_name="commissionings", verbose_name=_("bridge")
    )
    # After a lock change: only this door is tried, and it must be the one that moves.
    door = models.ForeignKey(
        Compartment,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="commissionings",
        verbose_name=_("only this door"),
    )
    state = models.CharField(
        _("state"),
        max_length=8,
        choices=CommissioningState.choices,
        default=CommissioningState.RUNNING,
    )
    # Where each board is and how it is spoken to; a step names one by its place in this list.
    boards = models.JSONField(_("boards"), default=list)
    scan = models.ForeignKey(
        Inquiry, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("scan")
    )
    # Log-ins by number: this app knows no users.
    begun_by = models.BigIntegerField(_("begun by"))
    begun_at = models.DateTimeField(_("begun at"))
    finished_by = models.BigIntegerField(_("finished by"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)
    version = models.PositiveIntegerField(_("version"), null=True, blank=True)
    config_hash = models.CharField(_("configuration"), max_length=64, blank=True)

    class Meta:
        verbose_name = _("commissioning")
        verbose_name_plural = _("commissionings")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["bank"],
                condition=models.Q(state=CommissioningState.RUNNING),
                name="lockers_one_running_commissioning_per_bank",
            ),
            models.UniqueConstraint(
                fields=["bank", "version"], name="lockers_one_commissioning_per_version"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.bank} {self.begun_at:%Y-%m-%d %H:%M}"


class CommissioningStep(models.Model):
    """One lock that was tried, and what a person says about it; readings are in the answers."""

    commissioning = models.ForeignKey(
        Commissioning, models.CASCADE, related_name="steps", verbose_name=_("commissioning")
    )
    board = models.PositiveSmallIntegerField(_("board"))
    channel = models.PositiveSmallIntegerField(_("channel"))
    tried = models.ForeignKey(Inquiry, models.PROTECT, related_name="+", verbose_name=_("tried"))
    shut = models.ForeignKey(
        Inquiry, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("shut")
    )
    moved = models.CharField(_("door that moved"), max_length=20, blank=True)
    has_no_sensor = models.BooleanField(_("has no sensor"), default=False)
    answered_by = models.BigIntegerField(_("answered by"), null=True, blank=True)
    answered_at = models.DateTimeField(_("answered at"), null=True, blank=True)

    class Meta:
        verbose_name = _("step of a commissioning")
        verbose_name_plural = _("steps of commissionings")
        ordering = ["commissioning", "board", "channel"]
        constraints = [
            models.UniqueConstraint(
                fields=["commissioning", "board", "channel"],
                name="lockers_one_step_per_channel",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.board}/{self.channel}: {self.moved}"
