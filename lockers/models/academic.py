"""Academic years of a site, with their terms and half-terms."""

from __future__ import annotations

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from lockers.models.estate import Site
from lockers.models.ranges import DayRange, Int8Range


class SessionLevel(models.IntegerChoices):
    """How far down in the year; each lies within one of the level above."""

    YEAR = 1, _("academic year")
    TERM = 2, _("term")
    HALF_TERM = 3, _("half-term")


class AcademicSession(models.Model):
    """A year, a term or half of one, from its first day to its last, both in it."""

    site = models.ForeignKey(Site, models.CASCADE, related_name="sessions", verbose_name=_("site"))
    level = models.PositiveSmallIntegerField(
        _("level"), choices=SessionLevel.choices, default=SessionLevel.YEAR
    )
    parent = models.ForeignKey(
        "self", models.CASCADE, null=True, blank=True, related_name="parts",
        verbose_name=_("part of"),
    )  # fmt: skip
    name = models.CharField(_("name"), max_length=80, help_text=_("Such as “2026/27”, “Autumn”."))
    starts_on = models.DateField(_("first day"))
    ends_on = models.DateField(_("last day"))
    external_id = models.CharField(
        _("external id"),
        max_length=255,
        blank=True,
        help_text=_("What the register of the school calls it (OneRoster: sourcedId)."),
    )

    class Meta:
        verbose_name = _("academic session")
        verbose_name_plural = _("academic sessions")
        ordering = ["site", "-starts_on", "level"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ends_on__gt=models.F("starts_on")),
                name="lockers_session_ends_after_it_starts",
            ),
            models.CheckConstraint(
                condition=models.Q(level__in=SessionLevel.values),
                name="lockers_session_has_a_level",
            ),
            models.CheckConstraint(
                condition=models.Q(level=SessionLevel.YEAR, parent__isnull=True)
                | models.Q(level__gt=SessionLevel.YEAR, parent__isnull=False),
                name="lockers_only_a_year_stands_alone",
            ),
            # Of one site and level, one at a time.
            ExclusionConstraint(
                name="lockers_sessions_of_a_level_do_not_overlap",
                expressions=[
                    (
                        Int8Range(
                            models.F("site_id") * 10 + models.F("level"),
                            models.F("site_id") * 10 + models.F("level"),
                        ),
                        RangeOperators.OVERLAPS,
                    ),
                    (DayRange("starts_on", "ends_on"), RangeOperators.OVERLAPS),
                ],
                # Compared at the end of a statement, or of an import: days may change places.
                deferrable=models.Deferrable.IMMEDIATE,
                violation_error_message=_(
                    "These dates overlap with another one of this site. One has to end before the"
                    " other begins."
                ),
            ),
            models.UniqueConstraint(
                fields=["site", "external_id"],
                condition=~models.Q(external_id=""),
                name="lockers_one_session_per_external_id",
            ),
            models.UniqueConstraint(
                fields=["site", "parent", "name"],
                name="lockers_one_session_per_name",
                nulls_distinct=False,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.parent.name}, {self.name}" if self.parent is not None else self.name

    def clean(self) -> None:
        """Refuse what does not lie within the session it is part of."""
        if self.starts_on and self.ends_on and self.ends_on <= self.starts_on:
            raise ValidationError({"ends_on": _("The last day comes after the first.")})
        parent = self.parent
        if (self.level == SessionLevel.YEAR) != (parent is None):
            raise ValidationError(
                {"parent": _("A year stands alone; a term is part of a year, half a term of one.")}
            )
        if parent is None or not self.site_id:
            return
        if parent.site_id != self.site_id:
            raise ValidationError({"parent": _("That belongs to another site.")})
        if parent.level != self.level - 1:
            raise ValidationError(
                {"parent": _("A term is part of a year, and half a term of a term.")}
            )
        if self.starts_on and self.ends_on and not (
            parent.starts_on <= self.starts_on and self.ends_on <= parent.ends_on
        ):  # fmt: skip
            raise ValidationError(
                _("%(name)s runs from %(first)s to %(last)s: this lies outside of it."),
                params={"name": parent.name, "first": parent.starts_on, "last": parent.ends_on},
            )
