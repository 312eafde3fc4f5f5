"""Two adults open the door of somebody who keeps it, for a recorded reason."""

from __future__ import annotations

import datetime as dt

from django.db import models
from django.db.models import F, Q, Value
from django.utils.translation import gettext_lazy as _

from access.models import Key, User
from lockers.models import Compartment
from occupancy.choices import SearchFound, SearchKind
from occupancy.models.claims import Claim

# Asked and not confirmed within this time: ask again.
CONFIRM_WITHIN = dt.timedelta(minutes=5)


class SearchOpening(models.Model):
    """A search, a confiscation or a look for somebody's welfare: one adult asks, another confirms.

    Its holder keeps the door. Why it was opened and what was found stands here and nowhere else.
    """

    compartment = models.ForeignKey(
        Compartment, models.PROTECT, related_name="searches", verbose_name=_("compartment")
    )
    # Who has the door, and keeps it.
    claim = models.ForeignKey(
        Claim, models.PROTECT, related_name="searches", verbose_name=_("whose door")
    )
    kind = models.CharField(_("kind"), max_length=12, choices=SearchKind.choices)
    reason = models.TextField(_("reason"), max_length=1000)
    requested_by = models.ForeignKey(
        User, models.PROTECT, related_name="+", verbose_name=_("asked by")
    )
    requested_at = models.DateTimeField(_("asked at"))
    confirmed_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+",
        verbose_name=_("confirmed by"),
    )  # fmt: skip
    confirmed_at = models.DateTimeField(_("confirmed at"), null=True, blank=True)
    cancelled_at = models.DateTimeField(_("called off at"), null=True, blank=True)
    key = models.ForeignKey(
        Key, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("key used")
    )
    found = models.CharField(
        _("outcome"), max_length=12, choices=SearchFound.choices, blank=True, default=""
    )
    what = models.TextField(
        _("what was found or taken, and where it is"), max_length=2000, blank=True, default=""
    )
    is_pupil_present = models.BooleanField(_("the pupil was there"), null=True, blank=True)
    is_guardian_told = models.BooleanField(_("the guardian was told"), null=True, blank=True)
    recorded_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+",
        verbose_name=_("outcome recorded by"),
    )  # fmt: skip
    recorded_at = models.DateTimeField(_("outcome recorded at"), null=True, blank=True)

    class Meta:
        verbose_name = _("opening by two adults")
        verbose_name_plural = _("openings by two adults")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(reason=""), name="occupancy_search_has_a_reason"
            ),
            models.CheckConstraint(
                condition=Q(confirmed_by__isnull=True) | ~Q(confirmed_by=F("requested_by")),
                name="occupancy_search_takes_two",
            ),
            models.CheckConstraint(
                condition=Q(confirmed_by__isnull=True, confirmed_at__isnull=True)
                | Q(
                    confirmed_by__isnull=False,
                    confirmed_at__gte=F("requested_at"),
                    confirmed_at__lte=F("requested_at") + Value(CONFIRM_WITHIN),
                ),
                name="occupancy_search_is_confirmed_within_minutes",
            ),
            models.CheckConstraint(
                condition=Q(cancelled_at__isnull=True) | Q(confirmed_at__isnull=True),
                name="occupancy_confirmed_search_is_not_called_off",
            ),
            models.CheckConstraint(
                condition=Q(key__isnull=True) | Q(confirmed_at__isnull=False),
                name="occupancy_search_uses_a_key_once_confirmed",
            ),
            models.CheckConstraint(
                condition=Q(
                    recorded_at__isnull=True, recorded_by__isnull=True, found="", what="",
                    is_pupil_present__isnull=True, is_guardian_told__isnull=True,
                )
                | Q(
                    recorded_at__gte=F("confirmed_at"), recorded_by__isnull=False,
                    confirmed_at__isnull=False, is_pupil_present__isnull=False,
                    is_guardian_told__isnull=False,
                )
                & ~Q(found=""),
                name="occupancy_search_outcome_is_whole",
            ),
            models.CheckConstraint(
                condition=~Q(found__in=(SearchFound.LEFT, SearchFound.TAKEN)) | ~Q(what=""),
                name="occupancy_search_says_what_was_found",
            ),
            models.UniqueConstraint(
                fields=["compartment"],
                condition=Q(confirmed_at__isnull=True, cancelled_at__isnull=True),
                name="occupancy_one_search_waits_per_door",
            ),
        ]  # fmt: skip
        indexes = [
            models.Index(
                fields=["requested_at"], name="occupancy_search_unrecorded",
                condition=Q(recorded_at__isnull=True, cancelled_at__isnull=True),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.compartment.bank.name} {self.compartment.number}"
