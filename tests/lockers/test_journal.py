from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import pytest

from audit.models import Event
from audit.services.events import Actor
from lockers.choices import BoardState, CommandStatus, DoorState
from lockers.models import BridgePresence, Command, Controller, Door, LockEvent
from lockers.services import commands, connections, journal
from lockers.services.journal import Line
from tests.factories.cast import Estate

JOURNAL = uuid.UUID(int=7)


@pytest.fixture
def arrived(estate: Estate, at: dt.datetime) -> Estate:
    BridgePresence.objects.update(journal=JOURNAL, last_seq=0)
    return estate


def tell(estate: Estate, at: dt.datetime, *lines: Line) -> int:
    return journal.receive(bridge=estate.bridge, journal=JOURNAL, lines=lines, at=at)


def line(seq: int, kind: str, at: dt.datetime, **more: Any) -> Line:
    return Line(seq=seq, kind=kind, occurred_at=at, **more)


def test_the_ladder_of_an_open_reaches_door_command_and_trail(
    arrived: Estate, at: dt.datetime
) -> None:
    door = arrived.doors[0]
    command = commands.request_open(
        compartment_id=door.pk, purpose="test", actor=Actor.person(arrived.amira.pk), at=at
    )
    about: dict[str, Any] = {"compartment_id": door.pk, "command_id": command}
    ladder = ["command_accepted", "command_actuated", "command_opened", "command_closed"]
    lines = [line(n, kind, at, **about) for n, kind in enumerate(ladder, start=1)]
    assert tell(arrived, at, *lines[:3]) == 3
    assert Door.objects.get(pk=door.pk).state == DoorState.OPEN
    assert tell(arrived, at, lines[3]) == 4
    row = Command.objects.get(pk=command)
    assert (row.status, row.actuated_at, row.opened_at, row.ended_at) == ("closed", at, at, at)
    assert Door.objects.get(pk=door.pk).state == DoorState.CLOSED
    opened = Event.objects.get(action="door.opened")
    assert (opened.actor_kind, opened.person_id) == ("person", arrived.amira.pk)


def test_redelivery_stores_once_and_never_moves_a_command_back(
    arrived: Estate, at: dt.datetime
) -> None:
    door = arrived.doors[0]
    command = commands.request_open(
        compartment_id=door.pk, purpose="test", actor=Actor.staff(arrived.olga.pk), at=at
    )
    about: dict[str, Any] = {"compartment_id": door.pk, "command_id": command}
    opened = line(1, "command_opened", at, **about)
    late = line(2, "command_actuated", at, **about)
    assert tell(arrived, at, opened, late) == 2
    assert tell(arrived, at, opened, late) == 2
    assert Command.objects.get(pk=command).status == CommandStatus.OPENED
    assert LockEvent.objects.count() == 2
    assert Event.objects.filter(action="door.opened").count() == 1


def test_a_forced_door_is_an_event_of_the_bridge(arrived: Estate, at: dt.datetime) -> None:
    tell(arrived, at, line(1, "door_forced", at, compartment_id=arrived.doors[1].pk))
    door = Door.objects.get(pk=arrived.doors[1].pk)
    assert (door.state, door.is_forced) == (DoorState.OPEN, True)
    assert Event.objects.get(action="door.forced").actor_kind == "bridge"
    tell(arrived, at, line(2, "door_closed", at, compartment_id=arrived.doors[1].pk))
    assert Door.objects.get(pk=door.pk).is_forced is False


def test_a_gap_and_a_replaced_journal_are_recorded(arrived: Estate, at: dt.datetime) -> None:
    tell(arrived, at, line(1, "bridge_started", at))
    tell(arrived, at, line(5, "bridge_started", at))
    gap = Event.objects.get(action="bridge.journal_gap")
    assert gap.data == {"after": 1, "next": 5}
    known = connections.arrive(
        bridge=arrived.bridge,
        connection=uuid.uuid4(),
        software="test",
        journal=uuid.uuid4(),
        last_seq=0,
        clock_offset_ms=0,
        at=at,
    )
    assert known == 0
    assert Event.objects.filter(action="bridge.journal_rewound").count() == 1


def test_a_bridge_cannot_speak_for_doors_of_another(arrived: Estate, at: dt.datetime) -> None:
    from tests.factories import CompartmentFactory, DoorFactory

    foreign = DoorFactory(compartment=CompartmentFactory(), changed_at=at)
    tell(arrived, at, line(1, "door_opened", at, compartment_id=foreign.pk))
    journal.read_doors(bridge=arrived.bridge, readings={foreign.pk: DoorState.OPEN}, at=at)
    foreign.refresh_from_db()
    assert foreign.state == DoorState.CLOSED
    assert LockEvent.objects.get().compartment is None


def test_a_silent_board_makes_its_doors_unknown(arrived: Estate, at: dt.datetime) -> None:
    journal.set_board_state(
        bridge=arrived.bridge,
        controller_id=arrived.controller.pk,
        state=BoardState.OFFLINE,
        detail="no answer",
        at=at,
    )
    assert Controller.objects.get().state == BoardState.OFFLINE
    assert set(Door.objects.values_list("state", flat=True)) == {DoorState.UNKNOWN}


def test_a_bridge_that_leaves_takes_its_truth_with_it(arrived: Estate, at: dt.datetime) -> None:
    presence = BridgePresence.objects.get(bridge=arrived.bridge)
    assert presence.connection is not None
    connections.leave(bridge=arrived.bridge, connection=uuid.uuid4(), at=at)
    assert set(Door.objects.values_list("state", flat=True)) == {DoorState.CLOSED}
    connections.leave(bridge=arrived.bridge, connection=presence.connection, at=at)
    assert set(Door.objects.values_list("state", flat=True)) == {DoorState.UNKNOWN}


def test_a_forced_door_stays_so_until_it_is_closed(arrived: Estate, at: dt.datetime) -> None:
    door = Door.objects.get(pk=arrived.doors[1].pk)
    tell(arrived, at, line(1, "door_forced", at, compartment_id=door.pk))
    tell(arrived, at, line(2, "door_unknown", at, compartment_id=door.pk))
    for state, is_forced in (
        (DoorState.UNKNOWN, True),
        (DoorState.OPEN, True),
        (DoorState.CLOSED, False),
    ):
        journal.read_doors(bridge=arrived.bridge, readings={door.pk: state}, at=at)
        door.refresh_from_db()
        assert (door.state, door.is_forced) == (state, is_forced)
