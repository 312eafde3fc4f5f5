"""Where letters about lockers lead: people to their phone, staff to the administration."""

from __future__ import annotations

import datetime as dt

from django.urls import reverse

from access import letters
from access.choices import NoticeKind
from access.models import Notice
from access.services import notices, visits
from kiosk.services.me import sign_ins
from occupancy.models import Claim


def register() -> None:
    """Tell the letters of every kind where they lead."""
    for kind in (NoticeKind.CLAIM_ENDS, NoticeKind.CLAIM_OVERDUE, NoticeKind.CLAIM_NEWS):
        letters.leads(kind, _to_door)
    for kind in (
        NoticeKind.CLAIM_ENDED, NoticeKind.DOOR_OFFERED, NoticeKind.OFFER_LAPSED,
        NoticeKind.BOOKING_MOVED,
    ):  # fmt: skip
        letters.leads(kind, _to_phone)
    letters.leads(NoticeKind.BOOKING_UNSERVED, _to_booking)
    letters.leads(NoticeKind.VISITOR_WELCOME, _to_visit)
    letters.leads(NoticeKind.VISIT_EXTENDED, _to_visitor)
    notices.checked_by(NoticeKind.VISITOR_WELCOME, _is_here)


def _to_phone(notice: Notice) -> str:
    """Return the page of one's own lockers; whoever is not signed in there is asked to."""
    return reverse("me")


def _to_door(notice: Notice) -> str:
    """Return the page of a door on its holder's phone, or its row for whoever is at the desk."""
    pk = int(notice.subject.partition(":")[2])
    if not letters.is_holder(notice):
        return reverse("admin:occupancy_claim_change", args=[pk])
    theirs = Claim.objects.filter(pk=pk, holder=notice.person_id, closed_at__isnull=True)
    return reverse("me-door", args=[pk]) if theirs.exists() else reverse("me")


def _to_booking(notice: Notice) -> str:
    return reverse(
        "admin:occupancy_reservation_change", args=[int(notice.subject.partition(":")[2])]
    )


def _to_visit(notice: Notice) -> str:
    """Return the address that lets a visitor in, once."""
    assert notice.visit is not None  # it is written about one
    return reverse("me-visit", args=[sign_ins.visit_link_of(notice.visit, once=True)])


def _to_visitor(notice: Notice) -> str:
    visit = notice.visit
    is_theirs = visit is not None and visit.visitor.email.lower() == notice.to.lower()
    is_in = visit is not None and visit.arrived_at is not None
    return reverse("me") if is_theirs and is_in else ""


def _is_here(notice: Notice, at: dt.datetime) -> bool:
    return notice.visit is not None and visits.state_of(notice.visit, at) == "here"
