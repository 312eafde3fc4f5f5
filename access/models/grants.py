"""A person may open a compartment, from when to when."""

from __future__ import annotations

import datetime as dt

from django.db import models
from django.db.models.lookups import Exact
from django.utils.translation import gettext_lazy as _

from access.models.people import Department, Person, Role
from lockers.models import Compartment


class Grant(models.Model):
    """The right to open, written and revoked in one transaction with what it comes from."""

    person = models.ForeignKey(
        Person,
        models.CASCADE,
        null=True,
        blank=True,
        db_index=False,  # access_grant_in_force serves
        related_name="grants",
        verbose_name=_("person"),
    )
    # Or instead of a person: whoever has the role, or belongs to the department, at that moment.
    role = models.ForeignKey(
        Role,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="grants",
        verbose_name=_("role"),
    )
    department = models.ForeignKey(
        Department,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="grants",
        verbose_name=_("department"),
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
            models.CheckConstraint(
                condition=Exact(
                    models.Func(
                        models.F("person"),
                        models.F("role"),
                        models.F("department"),
                        function="num_nonnulls",
                        output_field=models.IntegerField(),
                    ),
                    1,
                ),
                name="access_grant_is_for_one",
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
        return f"{self.person_id or self.role_id or self.department_id} {self.compartment_id}"

    def is_in_force(self, at: dt.datetime) -> bool:
        """Say whether it lets anybody open at ``at``."""
        return (
            self.revoked_at is None
            and self.starts_at <= at
            and (self.ends_at is None or self.ends_at > at)
        )
