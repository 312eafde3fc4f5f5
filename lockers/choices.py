"""The fixed words of the estate and its hardware."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class SiteKind(models.TextChoices):
    OFFICE = "office", _("office")
    SCHOOL = "school", _("school")
    UNIVERSITY = "university", _("university")
    HEALTHCARE = "healthcare", _("healthcare")
    LEISURE = "leisure", _("leisure centre")
    INDUSTRIAL = "industrial", _("industrial site")
    PUBLIC = "public", _("public facility")
    TRANSPORT = "transport", _("transport hub")
    EVENT = "event", _("event venue")
    COWORKING = "coworking", _("coworking")
    FINANCIAL = "financial", _("financial institution")


class AreaKind(models.TextChoices):
    BUILDING = "building", _("building")
    FLOOR = "floor", _("floor")
    ZONE = "zone", _("zone")
    ROOM = "room", _("room")


class LockKind(models.TextChoices):
    ELECTRONIC = "electronic", _("electronic lock")
    KEYED = "keyed", _("key")
    COMBINATION = "combination", _("combination")


class ServiceStatus(models.TextChoices):
    IN_SERVICE = "in_service", _("in service")
    NEEDS_CLEANING = "needs_cleaning", _("needs cleaning")
    FAULT = "fault", _("fault")
    OUT_OF_SERVICE = "out_of_service", _("out of service")
    DECOMMISSIONED = "decommissioned", _("decommissioned")


class Hinge(models.TextChoices):
    LEFT = "left", _("left")
    RIGHT = "right", _("right")


class DoorState(models.TextChoices):
    OPEN = "open", _("open")
    CLOSED = "closed", _("closed")
    UNKNOWN = "unknown", _("unknown")


class BoardState(models.TextChoices):
    OK = "ok", _("answering")
    SUSPECT = "suspect", _("missed an answer")
    OFFLINE = "offline", _("silent")


class DriverName(models.TextChoices):
    MODBUS_RELAY = "modbus_relay", _("Modbus relay board with door contacts")
    SIMULATOR = "simulator", _("Simulated board")


class ReaderTransport(models.TextChoices):
    WEDGE = "wedge", _("types like a keyboard at the terminal")
    WIRED = "wired", _("wired to the bridge")


class ReaderPurpose(models.TextChoices):
    ENTRY = "entry", _("entry")
    EXIT = "exit", _("exit")


class CommandStatus(models.TextChoices):
    """The ladder of one open; an acknowledgement is not a door."""

    QUEUED = "queued", _("queued")
    SENT = "sent", _("sent")
    ACCEPTED = "accepted", _("accepted")
    ACTUATED = "actuated", _("pulse given")
    OPENED = "opened", _("opened")
    CLOSED = "closed", _("closed")
    FAILED = "failed", _("did not open")
    EXPIRED = "expired", _("too late, not opened")
    UNKNOWN = "unknown", _("not known")
    CANCELLED = "cancelled", _("cancelled")


# Rungs that can still be left, lowest first; the others are the end of a command.
LADDER = [
    CommandStatus.QUEUED,
    CommandStatus.SENT,
    CommandStatus.ACCEPTED,
    CommandStatus.ACTUATED,
    CommandStatus.OPENED,
    CommandStatus.CLOSED,
]
PENDING = [CommandStatus.QUEUED, CommandStatus.SENT, CommandStatus.ACCEPTED, CommandStatus.ACTUATED]
ENDED = [
    CommandStatus.CLOSED,
    CommandStatus.FAILED,
    CommandStatus.EXPIRED,
    CommandStatus.UNKNOWN,
    CommandStatus.CANCELLED,
]


class OpeningStatus(models.TextChoices):
    REQUESTED = "requested", _("waiting for a second person")
    CONFIRMED = "confirmed", _("opening")
    CANCELLED = "cancelled", _("cancelled")


class PinRule(models.TextChoices):
    """When a badge alone is not enough; mirrors access.decisions."""

    NEVER = "never", _("never")
    PLAIN = "plain", _("with badges that can be copied")
    ALWAYS = "always", _("always")
