"""Who sees to what, how soon: teams and the table of service levels."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from access.models import User
from lockers.models import Organisation, Site
from maintenance.choices import Category, Priority

LONGEST_HOURS = 24 * 90


class Team(models.Model):
    """People who repair, clean or inspect, with an address that reaches all of them."""

    organisation = models.ForeignKey(
        Organisation, models.CASCADE, related_name="teams", verbose_name=_("organisation")
    )
    name = models.CharField(_("name"), max_length=80)
    email = models.EmailField(
        _("e-mail"), blank=True, help_text=_("Tickets of the team are told there, too.")
    )
    members = models.ManyToManyField(
        User, blank=True, related_name="teams", verbose_name=_("members")
    )

    class Meta:
        verbose_name = _("team")
        verbose_name_plural = _("teams")
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "name"], name="maintenance_one_team_per_name"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ServiceLevel(models.Model):
    """How soon a category of fault is seen to, at one site or at all of an organisation's."""

    organisation = models.ForeignKey(
        Organisation, models.CASCADE, related_name="service_levels", verbose_name=_("organisation")
    )
    site = models.ForeignKey(
        Site,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="service_levels",
        verbose_name=_("site"),
        help_text=_("Empty for all sites that have no line of their own."),
    )
    category = models.CharField(_("category"), max_length=16, choices=Category.choices)
    priority = models.PositiveSmallIntegerField(
        _("priority"), choices=Priority.choices, default=Priority.NORMAL
    )
    due_hours = models.PositiveSmallIntegerField(
        _("due within (hours)"),
        validators=[MinValueValidator(1), MaxValueValidator(LONGEST_HOURS)],
    )
    in_opening_hours = models.BooleanField(
        _("counts opening hours only"),
        default=False,
        help_text=_("Hours in which the site is shut do not count."),
    )
    escalate_after_hours = models.PositiveSmallIntegerField(
        _("escalate so long after it was due (hours)"),
        null=True,
        blank=True,
        validators=[MaxValueValidator(LONGEST_HOURS)],
        help_text=_("Empty for never."),
    )
    team = models.ForeignKey(
        Team,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="service_levels",
        verbose_name=_("team"),
    )
    escalate_to = models.ForeignKey(
        Team,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="escalations",
        verbose_name=_("escalate to"),
    )

    class Meta:
        verbose_name = _("service level")
        verbose_name_plural = _("service levels")
        ordering = ["organisation", "site", "category"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "site", "category"],
                name="maintenance_one_service_level_per_category_and_site",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=models.Q(due_hours__range=(1, LONGEST_HOURS)),
                name="maintenance_service_level_is_due_some_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_category_display()}: {self.due_hours} h"

    def clean(self) -> None:
        """Refuse a site or team of another organisation."""
        if self.site is not None and self.site.organisation_id != self.organisation_id:
            raise ValidationError({"site": _("That site belongs to another organisation.")})
        for name in ("team", "escalate_to"):
            team = getattr(self, name)
            if team is not None and team.organisation_id != self.organisation_id:
                raise ValidationError({name: _("That team belongs to another organisation.")})
