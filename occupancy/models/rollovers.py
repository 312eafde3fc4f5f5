"""The step from one academic year to the next: planned, done as a whole, undone as a whole."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from access.models import Person, RegistrationGroup, YearGroup
from lockers.models import AcademicSession, SessionLevel, Site
from occupancy.choices import AtRollover, RolloverStep


class Rollover(models.Model):
    """From a year to the next, at one site."""

    site = models.ForeignKey(Site, models.PROTECT, related_name="rollovers", verbose_name=_("site"))
    from_session = models.ForeignKey(
        AcademicSession, models.PROTECT, related_name="+", verbose_name=_("from the year")
    )
    to_session = models.ForeignKey(
        AcademicSession, models.PROTECT, related_name="+", verbose_name=_("to the year")
    )
    moves_tutors = models.BooleanField(_("tutors go up with their form"), default=True)
    applied_at = models.DateTimeField(_("done at"), null=True, editable=False)
    undone_at = models.DateTimeField(_("undone at"), null=True, editable=False)

    class Meta:
        verbose_name = _("rollover")
        verbose_name_plural = _("rollovers")
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["from_session"],
                condition=Q(undone_at__isnull=True),
                name="occupancy_one_rollover_from_a_year",
            ),
            models.CheckConstraint(
                condition=~Q(from_session=F("to_session")),
                name="occupancy_rollover_goes_to_another_year",
            ),
            models.CheckConstraint(
                condition=Q(undone_at__isnull=True)
                | Q(applied_at__isnull=False, undone_at__gte=F("applied_at")),
                name="occupancy_rollover_is_undone_after_it_is_done",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.from_session.name} → {self.to_session.name}"

    def clean(self) -> None:
        """Refuse anything but two years of the site, the later one second."""
        if not (self.site_id and self.from_session_id and self.to_session_id):
            return  # the fields themselves say so
        for field in ("from_session", "to_session"):
            one = getattr(self, field)
            if one.site_id != self.site_id or one.level != SessionLevel.YEAR:
                raise ValidationError({field: _("Choose an academic year of this site.")})
        if self.to_session.starts_on <= self.from_session.ends_on:
            raise ValidationError({"to_session": _("It comes after the year that ends.")})


class RolloverYear(models.Model):
    """What becomes of one year group: where its pupils go, and whether they keep their doors."""

    rollover = models.ForeignKey(
        Rollover, models.CASCADE, related_name="years", verbose_name=_("rollover")
    )
    year_group = models.ForeignKey(
        YearGroup, models.PROTECT, related_name="+", verbose_name=_("year group")
    )
    goes_to = models.ForeignKey(
        YearGroup, models.PROTECT, null=True, blank=True, related_name="+",
        verbose_name=_("goes up to"), help_text=_("Nothing: they leave."),
    )  # fmt: skip
    doors = models.CharField(
        _("their doors"), max_length=9, choices=AtRollover.choices, default=AtRollover.KEEP
    )

    class Meta:
        verbose_name = _("year group of a rollover")
        verbose_name_plural = _("year groups of a rollover")
        ordering = ["rollover", "-year_group__rank"]
        constraints = [
            models.UniqueConstraint(
                fields=["rollover", "year_group"], name="occupancy_one_line_per_year_of_a_rollover"
            ),
            models.CheckConstraint(
                condition=Q(goes_to__isnull=True) | ~Q(goes_to=F("year_group")),
                name="occupancy_year_goes_up_to_another",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.year_group} → {self.goes_to or '-'}"


class RolloverForm(models.Model):
    """Which form the pupils of a form are in from then on."""

    rollover = models.ForeignKey(
        Rollover, models.CASCADE, related_name="forms", verbose_name=_("rollover")
    )
    registration_group = models.ForeignKey(
        RegistrationGroup, models.CASCADE, related_name="+", verbose_name=_("registration group")
    )
    goes_to = models.ForeignKey(
        RegistrationGroup, models.CASCADE, null=True, blank=True, related_name="+",
        verbose_name=_("becomes"), help_text=_("Nothing: its pupils have no form at first."),
    )  # fmt: skip

    class Meta:
        verbose_name = _("form of a rollover")
        verbose_name_plural = _("forms of a rollover")
        ordering = ["rollover", "registration_group"]
        constraints = [
            models.UniqueConstraint(
                fields=["rollover", "registration_group"],
                name="occupancy_one_line_per_form_of_a_rollover",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.registration_group} → {self.goes_to or '-'}"


class RolloverChange(models.Model):
    """One thing that a rollover changed: what it was, so that it can be that again."""

    rollover = models.ForeignKey(
        Rollover, models.CASCADE, related_name="changes", verbose_name=_("rollover")
    )
    step = models.CharField(_("step"), max_length=12, choices=RolloverStep.choices)
    person = models.ForeignKey(
        Person, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("pupil")
    )
    # The number of the claim or form, where it is not the person that changed.
    subject = models.BigIntegerField(_("number"), null=True, blank=True)
    before = models.JSONField(_("before"), default=dict)
    after = models.JSONField(_("after"), default=dict)

    class Meta:
        verbose_name = _("change by a rollover")
        verbose_name_plural = _("changes by a rollover")
        ordering = ["rollover", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(person__isnull=False) | Q(subject__isnull=False),
                name="occupancy_rollover_changed_something",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_step_display()}: {self.person or self.subject}"
