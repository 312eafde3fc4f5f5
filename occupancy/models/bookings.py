"""What repeats, and what another system booked; the bookings themselves are claims."""

from __future__ import annotations

import datetime as dt

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from access.models import Person
from lockers.models import Area, Bank, Compartment, Organisation, Size
from occupancy.choices import SkippedWhy
from occupancy.models.claims import Claim


class Series(models.Model):
    """Somebody books the same hours again and again, by a rule of RFC 5545.

    All its times are what the clocks of the site show, so that 09:00 stays 09:00 when they change.
    """

    person = models.ForeignKey(
        Person, models.CASCADE, related_name="series", verbose_name=_("person")
    )
    bank = models.ForeignKey(Bank, models.CASCADE, related_name="series", verbose_name=_("bank"))
    size = models.ForeignKey(
        Size, models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("size")
    )
    compartment = models.ForeignKey(
        Compartment, models.CASCADE, null=True, blank=True, related_name="+",
        verbose_name=_("that very door"),
    )  # fmt: skip
    rule = models.CharField(_("repeats"), max_length=300, help_text=_("An RRULE of RFC 5545."))
    first_day = models.DateField(_("first day"))
    starts_at = models.TimeField(_("from"))
    # Earlier than, or the same as, the start: on the next day.
    ends_at = models.TimeField(_("until"))
    booked_by = models.CharField(_("booked by"), max_length=60)
    made_at = models.DateTimeField(_("made at"))
    # Occurrences before it have been booked, or skipped for a reason.
    made_until = models.DateTimeField(_("booked up to"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)

    class Meta:
        verbose_name = _("recurring booking")
        verbose_name_plural = _("recurring bookings")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=~Q(rule=""), name="occupancy_series_has_a_rule"),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True) | Q(ended_at__gte=F("made_at")),
                name="occupancy_series_ends_after_it_is_made",
            ),
        ]

    def __str__(self) -> str:
        return self.rule

    @property
    def first(self) -> dt.datetime:
        """The first start, as the clocks of the site show it."""
        return dt.datetime.combine(self.first_day, self.starts_at)


class Occurrence(models.Model):
    """One time of a series: what was booked for it, or why it could not be had."""

    series = models.ForeignKey(
        Series, models.CASCADE, db_index=False, related_name="occurrences",
        verbose_name=_("recurring booking"),
    )  # fmt: skip
    starts_at = models.DateTimeField(_("from"))
    claim = models.OneToOneField(
        Claim, models.CASCADE, null=True, blank=True, related_name="occurrence",
        verbose_name=_("booking"),
    )  # fmt: skip
    skipped_why = models.CharField(
        _("could not be had"), max_length=30, choices=SkippedWhy.choices, blank=True
    )

    class Meta:
        verbose_name = _("time of a recurring booking")
        verbose_name_plural = _("times of recurring bookings")
        ordering = ["series", "starts_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["series", "starts_at"], name="occupancy_series_books_a_time_once"
            ),
            models.CheckConstraint(
                condition=Q(claim__isnull=False, skipped_why="")
                | Q(claim__isnull=True) & ~Q(skipped_why=""),
                name="occupancy_time_is_booked_or_explained",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.series_id} {self.starts_at:%Y-%m-%d %H:%M}"


class DeskBooking(models.Model):
    """What another system booked (a desk, a meeting), by its own number, and our booking for it."""

    organisation = models.ForeignKey(
        Organisation, models.CASCADE, db_index=False, related_name="desk_bookings",
        verbose_name=_("organisation"),
    )  # fmt: skip
    external_id = models.CharField(_("number in the other system"), max_length=120)
    desk = models.CharField(_("desk"), max_length=200, blank=True)
    area = models.ForeignKey(
        Area, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("area")
    )
    # As the other system said last: our booking may have begun, or been moved.
    starts_at = models.DateTimeField(_("from"), null=True, blank=True)
    ends_at = models.DateTimeField(_("until"), null=True, blank=True)
    cancelled_at = models.DateTimeField(_("cancelled at"), null=True, blank=True)
    # The latest one; it may be cancelled or over. None: it was cancelled before it was made.
    claim = models.OneToOneField(
        Claim, models.CASCADE, null=True, blank=True, related_name="desk_booking",
        verbose_name=_("booking"),
    )  # fmt: skip

    class Meta:
        verbose_name = _("desk booking")
        verbose_name_plural = _("desk bookings")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "external_id"],
                name="occupancy_one_booking_of_an_outside_id",
            ),
            models.CheckConstraint(
                condition=~Q(external_id=""), name="occupancy_outside_id_is_not_empty"
            ),
            models.CheckConstraint(
                condition=Q(claim__isnull=False) | Q(cancelled_at__isnull=False),
                name="occupancy_desk_is_booked_or_was_cancelled",
            ),
        ]

    def __str__(self) -> str:
        return self.external_id
