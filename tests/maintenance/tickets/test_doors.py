"""The door of a ticket: out of service and back, its holder moved or told, looked into."""

from __future__ import annotations

import datetime as dt

import pytest

from access.models import Notice
from audit.models import Event
from audit.services.events import Actor
from lockers.choices import ServiceStatus
from lockers.errors import BridgeOffline
from lockers.models import BridgePresence, Command, Compartment
from maintenance.choices import Category
from maintenance.errors.tickets import (
    HolderHasIt,
    HolderNotReached,
    NoDoor,
    NotOut,
    NowhereToMove,
)
from maintenance.services.tickets import closing, doors
from maintenance.services.tickets.subjects import Subject
from occupancy.models import Assignment
from occupancy.services.custody import overrides
from tests.factories.cast import SETUP, Estate
from tests.maintenance.tickets.making import HOUR, kinds, status, ticket, trail
from tests.occupancy.ending.held import hold, with_mail


def held(estate: Estate, at: dt.datetime) -> Assignment:
    return hold(estate, estate.policy, at - HOUR, at + 8 * HOUR)


def test_a_free_door_goes_out_of_service_and_comes_back_as_it_was(
    estate: Estate, at: dt.datetime
) -> None:
    Compartment.objects.filter(pk=estate.doors[0].pk).update(service_status="needs_cleaning")
    one = ticket(estate, at)
    doors.take_out(ticket_id=one.pk, actor=SETUP, at=at)
    assert status(estate) == "out_of_service"
    doors.bring_back(ticket_id=one.pk, actor=SETUP, at=at)
    assert status(estate) == "needs_cleaning"
    assert kinds(one) == ["reported", "door_out", "door_back"]
    assert trail(one)[1:] == ["ticket.door_out", "ticket.door_back"]
    with pytest.raises(NotOut):
        doors.bring_back(ticket_id=one.pk, actor=SETUP, at=at)


def test_a_door_that_somebody_has_is_not_taken_from_them_and_it_says_how(
    estate: Estate, at: dt.datetime
) -> None:
    held(estate, at)
    one = ticket(estate, at)
    with pytest.raises(HolderHasIt) as refused:
        doors.take_out(ticket_id=one.pk, actor=SETUP, at=at)
    assert "Move them" in str(refused.value)
    assert status(estate) == "in_service"
    assert kinds(one) == ["reported"]


def test_the_holder_is_moved_to_a_free_door_of_the_same_size_first(
    estate: Estate, at: dt.datetime
) -> None:
    claim = held(estate, at)
    one = ticket(estate, at)
    doors.take_out(ticket_id=one.pk, actor=SETUP, at=at, move_holder=True)
    new = Assignment.objects.get(holder=estate.amira, closed_at__isnull=True)
    assert new.compartment == estate.doors[1]
    claim.refresh_from_db()
    assert claim.closed_at == at
    assert status(estate) == "out_of_service"
    assert kinds(one) == ["reported", "holder_moved", "door_out"]


def test_the_holder_is_moved_where_one_says(estate: Estate, at: dt.datetime) -> None:
    held(estate, at)
    one = ticket(estate, at)
    doors.take_out(ticket_id=one.pk, actor=SETUP, at=at, move_to_id=estate.doors[2].pk)
    new = Assignment.objects.get(holder=estate.amira, closed_at__isnull=True)
    assert new.compartment == estate.doors[2]


def test_with_no_other_door_free_nothing_changes(estate: Estate, at: dt.datetime) -> None:
    claim = held(estate, at)
    Compartment.objects.exclude(pk=estate.doors[0].pk).update(service_status="fault")
    one = ticket(estate, at)
    with pytest.raises(NowhereToMove):
        doors.take_out(ticket_id=one.pk, actor=SETUP, at=at, move_holder=True)
    claim.refresh_from_db()
    assert claim.closed_at is None
    assert status(estate) == "in_service"


def test_a_holder_who_is_told_keeps_the_door_and_nobody_else_gets_it(
    estate: Estate, at: dt.datetime
) -> None:
    claim = held(estate, at)
    one = ticket(estate, at)
    with pytest.raises(HolderNotReached):
        doors.take_out(ticket_id=one.pk, actor=SETUP, at=at, tell_holder=True)
    address = with_mail(estate.amira)
    is_now = doors.take_out(ticket_id=one.pk, actor=SETUP, at=at, tell_holder=True)
    assert is_now == ServiceStatus.FAULT == status(estate)
    claim.refresh_from_db()
    assert claim.closed_at is None
    assert Notice.objects.filter(kind="door_repair", to=address).count() == 1
    assert kinds(one) == ["reported", "holder_told", "door_out"]
    # Given back, it goes out of service for good, and comes back as it was before all that.
    Assignment.objects.filter(pk=claim.pk).update(closed_at=at, closed_how="finished")
    doors.take_out(ticket_id=one.pk, actor=SETUP, at=at)
    assert status(estate) == "out_of_service"
    doors.bring_back(ticket_id=one.pk, actor=SETUP, at=at)
    assert status(estate) == "in_service"


def test_of_two_tickets_that_have_a_door_out_the_last_brings_it_back(
    estate: Estate, at: dt.datetime
) -> None:
    jam, dent = ticket(estate, at, Category.JAMMED, needs_out=True), ticket(estate, at)
    doors.take_out(ticket_id=dent.pk, actor=SETUP, at=at)
    closing.close(ticket_id=jam.pk, resolution="Oiled", actor=SETUP, at=at)
    assert status(estate) == "out_of_service"
    closing.close(ticket_id=dent.pk, resolution="Bent back", actor=SETUP, at=at)
    assert status(estate) == "in_service"


def test_what_staff_decided_meanwhile_stays(estate: Estate, at: dt.datetime) -> None:
    one = ticket(estate, at, Category.JAMMED, needs_out=True)
    overrides.set_service_status(
        compartment_id=estate.doors[0].pk, status=ServiceStatus.DECOMMISSIONED, actor=SETUP,
        reason="Gone", at=at,
    )  # fmt: skip
    closing.close(ticket_id=one.pk, resolution="Oiled", actor=SETUP, at=at)
    assert status(estate) == "decommissioned"


def test_inspecting_opens_the_door_and_never_touches_the_claim(
    estate: Estate, at: dt.datetime
) -> None:
    claim = held(estate, at)
    one = ticket(estate, at)
    olga = Actor.staff(estate.olga.pk)
    command_id = doors.inspect(ticket_id=one.pk, actor=olga, at=at, reason="Does it jam?")
    command = Command.objects.get(pk=command_id)
    assert (command.purpose, command.claim_id) == ("inspect", claim.pk)
    claim.refresh_from_db()
    assert claim.closed_at is None
    event = Event.objects.get(action="override.inspected")
    assert (event.person_id, event.reason) == (estate.amira.pk, "Does it jam?")
    assert kinds(one) == ["reported", "opened_door"]


def test_inspecting_says_when_the_bridge_is_silent(estate: Estate, at: dt.datetime) -> None:
    one = ticket(estate, at)
    BridgePresence.objects.update(last_seen_at=at - HOUR)
    with pytest.raises(BridgeOffline):
        doors.inspect(ticket_id=one.pk, actor=SETUP, at=at)
    assert kinds(one) == ["reported"]


def test_a_ticket_of_a_bank_has_no_door(estate: Estate, at: dt.datetime) -> None:
    one = ticket(estate, at, subject=Subject.of_bank(estate.bank))
    for verb in (doors.take_out, doors.inspect):
        with pytest.raises(NoDoor):
            verb(ticket_id=one.pk, actor=SETUP, at=at)
