"""A log-in. People who only use lockers need none."""

from __future__ import annotations

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.translation import gettext_lazy as _


class User(AbstractUser):
    """A staff member who logs in."""

    # By this person's badge and PIN they open doors while the server is away. Set by hand, for an
    # address that two have in common proves nothing.
    person = models.OneToOneField(
        "access.Person",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="login",
        verbose_name=_("person"),
        help_text=_(
            "Whose badge and PIN open doors for this member of staff while the server is away."
        ),
    )
