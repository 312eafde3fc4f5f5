"""What warns whom before a use ends, and what was said already."""

from __future__ import annotations

import datetime as dt

from django.db import models
from django.utils.translation import gettext_lazy as _

from access.choices import Channel
from occupancy import durations
from occupancy.choices import WarnedTo
from occupancy.models.claims import Claim
from occupancy.models.policies import Policy


class PolicyWarning(models.Model):
    """One warning of a policy: how long before the end, by what, to whom.

    The database gives every new policy the usual ones: a day, two hours and a quarter of an hour
    before the end, or 14, 7 and 1 days for what is had for long.
    """

    policy = models.ForeignKey(
        Policy, models.CASCADE, db_index=False, related_name="warnings", verbose_name=_("policy")
    )
    before = models.DurationField(
        _("before the end"), help_text=_("Days and hours:minutes:seconds, such as 1 00:00:00.")
    )
    channel = models.CharField(
        _("by"), max_length=8, choices=Channel.choices, default=Channel.EMAIL,
        db_default=Channel.EMAIL,
    )  # fmt: skip
    to = models.CharField(
        _("to"), max_length=8, choices=WarnedTo.choices, default=WarnedTo.HOLDER,
        db_default=WarnedTo.HOLDER,
    )  # fmt: skip

    class Meta:
        verbose_name = _("warning")
        verbose_name_plural = _("warnings")
        ordering = ["policy", "-before", "channel", "to"]
        constraints = [
            models.UniqueConstraint(
                fields=["policy", "before", "channel", "to"],
                name="occupancy_one_warning_of_a_kind",
            ),
            models.CheckConstraint(
                condition=models.Q(before__gt=dt.timedelta(0), before__lte=dt.timedelta(days=90)),
                name="occupancy_warning_comes_before",
            ),
        ]

    def __str__(self) -> str:
        return f"{durations.write(self.before)}: {self.get_to_display()}"


class Told(models.Model):
    """One claim was warned once of one end; of another end, after a renewal, anew.

    Without a warning it is that the claim is overdue.
    """

    claim = models.ForeignKey(Claim, models.CASCADE, db_index=False, related_name="told")
    warning = models.ForeignKey(PolicyWarning, models.CASCADE, null=True, related_name="told")
    due_at = models.DateTimeField()
    told_at = models.DateTimeField()
    # Not when it was left out: a later one said the same, or nobody had an address.
    is_sent = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["claim", "due_at", "warning"],
                nulls_distinct=False,
                name="occupancy_told_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.claim_id} {self.due_at:%Y-%m-%d %H:%M}"
