"""Passes that are shown as a QR code."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from access.models.people import Person
from lockers.models import Compartment


class Pass(models.Model):
    """A signed pass of one person; what is signed is written again from here whenever it is shown.

    With a compartment it is good for that door alone. It never opens more than its person may.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    person = models.ForeignKey(
        Person, models.CASCADE, related_name="passes", verbose_name=_("person")
    )
    compartment = models.ForeignKey(
        Compartment,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="passes",
        verbose_name=_("only this door"),
    )
    is_single_use = models.BooleanField(_("for one use"), default=False)
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"))
    issued_at = models.DateTimeField(_("issued at"), editable=False)
    used_at = models.DateTimeField(_("last used at"), null=True, blank=True, editable=False)
    revoked_at = models.DateTimeField(_("revoked at"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("pass")
        verbose_name_plural = _("passes")
        ordering = ["-issued_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ends_at__gt=models.F("starts_at")),
                name="access_pass_ends_after_it_starts",
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)[:8]
