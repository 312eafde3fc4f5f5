"""Claims on compartments. What must never happen is refused here, by the database."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models
from django.utils.translation import gettext_lazy as _

from access.models import Person
from lockers.models import Compartment
from occupancy.choices import AtEnd, ClaimKind, ClosedHow
from occupancy.models.policies import Policy


class _Int8Range(models.Func):
    """A one-number range: with it GiST compares plain integers, and no extension is needed."""

    function = "int8range"
    template = "%(function)s(%(expressions)s, '[]')"
    output_field: models.Field[Any, Any] = DateTimeRangeField()


class _TimeRange(models.Func):
    function = "tstzrange"
    output_field: models.Field[Any, Any] = DateTimeRangeField()


class Claim(models.Model):
    """Somebody has, or will have, a compartment; or nobody may (a closure).

    ``starts_at``/``ends_at`` are the plan, ``started_at``/``closed_at`` what happened. A claim
    that ran past its plan is overdue and still holds the door until it is closed.
    """

    compartment = models.ForeignKey(
        Compartment,
        models.PROTECT,
        db_index=False,  # occupancy_claim_by_door serves
        related_name="claims",
        verbose_name=_("compartment"),
    )
    kind = models.CharField(_("kind"), max_length=12, choices=ClaimKind.choices)
    holder = models.ForeignKey(
        Person,
        models.PROTECT,
        null=True,
        blank=True,
        db_index=False,  # occupancy_claim_by_holder serves
        related_name="claims",
        verbose_name=_("holder"),
    )
    policy = models.ForeignKey(
        Policy,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="claims",
        verbose_name=_("policy"),
    )
    # 1 to the policy's limit: a second claim needs the next number, so the limit holds in a race.
    slot = models.PositiveSmallIntegerField(_("which of the person's"), null=True, blank=True)
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"), null=True, blank=True)
    started_at = models.DateTimeField(_("started at"), null=True, blank=True)
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True)
    closed_how = models.CharField(
        _("how it ended"), max_length=20, choices=ClosedHow.choices, blank=True
    )
    at_end = models.CharField(
        _("at the end"), max_length=8, choices=AtEnd.choices, default=AtEnd.RELEASE
    )

    class Meta:
        verbose_name = _("claim")
        verbose_name_plural = _("claims")
        ordering = ["-id"]
        constraints = [
            ExclusionConstraint(
                name="occupancy_one_claim_per_compartment_and_time",
                expressions=[
                    (_Int8Range("compartment_id", "compartment_id"), RangeOperators.OVERLAPS),
                    (_TimeRange("starts_at", "ends_at"), RangeOperators.OVERLAPS),
                ],
                condition=models.Q(closed_at__isnull=True),
            ),
            models.UniqueConstraint(
                fields=["compartment"],
                condition=models.Q(closed_at__isnull=True, started_at__isnull=False),
                name="occupancy_one_started_claim_per_compartment",
            ),
            models.UniqueConstraint(
                fields=["holder", "policy", "slot"],
                condition=models.Q(closed_at__isnull=True),
                name="occupancy_no_more_than_the_limit",
            ),
            models.CheckConstraint(
                condition=models.Q(ends_at__isnull=True)
                | models.Q(ends_at__gt=models.F("starts_at")),
                name="occupancy_claim_ends_after_it_starts",
            ),
            models.CheckConstraint(
                condition=models.Q(closed_at__isnull=True)
                | models.Q(closed_at__gte=models.F("starts_at")),
                name="occupancy_claim_closes_after_it_starts",
            ),
            models.CheckConstraint(
                condition=models.Q(kind=ClaimKind.CLOSURE, holder__isnull=True)
                | ~models.Q(kind=ClaimKind.CLOSURE) & models.Q(holder__isnull=False),
                name="occupancy_every_use_has_a_holder",
            ),
            models.CheckConstraint(
                condition=~models.Q(kind=ClaimKind.ASSIGNMENT)
                | models.Q(started_at__isnull=False, slot__isnull=False, policy__isnull=False),
                name="occupancy_assignment_has_started_under_a_policy",
            ),
        ]
        indexes = [
            models.Index(fields=["compartment", "-id"], name="occupancy_claim_by_door"),
            # Reservations and closures to come: few, and asked for at every claim.
            models.Index(
                fields=["compartment"],
                name="occupancy_claim_planned",
                condition=models.Q(closed_at__isnull=True, started_at__isnull=True),
            ),
            models.Index(fields=["holder", "-id"], name="occupancy_claim_by_holder"),
            models.Index(
                fields=["ends_at"],
                name="occupancy_claim_to_end",
                condition=models.Q(closed_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.compartment_id}"


class AssignmentManager(models.Manager["Assignment"]):
    def get_queryset(self) -> models.QuerySet[Assignment]:
        return super().get_queryset().filter(kind=ClaimKind.ASSIGNMENT)


class Assignment(Claim):
    """A claim of somebody who has the compartment now, or had it."""

    objects: ClassVar[AssignmentManager] = AssignmentManager()

    class Meta:
        proxy = True
        verbose_name = _("assignment")
        verbose_name_plural = _("assignments")
