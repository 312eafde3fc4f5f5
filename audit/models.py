"""What happened, kept for ever: append-only events, and the answers already given."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class ActorKind(models.TextChoices):
    PERSON = "person", _("person")
    STAFF = "staff", _("staff")
    TERMINAL = "terminal", _("terminal")
    BRIDGE = "bridge", _("bridge")
    JOB = "job", _("job")
    DATABASE = "database", _("database")
    ANONYMOUS = "anonymous", _("not identified")


class Event(models.Model):
    """One thing that happened. Ids only: no foreign keys, no names, so that erasing a person
    leaves the proof intact. The database refuses UPDATE, DELETE and TRUNCATE."""

    occurred_at = models.DateTimeField(_("occurred at"))
    recorded_at = models.DateTimeField(_("recorded at"), db_default=Now())
    action = models.CharField(_("action"), max_length=80)
    actor_kind = models.CharField(_("actor"), max_length=12, choices=ActorKind.choices)
    actor_id = models.CharField(_("actor id"), max_length=40, blank=True)
    organisation_id = models.BigIntegerField(_("organisation"), null=True)
    site_id = models.BigIntegerField(_("site"), null=True)
    bank_id = models.BigIntegerField(_("bank"), null=True)
    compartment_id = models.BigIntegerField(_("compartment"), null=True)
    person_id = models.BigIntegerField(_("person"), null=True)
    subject = models.CharField(_("subject"), max_length=80, blank=True)
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    data = models.JSONField(_("facts"), default=dict, blank=True)

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["site_id", "-id"], name="audit_event_by_site"),
            models.Index(
                fields=["compartment_id", "-id"],
                name="audit_event_by_compartment",
                condition=models.Q(compartment_id__isnull=False),
            ),
            models.Index(
                fields=["person_id", "-id"],
                name="audit_event_by_person",
                condition=models.Q(person_id__isnull=False),
            ),
            # Few of many: when a door was out of service, for the history of a door.
            models.Index(
                fields=["compartment_id", "-occurred_at"],
                name="audit_event_of_service",
                condition=models.Q(action="compartment.service_changed"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.occurred_at:%Y-%m-%d %H:%M:%S} {self.action}"


class Answer(models.Model):
    """The first answer to a state-changing request, so that a repeat of its key gets the same."""

    scope = models.CharField(max_length=60)
    key = models.CharField(max_length=80)
    fingerprint = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField()
    body = models.JSONField()
    # Claims that must be confirmed before it is given; see services/outside.py.
    asked = ArrayField(models.BigIntegerField(), default=list, db_default=[])
    answered_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("answer")
        verbose_name_plural = _("answers")
        constraints = [
            models.UniqueConstraint(fields=["scope", "key"], name="audit_one_answer_per_key"),
        ]
        indexes = [models.Index(fields=["answered_at"], name="audit_answer_by_age")]

    def __str__(self) -> str:
        return f"{self.scope} {self.key}"
