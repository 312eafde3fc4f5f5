"""Doors that are booked together, one for each of many: an exam morning, a trip."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from access.models import User
from lockers.models import Bank
from occupancy.models.claims import Claim


class BookedSet(models.Model):
    """Many people have a door of one bank in the same window; made and given up together."""

    bank = models.ForeignKey(
        Bank, models.PROTECT, related_name="booked_sets", verbose_name=_("bank")
    )
    name = models.CharField(_("name"), max_length=80, help_text=_("Such as “Maths exam”."))
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"))
    made_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("made by"))
    made_at = models.DateTimeField(_("made at"))
    cancelled_at = models.DateTimeField(_("given up at"), null=True, blank=True)

    class Meta:
        verbose_name = _("set of bookings")
        verbose_name_plural = _("sets of bookings")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=~Q(name=""), name="occupancy_booked_set_has_a_name"),
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")),
                name="occupancy_booked_set_ends_after_it_starts",
            ),
            models.CheckConstraint(
                condition=Q(cancelled_at__isnull=True) | Q(cancelled_at__gte=F("made_at")),
                name="occupancy_booked_set_is_given_up_after_it_is_made",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class BookedSetDoor(models.Model):
    """One booking of a set; it may be changed or cancelled by itself like any other."""

    booked_set = models.ForeignKey(
        BookedSet, models.CASCADE, related_name="doors", verbose_name=_("set of bookings")
    )
    claim = models.OneToOneField(
        Claim, models.CASCADE, related_name="booked_set_door", verbose_name=_("booking")
    )

    class Meta:
        verbose_name = _("booking of a set")
        verbose_name_plural = _("bookings of a set")
        ordering = ["booked_set", "pk"]

    def __str__(self) -> str:
        return f"{self.booked_set_id} {self.claim_id}"
