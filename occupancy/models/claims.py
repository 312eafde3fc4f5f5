"""Claims on compartments. What must never happen is refused here, by the database."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models.lookups import Exact
from django.utils.translation import gettext_lazy as _

from access.models import Department, Person, Role
from lockers.models import Compartment
from lockers.models.ranges import Int8Range, TimeRange
from occupancy.choices import AtEnd, ClaimKind, ClosedHow
from occupancy.models.policies import Policy


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
    # Instead of a person: whoever has the role, or belongs to the department, at any moment.
    role = models.ForeignKey(
        Role,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="claims",
        verbose_name=_("for the role"),
    )
    department = models.ForeignKey(
        Department,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="claims",
        verbose_name=_("for the department"),
    )
    starts_at = models.DateTimeField(_("from"))
    # What the holder is told; ``ends_at`` is later by the policy's grace.
    due_at = models.DateTimeField(_("due"), null=True, blank=True)
    ends_at = models.DateTimeField(_("until"), null=True, blank=True)
    started_at = models.DateTimeField(_("started at"), null=True, blank=True)
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True)
    closed_how = models.CharField(
        _("how it ended"), max_length=20, choices=ClosedHow.choices, blank=True
    )
    at_end = models.CharField(
        _("at the end"), max_length=8, choices=AtEnd.choices, default=AtEnd.RELEASE
    )
    renewals = models.PositiveSmallIntegerField(_("times renewed"), default=0)
    # The claim that this one took over from, in one step: transferred, swapped or moved.
    follows = models.OneToOneField(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="followed_by",
        verbose_name=_("follows"),
    )
    # A booking that nobody checked in to by then keeps its door no longer.
    lapses_at = models.DateTimeField(_("no-show from"), null=True, blank=True)
    # Who booked it: a kind and a number, as in the trail.
    booked_by = models.CharField(_("booked by"), max_length=60, blank=True, db_default="")
    # Since when staff know that its door is not going to be free, and that there is no other.
    unserved_since = models.DateTimeField(_("without a door since"), null=True, blank=True)
    # Since when facilities are to empty it; it holds the door until that is done.
    recovery_at = models.DateTimeField(_("in recovery since"), null=True, blank=True)

    class Meta:
        verbose_name = _("claim")
        verbose_name_plural = _("claims")
        ordering = ["-id"]
        constraints = [
            ExclusionConstraint(
                name="occupancy_one_claim_per_compartment_and_time",
                expressions=[
                    (Int8Range("compartment_id", "compartment_id"), RangeOperators.OVERLAPS),
                    (TimeRange("starts_at", "ends_at"), RangeOperators.OVERLAPS),
                ],
                condition=models.Q(closed_at__isnull=True),
            ),
            models.UniqueConstraint(
                fields=["compartment"],
                condition=models.Q(closed_at__isnull=True, started_at__isnull=False),
                name="occupancy_one_started_claim_per_compartment",
            ),
            models.CheckConstraint(
                condition=models.Q(ends_at__isnull=True)
                | models.Q(ends_at__gt=models.F("starts_at")),
                name="occupancy_claim_ends_after_it_starts",
            ),
            models.CheckConstraint(
                condition=models.Q(closed_at__isnull=True)
                | models.Q(closed_at__gte=models.F("starts_at"))
                # What never began may be called off before it was to begin.
                | models.Q(started_at__isnull=True),
                name="occupancy_claim_closes_after_it_starts",
            ),
            models.CheckConstraint(
                condition=models.Q(due_at__isnull=True) | models.Q(due_at__lte=models.F("ends_at")),
                name="occupancy_claim_is_due_before_it_ends",
            ),
            models.CheckConstraint(
                condition=models.Case(
                    models.When(
                        kind=ClaimKind.CLOSURE,
                        then=models.Q(
                            holder__isnull=True, role__isnull=True, department__isnull=True
                        ),
                    ),
                    default=Exact(
                        models.Func(
                            models.F("holder"),
                            models.F("role"),
                            models.F("department"),
                            function="num_nonnulls",
                            output_field=models.IntegerField(),
                        ),
                        1,
                    ),
                    output_field=models.BooleanField(),
                ),
                name="occupancy_every_use_has_one_holder",
            ),
            models.CheckConstraint(
                condition=~models.Q(kind=ClaimKind.ASSIGNMENT)
                | models.Q(started_at__isnull=False, policy__isnull=False),
                name="occupancy_assignment_has_started_under_a_policy",
            ),
            models.CheckConstraint(
                condition=models.Q(lapses_at__isnull=True)
                | models.Q(
                    kind=ClaimKind.RESERVATION,
                    lapses_at__gt=models.F("starts_at"),
                    holder__isnull=False,
                ),
                name="occupancy_only_a_booking_lapses",
            ),
            models.CheckConstraint(
                condition=~models.Q(kind=ClaimKind.RESERVATION)
                | models.Q(started_at__isnull=True, ends_at__isnull=False),
                name="occupancy_booking_is_a_window_to_come",
            ),
            models.CheckConstraint(
                condition=models.Q(recovery_at__isnull=True)
                | models.Q(kind=ClaimKind.ASSIGNMENT, recovery_at__gte=models.F("started_at")),
                name="occupancy_only_what_has_begun_is_recovered",
            ),
            # Its planned end frees nothing while somebody's things may be inside.
            models.CheckConstraint(
                condition=models.Q(recovery_at__isnull=True) | models.Q(at_end=AtEnd.HOLD),
                name="occupancy_what_is_recovered_is_held",
            ),
            models.CheckConstraint(
                condition=~models.Q(kind=ClaimKind.OFFER)
                | models.Q(started_at__isnull=True, ends_at__isnull=False, holder__isnull=False),
                name="occupancy_offer_is_for_a_person_and_lapses",
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
                fields=["lapses_at"],
                name="occupancy_claim_lapses",
                condition=models.Q(closed_at__isnull=True, lapses_at__isnull=False),
            ),
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


class ReservationManager(models.Manager["Reservation"]):
    def get_queryset(self) -> models.QuerySet[Reservation]:
        return super().get_queryset().filter(kind=ClaimKind.RESERVATION)


class Reservation(Claim):
    """A claim of somebody who has booked the compartment, or had: nobody has checked in to it."""

    objects: ClassVar[ReservationManager] = ReservationManager()

    class Meta:
        proxy = True
        verbose_name = _("booking")
        verbose_name_plural = _("bookings")
