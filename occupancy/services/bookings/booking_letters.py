"""The letters about bookings whose door is not going to be free."""

from __future__ import annotations

import datetime as dt

from access.choices import NoticeKind
from access.models import Notice
from access.services import key_reminders, notices
from access.services.notices import Word
from occupancy.models import Claim
from occupancy.services.bookings.no_shows import stands


def moved(claim: Claim, was: str, at: dt.datetime) -> None:
    """Tell whose booking it is which door it is now."""
    person = claim.holder
    if person is None or not person.email:
        return
    bank = claim.compartment.bank
    notices.tell(
        Word(
            kind=NoticeKind.BOOKING_MOVED, site_id=bank.site_id, subject=f"claim:{claim.pk}",
            to=person.email, person_id=person.pk, useful_until=claim.due_at,
            facts={
                "number": claim.compartment.number, "was": was, "bank": bank.name,
                "starts_at": claim.starts_at, "ends_at": claim.due_at,
                "compartment": claim.compartment_id,
            },
        ),
        at=at,
    )  # fmt: skip


def unserved(claim: Claim, at: dt.datetime) -> None:
    """Tell the desk of the site that a booking has no door."""
    bank = claim.compartment.bank
    for address in key_reminders.desk_of(bank.site, at):
        notices.tell(
            Word(
                kind=NoticeKind.BOOKING_UNSERVED, site_id=bank.site_id,
                subject=f"claim:{claim.pk}", to=address, useful_until=claim.due_at,
                facts={
                    "number": claim.compartment.number, "bank": bank.name,
                    "person": str(claim.holder), "starts_at": claim.starts_at,
                },
            ),
            at=at,
        )  # fmt: skip


def _is_there_still(notice: Notice, at: dt.datetime) -> bool:
    """Say whether the booking is still where the letter says."""
    return Claim.objects.filter(
        stands(at), pk=_claim_of(notice), compartment=notice.facts["compartment"]
    ).exists()


def _has_none_still(notice: Notice, at: dt.datetime) -> bool:
    return Claim.objects.filter(
        stands(at), pk=_claim_of(notice), unserved_since__isnull=False
    ).exists()


def _claim_of(notice: Notice) -> int:
    return int(notice.subject.partition(":")[2])


# Nobody is sent to a door, or sent looking for one, that the booking is no more about.
notices.checked_by(NoticeKind.BOOKING_MOVED, _is_there_still)
notices.checked_by(NoticeKind.BOOKING_UNSERVED, _has_none_still)
