"""Who waits for a door, and which door is offered to them until when."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from access.models import Person
from lockers.models import Area, Bank, Site, Size
from occupancy.choices import OfferEnd, WaitingEnd
from occupancy.models.claims import Claim

_OPEN = Q(closed_at__isnull=True, closed_how="")


class WaitingEntry(models.Model):
    """Somebody's place on the waiting list of an area and a size.

    Each door is on exactly one list: that of its bank's area, or of all banks of the site that
    stand in no area. Who joined first comes first, the lower number when at the same instant.
    """

    person = models.ForeignKey(
        Person, models.CASCADE, related_name="waiting", verbose_name=_("person")
    )
    site = models.ForeignKey(
        Site, models.CASCADE, db_index=False, related_name="waiting", verbose_name=_("site")
    )
    area = models.ForeignKey(
        Area, models.CASCADE, null=True, blank=True, related_name="waiting", verbose_name=_("area")
    )
    size = models.ForeignKey(Size, models.CASCADE, related_name="waiting", verbose_name=_("size"))
    # Where they asked: its doors are the nearest.
    bank = models.ForeignKey(Bank, models.CASCADE, related_name="waiting", verbose_name=_("bank"))
    joined_at = models.DateTimeField(_("waits since"))
    closed_at = models.DateTimeField(_("over since"), null=True, blank=True)
    closed_how = models.CharField(
        _("how it ended"), max_length=8, choices=WaitingEnd.choices, blank=True
    )

    class Meta:
        verbose_name = _("place on a waiting list")
        verbose_name_plural = _("waiting lists")
        ordering = ["joined_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["person", "site", "area", "size"],
                condition=Q(closed_at__isnull=True),
                nulls_distinct=False,
                name="occupancy_one_place_on_a_waiting_list",
            ),
            models.CheckConstraint(
                condition=_OPEN | Q(closed_at__gte=F("joined_at")) & ~Q(closed_how=""),
                name="occupancy_waiting_ends_for_a_reason",
            ),
        ]
        indexes = [
            models.Index(
                fields=["site", "area", "size", "joined_at", "id"],
                name="occupancy_waiting_in_order",
                condition=Q(closed_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person_id} {self.size_id}"


class Offer(models.Model):
    """A door held for whoever is next, from the claim's start to its end and not longer.

    The claim keeps everybody else away. It begins when the holder before can no longer undo.
    """

    entry = models.ForeignKey(
        WaitingEntry, models.CASCADE, related_name="offers", verbose_name=_("for")
    )
    claim = models.OneToOneField(
        Claim, models.CASCADE, related_name="offer", verbose_name=_("claim")
    )
    made_at = models.DateTimeField(_("made at"))
    closed_at = models.DateTimeField(_("over since"), null=True, blank=True)
    closed_how = models.CharField(
        _("what became of it"), max_length=10, choices=OfferEnd.choices, blank=True
    )

    class Meta:
        verbose_name = _("offer")
        verbose_name_plural = _("offers")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["entry"],
                condition=Q(closed_at__isnull=True),
                name="occupancy_one_open_offer_at_a_time",
            ),
            models.CheckConstraint(
                condition=_OPEN | Q(closed_at__gte=F("made_at")) & ~Q(closed_how=""),
                name="occupancy_offer_ends_for_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.entry_id} {self.claim_id}"
