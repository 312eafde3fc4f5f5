"""Why somebody may not use lockers for a while."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from access.models.people import Person


class Hold(models.Model):
    """A person is stopped, with a reason that staff see, until it is lifted or over."""

    person = models.ForeignKey(
        Person, models.CASCADE, related_name="holds", verbose_name=_("person")
    )
    reason = models.CharField(_("reason"), max_length=200)
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"), null=True, blank=True)
    lifted_at = models.DateTimeField(_("lifted at"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("hold")
        verbose_name_plural = _("holds")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=~models.Q(reason=""), name="access_hold_has_a_reason"),
            models.CheckConstraint(
                condition=models.Q(ends_at__isnull=True)
                | models.Q(ends_at__gt=models.F("starts_at")),
                name="access_hold_ends_after_it_starts",
            ),
        ]
        indexes = [
            models.Index(
                fields=["person"],
                name="access_hold_not_lifted",
                condition=models.Q(lifted_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return self.reason
