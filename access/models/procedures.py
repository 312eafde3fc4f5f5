"""Coming and going as an organisation does it: a checklist, and who is at which step of it."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from access.choices import PersonKind, ProcedureKind, StepVerb
from access.models.people import Person
from lockers.models import Organisation


class Procedure(models.Model):
    """What an organisation does when somebody comes or goes."""

    organisation = models.ForeignKey(
        Organisation, models.CASCADE, related_name="procedures", verbose_name=_("organisation")
    )
    kind = models.CharField(_("kind"), max_length=12, choices=ProcedureKind.choices)
    person_kind = models.CharField(
        _("for"),
        max_length=12,
        choices=PersonKind.choices,
        blank=True,
        help_text=_("Leave it empty for everybody who has no procedure of their own."),
    )
    name = models.CharField(_("name"), max_length=80)

    class Meta:
        verbose_name = _("procedure")
        verbose_name_plural = _("procedures")
        ordering = ["kind", "person_kind"]
        constraints = [
            # One applies to a person, never two.
            models.UniqueConstraint(
                fields=["organisation", "kind", "person_kind"],
                name="access_one_procedure_per_kind_of_person",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ProcedureStep(models.Model):
    procedure = models.ForeignKey(
        Procedure, models.CASCADE, related_name="steps", verbose_name=_("procedure")
    )
    position = models.PositiveSmallIntegerField(_("place"), default=1)
    verb = models.CharField(
        _("what"), max_length=10, choices=StepVerb.choices, default=StepVerb.OTHER
    )
    words = models.CharField(_("in words"), max_length=200)
    is_required = models.BooleanField(_("required"), default=True)

    class Meta:
        verbose_name = _("step")
        verbose_name_plural = _("steps")
        ordering = ["position", "pk"]

    def __str__(self) -> str:
        return self.words


class Run(models.Model):
    """One person going through a procedure.

    The steps are copied when it starts: who edits a procedure changes what comes, not what was.
    """

    person = models.ForeignKey(
        Person, models.CASCADE, related_name="runs", verbose_name=_("person")
    )
    kind = models.CharField(_("kind"), max_length=12, choices=ProcedureKind.choices)
    name = models.CharField(_("procedure"), max_length=80)
    started_at = models.DateTimeField(_("started at"))
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)

    class Meta:
        verbose_name = _("onboarding or offboarding")
        verbose_name_plural = _("onboarding and offboarding")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["person", "kind"],
                condition=models.Q(finished_at__isnull=True),
                name="access_one_open_run_per_person_and_kind",
            ),
            models.CheckConstraint(
                condition=models.Q(finished_at__isnull=True)
                | models.Q(finished_at__gte=models.F("started_at")),
                name="access_run_finishes_after_it_starts",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name}: {self.person}"


class RunStep(models.Model):
    """One step of one run. What the register knows by itself needs no tick."""

    run = models.ForeignKey(Run, models.CASCADE, related_name="steps", verbose_name=_("run"))
    position = models.PositiveSmallIntegerField(_("place"))
    verb = models.CharField(_("what"), max_length=10, choices=StepVerb.choices)
    words = models.CharField(_("in words"), max_length=200)
    is_required = models.BooleanField(_("required"))
    done_at = models.DateTimeField(_("done at"), null=True, blank=True)
    # The user by number, as in the trail: a log-in may be deleted, what was done stays.
    done_by = models.BigIntegerField(_("done by"), null=True, blank=True)
    note = models.CharField(_("note"), max_length=200, blank=True)
    is_skipped = models.BooleanField(_("left out"), default=False)

    class Meta:
        verbose_name = _("step")
        verbose_name_plural = _("steps")
        ordering = ["position", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(is_skipped=False)
                | ~models.Q(note="") & models.Q(done_at__isnull=False),
                name="access_step_is_left_out_with_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return self.words


class ImportMapping(models.Model):
    """Which column of somebody's file is which field of a person: chosen once, remembered."""

    organisation = models.ForeignKey(
        Organisation, models.CASCADE, related_name="import_mappings", verbose_name=_("organisation")
    )
    name = models.CharField(_("name"), max_length=60)
    columns = models.JSONField(_("columns"), default=dict)

    class Meta:
        verbose_name = _("column mapping")
        verbose_name_plural = _("column mappings")
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "name"], name="access_one_import_mapping_per_name"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuse anything but a text for each column, and a field that is fed twice."""
        columns = self.columns
        if not isinstance(columns, dict) or not all(
            isinstance(name, str) and isinstance(field, str) for name, field in columns.items()
        ):
            raise ValidationError({"columns": _('Write it as {"column of the file": "field"}.')})
        fed = [field for field in columns.values() if field]
        twice = sorted({field for field in fed if fed.count(field) > 1})
        if twice:
            raise ValidationError(
                {
                    "columns": _("Two columns feed %(fields)s. Choose one for each.")
                    % {"fields": ", ".join(twice)}
                }
            )
