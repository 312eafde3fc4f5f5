"""The rest of two believable weeks: refusals, repairs, a forced door, and a closure."""

from __future__ import annotations

import datetime as dt
import random

from django.db.models import Q

from access.models import Person
from audit.actions import Action
from audit.services.events import Actor
from config.demo import banks as bank_plans
from config.demo.estate import BuiltSite, Estate
from config.demo.history import History
from config.demo.visits import DAYS
from lockers.choices import ServiceStatus
from lockers.models import Compartment, Controller
from occupancy.choices import ClaimKind
from occupancy.models import Claim

# Its SET_UP event is how a later start knows the demonstration again.
ACTOR = Actor.job("demo")
# With fewer free doors than this, none is kept for later.
_ENOUGH_FREE = 10


def add(history: History, people: list[Person], *, second_id: int) -> None:
    """Take the happenings of two weeks into the history."""
    estate, at, rng = history.estate, history.at, history.rng
    since = at - dt.timedelta(days=DAYS)
    history.add_event(
        None,
        Action.SET_UP,
        ACTOR,
        since - dt.timedelta(days=1),
        subject=f"organisation:{estate.organisation.pk}",
    )
    for day in range(DAYS):
        morning = (since + dt.timedelta(days=day + 1)).replace(hour=8, minute=0, second=0)
        if morning < at and morning.weekday() < 5:
            login = morning + dt.timedelta(seconds=rng.randrange(3600))
            staff = Actor.staff(history.staff_id if day % 3 else second_id)
            history.add_event(None, Action.LOGGED_IN, staff, login)
            refusals(history, morning, people)
    _troubles(history, estate, rng)
    _hardware(history, estate.office, at - dt.timedelta(days=5, hours=3))
    for built in estate.sites:
        _still_wrong(history, built)


def refusals(history: History, morning: dt.datetime, people: list[Person]) -> None:
    """A few people a day are told no: an unknown badge, a second door, a PIN mistyped."""
    rng = history.rng
    suspended = [person for person in people if person.status == "suspended"]
    for _each in range(rng.randrange(2, 6)):
        built = rng.choice(history.estate.sites)
        bank_id, terminal = rng.choice(sorted(built.terminals.items()))
        actor = Actor.terminal(terminal.pk)
        when = morning + dt.timedelta(minutes=rng.uniform(0, 540))
        if when >= history.at:
            continue
        code = rng.choice(("unknown_badge", "person_suspended", "limit_reached", "wrong_pin"))
        person = {
            "unknown_badge": None,
            "person_suspended": rng.choice(suspended).pk,
            "wrong_pin": people[0].pk,
        }.get(code, rng.choice(people).pk)
        if code == "limit_reached" and person is not None:
            actor = Actor.person(person)
        history.add_event(
            built,
            Action.PIN_WRONG if code == "wrong_pin" else Action.REFUSED,
            actor,
            when,
            bank_id=bank_id,
            person_id=person,
            data={"code": code},
        )


def _troubles(history: History, estate: Estate, rng: random.Random) -> None:
    """Say in the trail since when each troubled door has been so."""
    for built in estate.sites:
        troubled = Compartment.objects.filter(bank__in=built.banks).exclude(
            service_status=ServiceStatus.IN_SERVICE
        )
        for door in troubled:
            history.add_event(
                built,
                Action.SERVICE_CHANGED,
                Actor.staff(history.staff_id),
                history.at - dt.timedelta(hours=rng.uniform(3, 90)),
                door=door,
                reason=door.service_note,
                data={"before": ServiceStatus.IN_SERVICE.value, "after": door.service_status},
            )


def _hardware(history: History, built: BuiltSite, at: dt.datetime) -> None:
    """A door was forced once, and a board was silent for some minutes."""
    bridge = Actor.bridge(built.bridge.pk)
    door = built.doors[-3]
    closed_at = at + dt.timedelta(minutes=4)
    history.add_line(built, "door_forced", door, at)
    history.add_event(built, Action.FORCED, bridge, at, door=door)
    history.add_line(built, "door_closed", door, closed_at)
    history.add_event(built, Action.CLOSED, bridge, closed_at, door=door)
    assert door.controller_id is not None  # the doors of a built site are the wired ones
    for state, later in (("offline", 90), ("ok", 97)):
        _board(history, built, door.controller_id, state, at + dt.timedelta(minutes=later))


def _still_wrong(history: History, built: BuiltSite) -> None:
    """Say since when a door stands open that nobody asked to open, and a board is silent."""
    for door in Compartment.objects.filter(door__is_forced=True, bank__in=built.banks):
        since = history.at - dt.timedelta(minutes=40)
        history.add_line(built, "door_forced", door, since)
        history.add_event(built, Action.FORCED, Actor.bridge(built.bridge.pk), since, door=door)
    silent = Controller.objects.filter(
        compartments__bank__in=built.banks, compartments__bank__name__in=bank_plans.SILENT
    )
    for board in silent.distinct():
        _board(history, built, board.pk, "offline", history.at - dt.timedelta(minutes=25))


def _board(
    history: History, built: BuiltSite, controller_id: int, state: str, at: dt.datetime
) -> None:
    history.add_line(built, "board_state", None, at, detail=state)
    history.add_event(
        built,
        Action.BOARD_STATE,
        Actor.bridge(built.bridge.pk),
        at,
        subject=f"bridge:{built.bridge.pk}",
        data={"controller": controller_id, "state": state},
    )


def close_one(built: BuiltSite, *, at: dt.datetime) -> None:
    """Close a door for cleaning just now, if none is.

    The closure is not marked as started: it ends by itself, and the door is free again.
    """
    current = Claim.objects.filter(compartment__in=built.doors, closed_at__isnull=True)
    current = current.filter(Q(started_at__isnull=False) | Q(ends_at__gt=at))
    kinds = dict(current.values_list("compartment_id", "kind"))
    free = [door for door in built.doors if door.pk not in kinds and not door.is_accessible]
    if len(free) < _ENOUGH_FREE or ClaimKind.CLOSURE in kinds.values():
        return
    Claim.objects.create(
        compartment=free[-4],
        kind=ClaimKind.CLOSURE,
        starts_at=at - dt.timedelta(minutes=15),
        ends_at=at + dt.timedelta(minutes=90),
    )
