"""When a site is open, in its own local time."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from lockers.models.estate import Site


class Weekday(models.IntegerChoices):
    MONDAY = 0, _("Monday")
    TUESDAY = 1, _("Tuesday")
    WEDNESDAY = 2, _("Wednesday")
    THURSDAY = 3, _("Thursday")
    FRIDAY = 4, _("Friday")
    SATURDAY = 5, _("Saturday")
    SUNDAY = 6, _("Sunday")


class OpeningHours(models.Model):
    """Opening hours of one weekday; a day without a row is closed, a site without rows never is."""

    site = models.ForeignKey(
        Site, models.CASCADE, related_name="opening_hours", verbose_name=_("site")
    )
    weekday = models.PositiveSmallIntegerField(_("weekday"), choices=Weekday.choices)
    opens_at = models.TimeField(_("opens at"))
    closes_at = models.TimeField(_("closes at"))

    class Meta:
        verbose_name = _("opening hours")
        verbose_name_plural = _("opening hours")
        ordering = ["site", "weekday", "opens_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["site", "weekday", "opens_at"], name="lockers_one_opening_per_time"
            ),
            models.CheckConstraint(
                condition=models.Q(closes_at__gt=models.F("opens_at")),
                name="lockers_opening_ends_after_it_starts",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_weekday_display()} {self.opens_at:%H:%M} to {self.closes_at:%H:%M}"


class SpecialDay(models.Model):
    """One date with other hours, or closed when no hours are given."""

    site = models.ForeignKey(
        Site, models.CASCADE, related_name="special_days", verbose_name=_("site")
    )
    date = models.DateField(_("date"))
    name = models.CharField(_("name"), max_length=80)
    opens_at = models.TimeField(_("opens at"), null=True, blank=True)
    closes_at = models.TimeField(_("closes at"), null=True, blank=True)

    class Meta:
        verbose_name = _("special day")
        verbose_name_plural = _("special days")
        ordering = ["site", "date"]
        constraints = [
            models.UniqueConstraint(fields=["site", "date"], name="lockers_one_special_day"),
            models.CheckConstraint(
                condition=models.Q(opens_at__isnull=True, closes_at__isnull=True)
                | models.Q(closes_at__gt=models.F("opens_at")),
                name="lockers_special_day_ends_after_it_starts",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.date} {self.name}"
