"""The school of the demonstration, from this year's lockers to next year's wishes."""

from __future__ import annotations

import datetime as dt

from config.demo.classes import Classes
from config.demo.estate import Estate
from config.demo.school import allotments, collecting, tutors
from config.demo.school import keys as year_keys
from config.demo.school import pupils as young
from occupancy.choices import AtRollover
from occupancy.models import Rollover
from occupancy.services.rollovers import planning


def add(estate: Estate, classes: Classes, *, user_id: int, at: dt.datetime) -> None:
    """Write it in the order in which it happened, by the services that people's hands lead to."""
    tutor = tutors.build(estate, classes, at=at)
    young.build(estate, classes, at=at)
    rule = allotments.policy(estate)
    given = allotments.this_year(estate, classes, rule)
    young.arrive(estate, classes, at=at)
    year_keys.add(estate.school, classes, user_id=user_id, at=at)
    allotments.next_year(estate, classes, rule, at=at)
    rollover = Rollover.objects.create(
        site=estate.school.site, from_session=classes.this_year, to_session=classes.next_year
    )
    planning.prepare(rollover=rollover)
    # Who goes up to the last two years draws anew; the younger ones keep what they have.
    rollover.years.filter(year_group__rank__gte=9).update(doors=AtRollover.RESHUFFLE)
    if given is not None:
        collecting.add(classes, tutor, at=at)


__all__ = ["add"]
