"""People signed in on their own phone: how they asked for it, and for how long it lasts.

Neither table holds anything that signs somebody in: links and codes are made from the id and the
installation's key, of a session's token only the digest is kept.
"""

from __future__ import annotations

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from access.models import Person, User, Visit
from kiosk.choices import SignedInBy
from lockers.models import Bank


class SignIn(models.Model):
    """Somebody asked to be signed in by e-mail; an address that nobody has gets a row, too."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # Keyed digests: what was typed by strangers is not kept.
    address = models.CharField(max_length=64, editable=False)
    client = models.CharField(max_length=64, editable=False)
    # Where the letter goes; nowhere, when nobody has the address or it had enough of them.
    to = models.EmailField(_("to"), blank=True)
    goes_to = models.CharField(_("goes on to"), max_length=200, blank=True)
    asked_at = models.DateTimeField(_("asked at"))
    expires_at = models.DateTimeField(_("over at"))
    sent_at = models.DateTimeField(_("sent at"), null=True)
    used_at = models.DateTimeField(_("used at"), null=True)
    tries = models.PositiveSmallIntegerField(_("wrong codes"), default=0)

    class Meta:
        verbose_name = _("sign-in")
        verbose_name_plural = _("sign-ins")
        ordering = ["-asked_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(expires_at__gt=models.F("asked_at")),
                name="kiosk_sign_in_is_over_after_it_was_asked",
            ),
            models.CheckConstraint(
                condition=models.Q(used_at__isnull=True) | ~models.Q(to=""),
                name="kiosk_sign_in_of_nobody_is_not_used",
            ),
        ]
        indexes = [
            models.Index(fields=["address", "asked_at"], name="kiosk_sign_in_by_address"),
            models.Index(fields=["client", "asked_at"], name="kiosk_sign_in_by_client"),
            models.Index(
                fields=["asked_at"],
                name="kiosk_sign_in_to_send",
                condition=models.Q(sent_at__isnull=True) & ~models.Q(to=""),
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)[:8]


class PhoneSession(models.Model):
    """One browser in which a person is signed in, apart from the log-ins of staff."""

    digest = models.CharField(max_length=64, unique=True, editable=False)
    person = models.ForeignKey(
        Person, models.CASCADE, related_name="phone_sessions", verbose_name=_("person")
    )
    by = models.CharField(_("signed in by"), max_length=8, choices=SignedInBy.choices)
    # The address that was proved: by it somebody may be another person, of another organisation.
    address = models.EmailField(_("e-mail"), blank=True)
    # What the session lives on besides the person: it ends with the log-in, or with the visit.
    user = models.ForeignKey(
        User, models.CASCADE, null=True, related_name="+", verbose_name=_("log-in")
    )
    visit = models.ForeignKey(
        Visit, models.CASCADE, null=True, related_name="+", verbose_name=_("visit")
    )
    opened_at = models.DateTimeField(_("since"))
    expires_at = models.DateTimeField(_("until"))
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    # Whose label was scanned last, and when.
    at_bank = models.ForeignKey(
        Bank, models.SET_NULL, null=True, related_name="+", verbose_name=_("was at bank")
    )
    at_bank_since = models.DateTimeField(_("was there at"), null=True)

    class Meta:
        verbose_name = _("phone")
        verbose_name_plural = _("phones")
        ordering = ["-opened_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(expires_at__gt=models.F("opened_at")),
                name="kiosk_phone_session_ends_after_it_began",
            ),
            models.CheckConstraint(
                condition=models.Q(user__isnull=True) | models.Q(visit__isnull=True),
                name="kiosk_phone_session_lives_on_one_thing",
            ),
        ]
        indexes = [
            models.Index(
                fields=["person"],
                name="kiosk_phone_sessions_open",
                condition=models.Q(ended_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return self.get_by_display()
