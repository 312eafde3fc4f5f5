"""A demonstration that starts again days later still shows a lived-in estate."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.db.models import F

from access.models import Grant, Person
from audit.actions import Action
from audit.models import Event
from config.demo import banks, estate, later, start
from lockers.choices import BoardState, DoorState, ServiceStatus
from lockers.models import (
    Bank,
    Bridge,
    BridgePresence,
    Command,
    Compartment,
    Controller,
    Door,
    Site,
)
from occupancy import selectors
from occupancy.choices import AtEnd, ClaimKind, Shown
from occupancy.models import Assignment, Claim, Share
from occupancy.services.claims import assignments
from tests.conftest import MORNING
from tests.demo.conftest import PORT

EVERY_STATE = {
    Shown.FREE,
    Shown.RESERVED,
    Shown.OCCUPIED,
    Shown.OVERDUE,
    Shown.RECOVERY,
    Shown.EXCEPTION,
    Shown.CLEANING,
    Shown.OUT_OF_SERVICE,
    Shown.OFFLINE,
}
LATER_STARTS = {
    "the next day": MORNING + dt.timedelta(days=1, hours=2),
    "a Sunday evening": dt.datetime(2026, 11, 22, 19, 30, tzinfo=dt.UTC),
    "five minutes after midnight": dt.datetime(2026, 11, 18, 0, 5, tzinfo=dt.UTC),
    "two months later": dt.datetime(2027, 1, 19, 14, 0, tzinfo=dt.UTC),
}


@pytest.fixture(params=LATER_STARTS.values(), ids=list(LATER_STARTS))
def moment(request: pytest.FixtureRequest) -> dt.datetime:
    at: dt.datetime = request.param
    return at


def _cabinet_is_read(told: dict[str, Any], at: dt.datetime) -> None:
    """Do what bridges and cabinet do: everything is there, as the cabinet plays it."""
    for bridge in Bridge.objects.all():
        BridgePresence.objects.update_or_create(
            bridge=bridge, defaults={"connection": uuid.uuid4(), "last_seen_at": at}
        )
    played = json.loads(Path(told["cabinet"]["config"]).read_text())
    wired = {
        (one.controller.address, one.controller.unit, one.number): one.pk
        for one in Compartment.objects.exclude(controller=None).select_related("controller")
        if one.controller is not None
    }
    read: dict[DoorState, list[int]] = {DoorState.OPEN: [], DoorState.CLOSED: []}
    for bank in played["banks"]:
        address = f"tcp://127.0.0.1:{bank['modbus_port']}"
        for board in bank["boards"]:
            state = BoardState.OFFLINE if board["silent"] else BoardState.OK
            Controller.objects.filter(address=address, unit=board["unit"]).update(state=state)
        for door in bank["doors"]:
            stands = DoorState.OPEN if door["open"] else DoorState.CLOSED
            read[stands].append(wired[address, door["unit"], door["number"]])
    for stands, doors in read.items():
        Door.objects.filter(compartment__in=doors).update(state=stands)


def _shown(at: dt.datetime) -> dict[str, str]:
    doors = selectors.site_states(Site.objects.values_list("pk", flat=True), at)
    states = {door.id: door.state(at).shown for door in doors}
    return {
        f"{door.bank.site.kind} {door.number}": states[door.pk]
        for door in Compartment.objects.select_related("bank__site")
    }


def test_the_map_shows_every_state_at_once(demo: dict[str, Any]) -> None:
    _cabinet_is_read(demo, MORNING)

    shown = _shown(MORNING)

    assert set(shown.values()) == EVERY_STATE
    assert shown["office 161"] == Shown.EXCEPTION, "forced, and open in the cabinet"
    assert {shown[name] for name in shown if name == "leisure 101"} == {Shown.OFFLINE}
    overdue = {name.split()[0] for name in shown if shown[name] == Shown.OVERDUE}
    assert overdue == {"school"}


def test_a_later_start_shows_every_state_and_a_lived_in_office(
    demo: dict[str, Any], var: Path, moment: dt.datetime
) -> None:
    told = start.prepare(var=var, port=PORT, at=moment)
    _cabinet_is_read(told, moment)

    assert set(_shown(moment).values()) == EVERY_STATE
    held = Assignment.objects.filter(
        assignments.in_force(moment), compartment__bank__site__kind="office"
    )
    assert 90 <= held.count() < 130


def test_what_later_starts_add_holds_together(
    demo: dict[str, Any], var: Path, moment: dt.datetime
) -> None:
    for at in (MORNING + dt.timedelta(hours=12), moment):
        start.prepare(var=var, port=PORT, at=at)

    for column in ("compartment_id", "holder_id"):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM occupancy_claim a JOIN occupancy_claim b ON a.id < b.id"
                f" AND a.{column} = b.{column}"
                " AND tstzrange(a.started_at, coalesce(a.closed_at, 'infinity'))"
                " && tstzrange(b.started_at, coalesce(b.closed_at, 'infinity'))"
                " WHERE a.kind = 'assignment' AND b.kind = 'assignment'"
            )
            assert cursor.fetchone() == (0,)
    given = Event.objects.filter(action__in=[Action.GIVEN, Action.ALLOTTED]).count()
    uses = Assignment.objects.count() - given
    assert Grant.objects.count() == uses + given + Share.objects.count()
    assert Command.objects.filter(purpose="claim").count() == uses
    assert not Assignment.objects.filter(closed_at__lt=F("started_at")).exists()
    assert not Event.objects.filter(occurred_at__gt=moment).exists()
    assert not Assignment.objects.filter(starts_at__gt=moment).exists()
    overdue = Assignment.objects.filter(at_end=AtEnd.HOLD, closed_at=None, ends_at__lte=moment)
    assert 1 <= overdue.count() <= 30


def test_starting_again_on_the_same_day_adds_nothing(
    demo: dict[str, Any], var: Path, moment: dt.datetime
) -> None:
    start.prepare(var=var, port=PORT, at=moment)
    before = Claim.objects.count(), Command.objects.count()

    start.prepare(var=var, port=PORT, at=moment + dt.timedelta(minutes=30))

    assert (Claim.objects.count(), Command.objects.count()) == before


def test_whoever_has_a_door_keeps_it(demo: dict[str, Any], var: Path) -> None:
    ben = Person.objects.get(personal_number="1002")
    taken = set(Claim.objects.filter(closed_at=None).values_list("compartment_id", flat=True))
    free = Compartment.objects.filter(
        bank__site__kind="school", controller__isnull=False, service_status="in_service"
    ).exclude(pk__in=taken)[0]
    school = Assignment.objects.filter(compartment__bank__site__kind="school").first()
    assert school is not None
    mine = Claim.objects.create(
        compartment=free,
        kind=ClaimKind.ASSIGNMENT,
        holder=ben,
        policy=school.policy,
        starts_at=MORNING,
        started_at=MORNING,
        ends_at=MORNING + dt.timedelta(hours=8),
        at_end=AtEnd.HOLD,
    )

    start.prepare(var=var, port=PORT, at=MORNING + dt.timedelta(days=2))

    mine.refresh_from_db()
    assert mine.closed_at is None
    assert Claim.objects.filter(compartment=free, starts_at__gt=MORNING).count() == 0


def test_a_door_that_was_closed_again_stays_so(demo: dict[str, Any], var: Path) -> None:
    Door.objects.filter(is_forced=True).update(is_forced=False, state=DoorState.CLOSED)

    told = start.prepare(var=var, port=PORT, at=MORNING + dt.timedelta(days=1))

    played = json.loads(Path(told["cabinet"]["config"]).read_text())
    assert not any(door["open"] for bank in played["banks"] for door in bank["doors"])


def test_an_estate_that_was_changed_beyond_recognition_still_starts(
    demo: dict[str, Any], var: Path
) -> None:
    Site.objects.filter(kind="school").update(kind="university")
    Compartment.objects.update(service_status=ServiceStatus.OUT_OF_SERVICE)

    told = start.prepare(var=var, port=PORT, at=MORNING + dt.timedelta(days=1))

    assert len(told["bridges"]) == 3


def test_what_stands_is_found_as_it_was_built(demo: dict[str, Any]) -> None:
    organisation = Site.objects.all()[0].organisation

    built = later.found(organisation.pk)

    assert [site.plan for site in built.sites] == list(estate.SITES)
    found = [bank.name for site in built.sites for bank in (*site.banks, *site.year_banks)]
    assert sorted(found) == sorted(Bank.objects.values_list("name", flat=True))
    claimable = {door.bank.name for site in built.sites for door in site.doors}
    assert claimable.isdisjoint(banks.SILENT | banks.FOR_THE_YEAR)
