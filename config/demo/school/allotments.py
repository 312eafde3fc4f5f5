"""Lockers for the year: those of this year, drawn and given, and next year's, open for wishes."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterable

from django.conf import settings
from django.db.models import Q

from audit.services.events import Actor
from config.demo import people
from config.demo.classes import Classes
from config.demo.estate import Estate
from config.demo.happenings import ACTOR
from lockers.models import AcademicSession, Area, Bank, Compartment
from occupancy.choices import AllotmentMethod, AtEnd, KeepsDoor, UseModel
from occupancy.models import (
    Allotment,
    AllotmentRule,
    AllotmentYear,
    Assignment,
    CompartmentGroup,
    Entry,
    Policy,
)
from occupancy.services.allotting import applying, drawing, entries, links, wishing

NAME = "Year lockers"
HELD_BACK, MOST_WISHES = 10, 3
# Of ten pupils so many say what they wish.
WISH_OF_TEN = 4
DAY = dt.timedelta(days=1)
_HAS_NEEDS = (
    Q(person__needs_low_door=True)
    | Q(person__needs_wide_door=True)
    | Q(person__needs_charging=True)
    | Q(person__needs_near_entrance=True)
)
OPEN_FOR = 21 * DAY


def policy(estate: Estate) -> Policy:
    """Write what pupils may do with a locker for the year; nobody else gets these doors."""
    built = estate.school
    group = CompartmentGroup.objects.create(
        organisation=estate.organisation, name="Lockers for the year"
    )
    group.compartments.set(Compartment.objects.filter(bank__in=built.year_banks))
    return Policy.objects.create(
        organisation=estate.organisation,
        group=group,
        name="A locker for the school year",
        model=UseModel.PERMANENT,
        person_kinds=["student"],
        is_exclusive=True,
        limit_per_person=1,
        at_end=AtEnd.HOLD,
    )


def this_year(estate: Estate, classes: Classes, rule: Policy) -> Allotment | None:
    """Draw and give the doors of this year, in the summer before it began; None without a key.

    The secret number of a draw is sealed under the key for combinations, which a database of one's
    own may come without.
    """
    if not settings.COMBINATION_KEYS:
        return None
    made = _prepared(estate, classes, classes.this_year, rule, AllotmentMethod.TURNS, range(7, 10))
    begins = dt.datetime.combine(
        classes.this_year.starts_on, dt.time(8), tzinfo=estate.school.site.zone
    ).astimezone(dt.UTC)
    opens, closes = begins - 28 * DAY, begins - 14 * DAY
    drawing.open_for_wishes(
        allotment=made, opens_at=opens, closes_at=closes, actor=ACTOR, at=opens - DAY
    )
    _wish(made, at=opens + 3 * DAY)
    drawing.freeze(allotment=made, actor=ACTOR, at=closes + DAY)
    applying.apply(allotment=made, actor=ACTOR, at=begins - 7 * DAY)
    return made


def next_year(
    estate: Estate, classes: Classes, rule: Policy, *, at: dt.datetime
) -> Allotment | None:
    """Open next year's doors for wishes, of all years; None without a key."""
    if not settings.COMBINATION_KEYS:
        return None
    made = _prepared(
        estate, classes, classes.next_year, rule, AllotmentMethod.OPTIMUM, range(7, 12)
    )
    opens = at - 3 * DAY
    drawing.open_for_wishes(
        allotment=made, opens_at=opens, closes_at=(opens + OPEN_FOR).replace(
            hour=20, minute=0, second=0, microsecond=0
        ), actor=ACTOR, at=opens - DAY,
    )  # fmt: skip
    _wish(made, at=at - DAY)
    return made


def wish_link(organisation_id: int, *, at: dt.datetime) -> tuple[str, str] | None:
    """Return a new link with its code for the pupil of the start table, while wishes are taken."""
    entry = (
        Entry.objects.filter(
            allotment__site__organisation=organisation_id,
            allotment__opens_at__lte=at,
            allotment__frozen_at=None,
            allotment__closes_at__gt=at,
            person__personal_number=people.BEN_NUMBER,
        )
        .select_related("allotment__site")
        .order_by("-allotment")
        .first()
    )
    if entry is None:
        return None
    slips = links.hand_out(allotment=entry.allotment, people=[entry.person_id], at=at)
    return slips[0].link, slips[0].code


def drawn_code(organisation_id: int) -> str | None:
    """Return what stands in the address of a draw that is over, if there is any."""
    drawn = Allotment.objects.filter(
        site__organisation=organisation_id, applied_at__isnull=False
    ).order_by("-pk")
    return drawn.values_list("code", flat=True).first()


def _prepared(
    estate: Estate,
    classes: Classes,
    session: AcademicSession,
    rule: Policy,
    method: AllotmentMethod,
    ranks: Iterable[int],
) -> Allotment:
    """Write the banks, the years and the rules: year 7 near the entrance, year 11 upstairs."""
    built = estate.school
    made = Allotment.objects.create(
        site=built.site, session=session, policy=rule, name=NAME, method=method,
        held_back=HELD_BACK, most_wishes=MOST_WISHES, code=entries.drawn_word(10),
    )  # fmt: skip
    made.banks.set(built.year_banks)
    AllotmentYear.objects.bulk_create(
        AllotmentYear(allotment=made, year_group=classes.years[rank], keeps=KeepsDoor.ASKED)
        for rank in ranks
    )
    ground = list(made.banks.filter(area__name="Ground floor"))
    youngest = AllotmentRule.objects.create(allotment=made)
    youngest.year_groups.set([classes.years[7]])
    youngest.banks.set(ground)
    oldest = AllotmentRule.objects.create(allotment=made)
    oldest.year_groups.set([classes.years[10], classes.years[11]])
    oldest.banks.set([bank for bank in built.year_banks if bank not in ground])
    return made


def _wish(allotment: Allotment, *, at: dt.datetime) -> None:
    """Hand in what some pupils wish for: banks, a door; some their own, or a friend near."""
    rng = random.Random(f"{allotment.session.starts_on}")
    held = set(
        Assignment.objects.filter(
            compartment__bank__in=allotment.banks.all(), closed_at__isnull=True
        ).values_list("holder_id", flat=True)
    )
    asked = list(
        Entry.objects.filter(allotment=allotment)
        .exclude(Q(person__personal_number=people.BEN_NUMBER) | _HAS_NEEDS)
        .select_related("allotment__site", "person")
        .order_by("person__registration_group", "person")
    )
    # To those without needs of their own the same is allowed, year by year.
    offered: dict[int | None, wishing.Options] = {}
    for place, entry in enumerate(asked):
        if place % 10 >= WISH_OF_TEN:
            continue
        year = entry.person.year_group_id
        if year not in offered:
            offered[year] = wishing.options(entry=entry)
        banks = [bank for bank, _count in offered[year].banks]
        wishes: list[Area | Bank | Compartment] = list(rng.sample(banks, min(len(banks), 2)))
        if place % 10 == 3:
            wishes.insert(0, rng.choice(list(offered[year].doors.values())))
        # The first two of each ten are friends.
        friend = asked[place + 1 - 2 * (place % 10) :][:1] if place % 10 < 2 else []
        wishing.hand_in(
            entry=entry, wishes=wishes, friends=[one.friend_code for one in friend],
            wants_to_keep=entry.person_id in held and place % 10 == 2,
            actor=Actor.person(entry.person_id), at=at + place * dt.timedelta(minutes=7),
        )  # fmt: skip
