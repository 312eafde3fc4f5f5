"""How compartments are used: whom a policy is for, how long, by what, and what happens at the end.

What each field means to the engine stands in occupancy.allocation; which of several policies
counts, in occupancy.allocation.policy.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models.lookups import LessThanOrEqual
from django.utils.translation import gettext_lazy as _

from access.choices import CredentialKind, PersonKind
from access.models import Department, Group, Role
from access.models.telling import quiet_is_whole
from lockers.models import Area, Bank, Organisation, Site, Size
from occupancy.choices import AtEnd, Criterion, Need, UseModel
from occupancy.models.groups import CompartmentGroup


def _several(choices: type[models.TextChoices], name: Any, **more: Any) -> Any:
    return ArrayField(
        models.CharField(max_length=16, choices=choices.choices),
        verbose_name=name,
        default=list,
        blank=True,
        **more,
    )


class Policy(models.Model):
    """One set of rules, attached to an organisation or to one place or group within it."""

    organisation = models.ForeignKey(
        Organisation, models.CASCADE, related_name="policies", verbose_name=_("organisation")
    )
    site = models.ForeignKey(
        Site, models.CASCADE, null=True, blank=True, related_name="policies",
        verbose_name=_("only at site"),
    )  # fmt: skip
    area = models.ForeignKey(
        Area, models.CASCADE, null=True, blank=True, related_name="policies",
        verbose_name=_("only in area"),
    )  # fmt: skip
    bank = models.ForeignKey(
        Bank, models.CASCADE, null=True, blank=True, related_name="policies",
        verbose_name=_("only at bank"),
    )  # fmt: skip
    group = models.ForeignKey(
        CompartmentGroup, models.CASCADE, null=True, blank=True, related_name="policies",
        verbose_name=_("only for group of doors"),
    )  # fmt: skip
    name = models.CharField(_("name"), max_length=80)
    is_active = models.BooleanField(
        _("in use"),
        default=True,
        help_text=_("Without it nobody gets a door under this policy; what began goes on."),
    )

    # Whom it is for.
    person_kinds = _several(PersonKind, _("for kinds of people"), help_text=_("None: for all."))
    groups = models.ManyToManyField(
        Group, blank=True, related_name="policies", verbose_name=_("for groups")
    )
    departments = models.ManyToManyField(
        Department, blank=True, related_name="policies", verbose_name=_("for departments")
    )
    roles = models.ManyToManyField(
        Role, blank=True, related_name="policies", verbose_name=_("for roles")
    )
    needs = _several(Need, _("for those who need"))
    is_exclusive = models.BooleanField(
        _("keeps its doors"),
        default=False,
        help_text=_("Nobody else gets these doors, whatever wider policies say."),
    )

    # Which doors, by what, how many.
    sizes = models.ManyToManyField(
        Size, blank=True, related_name="policies", verbose_name=_("only sizes")
    )
    credentials = _several(
        CredentialKind, _("only with"), help_text=_("None: with everything that identifies.")
    )
    limit_per_person = models.PositiveSmallIntegerField(
        _("compartments per person"),
        default=1,
        null=True,
        blank=True,
        help_text=_("At the same time. Nothing: no limit."),
        validators=[MinValueValidator(1), MaxValueValidator(20)],
    )
    ranking = _several(
        Criterion,
        _("the best door is"),
        help_text=_("The first counts most. None: the usual order."),
    )

    # How long.
    model = models.CharField(
        _("model"), max_length=12, choices=UseModel.choices, default=UseModel.DAY_USE
    )
    ends_at_time = models.TimeField(
        _("ends at"), default=dt.time(0, 0), help_text=_("Local time of the site.")
    )
    lasts = models.DurationField(_("lasts"), null=True, blank=True)
    days = models.PositiveSmallIntegerField(_("days"), default=0)
    months = models.PositiveSmallIntegerField(_("months"), default=0)
    shifts = ArrayField(
        models.TimeField(),
        verbose_name=_("shifts start at"),
        default=list,
        blank=True,
        help_text=_("Local times of the site."),
    )
    handover = models.DurationField(
        _("handover"), default=dt.timedelta(0), help_text=_("Before the next shift starts.")
    )
    renewals = models.PositiveSmallIntegerField(_("times it can be renewed"), default=0)

    # Ahead of time.
    books_ahead = models.DurationField(
        _("can be booked ahead by"), null=True, blank=True, help_text=_("Nothing: not at all.")
    )
    least_notice = models.DurationField(_("least notice"), default=dt.timedelta(0))
    longest_booking = models.DurationField(_("longest booking"), default=dt.timedelta(hours=24))
    checks_in_before = models.DurationField(
        _("check in from before the start"), default=dt.timedelta(minutes=15)
    )
    no_show_after = models.DurationField(_("no-show after"), default=dt.timedelta(minutes=10))
    bookings_per_person = models.PositiveSmallIntegerField(
        _("bookings per person"),
        default=5,
        validators=[MinValueValidator(1), MaxValueValidator(100)],
    )

    # What its holder may do with it.
    opens_by_phone = models.BooleanField(_("opens by phone at the bank"), default=False)
    may_share = models.BooleanField(_("may be shared"), default=True)

    # What happens at the end.
    grace = models.DurationField(_("grace"), default=dt.timedelta(0))
    at_end = models.CharField(
        _("at the end"), max_length=8, choices=AtEnd.choices, default=AtEnd.RELEASE
    )
    recovers_after = models.DurationField(
        _("recovery after"),
        null=True,
        blank=True,
        help_text=_("How long it is overdue until facilities empty it. Nothing: never by itself."),
    )
    quiet_from = models.TimeField(
        _("no warnings from"),
        null=True,
        blank=True,
        help_text=_("Local time of the site. Nothing: as the rules for letters say."),
    )
    quiet_until = models.TimeField(_("no warnings until"), null=True, blank=True)
    recovery_takes_two = models.BooleanField(_("recovery takes two people"), default=False)

    class Meta:
        verbose_name = _("policy")
        verbose_name_plural = _("policies")
        ordering = ["organisation", "name"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "name"], name="occupancy_policy_name_is_used_once"
            ),
            models.CheckConstraint(
                condition=LessThanOrEqual(
                    models.Func(
                        models.F("site"),
                        models.F("area"),
                        models.F("bank"),
                        models.F("group"),
                        function="num_nonnulls",
                        output_field=models.IntegerField(),
                    ),
                    1,
                ),
                name="occupancy_policy_is_attached_once",
            ),
            models.CheckConstraint(
                condition=models.Q(limit_per_person__isnull=True)
                | models.Q(limit_per_person__gte=1, limit_per_person__lte=20),
                name="occupancy_policy_limit_is_sensible",
            ),
            models.CheckConstraint(
                condition=~models.Q(model__in=[UseModel.SESSION, UseModel.SHARED])
                | models.Q(lasts__isnull=False, lasts__gt=dt.timedelta(0)),
                name="occupancy_policy_for_hours_says_how_many",
            ),
            models.CheckConstraint(
                condition=~models.Q(model=UseModel.SHIFT) | models.Q(shifts__len__gt=0),
                name="occupancy_policy_for_shifts_says_when",
            ),
            models.CheckConstraint(
                condition=~models.Q(model__in=[UseModel.FIXED, UseModel.EXCEPTION])
                | models.Q(days__gt=0)
                | models.Q(months__gt=0),
                name="occupancy_policy_for_a_period_says_how_long",
            ),
            models.CheckConstraint(
                condition=~models.Q(model=UseModel.RESERVATION)
                | models.Q(books_ahead__isnull=False, books_ahead__gt=dt.timedelta(0)),
                name="occupancy_policy_for_booking_says_how_far_ahead",
            ),
            models.CheckConstraint(
                condition=models.Q(
                    handover__gte=dt.timedelta(0),
                    grace__gte=dt.timedelta(0),
                    least_notice__gte=dt.timedelta(0),
                    checks_in_before__gte=dt.timedelta(0),
                    no_show_after__gt=dt.timedelta(0),
                    longest_booking__gt=dt.timedelta(0),
                ),
                name="occupancy_policy_times_run_forward",
            ),
            models.CheckConstraint(
                condition=quiet_is_whole(), name="occupancy_policy_quiet_hours_begin_and_end"
            ),
            models.CheckConstraint(
                condition=models.Q(recovers_after__isnull=True)
                | models.Q(at_end=AtEnd.HOLD, recovers_after__gte=dt.timedelta(0)),
                name="occupancy_policy_recovers_what_it_holds",
            ),
        ]

    def __str__(self) -> str:
        return self.name
