"""The fixed words of using a compartment."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class ClaimKind(models.TextChoices):
    ASSIGNMENT = "assignment", _("assignment")
    RESERVATION = "reservation", _("reservation")
    CLOSURE = "closure", _("closure")


class UseModel(models.TextChoices):
    DAY_USE = "day_use", _("day use: until the site's local midnight or another set time")


class AtEnd(models.TextChoices):
    """What happens when the planned end comes and nobody finished."""

    RELEASE = "release", _("back to the pool by itself")
    HOLD = "hold", _("stays with the holder, overdue")


class ClosedHow(models.TextChoices):
    FINISHED = "finished", _("finished by the holder")
    EXPIRED = "expired", _("released by itself at the end")
    RELEASED_BY_STAFF = "released_by_staff", _("released by staff")
    HOLDER_LEFT = "holder_left", _("the holder left")


class Shown(models.TextChoices):
    """What the map and the kiosk call a compartment."""

    FREE = "free", _("Free")
    RESERVED = "reserved", _("Reserved")
    OCCUPIED = "occupied", _("In use")
    OVERDUE = "overdue", _("Overdue")
    EXCEPTION = "exception", _("Check")
    RECOVERY = "recovery", _("Recovery")
    CLEANING = "cleaning", _("Cleaning")
    OUT_OF_SERVICE = "out_of_service", _("Out of service")
    OFFLINE = "offline", _("Unknown")
