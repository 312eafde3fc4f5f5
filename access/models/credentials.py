"""What a person shows: badge numbers as keyed hashes with a hint, PINs as argon2id verifiers."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from access.choices import (
    CARRIED,
    Assurance,
    CredentialKind,
    CredentialPurpose,
    CredentialStatus,
)
from access.models.people import Person
from lockers.models import Organisation


class Credential(models.Model):
    """One badge, wristband, phone or PIN of one person. The number itself is never stored."""

    # Repeated from the person, so that one badge is one person within the tenant by constraint.
    organisation = models.ForeignKey(Organisation, models.CASCADE, related_name="+", editable=False)
    person = models.ForeignKey(
        Person, models.CASCADE, related_name="credentials", verbose_name=_("person")
    )
    kind = models.CharField(_("kind"), max_length=10, choices=CredentialKind.choices)
    purpose = models.CharField(
        _("purpose"),
        max_length=10,
        choices=CredentialPurpose.choices,
        default=CredentialPurpose.PERSONAL,
    )
    assurance = models.CharField(
        _("assurance"), max_length=8, choices=Assurance.choices, default=Assurance.PLAIN
    )
    status = models.CharField(
        _("status"),
        max_length=10,
        choices=CredentialStatus.choices,
        default=CredentialStatus.ACTIVE,
    )
    # The scheme of the canonical key ("wiegand:H10301", "uid", "text:main"): not secret.
    scheme = models.CharField(_("format"), max_length=40, blank=True, editable=False)
    digest = models.CharField(max_length=64, blank=True, editable=False)
    verifier = models.CharField(max_length=200, blank=True, editable=False)
    hint = models.CharField(_("ends in"), max_length=8, blank=True, editable=False)
    valid_from = models.DateTimeField(_("valid from"), null=True, blank=True)
    valid_until = models.DateTimeField(_("valid until"), null=True, blank=True)
    issued_at = models.DateTimeField(_("issued at"), editable=False)

    class Meta:
        verbose_name = _("credential")
        verbose_name_plural = _("credentials")
        ordering = ["person", "kind"]
        constraints = [
            # A revoked badge stays on its person: shown again, it is refused as revoked.
            models.UniqueConstraint(
                fields=["organisation", "digest"],
                condition=models.Q(kind__in=CARRIED),
                name="access_one_person_per_badge",
            ),
            # Digits are typed again some day; what is over lets another visitor have them.
            models.UniqueConstraint(
                fields=["organisation", "digest"],
                condition=models.Q(kind=CredentialKind.CODE, status=CredentialStatus.ACTIVE),
                name="access_one_visitor_per_code",
            ),
            models.UniqueConstraint(
                fields=["person", "purpose"],
                condition=models.Q(kind=CredentialKind.PIN, status=CredentialStatus.ACTIVE),
                name="access_one_active_pin_per_person_and_purpose",
            ),
            models.CheckConstraint(
                condition=models.Q(kind__in=(*CARRIED, CredentialKind.CODE), verifier="")
                & ~models.Q(digest="")
                | models.Q(kind=CredentialKind.PIN, digest="") & ~models.Q(verifier=""),
                name="access_badge_has_digest_and_pin_has_verifier",
            ),
            models.CheckConstraint(
                condition=models.Q(valid_until__isnull=True)
                | models.Q(valid_from__isnull=True)
                | models.Q(valid_until__gt=models.F("valid_from")),
                name="access_credential_ends_after_it_starts",
            ),
            models.CheckConstraint(
                condition=~models.Q(kind=CredentialKind.PIN)
                | models.Q(purpose=CredentialPurpose.PERSONAL)
                | models.Q(valid_until__isnull=False),
                name="access_pin_that_is_lent_has_an_end",
            ),
            models.CheckConstraint(
                condition=~models.Q(kind=CredentialKind.CODE) | models.Q(valid_until__isnull=False),
                name="access_visitor_code_has_an_end",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} …{self.hint}" if self.hint else self.get_kind_display()
