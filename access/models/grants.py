"""A person may open a compartment, from when to when."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from access.models.people import Person
from lockers.models import Compartment


class Grant(models.Model):
    """The right to open, written and revoked in one transaction with what it comes from."""

    person = models.ForeignKey(
        Person,
        models.CASCADE,
        db_index=False,  # access_grant_in_force serves
        related_name="grants",
        verbose_name=_("person"),
    )
    compartment = models.ForeignKey(
        Compartment,
        models.CASCADE,
        db_index=False,
        related_name="grants",
        verbose_name=_("compartment"),
    )
    # The claim it comes from, by number: occupancy stands to the right of this app.
    claim_id = models.BigIntegerField(_("claim"), null=True, blank=True)
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("revoked at"), null=True, blank=True)

    class Meta:
        verbose_name = _("grant")
        verbose_name_plural = _("grants")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ends_at__isnull=True)
                | models.Q(ends_at__gt=models.F("starts_at")),
                name="access_grant_ends_after_it_starts",
            ),
        ]
        indexes = [
            models.Index(
                fields=["person", "compartment"],
                name="access_grant_in_force",
                condition=models.Q(revoked_at__isnull=True),
            ),
            models.Index(fields=["claim_id"], name="access_grant_by_claim"),
        ]

    def __str__(self) -> str:
        return f"{self.person_id} {self.compartment_id}"
