"""Build the whole demonstration, or nothing."""

from __future__ import annotations

import datetime as dt
import random

from django.db import transaction

from audit.actions import Action
from audit.models import Event
from config.demo import estate as estates
from config.demo import happenings, people, staff
from config.demo.estate import BuiltSite, Estate
from config.demo.history import History
from config.demo.visits import HABITS, Diary
from lockers.models import Bank, Organisation
from occupancy.choices import AtEnd

SEED = 274951
# How much of the office is in use at this moment, at whatever hour the demonstration is built.
OFFICE_HELD_NOW = 0.45


class ForeignData(Exception):
    """The database belongs to somebody else: the demonstration must not move in."""


def organisation_id() -> int | None:
    """Return the organisation of the demonstration, by whatever name; None when there is none yet.

    Raises ForeignData when there are organisations, and none is the demonstration's.
    """
    organisations = dict(Organisation.objects.order_by("pk").values_list("pk", "name"))
    if not organisations:
        return None
    # Somebody may have renamed it; the audit trail remembers which one it was.
    built = (
        Event.objects.filter(action=Action.SET_UP, actor_id=happenings.ACTOR.id)
        .order_by("pk")
        .values_list("organisation_id", flat=True)
        .first()
    )
    if built not in organisations:
        raise ForeignData(next(iter(organisations.values())))
    return built


def build(*, at: dt.datetime) -> Estate:
    """Write estate, people, log-ins and two weeks of use, in one transaction.

    A start that was stopped half-way leaves nothing, so that the next one begins cleanly.
    """
    with transaction.atomic():
        estate = estates.build(at=at)
        everybody = people.build(estate, at=at)
        first, second = staff.build(estate)
        rng = random.Random(SEED)
        history = History(estate, first.pk, at, rng)
        happenings.add(history, everybody, second_id=second.pk)
        diaries = []
        for built, habit in zip(estate.sites, HABITS, strict=True):
            diary = _diary(built, [one.pk for one in people.of_site(built, everybody)], at, rng)
            diary.fill(habit)
            diaries.append(diary)
        office = diaries[0]
        office.top_up(round(OFFICE_HELD_NOW * _doors(estate.office)))
        for built, diary in zip(estate.sites, diaries, strict=True):
            history.add_visits(built, diary.visits)
        history.write()
        held = {visit.door for visit in office.now}
        happenings.plan_ahead(estate.office, held, everybody, at=at)
    return estate


def _diary(built: BuiltSite, comers: list[int], at: dt.datetime, rng: random.Random) -> Diary:
    return Diary(
        zone=built.site.zone,
        ends_at_time=built.plan.ends_at_time,
        at_end=AtEnd(built.plan.at_end),
        doors=[door.pk for door in built.doors],
        people=comers,
        at=at,
        rng=rng,
    )


def _doors(built: BuiltSite) -> int:
    return sum(bank.compartments.count() for bank in Bank.objects.filter(site=built.site))
