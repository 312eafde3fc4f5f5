"""A log-in. People who only use lockers need none."""

from __future__ import annotations

from django.contrib.auth.models import AbstractUser


class User(AbstractUser):
    """A staff member who logs in."""
