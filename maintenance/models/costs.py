"""What work costs: needed to say what a repair cost, and whether a new one is cheaper."""

from __future__ import annotations

from django.core.validators import MinValueValidator, RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from lockers.models import Organisation


class CostRules(models.Model):
    """What an hour of work costs in an organisation, and in which currency it counts."""

    organisation = models.OneToOneField(
        Organisation, models.CASCADE, related_name="cost_rules", verbose_name=_("organisation")
    )
    labour_rate = models.DecimalField(
        _("an hour of work costs"),
        max_digits=8,
        decimal_places=2,
        default=0,
        validators=[MinValueValidator(0)],
    )
    currency = models.CharField(
        _("currency"),
        max_length=3,
        default="EUR",
        validators=[RegexValidator(r"^[A-Z]{3}$", _("Three capital letters, such as EUR."))],
        help_text=_("Of all prices: models, parts, assets and work."),
    )

    class Meta:
        verbose_name = _("cost rules")
        verbose_name_plural = _("cost rules")
        ordering = ["organisation"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(labour_rate__gte=0, currency__regex=r"^[A-Z]{3}$"),
                name="maintenance_work_costs_money",
            ),
        ]

    def __str__(self) -> str:
        return str(self.organisation)
