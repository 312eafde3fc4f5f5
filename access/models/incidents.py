"""What happened to a person or a compartment that somebody has to know later."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from access.choices import IncidentKind
from access.models.people import Person
from lockers.models import Compartment, Site


class Incident(models.Model):
    """One incident at a site: about a person, a compartment or both."""

    site = models.ForeignKey(Site, models.PROTECT, related_name="incidents", verbose_name=_("site"))
    kind = models.CharField(_("kind"), max_length=12, choices=IncidentKind.choices)
    summary = models.CharField(_("what happened"), max_length=200)
    happened_at = models.DateTimeField(_("when"))
    person = models.ForeignKey(
        Person,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="incidents",
        verbose_name=_("person"),
    )
    compartment = models.ForeignKey(
        Compartment,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="incidents",
        verbose_name=_("compartment"),
    )
    reported_by = models.BigIntegerField(_("reported by"), null=True, blank=True, editable=False)
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("incident")
        verbose_name_plural = _("incidents")
        ordering = ["-happened_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(summary=""), name="access_incident_says_what_happened"
            ),
        ]

    def __str__(self) -> str:
        return self.summary

    def clean(self) -> None:
        """Refuse a person or a door that has nothing to do with the site."""
        if self.site_id is None:
            return
        if self.person is not None and self.person.organisation_id != self.site.organisation_id:
            raise ValidationError({"person": _("That person belongs to another organisation.")})
        if self.compartment is not None and self.compartment.bank.site_id != self.site_id:
            raise ValidationError({"compartment": _("That compartment is at another site.")})


class IncidentNote(models.Model):
    """What somebody added later. Notes are added, never changed."""

    incident = models.ForeignKey(
        Incident, models.CASCADE, related_name="notes", verbose_name=_("incident")
    )
    text = models.TextField(_("note"), max_length=2000)
    written_at = models.DateTimeField(_("written at"))
    written_by = models.BigIntegerField(_("written by"), null=True, blank=True)

    class Meta:
        verbose_name = _("note")
        verbose_name_plural = _("notes")
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(text=""), name="access_incident_note_says_something"
            ),
        ]

    def __str__(self) -> str:
        return self.text[:60]
