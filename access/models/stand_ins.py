"""What somebody opens a door with while its lock waits to be changed."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from access.models.credentials import Credential
from access.models.keys import Key, Lock
from access.models.passes import Pass
from access.models.people import Person


class StandIn(models.Model):
    """A PIN or a pass instead of a lost key; over at its time, or when the lock is changed."""

    lock = models.ForeignKey(Lock, models.CASCADE, related_name="stand_ins", verbose_name=_("lock"))
    key = models.ForeignKey(
        Key, models.PROTECT, related_name="stand_ins", verbose_name=_("lost key")
    )
    person = models.ForeignKey(
        Person, models.CASCADE, related_name="stand_ins", verbose_name=_("person")
    )
    pin = models.ForeignKey(
        Credential, models.CASCADE, null=True, blank=True, related_name="+",
        verbose_name=_("temporary PIN"),
    )  # fmt: skip
    given_pass = models.ForeignKey(
        Pass, models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("pass")
    )
    given_at = models.DateTimeField(_("given at"))
    ends_at = models.DateTimeField(_("until"))
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)

    class Meta:
        verbose_name = _("access instead of a lost key")
        verbose_name_plural = _("access instead of lost keys")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(pin__isnull=False, given_pass__isnull=True)
                | models.Q(pin__isnull=True, given_pass__isnull=False),
                name="access_stand_in_is_one_thing",
            ),
            models.CheckConstraint(
                condition=models.Q(ends_at__gt=models.F("given_at")),
                name="access_stand_in_ends_after_it_is_given",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.lock}: {self.person}"
