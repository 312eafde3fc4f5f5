from __future__ import annotations

import datetime as dt
import random
import uuid
from typing import Any

import pytest
from django.db import transaction

from audit.models import Event
from audit.services.events import Actor
from lockers.choices import BoardState, CommandStatus, DoorState
from lockers.models import BridgePresence, Command, Controller, Door, LockEvent
from lockers.services import commands, connections, journal
from lockers.services.journal import Line, doors, ladder
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


def read(estate: Estate, at: dt.datetime, door: int, state: DoorState, *, seq: int = 0) -> None:
    journal.read_doors(
        bridge=estate.bridge, journal=JOURNAL, seq=seq, readings={door: state}, at=at
    )


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


def test_a_bridge_cannot_speak_for_doors_of_another(arrived: Estate, at: dt.datetime) -> None:
    from tests.factories import CompartmentFactory, DoorFactory

    foreign = DoorFactory(compartment=CompartmentFactory(), changed_at=at)
    tell(arrived, at, line(1, "door_opened", at, compartment_id=foreign.pk))
    read(arrived, at, foreign.pk, DoorState.OPEN)
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
        read(arrived, at, door.pk, state, seq=2)
        door.refresh_from_db()
        assert (door.state, door.is_forced) == (state, is_forced)


# ---- lines that come late, and ahead of others ---------------------------------------------------


def standing(door: int) -> tuple[str, bool]:
    row = Door.objects.get(pk=door)
    return row.state, row.is_forced


def test_a_line_that_is_older_than_a_reading_does_not_move_the_door(
    arrived: Estate, at: dt.datetime
) -> None:
    door = arrived.doors[0].pk
    read(arrived, at, door, DoorState.CLOSED, seq=10)
    tell(arrived, at, line(1, "door_opened", at, compartment_id=door))
    assert standing(door) == ("closed", False)
    tell(arrived, at, line(11, "door_opened", at, compartment_id=door))
    assert standing(door) == ("open", False)


def test_a_reading_that_is_older_than_a_line_does_not_move_the_door(
    arrived: Estate, at: dt.datetime
) -> None:
    door = arrived.doors[0].pk
    tell(arrived, at, line(1, "door_opened", at, compartment_id=door))
    read(arrived, at, door, DoorState.CLOSED, seq=0)
    assert standing(door) == ("open", False)


def test_a_forced_door_that_still_stands_open_is_shown_however_late_its_line_comes(
    arrived: Estate, at: dt.datetime
) -> None:
    door = arrived.doors[0].pk
    read(arrived, at, door, DoorState.OPEN, seq=10)
    tell(arrived, at, line(1, "door_forced", at, compartment_id=door))
    assert standing(door) == ("open", True)


def test_a_forced_door_that_was_closed_since_is_not_shown(arrived: Estate, at: dt.datetime) -> None:
    door = arrived.doors[0].pk
    read(arrived, at, door, DoorState.CLOSED, seq=10)
    tell(arrived, at, line(1, "door_forced", at, compartment_id=door))
    assert standing(door) == ("closed", False)


def test_a_line_ahead_moves_command_and_door_at_once_and_is_stored_in_its_turn(
    arrived: Estate, at: dt.datetime
) -> None:
    door = arrived.doors[0].pk
    command = commands.request_open(
        compartment_id=door, purpose="test", actor=Actor.person(arrived.amira.pk), at=at
    )
    opened = line(3, "command_opened", at, compartment_id=door, command_id=command)
    journal.heed(bridge=arrived.bridge, journal=JOURNAL, lines=[opened], at=at)
    assert Command.objects.get(pk=command).status == CommandStatus.OPENED
    assert standing(door) == ("open", False)
    assert not LockEvent.objects.exists()
    yesterday = [
        line(1, "door_forced", at, compartment_id=door),
        line(2, "door_closed", at, compartment_id=door),
    ]
    tell(arrived, at, *yesterday, opened)
    assert standing(door) == ("open", False)
    assert LockEvent.objects.count() == 3
    assert Event.objects.filter(action="door.opened").count() == 1


def test_a_command_that_was_given_up_is_told_after_all(arrived: Estate, at: dt.datetime) -> None:
    door = arrived.doors[0].pk
    command = commands.request_open(
        compartment_id=door, purpose="test", actor=Actor.person(arrived.amira.pk), at=at
    )
    commands.take_queued(bridge_id=arrived.bridge.pk, at=at)
    commands.forget_unanswered(at=at + dt.timedelta(minutes=2))
    about: dict[str, Any] = {"compartment_id": door, "command_id": command}
    tell(
        arrived,
        at,
        line(1, "command_accepted", at, **about),
        line(2, "command_opened", at, **about),
    )
    row = Command.objects.get(pk=command)
    assert (row.status, row.opened_at, row.ended_at) == (CommandStatus.OPENED, at, None)


def test_doors_that_do_not_open_are_counted_until_one_does(
    arrived: Estate, at: dt.datetime
) -> None:
    door = arrived.doors[0].pk
    seq = 0
    for failed in (1, 2):
        command = commands.request_open(
            compartment_id=door, purpose="test", actor=Actor.person(arrived.amira.pk), at=at
        )
        seq += 1
        about: dict[str, Any] = {"compartment_id": door, "command_id": command}
        tell(arrived, at, line(seq, "command_failed", at, detail="did_not_open", **about))
        assert Door.objects.get(pk=door).failed_opens == failed
    tell(arrived, at, line(seq + 1, "door_opened", at, compartment_id=door))
    assert Door.objects.get(pk=door).failed_opens == 0


def test_a_batch_leaves_what_its_lines_leave_one_by_one(arrived: Estate, at: dt.datetime) -> None:
    pick = random.Random(7)
    told = []
    for seq in range(1, 121):
        door = pick.choice(arrived.doors[:2]).pk
        if seq % 4 == 1:
            command = commands.request_open(
                compartment_id=door, purpose="test", actor=Actor.person(arrived.amira.pk), at=at
            )
        kind = pick.choice([*ladder.SAYS, *doors.SAYS, "bridge_started", "board_state"])
        about = {"command_id": command} if kind in ladder.SAYS else {}
        when = at + dt.timedelta(seconds=seq)
        told.append(line(seq, kind, when, compartment_id=door, **about))

    def left(sizes: int) -> list[Any]:
        with transaction.atomic():
            for n in range(0, len(told), sizes):
                tell(arrived, at, *told[n : n + sizes])
            found = [
                list(Door.objects.order_by("pk").values()),
                list(Command.objects.order_by("pk").values()),
                list(LockEvent.objects.order_by("seq").values_list("seq", "kind", "compartment")),
                list(Event.objects.order_by("id").values_list("action", "data", "occurred_at")),
            ]
            transaction.set_rollback(True)
        return found

    assert left(120) == left(1)
