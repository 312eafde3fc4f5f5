"""How often a PIN was guessed wrong, of whom and where."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from access.choices import ThrottleKind
from access.models.people import Person
from lockers.models import Organisation, Site


class Throttle(models.Model):
    """Wrong PINs of one person, at one terminal or of one organisation; survives restarts."""

    key = models.CharField(_("of"), max_length=60, primary_key=True)
    kind = models.CharField(_("what"), max_length=12, choices=ThrottleKind.choices)
    organisation = models.ForeignKey(
        Organisation, models.CASCADE, related_name="+", verbose_name=_("organisation")
    )
    # Where the terminal stands; a person's guesses may come from anywhere.
    site = models.ForeignKey(
        Site, models.CASCADE, null=True, related_name="+", verbose_name=_("site")
    )
    person = models.ForeignKey(
        Person, models.CASCADE, null=True, related_name="throttles", verbose_name=_("person")
    )
    failures = models.PositiveIntegerField(_("wrong PINs"), default=0)
    failed_at = models.DateTimeField(_("last wrong PIN"))
    blocked_until = models.DateTimeField(_("waits until"), null=True, blank=True)
    # Too often: until staff clear it, or give a new PIN.
    disabled_at = models.DateTimeField(_("out of use since"), null=True, blank=True)

    class Meta:
        verbose_name = _("PIN back-off")
        verbose_name_plural = _("PIN back-offs")
        ordering = ["-failed_at"]
        indexes = [
            # How many different people were guessed at lately.
            models.Index(
                fields=["organisation", "failed_at"],
                name="access_guessed_at_lately",
                condition=models.Q(kind__in=["person", "unknown"]),
            ),
        ]

    def __str__(self) -> str:
        return str(self.person) if self.person_id else self.key
