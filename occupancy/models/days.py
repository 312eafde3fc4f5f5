"""The end of a day at a site: every door that is still locked, and what came of it."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from lockers.models import Command, Compartment, Site
from occupancy.choices import DoorResult
from occupancy.models.claims import Claim


class DayEnd(models.Model):
    """Somebody opens, one after another, what is still locked at a site."""

    site = models.ForeignKey(Site, models.CASCADE, related_name="day_ends", verbose_name=_("site"))
    reason = models.CharField(_("reason"), max_length=200)
    stagger_ms = models.PositiveIntegerField(_("pause between doors (ms)"), default=300)
    started_at = models.DateTimeField(_("started at"))
    # None: by a command of the server.
    started_by = models.BigIntegerField(_("started by"), null=True, blank=True)

    class Meta:
        verbose_name = _("end of day")
        verbose_name_plural = _("ends of day")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(reason=""), name="occupancy_day_end_has_a_reason"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.site} {self.started_at:%Y-%m-%d}"


# Why a door was not opened, by the word that lock, bridge or server left.
_WHY = {
    "in_recovery": _("it is being emptied already"),
    "not_wired": _("no electronic lock: open it by key"),
    "bridge_offline": _("the bank is out of reach"),
    "too_late": _("it was not asked in time"),
    "did_not_open": _("the lock was asked, and the door stayed shut"),
    "not_seen_open": _("no sensor saw it open"),
    "door_unreadable": _("its sensor cannot be read"),
    "no_answer": _("the bank did not answer"),
    "never_sent": _("the bank was out of reach"),
    "late": _("the bank was too slow"),
    "bridge_restarted": _("the bank restarted meanwhile"),
    "cancelled": _("it was called off"),
}


class DayEndDoor(models.Model):
    """One door of it. What waits is asked once, even when a process died in between."""

    day_end = models.ForeignKey(DayEnd, models.CASCADE, db_index=False, related_name="doors")
    compartment = models.ForeignKey(Compartment, models.PROTECT, related_name="+")
    claim = models.ForeignKey(Claim, models.PROTECT, related_name="+")
    position = models.PositiveIntegerField()
    command = models.ForeignKey(Command, models.SET_NULL, null=True, related_name="+")
    result = models.CharField(max_length=12, choices=DoorResult.choices, default=DoorResult.WAITING)
    detail = models.CharField(max_length=60, blank=True)
    released_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["day_end", "position"]
        constraints = [
            models.UniqueConstraint(
                fields=["day_end", "compartment"], name="occupancy_day_end_opens_a_door_once"
            ),
            models.CheckConstraint(
                condition=models.Q(released_at__isnull=True) | models.Q(result=DoorResult.SUCCESS),
                name="occupancy_day_end_releases_what_opened",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.compartment_id}: {self.result}"

    @property
    def why(self) -> str:
        """Why it was not opened, in words; a lock's own word where there are none."""
        return str(_WHY.get(self.detail, self.detail))
