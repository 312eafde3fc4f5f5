"""Who takes part: a ticket in the draw for everybody, under which no name stands."""

from __future__ import annotations

import datetime as dt
import secrets

from django.db import transaction

from occupancy.errors.allotments import FrozenAlready
from occupancy.models import Allotment, Entry
from occupancy.services.allotting import facts

# Without what is mistaken for something else when it is read out or copied by hand.
LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
_LONG = 8


def drawn_word(length: int = _LONG) -> str:
    """Return a word that nobody guesses, of letters that nobody mistakes."""
    return "".join(secrets.choice(LETTERS) for _letter in range(length))


def sync(*, allotment: Allotment, at: dt.datetime) -> tuple[int, int]:
    """Give everybody who takes part a ticket, and take it from who does not any more.

    Returns how many came and how many went. Raises FrozenAlready.
    """
    with transaction.atomic():
        locked = Allotment.objects.select_for_update(no_key=True, of=("self",)).get(pk=allotment.pk)
        if locked.frozen_at is not None:
            raise FrozenAlready
        wanted = {pupil.pk for pupil in facts.pupils_of(allotment)}
        there = dict(Entry.objects.filter(allotment=allotment).values_list("person_id", "pk"))
        gone = [pk for person, pk in there.items() if person not in wanted]
        Entry.objects.filter(pk__in=gone).delete()
        new = sorted(wanted - there.keys())
        taken = set(Entry.objects.filter(allotment=allotment).values_list("ticket", flat=True))
        codes = set(Entry.objects.filter(allotment=allotment).values_list("friend_code", flat=True))
        Entry.objects.bulk_create(
            (
                Entry(
                    allotment=allotment, person_id=person, ticket=_new(taken),
                    friend_code=_new(codes),
                )
                for person in new
            ),
            batch_size=1000,
        )  # fmt: skip
    return len(new), len(gone)


def _new(taken: set[str]) -> str:
    while (word := drawn_word()) in taken:
        pass
    taken.add(word)
    return word
