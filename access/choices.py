"""The fixed words of people and what they show to a reader."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from lockers.choices import Assurance as Assurance


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
    CODE = "code", _("visitor code")


# What is held to a reader and known by its number; the others are typed or shown.
CARRIED = (CredentialKind.BADGE, CredentialKind.WRISTBAND, CredentialKind.PHONE)


class CredentialPurpose(models.TextChoices):
    """What a PIN is for; each person has at most one active of each."""

    PERSONAL = "personal", _("personal")
    TEMPORARY = "temporary", _("temporary")
    RECOVERY = "recovery", _("recovery (instead of a lost badge)")


class ThrottleKind(models.TextChoices):
    """Whose wrong PINs are counted."""

    PERSON = "person", _("person")
    UNKNOWN = "unknown", _("nobody (a number that does not exist)")
    DEVICE = "device", _("screen or bridge")
    ORGANISATION = "organisation", _("whole organisation")


class CredentialStatus(models.TextChoices):
    ACTIVE = "active", _("active")
    SUSPENDED = "suspended", _("suspended")
    REVOKED = "revoked", _("revoked")


class ProcedureKind(models.TextChoices):
    ONBOARDING = "onboarding", _("onboarding")
    OFFBOARDING = "offboarding", _("offboarding")


class StepVerb(models.TextChoices):
    """What a step is about; the register itself sees whether the first six are done."""

    CARD = "card", _("card")
    PIN = "pin", _("PIN")
    LOCKER = "locker", _("locker")
    KEY = "key", _("key")
    LOGIN = "login", _("log-in")
    ACCESS = "access", _("access for a while")
    INDUCTION = "induction", _("induction")
    OTHER = "other", _("other")


class IncidentKind(models.TextChoices):
    DAMAGE = "damage", _("damage")
    LOSS = "loss", _("loss or theft")
    MISUSE = "misuse", _("misuse")
    ACCESS = "access", _("access where there should be none")
    SAFETY = "safety", _("safety")
    OTHER = "other", _("other")


class KeyStatus(models.TextChoices):
    IN_USE = "in_use", _("in use")
    LOST = "lost", _("lost")
    RETIRED = "retired", _("retired")


class HoldingEnd(models.TextChoices):
    """How a key left the hands of somebody."""

    RETURNED = "returned", _("returned")
    LOST = "lost", _("lost")
    REPLACED = "replaced", _("lock was changed")


class KeyState(models.TextChoices):
    """Where a key is, as the desk asks for it."""

    CABINET = "cabinet", _("in the cabinet")
    OUT = "out", _("out")
    OVERDUE = "overdue", _("overdue")
    LOST = "lost", _("lost")
    RETIRED = "retired", _("retired")


class StandInKind(models.TextChoices):
    """What opens a door instead of a lost key."""

    PIN = "pin", _("temporary PIN")
    PASS = "pass", _("pass (QR code)")


class SignedHow(models.TextChoices):
    DRAWN = "drawn", _("by hand")
    TYPED = "typed", _("typed name")
    ABSENT = "absent", _("was not there")


class ReleaseStatus(models.TextChoices):
    REQUESTED = "requested", _("waiting for a second person")
    CONFIRMED = "confirmed", _("handed out")
    CANCELLED = "cancelled", _("cancelled")


class CountResult(models.TextChoices):
    SEEN = "seen", _("seen on its hook")
    SHOWN = "shown", _("shown by its holder")
    OUT = "out", _("out, signed for")
    MISSING = "missing", _("missing")


# Kinds of people who use lockers only while they were given access.
NEEDS_ACCESS = (PersonKind.VISITOR, PersonKind.CONTRACTOR)
# Kinds of people whom visitors come to see.
HOST_KINDS = (PersonKind.STAFF,)


class RequestStatus(models.TextChoices):
    REQUESTED = "requested", _("waiting")
    APPROVED = "approved", _("approved")
    REFUSED = "refused", _("refused")
    WITHDRAWN = "withdrawn", _("withdrawn")
    EXPIRED = "expired", _("over before anybody decided")


class RequestSource(models.TextChoices):
    KIOSK = "kiosk", _("screen")
    WEB = "web", _("web page")
    API = "api", _("program")
    STAFF = "staff", _("reception")


class NoticeKind(models.TextChoices):
    ACCESS_ASKED = "access_asked", _("somebody asks for access")
    ACCESS_DECIDED = "access_decided", _("access approved or refused")
    VISITOR_ARRIVED = "visitor_arrived", _("a visitor arrived")
    VISITOR_WELCOME = "visitor_welcome", _("a visitor is told of their locker")
    VISIT_CANCELLED = "visit_cancelled", _("a visit was cancelled")
    VISIT_EXTENDED = "visit_extended", _("a visit lasts longer")
    KEY_OVERDUE = "key_overdue", _("a key is overdue")
    KEYS_TO_COUNT = "keys_to_count", _("the keys are due to be counted")
    CLAIM_ENDS = "claim_ends", _("a locker is due soon")
    CLAIM_ENDED = "claim_ended", _("a locker was released")
    CLAIM_OVERDUE = "claim_overdue", _("a locker is overdue")
    RECOVERY_BEGUN = "recovery_begun", _("a locker is going to be emptied")
    CLAIM_NEWS = "claim_news", _("something changed about a locker")
    DOOR_OFFERED = "door_offered", _("a locker is offered to who waited")
    OFFER_LAPSED = "offer_lapsed", _("an offered locker was not taken")
    BOOKING_MOVED = "booking_moved", _("a booking moved to another locker")
    BOOKING_UNSERVED = "booking_unserved", _("a booking has no locker")
    ITEMS_STORED = "items_stored", _("things from a locker are kept")
    PARTS_LOW = "parts_low", _("parts are running out")
    TICKET_NEWS = "ticket_news", _("something changed about a ticket")
    DOOR_REPAIR = "door_repair", _("a locker is going to be repaired")
    WARRANTY_ENDS = "warranty_ends", _("a warranty ends soon")
    COLLECTION = "collection", _("lockers are collected at the end of a term")
    WISHES_LINK = "wishes_link", _("a pupil says where they would like a locker")
    WISHES_CODE = "wishes_code", _("the code of a link by which a pupil wishes")


def notice_kinds() -> list[tuple[str, Any]]:
    """Return the kinds of letters; called, so that a new one is no change of the database."""
    return NoticeKind.choices


class Channel(models.TextChoices):
    """By what somebody is told."""

    EMAIL = "email", _("e-mail")
    OTHER = "other", _("another channel (chat, text message, push)")
