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


class JournalAlarm(models.TextChoices):
    """Why a bridge's journal is not the one that we know; stays until staff looked into it."""

    GAP = "gap", _("events are missing")
    REPLACED = "replaced", _("replaced, or an older copy")


class DriverName(models.TextChoices):
    MODBUS_RELAY = "modbus_relay", _("Modbus relay board with door contacts")
    LCB8A = "lcb8a", _("8A lock board, 8 to 50 channels")
    KERONG_CU16 = "kerong_cu16", _("KERONG CU16, NCU16L or CU12")
    WKLY = "wkly", _("WKLY lock board")
    WINNSEN = "winnsen", _("Winnsen lock board")
    UHPPOTE = "uhppote", _("UHPPOTE network controller")
    MQTT_OPENLOCKER = "mqtt_openlocker", _("Open-Locker gateway (MQTT)")
    MQTT_RELAY = "mqtt_relay", _("Relays behind an MQTT broker (Tasmota, ESPHome, Zigbee2MQTT)")
    SIMULATOR = "simulator", _("Simulated board")


class ReaderTransport(models.TextChoices):
    WEDGE = "wedge", _("types like a keyboard at the terminal")
    WIRED = "wired", _("wired to the bridge")
    OSDP = "osdp", _("wired to the bridge, OSDP")


AT_THE_BRIDGE = [ReaderTransport.WIRED, ReaderTransport.OSDP]


class ReaderPurpose(models.TextChoices):
    ENTRY = "entry", _("entry")
    EXIT = "exit", _("exit")


class Assurance(models.TextChoices):
    """How hard it is to copy what was held to the reader; mirrors access.decisions."""

    PLAIN = "plain", _("plain number, can be copied")
    SECURE = "secure", _("secure card format")
    OSDP = "osdp", _("secure card over a secure reader line")


class BadgeKind(models.TextChoices):
    """What the text of a reader stands for; mirrors access.badges.profiles, as the next four do."""

    TEXT = "text", _("a text, taken as it comes")
    UID = "uid", _("the serial number of the card (UID)")
    WIEGAND = "wiegand", _("facility and number of a card format")


class WiegandFormat(models.TextChoices):
    H10301 = "H10301", _("H10301, 26 bits")
    H10306 = "H10306", _("H10306 (N10002), 34 bits")
    BQT34 = "BQT34", _("BQT, 34 bits")
    D10202 = "D10202", _("D10202, 33 bits")
    C1K35S = "C1k35s", _("Corporate 1000, 35 bits")
    H10302 = "H10302", _("H10302, 37 bits without facility")
    H10304 = "H10304", _("H10304, 37 bits")
    C1K48S = "C1k48s", _("Corporate 1000, 48 bits")


class BadgeContent(models.TextChoices):
    FRAME = "frame", _("all bits as one number")
    LEFT = "left", _("all bits from the left of whole bytes (OSDP)")
    DATA = "data", _("facility and number as one number, without parity")
    PAIR = "pair", _("facility, then number")


class NumberBase(models.TextChoices):
    DECIMAL = "decimal", _("decimal")
    HEX = "hex", _("hexadecimal")


class ByteOrder(models.TextChoices):
    MSB = "msb", _("as the card sends them")
    LSB = "lsb", _("backwards")


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


# The lines of a journal that may mean a fault by themselves.
FAULT_EVENTS = ["command_failed", "door_forced"]
# What the sensor says of a door; without a command it was by key, by hand or by force.
SENSED_EVENTS = ["door_opened", "door_forced", "door_unknown"]


class OpeningStatus(models.TextChoices):
    REQUESTED = "requested", _("waiting for a second person")
    CONFIRMED = "confirmed", _("opening")
    CANCELLED = "cancelled", _("cancelled")


class InquiryKind(models.TextChoices):
    """What a bridge can be asked; the names are those of its protocol."""

    SCAN_BUS = "scan_bus", _("look for boards")
    READ_BOARD = "read_board", _("read a board")
    TRY_DOOR = "try_door", _("try a lock")
    READ_FRAMES = "read_frames", _("show the frames of a wire")


class CommissioningState(models.TextChoices):
    RUNNING = "running", _("under way")
    LIVE = "live", _("live")
    LEFT = "left", _("given up")


class PinRule(models.TextChoices):
    """When a badge alone is not enough; mirrors access.decisions."""

    NEVER = "never", _("never")
    PLAIN = "plain", _("with badges that can be copied")
    ALWAYS = "always", _("always")
