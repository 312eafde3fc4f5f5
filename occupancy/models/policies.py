"""How the compartments of an organisation, site or bank are used."""

from __future__ import annotations

import datetime as dt

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from lockers.models import Bank, Organisation, Site
from occupancy.choices import AtEnd, UseModel


class Policy(models.Model):
    """One set of rules; the one attached closest to a bank applies there."""

    organisation = models.ForeignKey(
        Organisation, models.CASCADE, related_name="policies", verbose_name=_("organisation")
    )
    site = models.ForeignKey(
        Site,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="policies",
        verbose_name=_("only at site"),
    )
    bank = models.ForeignKey(
        Bank,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="policies",
        verbose_name=_("only at bank"),
    )
    name = models.CharField(_("name"), max_length=80)
    model = models.CharField(
        _("model"), max_length=12, choices=UseModel.choices, default=UseModel.DAY_USE
    )
    ends_at_time = models.TimeField(
        _("ends at"), default=dt.time(0, 0), help_text=_("Local time of the site.")
    )
    at_end = models.CharField(
        _("at the end"), max_length=8, choices=AtEnd.choices, default=AtEnd.RELEASE
    )
    limit_per_person = models.PositiveSmallIntegerField(
        _("compartments per person"),
        default=1,
        validators=[MinValueValidator(1), MaxValueValidator(20)],
    )

    class Meta:
        verbose_name = _("policy")
        verbose_name_plural = _("policies")
        ordering = ["organisation", "name"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "site", "bank"],
                nulls_distinct=False,
                name="occupancy_one_policy_per_level",
            ),
            models.CheckConstraint(
                condition=models.Q(bank__isnull=True) | models.Q(site__isnull=False),
                name="occupancy_bank_policy_names_its_site",
            ),
            models.CheckConstraint(
                condition=models.Q(limit_per_person__gte=1, limit_per_person__lte=20),
                name="occupancy_policy_limit_is_sensible",
            ),
        ]

    def __str__(self) -> str:
        return self.name
