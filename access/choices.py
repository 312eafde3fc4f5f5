"""The fixed words of people and what they show to a reader."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class PersonKind(models.TextChoices):
    STAFF = "staff", _("staff")
    STUDENT = "student", _("student")
    VISITOR = "visitor", _("visitor")
    CONTRACTOR = "contractor", _("contractor")
    MEMBER = "member", _("member")


class PersonStatus(models.TextChoices):
    ACTIVE = "active", _("active")
    SUSPENDED = "suspended", _("suspended")
    LEFT = "left", _("left")


class CredentialKind(models.TextChoices):
    BADGE = "badge", _("badge")
    WRISTBAND = "wristband", _("wristband")
    PHONE = "phone", _("phone (NFC)")
    PIN = "pin", _("PIN")


# What is held to a reader and known by its number; the others are typed or shown.
CARRIED = (CredentialKind.BADGE, CredentialKind.WRISTBAND, CredentialKind.PHONE)


class CredentialPurpose(models.TextChoices):
    """What a PIN is for; each person has at most one active of each."""

    PERSONAL = "personal", _("personal")
    TEMPORARY = "temporary", _("temporary")
    RECOVERY = "recovery", _("recovery (instead of a lost badge)")


class Assurance(models.TextChoices):
    """How hard it is to copy what was held to the reader; mirrors access.decisions."""

    PLAIN = "plain", _("plain number, can be copied")
    SECURE = "secure", _("secure card format")
    OSDP = "osdp", _("secure card over a secure reader line")


class CredentialStatus(models.TextChoices):
    ACTIVE = "active", _("active")
    SUSPENDED = "suspended", _("suspended")
    REVOKED = "revoked", _("revoked")
