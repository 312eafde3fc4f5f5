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
    PIN = "pin", _("PIN")


class CredentialStatus(models.TextChoices):
    ACTIVE = "active", _("active")
    SUSPENDED = "suspended", _("suspended")
    REVOKED = "revoked", _("revoked")
