"""The fixed words of terminals and phones."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class SignedInBy(models.TextChoices):
    LINK = "link", _("link by e-mail")
    CODE = "code", _("code by e-mail")
    VISIT = "visit", _("link of a visit")
    LOG_IN = "log_in", _("log-in")
