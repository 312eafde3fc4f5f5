"""A door that its holder lets somebody else open."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from access.models import Person
from occupancy.models.claims import Claim


class Share(models.Model):
    """Somebody may open another's door until a time, or one single time before it.

    It ends by its time, by its one opening, when somebody ends it, and with the claim: a trigger
    sees to that, whoever closes the claim. It does not come back when the claim does.
    """

    claim = models.ForeignKey(Claim, models.CASCADE, related_name="shares", verbose_name=_("claim"))
    person = models.ForeignKey(
        Person, models.CASCADE, related_name="shares", verbose_name=_("shared with")
    )
    is_one_opening = models.BooleanField(_("for one opening"), default=False)
    # What is handed over, when the door is used for that.
    note = models.CharField(_("what is handed over"), max_length=200, blank=True)
    starts_at = models.DateTimeField(_("from"))
    until = models.DateTimeField(_("until"))
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    # The one opening: when, and by which command, for a door that then stayed shut may be
    # opened after all.
    used_at = models.DateTimeField(_("opened at"), null=True, blank=True)
    command_id = models.UUIDField(_("opening"), null=True, blank=True)

    class Meta:
        verbose_name = _("shared door")
        verbose_name_plural = _("shared doors")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(until__gt=F("starts_at")), name="occupancy_share_ends_after_it_starts"
            ),
            models.CheckConstraint(
                condition=Q(used_at__isnull=True, command_id__isnull=True)
                | Q(
                    is_one_opening=True,
                    used_at__isnull=False,
                    command_id__isnull=False,
                    ended_at__isnull=False,
                ),
                name="occupancy_only_one_opening_is_used_up",
            ),
            models.UniqueConstraint(
                fields=["claim", "person"],
                condition=Q(ended_at__isnull=True),
                name="occupancy_shared_with_somebody_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.claim_id}: {self.person}"
