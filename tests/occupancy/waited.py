"""What the tests of waiting lists share: what people do about them."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import transaction

from access.models import Person
from occupancy.choices import ClosedHow
from occupancy.models import Assignment, Offer, WaitingEntry
from occupancy.selectors.waiting import Waiting, waiting_for
from occupancy.services.claims import assignments
from occupancy.services.claims.assignments import Wanted
from occupancy.services.queue import waiting
from tests.factories.cast import SETUP, Estate

MINUTE = dt.timedelta(minutes=1)
SECOND = dt.timedelta(seconds=1)


def who(estate: Estate, name: str) -> Person:
    found = estate.extra.get(name) or getattr(estate, name)
    assert isinstance(found, Person)
    return found


def claim(estate: Estate, name: str, at: dt.datetime, door: int | None = None, **more: Any) -> Any:
    wanted = Wanted(compartment_id=door) if door else Wanted(size_id=estate.small.pk)
    with transaction.atomic():
        return assignments.claim(
            person_id=who(estate, name).pk, bank_id=estate.bank.pk,
            wanted=more.pop("wanted", wanted), actor=SETUP, at=at, **more,
        )  # fmt: skip


def join(estate: Estate, name: str, at: dt.datetime, size: int | None = None) -> WaitingEntry:
    with transaction.atomic():
        return waiting.join(
            person_id=who(estate, name).pk, bank_id=estate.bank.pk,
            size_id=size or estate.small.pk, actor=SETUP, at=at,
        )  # fmt: skip


def release(estate: Estate, name: str, at: dt.datetime, how: str = "released_by_staff") -> int:
    held = Assignment.objects.get(holder=who(estate, name), closed_at=None)
    assignments.release(claim_id=held.pk, how=ClosedHow(how), actor=SETUP, at=at)
    return held.pk


def accept(estate: Estate, name: str, at: dt.datetime, **more: Any) -> Any:
    offer = Offer.objects.filter(entry__person=who(estate, name)).latest("pk")
    with transaction.atomic():
        return waiting.accept(
            offer_id=offer.pk, person_id=who(estate, name).pk, actor=SETUP, at=at, **more
        )


def seen(estate: Estate, name: str, at: dt.datetime) -> Waiting:
    (one,) = waiting_for(who(estate, name), at)
    return one


def offered(estate: Estate, name: str, at: dt.datetime) -> str | None:
    found = [one.offer.number for one in waiting_for(who(estate, name), at) if one.offer]
    return found[0] if found else None
