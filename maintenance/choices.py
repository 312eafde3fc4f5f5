"""The fixed words of repair, rounds, parts and the life of an asset."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Category(models.TextChoices):
    """What is wrong. The first six are seen by the locks themselves; people may say any."""

    JAMMED = "jammed", _("does not open")
    FORCED = "forced", _("forced open")
    HELD_OPEN = "held_open", _("left open")
    UNREADABLE = "unreadable", _("cannot be read")
    LOW_BATTERY = "low_battery", _("battery low")
    SILENT = "silent", _("does not answer")
    WONT_CLOSE = "wont_close", _("does not close or lock")
    DAMAGED = "damaged", _("damaged")
    DIRTY = "dirty", _("dirty")
    THINGS_LEFT = "things_left", _("somebody's things are inside")
    OTHER = "other", _("something else")


class Priority(models.IntegerChoices):
    """How soon it has to be seen to; the lowest number first."""

    URGENT = 1, _("urgent")
    HIGH = 2, _("high")
    NORMAL = 3, _("normal")
    LOW = 4, _("low")


class TicketStatus(models.TextChoices):
    OPEN = "open", _("open")
    IN_PROGRESS = "in_progress", _("being worked on")
    WAITING = "waiting", _("waiting")
    DONE = "done", _("done")
    CANCELLED = "cancelled", _("nothing to do")


OPEN_STATUSES = [TicketStatus.OPEN, TicketStatus.IN_PROGRESS, TicketStatus.WAITING]


class Source(models.TextChoices):
    """Where a report came from."""

    SYSTEM = "system", _("the lock")
    KIOSK = "kiosk", _("the kiosk")
    PHONE = "phone", _("a phone")
    LABEL = "label", _("the label on the door")
    STAFF = "staff", _("staff")
    API = "api", _("another system")
    ROUND = "round", _("a round")
    COLLECTION = "collect", _("a collection")


class EntryKind(models.TextChoices):
    """A line in the story of a ticket."""

    REPORTED = "reported", _("reported")
    SEEN_AGAIN = "seen_again", _("seen again")
    REOPENED = "reopened", _("opened again")
    NOTE = "note", _("note")
    CHANGED = "changed", _("changed")
    ASSIGNED = "assigned", _("assigned")
    STARTED = "started", _("work begun")
    WAITING = "waiting", _("waiting")
    LABOUR = "labour", _("work")
    PART = "part", _("part")
    PHOTO = "photo", _("photo")
    OPENED_DOOR = "opened_door", _("door opened to look")
    DOOR_OUT = "door_out", _("door out of service")
    DOOR_BACK = "door_back", _("door back in service")
    HOLDER_TOLD = "holder_told", _("holder told")
    HOLDER_MOVED = "holder_moved", _("holder moved")
    ESCALATED = "escalated", _("escalated")
    CHECKED = "checked", _("checked")
    CLOSED = "closed", _("closed")


class PhotoMoment(models.TextChoices):
    REPORT = "report", _("as reported")
    BEFORE = "before", _("before")
    AFTER = "after", _("after")


class RoundKind(models.TextChoices):
    CLEANING = "cleaning", _("cleaning")
    INSPECTION = "inspection", _("inspection")
    BATTERY = "battery", _("battery round")
    PPE = "ppe", _("PPE check")
    OCCUPANCY_REVIEW = "occupancy_review", _("occupancy review")
    DAY_END = "day_end", _("end-of-day check")


class OnClosedDay(models.TextChoices):
    """What becomes of a round that falls on a day the site is closed."""

    SKIP = "skip", _("leave it out")
    NEXT = "next", _("the next open day")
    KEEP = "keep", _("do it all the same")


class StopResult(models.TextChoices):
    WAITING = "", _("not done yet")
    PASSED = "passed", _("all right")
    FAILED = "failed", _("something is wrong")
    SKIPPED = "skipped", _("could not be done")


class MoveKind(models.TextChoices):
    """Why a stock changed."""

    RECEIVED = "received", _("received")
    ISSUED = "issued", _("issued")
    RETURNED = "returned", _("put back")
    COUNTED = "counted", _("counted")


class ForecastBy(models.TextChoices):
    """What says when a battery fails."""

    VOLTAGE = "voltage", _("its voltage")
    OPENINGS = "openings", _("its openings")
    DAYS = "days", _("its age")


class AssetKind(models.TextChoices):
    BANK = "bank", _("bank")
    CONTROLLER = "controller", _("controller")
    LOCK = "lock", _("lock")
    TERMINAL = "terminal", _("terminal")


class AssetState(models.TextChoices):
    """Where in its life an asset is."""

    PLANNED = "planned", _("planned")
    ORDERED = "ordered", _("ordered")
    IN_STORE = "in_store", _("in store")
    INSTALLED = "installed", _("installed")
    REMOVED = "removed", _("removed")
    DISPOSED = "disposed", _("disposed of")


class AssetEventKind(models.TextChoices):
    PLANNED = "planned", _("planned")
    ORDERED = "ordered", _("ordered")
    DELIVERED = "delivered", _("delivered")
    INSTALLED = "installed", _("installed")
    MOVED = "moved", _("moved")
    CONFIGURED = "configured", _("configured")
    REMOVED = "removed", _("removed")
    REPLACED = "replaced", _("replaced")
    DISPOSED = "disposed", _("disposed of")
    NOTE = "note", _("note")


class DecommissionStep(models.TextChoices):
    """What has to be done before a bank is gone, in order."""

    EMPTIED = "emptied", _("emptied")
    CREDENTIALS = "credentials", _("access taken back")
    KEYS = "keys", _("keys recovered")
    DATA = "data", _("data wiped")
    REMOVED = "removed", _("taken down")
    DISPOSED = "disposed", _("disposed of")
    CERTIFICATE = "certificate", _("certificate filed")


class KeyAnswer(models.TextChoices):
    """What was said of the key of a locker that is collected."""

    WAITING = "", _("not said yet")
    NONE = "none", _("no key")
    BACK = "back", _("key is back")
    NOT_BACK = "not_back", _("key is not back")
    LOST = "lost", _("key is lost")


class Condition(models.TextChoices):
    """How a collected locker looks."""

    WAITING = "", _("not said yet")
    GOOD = "good", _("good")
    DAMAGED = "damaged", _("damaged")


class About(models.TextChoices):
    """What an entry of a collection says something about."""

    EMPTIED = "emptied", _("emptied")
    KEY = "key", _("key")
    CONDITION = "condition", _("condition")
