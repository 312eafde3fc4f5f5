"""Build the whole demonstration, or nothing."""

from __future__ import annotations

import datetime as dt
import random

from django.db import connection, transaction

from access.models import Person
from audit.actions import Action
from audit.models import Event
from config.demo import (
    classes,
    happenings,
    keys,
    people,
    present,
    rules,
    school,
    staff,
    upkeep,
    visitors,
)
from config.demo import estate as estates
from config.demo.estate import OFFICE, SITES, BuiltSite, Estate
from config.demo.history import WRITTEN, History
from config.demo.visits import HABITS, Diary
from lockers.models import Bank, Compartment, Door, Organisation
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
        registered = classes.build(estate, at=at)
        everybody = people.build(estate, registered, at=at)
        first, second, technician = staff.build(estate, at=at)
        rules.add(estate)
        rng = random.Random(SEED)
        history = History(estate, first.pk, at, rng)
        happenings.add(history, everybody, second_id=second.pk)
        for built in estate.sites:
            diary = diary_of(built, people.of_site(built, everybody), at, rng)
            fill(built, diary)
            history.add_visits(built, diary.visits)
        history.write()
        _analyze()
        for built in estate.sites:
            comers = people.of_site(built, everybody)
            keys.add(built, comers, user_id=first.pk, at=at, rng=random.Random(SEED))
        office = estate.office
        visitors.add(office, people.of_site(office, everybody), user_id=second.pk, at=at)
        school.add(estate, registered, user_id=first.pk, at=at)
        upkeep.add(estate, first=first, technician=technician, at=at)
        happenings.close_one(office, at=at)
        present.found_before(office.site, at=at)
        present.go_on(office, people.of_site(office, everybody), at=at)
    return estate


def _analyze() -> None:
    """Tell the planner what was written: to it these tables are empty, and it plans for that."""
    tables = [one._meta.db_table for one in (*WRITTEN, Compartment, Door, Person)]
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {', '.join(tables)}")


def fill(built: BuiltSite, diary: Diary, first: dt.date | None = None) -> None:
    """Write a site's visits into its diary, from a day (or two weeks ago) up to this moment."""
    diary.fill(HABITS[SITES.index(built.plan)], first)
    if built.plan is OFFICE:
        diary.top_up(round(OFFICE_HELD_NOW * _doors(built)))


def diary_of(built: BuiltSite, comers: list[Person], at: dt.datetime, rng: random.Random) -> Diary:
    """Return the empty diary of a site, as its policy says; what is booked ahead nobody takes."""
    kept = rules.booked_ahead(built.site)
    return Diary(
        zone=built.site.zone,
        ends_at_time=built.policy.ends_at_time,
        at_end=AtEnd(built.policy.at_end),
        doors=[door.pk for door in built.doors if door.pk not in kept],
        people=[person.pk for person in comers],
        at=at,
        rng=rng,
        spare=frozenset(
            {
                door.size_id: door.pk for door in built.doors if door.bank_id == built.banks[0].pk
            }.values()
        ),
    )


def _doors(built: BuiltSite) -> int:
    return sum(bank.compartments.count() for bank in Bank.objects.filter(site=built.site))
