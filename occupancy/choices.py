"""The fixed words of using a compartment."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class ClaimKind(models.TextChoices):
    ASSIGNMENT = "assignment", _("assignment")
    RESERVATION = "reservation", _("reservation")
    CLOSURE = "closure", _("closure")
    # A door that is held for whoever is next on a waiting list.
    OFFER = "offer", _("offer")


class UseModel(models.TextChoices):
    """What allocation.rules.MODELS says in full."""

    DAY_USE = "day_use", _("day use: until the site's local midnight or another set time")
    HOT = "hot", _("hot: any free door that the person picks, until a set time")
    SESSION = "session", _("session: until it is opened again, or a time is over")
    SHARED = "shared", _("shared pool: for a number of hours")
    SHIFT = "shift", _("shift: until the handover to the next one")
    FIXED = "fixed", _("fixed period: days or months")
    PERMANENT = "permanent", _("permanent: given to a person until it is changed")
    ROLE = "role", _("role: given to whoever has the role")
    DEPARTMENT = "department", _("department: given to all who belong to it")
    VISITOR = "visitor", _("visitor: until a set time, and never longer than the visit")
    CONTRACTOR = "contractor", _("contractor: as long as the temporary access")
    RESERVATION = "reservation", _("reservation: for a window that was booked")
    EXCEPTION = "exception", _("exception: given by staff for a reason, for a while")


class Need(models.TextChoices):
    """What somebody needs of a door."""

    LOW_DOOR = "low_door", _("a low door")
    WIDE_DOOR = "wide_door", _("a wide door")
    CHARGING = "charging", _("charging")
    NEAR_ENTRANCE = "near_entrance", _("a place near the entrance")


class Criterion(models.TextChoices):
    """By what one door is better than another."""

    NEEDS = "needs", _("what the person needs")
    SMALLEST = "smallest", _("the smallest that fits")
    NEAR = "near", _("near the wanted place")
    USUAL = "usual", _("the person's usual door")
    LEAST_USED = "least_used", _("the least used")


class AtEnd(models.TextChoices):
    """What happens when the planned end comes and nobody finished."""

    RELEASE = "release", _("back to the pool by itself")
    HOLD = "hold", _("stays with the holder, overdue")


class ClosedHow(models.TextChoices):
    FINISHED = "finished", _("finished by the holder")
    EXPIRED = "expired", _("released by itself at the end")
    RELEASED_BY_STAFF = "released_by_staff", _("released by staff")
    OFFER_OVER = "offer_over", _("the offer was answered, or lapsed")
    RECOVERED = "recovered", _("emptied by staff")
    CANCELLED = "cancelled", _("cancelled")
    NO_SHOW = "no_show", _("nobody came")
    LIFTED = "lifted", _("closure lifted")
    WITHDRAWN = "withdrawn", _("withdrawn: its bank was cut off")
    HANDED_ON = "handed_on", _("handed on: transferred, swapped or moved")


class Breach(models.TextChoices):
    """What a bridge could not know when it gave a door."""

    LIMIT = "limit", _("more than the policy allows")
    NOT_ALLOWED = "not_allowed", _("not allowed any more")
    DOOR_HELD = "door_held", _("staff gave the door to somebody else meanwhile")
    UNKNOWN = "unknown", _("a person or policy that we do not know")


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


class WarnedTo(models.TextChoices):
    HOLDER = "holder", _("the holder")
    STAFF = "staff", _("the desk of the site")


class CustodyKind(models.TextChoices):
    """The steps of a recovery: who had what in hands, in order."""

    BEGUN = "begun", _("recovery begun")
    NOTIFIED = "notified", _("holder told")
    CONFIRMED = "confirmed", _("second person confirmed")
    OPENED = "opened", _("opened by override")
    FOUND = "found", _("things found")
    NONE_FOUND = "none_found", _("nothing found")
    STORED = "stored", _("thing stored in lost property")
    RESET = "reset", _("compartment reset")
    CLOSED = "closed", _("closed")
    CALLED_OFF = "called_off", _("called off")


class SearchKind(models.TextChoices):
    """Why two adults open the door of somebody who keeps it."""

    SEARCH = "search", _("search")
    CONFISCATION = "confiscation", _("confiscation")
    WELFARE = "welfare", _("welfare")


class SearchFound(models.TextChoices):
    """What came of it."""

    NOTHING = "nothing", _("nothing of concern")
    LEFT = "left", _("found, and left inside")
    TAKEN = "taken", _("taken away")
    NOT_OPENED = "not_opened", _("the door was not opened after all")


class ItemStatus(models.TextChoices):
    """Where a lost thing is."""

    STORED = "stored", _("stored")
    CLAIMED = "claimed", _("handed out")
    DISPOSED = "disposed", _("disposed of")


class DoorResult(models.TextChoices):
    """What came of a door at the end of a day."""

    WAITING = "waiting", _("waiting")
    ASKED = "asked", _("asked to open")
    SUCCESS = "success", _("opened")
    FAILED = "failed", _("failed")
    SKIPPED = "skipped", _("skipped")
    ALREADY_FREE = "already_free", _("already free")


class WaitingEnd(models.TextChoices):
    """How somebody came off a waiting list."""

    GOT = "got", _("got a compartment")
    LEFT = "left", _("left the list")
    DECLINED = "declined", _("declined what was offered")
    LAPSED = "lapsed", _("did not answer in time")
    GONE = "gone", _("the person left")


class OfferEnd(models.TextChoices):
    """What became of an offer."""

    ACCEPTED = "accepted", _("accepted")
    DECLINED = "declined", _("declined")
    LAPSED = "lapsed", _("lapsed")
    WITHDRAWN = "withdrawn", _("withdrawn")


class SkippedWhy(models.TextChoices):
    """Why one time of a recurring booking could not be had."""

    NONE_FREE = "none_free", _("no door was free")
    CLOSED = "closed", _("the site is closed")
    LIMIT = "limit", _("the person has booked as many as they may")
    NOT_FOR_YOU = "not_for_you", _("the policies do not allow it")
    NOT_ADMITTED = "not_admitted", _("the person may not be here then")
    TOO_LATE = "too_late", _("it was too late to book it")


class AllotmentMethod(models.TextChoices):
    """How the doors of an allotment are given; the same words as occupancy.allotment."""

    TURNS = "turns", _("one after another in drawn order")
    TENANTS = "tenants", _("in drawn order, and whoever has a door is asked first")
    OPTIMUM = "optimum", _("least cost of wishes and walks together")
    FITTING = "fitting", _("by the rules alone, whoever has the fewest choices first")


class KeepsDoor(models.TextChoices):
    """What becomes of the doors that a year group has."""

    ALWAYS = "always", _("they keep them")
    ASKED = "asked", _("they keep them where they ask to")
    NEVER = "never", _("they get new ones")


class LinkFor(models.TextChoices):
    """To whom the link by which a pupil wishes goes by e-mail."""

    PUPIL = "pupil", _("the pupil")
    GUARDIAN = "guardian", _("their guardian")


class AtRollover(models.TextChoices):
    """What becomes of a year group's doors when the next year begins."""

    KEEP = "keep", _("they keep them for the new year")
    RESHUFFLE = "reshuffle", _("they give them back, for the next draw")


class RolloverStep(models.TextChoices):
    """What a rollover changes, in this order."""

    LEFT = "left", _("left")
    UP = "up", _("went up")
    TUTORS = "tutors", _("tutors went up")
    DOOR_KEPT = "door_kept", _("keeps the door")
    DOOR_ENDED = "door_ended", _("door given back")
