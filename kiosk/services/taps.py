"""A tap that acts at once: at a door's own reader, or at a bank that has no screen."""

from __future__ import annotations

import datetime as dt

from django.utils.translation import gettext as _

from audit.services.events import Actor
from kiosk import places
from kiosk.errors import PassForOneDoor
from lockers.models import Reader
from occupancy import selectors as occupancy
from occupancy.models import Assignment
from occupancy.services import assignments
from occupancy.services.assignments import Wanted


def act(*, reader: Reader, person_id: int, at: dt.datetime, only_id: int | None = None) -> str:
    """Open what the person holds there, or claim; return the sentence for the reader.

    Never releases: a second tap opens again. With ``only_id`` it is about that door alone. Raises
    what claim and open_again raise, and PassForOneDoor.
    """
    held = Assignment.objects.filter(assignments.in_force(at), compartment__bank_id=reader.bank_id)
    if reader.compartment_id is not None:
        held = held.filter(compartment_id=reader.compartment_id)
    else:
        held = held.filter(holder_id=person_id)
    if only_id is not None:
        held = held.filter(compartment_id=only_id)
    assignment = held.order_by("-started_at").first()
    if assignment is not None:
        # Somebody else's door is refused, and recorded, by the decision itself.
        assignments.open_again(
            claim_id=assignment.pk, person_id=person_id, actor=Actor.person(person_id), at=at
        )
        return _sentence(reader.bank_id, assignment.compartment_id, at)
    if only_id is not None:
        raise PassForOneDoor
    claimed = assignments.claim(
        person_id=person_id,
        bank_id=reader.bank_id,
        wanted=Wanted(compartment_id=reader.compartment_id),
        actor=Actor.person(person_id),
        at=at,
        via={"reader": reader.pk},
    )
    return _sentence(reader.bank_id, claimed.compartment_id, at)


def _sentence(bank_id: int, compartment_id: int, at: dt.datetime) -> str:
    doors = occupancy.bank_states([bank_id], at)
    number = next(door.number for door in doors if door.id == compartment_id)
    return _("Door %(number)s is opening. It is %(where)s.") % {
        "number": number,
        "where": places.words(doors)[compartment_id],
    }
