"""A tap that acts at once: at a door's own reader, or at a bank that has no screen."""

from __future__ import annotations

import datetime as dt
import uuid

from django.utils.translation import gettext as _

from access.models import Person
from audit.services.events import Actor
from kiosk import whereabouts
from kiosk.errors import PassForOneDoor
from kiosk.services import doors
from lockers.errors import BankDecidesAlone
from lockers.models import Compartment, Reader
from lockers.services import commands
from occupancy.models import Assignment
from occupancy.services import keeping
from occupancy.services.claims import assignments, sessions
from occupancy.services.claims.assignments import Wanted
from occupancy.services.custody import sharing


def act(
    *,
    reader: Reader,
    person_id: int,
    at: dt.datetime,
    only_id: int | None = None,
    credential: str | None = None,
    scan_id: uuid.UUID | None = None,
) -> str:
    """Open what the person holds there, or claim; return the sentence for the reader.

    Never releases: a second tap opens again; only a use that ends when it is opened again ends as
    soon as its door is open. With ``only_id`` it is about that door alone; ``scan_id`` is the
    read. Raises what claim and open_again raise, PassForOneDoor and BankDecidesAlone.
    """
    if keeping.deciding_alone([reader.bank_id]):
        raise BankDecidesAlone
    held = Assignment.objects.select_related("policy").filter(
        assignments.in_force(at), compartment__bank_id=reader.bank_id
    )
    if reader.compartment_id is not None:
        held = held.filter(compartment_id=reader.compartment_id)
    else:
        person = Person.objects.get(pk=person_id)
        held = held.filter(assignments.of(person) | sharing.with_person(person_id, at))
    if only_id is not None:
        held = held.filter(compartment_id=only_id)
    assignment = held.order_by("-started_at").first()
    if assignment is not None:
        # Somebody else's door is refused, and recorded, by the decision itself.
        # Whom it is shared with opens it, and ends nothing.
        is_own = assignment.holder_id == person_id
        ends = is_own and sessions.ends_at_tap(assignment) and doors.has_opened(assignment.pk)
        verb = sessions.open_and_finish if ends else assignments.open_again
        command_id = verb(
            claim_id=assignment.pk, person_id=person_id, actor=Actor.person(person_id), at=at
        )
        _answer(scan_id, command_id)
        said = _sentence(reader.bank_id, assignment.compartment_id)
        return f"{said} {_('Take everything out: it is given back.')}" if ends else said
    if only_id is not None:
        raise PassForOneDoor
    claimed = assignments.claim(
        person_id=person_id,
        bank_id=reader.bank_id,
        wanted=Wanted(compartment_id=reader.compartment_id),
        actor=Actor.person(person_id),
        at=at,
        credential=credential,
        via={"reader": reader.pk},
    )
    _answer(scan_id, claimed.command_id)
    return _sentence(reader.bank_id, claimed.compartment_id)


def _answer(scan_id: uuid.UUID | None, command_id: uuid.UUID | None) -> None:
    if scan_id is not None and command_id is not None:
        commands.answers(command_id=command_id, scan_id=scan_id)


def _sentence(bank_id: int, compartment_id: int) -> str:
    return _("Door %(number)s is opening. It is %(where)s.") % {
        "number": Compartment.objects.values_list("number", flat=True).get(pk=compartment_id),
        "where": whereabouts.of_doors(bank_id, [compartment_id])[compartment_id],
    }
